"""Reading erasure-coded blocks: their data where it can be had, else decoded from other parts."""

from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping, Sequence, Set
from contextlib import aclosing
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.units import MIB
from trioxygen.hdds.checksums import PIECE_BYTES
from trioxygen.hdds.client.ec_reading import CodedReading
from trioxygen.hdds.client.ec_sources import CodedBlock, read_part
from trioxygen.hdds.client.hedges import ReadKind
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.slices import Slice, tag_in
from trioxygen.hdds.ec.codec import codec_of
from trioxygen.hdds.ec.layout import CellRange, GroupLayout, StripeRange
from trioxygen.hdds.ec.part_stream import PartLost, PartStream, all_of
from trioxygen.proto.v1.datanode_pb2 import ReadStreamHeader

# What the streams of one block hold: of each a piece that is being taken, and the next one.
_AHEAD_BYTES: Final = 3 * MIB
# With what waits of a stripe for its turn, where cells are computed.
STREAM_BYTES_MAX: Final = 2 * _AHEAD_BYTES


def piece_bytes(layout: GroupLayout, *, is_decoding: bool) -> int:
    """Of the pieces that a DataNode sends; each is checked in whole pieces of 64 KiB. Where cells
    are computed there is more in memory than what the streams hold."""
    streams = layout.data * (4 if is_decoding else 2)
    size_bytes = min(layout.cell_bytes, _AHEAD_BYTES // streams)
    return max(PIECE_BYTES, size_bytes - size_bytes % PIECE_BYTES)


class EcReader:
    def __init__(self, pool: DataNodePool) -> None:
        self._pool = pool

    async def _reading(self, piece: Slice) -> CodedReading:
        replication = await self._pool.locations.coding(piece.container)
        layout = GroupLayout.of(replication, piece.block_bytes)
        reading = CodedReading(
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

    async def _cell(self, reading: CodedReading, cell: CellRange) -> Buffer:
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

    async def _part(self, reading: CodedReading, index: int, cell: CellRange) -> Buffer:
        """The bytes of that part that stand beside those of the cell."""
        length_bytes = reading.coded.layout.clipped(index, cell.offset_bytes, cell.length_bytes)
        if not length_bytes:
            return b""
        source, coded, offset_bytes = reading.source(index), reading.coded, cell.offset_bytes

        def take(wait_ms: float) -> Awaitable[Buffer]:
            return read_part(self._pool, source, coded, index, offset_bytes, length_bytes, wait_ms)

        return await reading.timed(ReadKind.SMALL, index, take)

    async def _decoded_cell(
        self, reading: CodedReading, cell: CellRange, indexes: Sequence[int]
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
                        reading.went_on()
                        yield data
            except PartLost as part:
                failure = reading.lose(part)

    async def _pieces(
        self, reading: CodedReading, at: int, length_bytes: int, failure: TrioxygenError | None
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
        self,
        reading: CodedReading,
        ranges: Mapping[int, tuple[int, int]],
        at: int,
        length_bytes: int,
    ) -> AsyncGenerator[Buffer, None]:
        streams = self._open(reading, ranges, is_decoding=False)
        try:
            for cell in reading.coded.layout.cells(at, length_bytes):
                left_bytes = cell.length_bytes
                while left_bytes:
                    data = await _some(reading, streams[cell.index], left_bytes)
                    left_bytes -= len(data)
                    yield data
        finally:
            await all_of([stream.close() for stream in streams.values()])

    async def _decoded_pieces(
        self, reading: CodedReading, indexes: Sequence[int], at: int, length_bytes: int
    ) -> AsyncGenerator[Buffer, None]:
        """Stripe by stripe, of these indexes. Of a stripe's cells the first goes out as it is
        computed; the others wait for their turn."""
        layout = reading.coded.layout
        stripes = list(layout.stripe_ranges(at, length_bytes))
        first, last = stripes[0], stripes[-1]
        span_bytes = last.offset_bytes + last.length_bytes - first.offset_bytes
        ranges = {
            index: (first.offset_bytes, layout.clipped(index, first.offset_bytes, span_bytes))
            for index in indexes
        }
        streams = self._open(reading, ranges, is_decoding=True)
        step_bytes = piece_bytes(layout, is_decoding=True)
        try:
            for stripe in stripes:
                waiting: list[list[Buffer]] = [[] for _ in stripe.wanted]
                for step in stripe.steps(step_bytes):
                    parts = await self._step(reading, streams, step)
                    for waits, part in zip(waiting, parts, strict=True):
                        if len(part):
                            waits.append(part)
                    for data in _taken(waiting[0]):
                        yield data
                for waits in waiting:
                    for data in _taken(waits):
                        yield data
        finally:
            await all_of([stream.close() for stream in streams.values()])

    def _open(
        self, reading: CodedReading, ranges: Mapping[int, tuple[int, int]], *, is_decoding: bool
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
                    piece_bytes_max=piece_bytes(coded.layout, is_decoding=is_decoding),
                ),
                timeout_ms=self._pool.config.call_timeout_ms,
            )
            for index, (offset_bytes, length_bytes) in ranges.items()
        }

    async def _step(
        self, reading: CodedReading, streams: Mapping[int, PartStream], step: StripeRange
    ) -> list[Buffer]:
        """What is wanted of each cell; nothing where its bytes lie beside these."""
        layout = reading.coded.layout
        parts = await all_of([
            _exactly(
                reading, stream, layout.clipped(index, step.offset_bytes, step.length_bytes)
            )
            for index, stream in streams.items()
        ])  # fmt: skip
        cells = dict(zip(streams, parts, strict=True))
        lost = {cell.index for cell in step.wanted if cell.length_bytes} - cells.keys()
        if lost:
            cells |= _decoded(layout, cells, lost, step.length_bytes)
        wanted: list[Buffer] = []
        for cell in step.wanted:
            start = cell.offset_bytes - step.offset_bytes
            # Of a part that was not wanted for itself nothing is to stay in memory.
            part = cells[cell.index] if cell.length_bytes else b""
            whole = len(part) == cell.length_bytes
            wanted.append(part if whole else memoryview(part)[start : start + cell.length_bytes])
        return wanted


async def _some(reading: CodedReading, stream: PartStream, length_bytes_max: int) -> Buffer:
    return await reading.timed(
        _kind(stream), stream.index, lambda wait_ms: stream.take_some(length_bytes_max, wait_ms)
    )


async def _exactly(reading: CodedReading, stream: PartStream, length_bytes: int) -> Buffer:
    return await reading.timed(
        _kind(stream), stream.index, lambda wait_ms: stream.take(length_bytes, wait_ms)
    )


def _kind(stream: PartStream) -> ReadKind:
    return ReadKind.NEXT if stream.has_begun else ReadKind.FIRST


def _taken(waiting: list[Buffer]) -> Iterator[Buffer]:
    """All, in order; each leaves as it is taken."""
    waiting.reverse()
    while waiting:
        yield waiting.pop()


def _decoded(
    layout: GroupLayout, cells: Mapping[int, Buffer], lost: Set[int], length_bytes: int
) -> dict[int, bytes]:
    """Args: cells: of the indexes that were read; those that have no bytes at all are added."""
    empty: dict[int, Buffer] = {
        index: b"" for index in layout.data_indexes if not layout.index_bytes(index)
    }
    codec = codec_of(layout.data, layout.parity)
    return codec.decode(empty | dict(cells), lost, length_bytes)
