"""Containers that wait for their repair, the most endangered first. It says which; what is to be
done is found out anew when it is a container's turn."""

import heapq
from collections.abc import Iterator


class RepairQueue:
    """Args: waiting_max: those beyond are not taken: the next look at all meets them again."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting_max = waiting_max
        # Remaining replicas, and in turn.
        self._place: dict[int, tuple[int, int]] = {}
        # (remaining, in turn, container): what is not as `_place` says is passed over.
        self._heap: list[tuple[int, int, int]] = []
        self._turn = 0

    def forget(self) -> None:
        self._place.clear()
        self._heap.clear()

    def put(self, container_id: int, remaining: int) -> None:
        """Args: remaining: replicas that may still be lost."""
        place = self._place.get(container_id)
        if place is not None and place[0] == remaining:
            return
        if place is None and len(self._place) >= self._waiting_max:
            return
        self._turn += 1
        self._place[container_id] = remaining, self._turn
        heapq.heappush(self._heap, (remaining, self._turn, container_id))
        if len(self._heap) > 2 * self._waiting_max:
            # Half of it at least is passed over.
            self._heap = [(*place, waiting) for waiting, place in self._place.items()]
            heapq.heapify(self._heap)

    def discard(self, container_id: int) -> None:
        """It lacks nothing any more."""
        self._place.pop(container_id, None)

    def take(self) -> Iterator[int]:
        """In their order; each leaves the queue."""
        while self._heap:
            *place, container_id = heapq.heappop(self._heap)
            if self._place.get(container_id) == tuple(place):
                del self._place[container_id]
                yield container_id

    def __len__(self) -> int:
        return len(self._place)
