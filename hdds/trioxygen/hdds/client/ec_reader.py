"""Reading erasure-coded blocks: their data where it can be had, else decoded from other parts."""

from collections.abc import AsyncGenerator, Mapping, Sequence, Set
from contextlib import aclosing
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, TrioxygenError, Unreachable
from trioxygen.hdds.client.ec_sources import CodedBlock, read_part
from trioxygen.hdds.client.patience import AWAY, Patience
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.slices import Slice, tag_in
from trioxygen.hdds.ec.codec import codec_of
from trioxygen.hdds.ec.layout import CellRange, GroupLayout, StripeRange
from trioxygen.hdds.ec.part_stream import PartLost, PartStream, all_of
from trioxygen.proto.v1.datanode_pb2 import ReadStreamHeader
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


class _Reading:
    """What one read has learnt: which parts are lost to it, and how long it waits."""

    def __init__(self, pool: DataNodePool, coded: CodedBlock) -> None:
        self._pool, self.coded = pool, coded
        self.sources: dict[int, DataNodeAddress] = {}
        self.lost: set[int] = set()
        self.silence_ms = pool.config.fail_over_ms
        self._patience: Patience = pool.patience(pool.config.read_patience_ms)

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

    def lose(self, part: PartLost) -> TrioxygenError:
        """Why. Other reads do without whoever is away, too."""
        self.lost.add(part.index)
        node, unreadable = self.sources.get(part.index), self._pool.unreadable
        if node is None:
            return part.error
        if isinstance(part.error, DeadlineExceeded):
            unreadable.note_silent(node, self._pool.clock.monotonic_ms() - self.silence_ms)
        elif isinstance(part.error, AWAY):
            unreadable.note(node)
        return part.error

    @property
    def avoided(self) -> set[int]:
        is_away = self._pool.unreadable.is_away
        return {index for index, node in self.sources.items() if is_away(node.address)}

    def is_whole(self, indexes: Set[int]) -> bool:
        """Whether these can be read as they are."""
        return indexes <= self.sources.keys() - self.lost - self.avoided

    async def chosen(self, failure: TrioxygenError | None) -> list[int]:
        """To decode from. Where there are too few, all are tried once more, in a while.

        Raises: the failure, or Unreachable: too few parts are left, for as long as patience
            lasts."""
        while True:
            layout = self.coded.layout
            indexes = choose_sources(layout, self.sources.keys(), self.lost, self.avoided)
            if indexes:
                return indexes
            failure = failure or Unreachable(
                "too few parts of a block are left", container=self.coded.container
            )
            await self._patience.bear(failure, has_others=isinstance(failure, DeadlineExceeded))
            for index in layout.indexes:
                self._pool.locations.forget(self.coded.container, index)
            await self.look_up()
            self.lost.clear()
            self.silence_ms = min(
                self.silence_ms * _SILENCE_FACTOR, self._pool.config.call_timeout_ms
            )


class EcReader:
    def __init__(self, pool: DataNodePool) -> None:
        self._pool = pool

    async def _reading(self, piece: Slice) -> _Reading:
        replication = await self._pool.locations.coding(piece.container)
        layout = GroupLayout.of(replication, piece.block_bytes)
        reading = _Reading(
            self._pool, CodedBlock(piece.container, piece.local, tag_in(piece), layout)
        )
        await reading.look_up()
        return reading

    # ---- at once ----

    async def read_small(self, piece: Slice) -> bytes:
        """At most 1 MiB.

        Raises: NoSuchContainer, Unreachable, ... as the last part that was tried."""
        reading = await self._reading(piece)
        cells = list(reading.coded.layout.cells(piece.offset_bytes, piece.length_bytes))
        if len(cells) == 1:
            return bytes(await self._cell(reading, cells[0]))
        return b"".join(await all_of([self._cell(reading, cell) for cell in cells]))

    async def _cell(self, reading: _Reading, cell: CellRange) -> Buffer:
        failure: TrioxygenError | None = None
        while True:
            try:
                if reading.is_whole({cell.index}):
                    return await self._part(reading, cell.index, cell)
                indexes = await reading.chosen(failure)
                if cell.index in indexes:
                    return await self._part(reading, cell.index, cell)
                return await self._decoded_cell(reading, cell, indexes)
            except PartLost as part:
                failure = reading.lose(part)

    async def _part(self, reading: _Reading, index: int, cell: CellRange) -> bytes:
        """The bytes of that part that stand beside those of the cell."""
        length_bytes = reading.coded.layout.clipped(index, cell.offset_bytes, cell.length_bytes)
        if not length_bytes:
            return b""
        return await read_part(
            self._pool,
            reading.source(index),
            reading.coded,
            index,
            cell.offset_bytes,
            length_bytes,
            reading.silence_ms,
        )

    async def _decoded_cell(
        self, reading: _Reading, cell: CellRange, indexes: Sequence[int]
    ) -> Buffer:
        parts = await all_of([self._part(reading, index, cell) for index in indexes])
        cells = dict(zip(indexes, parts, strict=True))
        return _decoded(reading.coded.layout, cells, {cell.index}, cell.length_bytes)[cell.index]

    # ---- as a stream ----

    async def stream(self, piece: Slice) -> AsyncGenerator[Buffer, None]:
        """Pieces in order. Raises: as `read_small`, possibly after some pieces."""
        reading = await self._reading(piece)
        at, end = piece.offset_bytes, piece.offset_bytes + piece.length_bytes
        failure: TrioxygenError | None = None
        while at < end:
            try:
                async with aclosing(await self._pieces(reading, at, end - at, failure)) as pieces:
                    async for data in pieces:
                        at += len(data)
                        yield data
            except PartLost as part:
                failure = reading.lose(part)

    async def _pieces(
        self, reading: _Reading, at: int, length_bytes: int, failure: TrioxygenError | None
    ) -> AsyncGenerator[Buffer, None]:
        """The pieces raise PartLost."""
        layout = reading.coded.layout
        ranges = {
            index: layout.index_range(index, at, length_bytes) for index in layout.data_indexes
        }
        wanted = {index for index, (_, size_bytes) in ranges.items() if size_bytes}
        if not reading.is_whole(wanted):
            indexes = await reading.chosen(failure)
            if not wanted <= set(indexes):
                return self._decoded_pieces(reading, indexes, at, length_bytes)
        return self._data_pieces(
            reading, {index: ranges[index] for index in wanted}, at, length_bytes
        )

    async def _data_pieces(
        self, reading: _Reading, ranges: Mapping[int, tuple[int, int]], at: int, length_bytes: int
    ) -> AsyncGenerator[Buffer, None]:
        streams = self._open(reading, ranges)
        try:
            for cell in reading.coded.layout.cells(at, length_bytes):
                yield await streams[cell.index].take(cell.length_bytes, reading.silence_ms)
        finally:
            await all_of([stream.close() for stream in streams.values()])

    async def _decoded_pieces(
        self, reading: _Reading, indexes: Sequence[int], at: int, length_bytes: int
    ) -> AsyncGenerator[Buffer, None]:
        """Stripe by stripe, of these indexes."""
        layout = reading.coded.layout
        stripes = list(layout.stripe_ranges(at, length_bytes))
        first, last = stripes[0], stripes[-1]
        span_bytes = last.offset_bytes + last.length_bytes - first.offset_bytes
        ranges = {
            index: (first.offset_bytes, layout.clipped(index, first.offset_bytes, span_bytes))
            for index in indexes
        }
        streams = self._open(reading, ranges)
        try:
            for stripe in stripes:
                for data in await self._stripe(reading, streams, stripe):
                    yield data
        finally:
            await all_of([stream.close() for stream in streams.values()])

    def _open(
        self, reading: _Reading, ranges: Mapping[int, tuple[int, int]]
    ) -> dict[int, PartStream]:
        """Args: ranges: (offset, length) by index; nothing is read where there is nothing."""
        coded = reading.coded
        return {
            index: PartStream(
                self._pool.channel(reading.source(index).address),
                ReadStreamHeader(
                    block=coded.block,
                    offset_bytes=offset_bytes,
                    length_bytes=length_bytes,
                    tag=coded.tag,
                    replica_index=index,
                    piece_bytes_max=coded.layout.cell_bytes,
                ),
                timeout_ms=self._pool.config.call_timeout_ms,
            )
            for index, (offset_bytes, length_bytes) in ranges.items()
        }

    async def _stripe(
        self, reading: _Reading, streams: Mapping[int, PartStream], stripe: StripeRange
    ) -> list[Buffer]:
        """What is wanted of it."""
        layout = reading.coded.layout
        parts = await all_of([
            stream.take(
                layout.clipped(index, stripe.offset_bytes, stripe.length_bytes), reading.silence_ms
            )
            for index, stream in streams.items()
        ])  # fmt: skip
        cells = dict(zip(streams, parts, strict=True))
        lost = {cell.index for cell in stripe.wanted} - cells.keys()
        if lost:
            cells |= _decoded(layout, cells, lost, stripe.length_bytes)
        wanted: list[Buffer] = []
        for cell in stripe.wanted:
            start = cell.offset_bytes - stripe.offset_bytes
            wanted.append(memoryview(cells[cell.index])[start : start + cell.length_bytes])
        return wanted


def _decoded(
    layout: GroupLayout, cells: Mapping[int, Buffer], lost: Set[int], length_bytes: int
) -> dict[int, bytes]:
    """Args: cells: of the indexes that were read; those that have no bytes at all are added."""
    empty: dict[int, Buffer] = {
        index: b"" for index in layout.data_indexes if not layout.index_bytes(index)
    }
    codec = codec_of(layout.data, layout.parity)
    return codec.decode(empty | dict(cells), lost, length_bytes)
