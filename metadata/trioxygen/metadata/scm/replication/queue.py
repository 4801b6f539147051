"""Containers that wait for their repair, the most endangered first. It says which; what is to be
done is found out anew when it is a container's turn."""

import heapq
from collections.abc import Iterator


class RepairQueue:
    """Args: waiting_max: those beyond are not taken: the next look at all meets them again."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting_max = waiting_max
        self._priority: dict[int, int] = {}
        # (remaining, in turn, container): what is not as `_priority` says is passed over.
        self._heap: list[tuple[int, int, int]] = []
        self._turn = 0

    def forget(self) -> None:
        self._priority.clear()
        self._heap.clear()

    def put(self, container_id: int, remaining: int) -> None:
        """Args: remaining: replicas that may still be lost."""
        if self._priority.get(container_id) == remaining:
            return
        if container_id not in self._priority and len(self._priority) >= self._waiting_max:
            return
        self._priority[container_id] = remaining
        self._turn += 1
        heapq.heappush(self._heap, (remaining, self._turn, container_id))

    def discard(self, container_id: int) -> None:
        """It lacks nothing any more."""
        self._priority.pop(container_id, None)

    def take(self) -> Iterator[int]:
        """In their order; each leaves the queue."""
        while self._heap:
            remaining, _, container_id = heapq.heappop(self._heap)
            if self._priority.get(container_id) == remaining:
                del self._priority[container_id]
                yield container_id

    def __len__(self) -> int:
        return len(self._priority)
