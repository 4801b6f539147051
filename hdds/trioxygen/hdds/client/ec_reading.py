"""What one read of an erasure-coded block has learnt: who holds what, which parts are lost to it,
and how long each is waited for before others stand for it."""

from collections.abc import Awaitable, Callable, Mapping, Set
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    DeadlineExceeded,
    NoSuchContainer,
    TrioxygenError,
    Unreachable,
)
from trioxygen.hdds.client.ec_sources import CodedBlock
from trioxygen.hdds.client.hedges import ReadKind
from trioxygen.hdds.client.patience import AWAY, Patience
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.hdds.ec.part_stream import WITHOUT, PartLost
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

_SILENCE_FACTOR: Final = 4.0


def choose_sources(
    layout: GroupLayout, available: Set[int], lost: Set[int], avoided: Set[int]
) -> list[int]:
    """The indexes to read where cells are decoded, data first; an empty list: there are too few.
    Those that have no bytes at all are known: they count, and are not read.

    Args:
        available: somebody is said to hold them.
        lost: could not be read. avoided: whose holders others come before.
    """
    known = [index for index in layout.data_indexes if not layout.index_bytes(index)]
    wanted = layout.data - len(known)
    usable = [
        index
        for index in layout.indexes
        if index in available and index not in lost and layout.index_bytes(index)
    ]
    usable.sort(key=lambda index: index in avoided)
    return usable[:wanted] if len(usable) >= wanted else []


def is_lost(layout: GroupLayout, lost: Mapping[int, TrioxygenError]) -> bool:
    """Whether it is known that too few have a part of the block. One that was away while it was
    written says that there is no such block, one's bytes are bad, and others have it."""
    without = sum(isinstance(error, WITHOUT) for error in lost.values())
    filled = sum(bool(layout.index_bytes(index)) for index in layout.indexes)
    return filled - without < layout.data_cells


class CodedReading:
    def __init__(self, pool: DataNodePool, coded: CodedBlock) -> None:
        self._pool, self.coded = pool, coded
        self.sources: dict[int, DataNodeAddress] = {}
        self.lost: dict[int, TrioxygenError] = {}
        self.silence_ms = pool.config.fail_over_ms
        # What was remembered of its holders at first may be of before some came back.
        self._has_asked = False
        # Since when it does not go on.
        self._patience: Patience | None = None
        self._silent_end_ms = 0.0

    async def look_up(self) -> None:
        """Who holds which index. Other cells of the read go on meanwhile, with what was known."""
        pool, container = self._pool, self.coded.container
        sources: dict[int, DataNodeAddress] = {}
        for index in self.coded.layout.indexes:
            nodes = await pool.locations.find(container, index)
            for node in sorted(nodes, key=lambda node: pool.unreadable.is_away(node.address)):
                sources.setdefault(index, node)
        self.sources = sources

    def source(self, index: int) -> DataNodeAddress:
        """Raises: PartLost: nobody is said to hold it any more."""
        node = self.sources.get(index)
        if node is None:
            error = Unreachable("nobody holds a part of a block", container=self.coded.container)
            raise PartLost(index, error)
        return node

    async def timed(
        self, kind: ReadKind, index: int, take: Callable[[float], Awaitable[Buffer]]
    ) -> Buffer:
        """What `take` gives, of that index; it is told how long it may take, in ms.

        Raises: PartLost. Other reads do without whoever is away, too."""
        clock, node = self._pool.clock, self.sources.get(index)
        began_ms = clock.monotonic_ms()
        try:
            data = await take(self.wait_ms(kind, index))
        except PartLost as part:
            self._note(part, began_ms)
            raise
        self._pool.hedges.observe(kind, clock.monotonic_ms() - began_ms)
        if node is not None:
            # It was slow and no more, if it was left before.
            self._pool.unreadable.answered(node.address)
        return data

    def wait_ms(self, kind: ReadKind, index: int) -> float:
        """As replicas are: what 99 of 100 take, where other parts can stand for this one."""
        pool = self._pool
        is_first = self.silence_ms <= pool.config.fail_over_ms
        others = self.lost.keys() | self.avoided | {index}
        if is_first and choose_sources(self.coded.layout, self.sources.keys(), others, set()):
            return pool.hedges.wait_ms(kind)
        return self.silence_ms

    def _note(self, part: PartLost, began_ms: float) -> None:
        node, unreadable = self.sources.get(part.index), self._pool.unreadable
        if node is None:
            return
        if isinstance(part.error, DeadlineExceeded):
            unreadable.note_silent(node, began_ms)
            # It may be slow and no more: what is then read of others is a share of all.
            self._pool.hedges.spend()
        elif isinstance(part.error, AWAY):
            unreadable.note(node)

    def lose(self, part: PartLost) -> TrioxygenError:
        """For the rest of the read. Why."""
        self.lost[part.index] = part.error
        return part.error

    @property
    def avoided(self) -> set[int]:
        is_away = self._pool.unreadable.is_away
        return {index for index, node in self.sources.items() if is_away(node.address)}

    def is_whole(self, indexes: Set[int]) -> bool:
        """Whether these can be read as they are."""
        return indexes <= self.sources.keys() - self.lost.keys() - self.avoided

    async def chosen(self, failure: TrioxygenError | None) -> list[int]:
        """To decode from. Where there are too few, all are tried once more, in a while.

        Raises: the failure, or Unreachable: too few parts are left, for as long as patience
            lasts."""
        while True:
            layout = self.coded.layout
            indexes = choose_sources(layout, self.sources.keys(), self.lost.keys(), self.avoided)
            if indexes:
                return indexes
            if failure is None or (isinstance(failure, WITHOUT) and not is_lost(layout, self.lost)):
                failure = Unreachable(
                    "too few parts of a block are left", container=self.coded.container
                )
            if not self._has_asked:
                await self._ask_anew()
                continue
            await self._bear(failure)
            await self._ask_anew()
            self.lost.clear()
            self.silence_ms = min(
                self.silence_ms * _SILENCE_FACTOR, self._pool.config.call_timeout_ms
            )

    async def _ask_anew(self) -> None:
        """Who holds which index. What was lost at the same node is lost still."""
        self._has_asked, former = True, self.sources
        for index in self.coded.layout.indexes:
            self._pool.locations.forget(self.coded.container, index)
        await self.look_up()
        for index in [*self.lost]:
            if former.get(index) != self.sources.get(index):
                del self.lost[index]

    async def _bear(self, failure: TrioxygenError) -> None:
        """Those that are only slow are asked again for as long as a call may take, and waited for
        longer each time. Parts that are not where they were may be elsewhere by now.

        Raises: the failure."""
        pool = self._pool
        now_ms = pool.clock.monotonic_ms()
        if self._patience is None:
            self._patience = pool.patience(pool.config.read_patience_ms)
            self._silent_end_ms = now_ms + pool.config.call_timeout_ms
        is_slow = any(isinstance(error, DeadlineExceeded) for error in self.lost.values())
        if not is_slow or now_ms >= self._silent_end_ms:
            have_moved = any(isinstance(error, NoSuchContainer) for error in self.lost.values())
            is_silence = isinstance(failure, DeadlineExceeded)
            await self._patience.bear(failure, has_others=is_silence, is_passing=have_moved)

    def went_on(self) -> None:
        """Bytes have come: patience begins anew."""
        self._patience = None
