"""Reading objects at the pace of whoever takes them: nothing is fetched that would only lie here.

A reader begins with a little. While it takes what it is given without delay, the next piece is
twice as large; one that keeps up with pieces of 1 MiB gets a stream, which is read ahead of it.
What all readers hold together is bounded, and shared by account; only 64 KiB are always there.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.disk import Buffer
from trioxygen.common.slices import part_of
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.shares import Buffers
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.proto.v1.types_pb2 import BlockSlice

# Every read is checked in whole pieces of that size, so a smaller one costs as much.
_PIECE_BYTES_MIN: Final = 64 * KIB
_PIECE_BYTES_FIRST: Final = 128 * KIB
_PIECE_BYTES_MAX: Final = MIB
_QUICK_MS: Final = 250.0
_SLOW_MS: Final = 1_000.0


def _granted(buffers: Buffers, wanted_bytes: int, first_byte: int, factor: int) -> int:
    """How much is read now. As many times as `factor` of it has been taken."""
    if wanted_bytes > _PIECE_BYTES_MIN and buffers.take(factor * wanted_bytes):
        return wanted_bytes
    least_bytes = min(wanted_bytes, _PIECE_BYTES_MIN - first_byte % _PIECE_BYTES_MIN)
    buffers.take_anyway(factor * least_bytes)
    return least_bytes


class PacedReader:
    """Of one gateway."""

    def __init__(self, reader: BlockReader, clock: Clock) -> None:
        self._reader, self._clock = reader, clock

    async def read(
        self, slices: Iterator[BlockSlice], buffers: Buffers
    ) -> AsyncGenerator[Buffer, None]:
        """Pieces of at most 1 MiB; asking for the next one says that the last was taken."""
        window_bytes = _PIECE_BYTES_MIN if buffers.is_scarce else _PIECE_BYTES_FIRST
        for piece in slices:
            at_bytes, end_bytes = 0, piece.length_bytes
            memory = await self._reader.memory(piece)
            while at_bytes < end_bytes:
                left_bytes = end_bytes - at_bytes
                if (
                    window_bytes == _PIECE_BYTES_MAX < left_bytes
                    and buffers.take(memory.stream_bytes)
                ):  # fmt: skip
                    try:
                        async with aclosing(
                            self._quick_stream(part_of(piece, at_bytes, left_bytes))
                        ) as stream:
                            async for data in stream:
                                at_bytes += len(data)
                                yield data
                    finally:
                        buffers.give_back(memory.stream_bytes)
                    if at_bytes < end_bytes:
                        window_bytes = _PIECE_BYTES_MIN
                    continue
                first_byte = piece.offset_bytes + at_bytes
                size_bytes = min(left_bytes, window_bytes - first_byte % _PIECE_BYTES_MIN)
                size_bytes = _granted(buffers, size_bytes, first_byte, memory.small_factor)
                held_bytes = memory.small_factor * size_bytes
                try:
                    data = await self._reader.read_small(part_of(piece, at_bytes, size_bytes))
                    # However long the client takes: no more than that is here.
                    buffers.give_back(held_bytes - size_bytes)
                    held_bytes = size_bytes
                    given_ms = self._clock.monotonic_ms()
                    yield data
                    took_ms = self._clock.monotonic_ms() - given_ms
                    del data
                finally:
                    buffers.give_back(held_bytes)
                at_bytes += size_bytes
                window_bytes = (
                    min(2 * window_bytes, _PIECE_BYTES_MAX)
                    if took_ms < _QUICK_MS
                    else max(window_bytes // 2, _PIECE_BYTES_MIN)
                )

    async def _quick_stream(self, piece: BlockSlice) -> AsyncGenerator[Buffer, None]:
        """Ends early when a piece is not taken quickly."""
        # A reader that goes away ends the DataNode's stream at once.
        async with aclosing(self._reader.stream(piece)) as pieces:
            async for data in pieces:
                given_ms = self._clock.monotonic_ms()
                yield data
                if self._clock.monotonic_ms() - given_ms > _SLOW_MS:
                    return
