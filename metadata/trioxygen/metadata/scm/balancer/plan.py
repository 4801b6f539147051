"""Which closed containers move from where to where. Pure.

From the fullest node to the emptiest, the largest container that may: after each choice both count
as what they will be, so the next one is as fair. A move is chosen only where one of the two is out
of the band, neither is beyond its other side then, and both together are nearer to the mean."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from trioxygen.metadata.scm.balancer.disk_use import Band, DiskUse

# The emptiest ones that a container is tried at: in a cluster of thousands these are enough.
_TAKERS_TRIED_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Movable:
    """A container that lacks nothing, and its replica at one node.

    Attributes:
    holders: nodes that have a replica of it, or of another container of its id.
    rack, other_racks: of this replica, and of those that stay.
    rack_max: so many on a rack at most; 0: as many as may be.
    """

    container_id: int
    size_bytes: int
    replica_index: int = 0
    holders: frozenset[str] = frozenset()
    rack: str = ""
    other_racks: tuple[str, ...] = ()
    rack_max: int = 0

    def may_lie_on(self, node_id: str, rack: str) -> bool:
        """Whether the replica stands no worse there: no rack has more than it may, and no fewer
        racks have one."""
        if node_id in self.holders:
            return False
        after = Counter((*self.other_racks, rack))
        if self.rack_max and max(after.values()) > self.rack_max:
            return False
        return len(after) >= len({*self.other_racks, self.rack})


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    movable: Movable
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveLimits:
    """Of one plan. Attributes: node_bytes_max: that a node gives or takes."""

    containers_max: int
    bytes_max: int
    node_bytes_max: int


def helps(source: DiskUse, target: DiskUse, size_bytes: int, band: Band) -> bool:
    """Whether what is out of the band becomes less, and both are nearer to the mean together."""
    if source.share <= band.high and target.share >= band.low:
        return False
    given, taken = size_bytes / source.capacity_bytes, size_bytes / target.capacity_bytes
    if source.share - given < band.low or target.share + taken > band.high:
        return False
    return source.share - target.share > (given + taken) / 2


def givers(uses: Iterable[DiskUse], band: Band) -> list[DiskUse]:
    """Nodes that a plan may take from, the fullest first: those above the band, and where some are
    below it, those above the mean."""
    uses = [*uses]
    are_below = any(band.below_bytes(use) for use in uses)
    least = band.mean if are_below else band.high
    return sorted(
        (use for use in uses if use.share > least), key=lambda use: (-use.share, use.node_id)
    )


class Planning:
    """A plan while it is made, in steps of which none is long.

    Args: movables: of each giver.
    """

    def __init__(
        self,
        uses: Sequence[DiskUse],
        band: Band,
        movables: Mapping[str, Sequence[Movable]],
        limits: MoveLimits,
    ) -> None:
        self._uses = {use.node_id: use for use in uses}
        self._band, self._limits = band, limits
        # The largest first.
        self._movables = {
            node_id: sorted(each, key=lambda movable: (-movable.size_bytes, movable.container_id))
            for node_id, each in movables.items()
        }
        self._left_bytes = limits.bytes_max
        self._node_bytes: Counter[str] = Counter()
        self._moved: set[int] = set()
        # Nothing of theirs can move any more.
        self._done: set[str] = set()

    def steps(self) -> Iterator[Move | None]:
        """The moves, in their order; None: a giver was looked at in vain."""
        while len(self._moved) < self._limits.containers_max:
            giver = next((each for each in self._givers() if each.node_id not in self._done), None)
            if giver is None:
                return
            move = self._of(giver, self._takers())
            if move is None:
                self._done.add(giver.node_id)
            else:
                self._note(move)
            yield move

    def _givers(self) -> list[DiskUse]:
        return givers(self._uses.values(), self._band)

    def _takers(self) -> Sequence[DiskUse]:
        return heapq.nsmallest(
            _TAKERS_TRIED_MAX,
            (use for use in self._uses.values() if use.free_bytes),
            key=lambda use: (use.share, use.node_id),
        )

    def _of(self, giver: DiskUse, takers: Sequence[DiskUse]) -> Move | None:
        for movable in self._movables.get(giver.node_id, ()):
            if movable.container_id in self._moved or not self._may_move(giver, movable):
                continue
            for taker in takers:
                if self._may_take(taker, movable) and helps(
                    giver, taker, movable.size_bytes, self._band
                ):
                    return Move(movable=movable, source=giver.node_id, target=taker.node_id)
        return None

    def _may_move(self, giver: DiskUse, movable: Movable) -> bool:
        size_bytes = movable.size_bytes
        return size_bytes <= self._left_bytes and self._has_room(giver.node_id, size_bytes)

    def _may_take(self, taker: DiskUse, movable: Movable) -> bool:
        return (
            movable.size_bytes <= taker.free_bytes
            and self._has_room(taker.node_id, movable.size_bytes)
            and movable.may_lie_on(taker.node_id, taker.rack)
        )

    def _has_room(self, node_id: str, size_bytes: int) -> bool:
        return self._node_bytes[node_id] + size_bytes <= self._limits.node_bytes_max

    def _note(self, move: Move) -> None:
        size_bytes = move.movable.size_bytes
        self._moved.add(move.movable.container_id)
        self._left_bytes -= size_bytes
        source, target = self._uses[move.source], self._uses[move.target]
        self._uses[move.source] = replace(source, used_bytes=source.used_bytes - size_bytes)
        self._uses[move.target] = replace(
            target,
            used_bytes=target.used_bytes + size_bytes,
            free_bytes=target.free_bytes - size_bytes,
        )
        for node_id in (move.source, move.target):
            self._node_bytes[node_id] += size_bytes
