"""One lease: blocks of one container that are promised to this client for a while."""

from dataclasses import dataclass, field
from enum import auto
from typing import Final

from trioxygen.common.states import Moves, State, move
from trioxygen.proto.v1.types_pb2 import BlockId, Pipeline

# Not to its very end: the commit must still find it.
_USABLE_SHARE: Final = 0.8


class LeaseState(State):
    """OPEN: blocks are taken from it. RETIRED: no more, but writes may be under way. LOST: who
    gave it does not know it any more. RELEASED: given back."""

    OPEN = auto()
    RETIRED = auto()
    LOST = auto()
    RELEASED = auto()


_MOVES: Final[Moves[LeaseState]] = {
    LeaseState.OPEN: frozenset((LeaseState.RETIRED, LeaseState.LOST)),
    LeaseState.RETIRED: frozenset((LeaseState.LOST, LeaseState.RELEASED)),
    LeaseState.LOST: frozenset(),
    LeaseState.RELEASED: frozenset(),
}


@dataclass(slots=True, eq=False)
class Lease:
    """Attributes:
    next_local, end_local: blocks that nobody has taken.
    under_way: how many were taken and are not settled.
    returned: taken, and refused before anything was written: as good as new."""

    lease_id: int
    container: int
    pipeline: Pipeline
    next_local: int
    end_local: int
    renewed_ms: float
    duration_ms: float
    under_way: int = 0
    returned: list[int] = field(default_factory=list)
    state: LeaseState = LeaseState.OPEN

    @property
    def blocks_left(self) -> int:
        return self.end_local - self.next_local + len(self.returned)

    def is_usable(self, now_ms: float) -> bool:
        return (
            self.state is LeaseState.OPEN
            and (self.next_local < self.end_local or bool(self.returned))
            and now_ms - self.renewed_ms < _USABLE_SHARE * self.duration_ms
        )

    def take(self) -> "TakenBlock":
        """A block of a lease that is usable."""
        self.under_way += 1
        if self.returned:
            return TakenBlock(self, self.returned.pop())
        local = self.next_local
        self.next_local += 1
        return TakenBlock(self, local)

    def settle(self) -> None:
        """One block less is under way."""
        assert self.under_way > 0, "a block was settled twice"
        self.under_way -= 1

    def take_back(self, local: int) -> None:
        """Nothing was written to the block."""
        self.settle()
        if self.state is LeaseState.OPEN:
            self.returned.append(local)

    def is_done(self) -> bool:
        """There is no use in it any more: it can be given back."""
        is_used_up = self.state is LeaseState.RETIRED or self.blocks_left == 0
        return self.under_way == 0 and is_used_up

    def retire(self) -> None:
        """No more blocks are taken from it (its container was closed, a DataNode is away). What
        has ended another way stays ended."""
        if self.state is LeaseState.OPEN:
            self._move(LeaseState.RETIRED)

    def lose(self) -> None:
        self._move(LeaseState.LOST)

    def release(self) -> None:
        self.retire()
        self._move(LeaseState.RELEASED)

    def _move(self, to: LeaseState) -> None:
        self.state = move(_MOVES, self.state, to)
        self.next_local = self.end_local
        self.returned.clear()


@dataclass(frozen=True, slots=True)
class TakenBlock:
    lease: Lease
    local: int

    @property
    def block(self) -> BlockId:
        return BlockId(container=self.lease.container, local=self.local)
