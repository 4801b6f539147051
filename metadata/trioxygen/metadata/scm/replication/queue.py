"""Containers that wait for their repair, the most endangered first. It says which; what is to be
done is found out anew when it is a container's turn."""

from collections import OrderedDict
from collections.abc import Iterator


class RepairQueue:
    """Args: waiting_max: of those beyond the least endangered are left: the next look at all meets
    them again."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting_max = waiting_max
        # By the replicas that may still be lost, in their order; the first of a plain dict would
        # be looked for behind all that were taken before.
        self._ranks: dict[int, OrderedDict[int, None]] = {}
        self._rank_of: dict[int, int] = {}

    def forget(self) -> None:
        self._ranks.clear()
        self._rank_of.clear()

    def put(self, container_id: int, remaining: int) -> None:
        """Args: remaining: replicas that may still be lost."""
        if self._rank_of.get(container_id) == remaining:
            return
        self.discard(container_id)
        if len(self._rank_of) >= self._waiting_max:
            least = max(self._ranks)
            if least <= remaining:
                return
            self.discard(next(reversed(self._ranks[least])))
        self._rank_of[container_id] = remaining
        self._ranks.setdefault(remaining, OrderedDict())[container_id] = None

    def discard(self, container_id: int) -> None:
        """It lacks nothing any more."""
        remaining = self._rank_of.pop(container_id, None)
        if remaining is None:
            return
        rank = self._ranks[remaining]
        del rank[container_id]
        if not rank:
            del self._ranks[remaining]

    def take(self, count_max: int) -> Iterator[int]:
        """Each leaves the queue: half of so many in their order, then of each rank alike. So the
        most endangered, where they wait for a node that is busy, keep no others from theirs."""
        evenly = count_max // 2
        yield from self._first(count_max - evenly)
        ranks = sorted(self._ranks)
        for remaining in ranks:
            yield from self._first(max(1, evenly // len(ranks)), of_rank=remaining)

    def _first(self, count_max: int, *, of_rank: int | None = None) -> Iterator[int]:
        for _ in range(count_max):
            remaining = min(self._ranks, default=None) if of_rank is None else of_rank
            if remaining is None or remaining not in self._ranks:
                return
            container_id = next(iter(self._ranks[remaining]))
            self.discard(container_id)
            yield container_id

    def __len__(self) -> int:
        return len(self._rank_of)
