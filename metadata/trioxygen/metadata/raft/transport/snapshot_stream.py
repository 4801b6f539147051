"""The bytes of a snapshot on their way: sent at a bounded rate, so that neither the leader's writes
nor the follower's reads wait for them, and checked when they arrive.

A stream is the state's bytes, then a trailer: their number 8, their CRC-32C 4; little-endian. A
stream without the right one is not installed.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

from trioxygen.common.checksum import crc32c
from trioxygen.common.clock import Clock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch, DeadlineExceeded
from trioxygen.common.rpc.network import Upload
from trioxygen.common.units import MIB, MINUTE_MS, SECOND_MS

_TRAILER: Final = struct.Struct("<QI")
# A sender that was held up makes up for no more than this.
_BURST_MS: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotConfig:
    """Attributes:
    bytes_per_second: read and sent; what the disk and the processors have left is for the writes
        that go on.
    send_ms_max: pages of the state that is sent are kept from being used again for as long.
    piece_ms_max: a receiver that waits longer for the next piece gives up.
    finish_ms_max: to make it durable, check it and install it.
    retry_ms: after a failure.
    """

    bytes_per_second: int = 32 * MIB
    send_ms_max: float = 10 * MINUTE_MS
    piece_ms_max: float = 30 * SECOND_MS
    finish_ms_max: float = MINUTE_MS
    retry_ms: float = SECOND_MS


async def send_stream(
    pieces: AsyncIterator[Buffer], upload: Upload, clock: Clock, *, bytes_per_second: int
) -> int:
    """All of them and the trailer; how many bytes of state it was."""
    bytes_per_ms = bytes_per_second / 1_000
    size_bytes = crc = 0
    due_ms = clock.monotonic_ms()
    async for piece in pieces:
        crc = crc32c(piece, crc)
        size_bytes += len(piece)
        await upload.send(piece)
        due_ms = max(due_ms, clock.monotonic_ms() - _BURST_MS) + len(piece) / bytes_per_ms
        await clock.sleep_ms(max(0.0, due_ms - clock.monotonic_ms()))
    await upload.send(_TRAILER.pack(size_bytes, crc))
    return size_bytes


class Sink(Protocol):
    async def write(self, piece: Buffer) -> None: ...


async def receive_stream(pieces: AsyncIterator[Buffer], sink: Sink, *, piece_ms_max: float) -> int:
    """Writes the state to `sink`; how many bytes.

    Raises:
        ChecksumMismatch: not as it was sent, or not all of it.
        DeadlineExceeded: the sender fell silent.
    """
    held = b""
    size_bytes = crc = 0
    while (piece := await _next(pieces, piece_ms_max)) is not None:
        data = held + piece
        keep_from = max(0, len(data) - _TRAILER.size)
        data, held = data[:keep_from], data[keep_from:]
        if data:
            crc = crc32c(data, crc)
            size_bytes += len(data)
            await sink.write(data)
    if len(held) < _TRAILER.size or _TRAILER.unpack(held) != (size_bytes, crc):
        raise ChecksumMismatch("a snapshot was damaged on its way", bytes=size_bytes)
    return size_bytes


async def _next(pieces: AsyncIterator[Buffer], piece_ms_max: float) -> Buffer | None:
    try:
        async with asyncio.timeout(piece_ms_max / 1_000):
            return await anext(pieces, None)
    except TimeoutError as error:
        raise DeadlineExceeded("the sender of a snapshot fell silent") from error
