"""Whatever becomes of sealed bytes where they are kept, a read gives what was written or fails."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch
from trioxygen.common.sealed_sizes import FRAME_BYTES, SEALED_FRAME_BYTES
from trioxygen.gateway.shares import Buffers
from trioxygen.gateway.store.ozone.piece_keys import PieceKeys
from trioxygen.gateway.store.ozone.rows import BlockContent, SharedContent
from trioxygen.gateway.store.ozone.sealed_contents import SealedContents
from trioxygen.gateway.store.values.encryption import (
    CustomerKey,
    Encryption,
    EncryptionKind,
    Sealing,
)
from trioxygen.gateway.store.values.keys import KeyRecord, ObjectHeaders
from trioxygen.proto.v1.om_pb2 import SealedPiece

KEY: Final = CustomerKey(bytes(range(32)))
SEALING: Final = Sealing(Encryption(EncryptionKind.SSE_C), KEY)
SIZES: Final = (1, 1_000, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES + 500)


class _Written:
    pieces: list[SealedPiece]


class Kept:
    """What is written, one after the other, and read as it lies: without a checksum of any kind, as
    if whoever has changed it knew how to hide that."""

    small_bytes_max = 64 * 1024

    def __init__(self) -> None:
        self.data = bytearray()

    async def write_small(self, data: Buffer, replication: object) -> _Written:
        self.data += data
        return _Written()

    def open_writer(self, size_bytes: int | None, replication: object) -> "Kept":
        return self

    async def send(self, pieces: Sequence[Buffer]) -> None:
        for piece in pieces:
            self.data += piece

    async def finish(self) -> _Written:
        return _Written()

    async def read_small(self, content: object, *, offset_bytes: int, length_bytes: int) -> Buffer:
        return bytes(self.data[offset_bytes : offset_bytes + length_bytes])

    async def read(
        self, content: object, *, offset_bytes: int, length_bytes: int, buffers: Buffers
    ) -> AsyncGenerator[Buffer, None]:
        wanted = self.data[offset_bytes : offset_bytes + length_bytes]
        for start in range(0, len(wanted), 50_000):
            yield bytes(wanted[start : start + 50_000])


class SealedObject:
    """An object of pieces, which may be runs of larger ones."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self.kept, self.plain = rng, Kept(), b""
        self.pieces: list[SealedPiece] = []
        self._keys = PieceKeys(None, rng, ManualClock())
        self.contents = self._over(self.kept)

    def _over(self, kept: Kept) -> SealedContents:
        plain: Any = kept
        return SealedContents(plain, self._keys)

    @property
    def content(self) -> BlockContent:
        return BlockContent((), self.pieces)

    async def add(self, size_bytes: int, cut: tuple[int, int] | None) -> None:
        """Args: cut: the run of it that is taken: where it begins, and how long it is."""
        data = self._rng.randbytes(size_bytes)
        kept = Kept()
        contents = self._over(kept)
        if size_bytes <= contents.small_bytes_max:
            written = await contents.write_small(data, sealing=SEALING)
        else:
            writer = contents.open_writer(size_bytes, sealing=SEALING)
            await writer.send([data[:100_000], data[100_000:]])
            written = await writer.finish()
        if cut is None:
            self.kept.data += kept.data
            self.pieces += written.pieces
            self.plain += data
            return
        record = KeyRecord(
            *(1, size_bytes, 0, "", "", ObjectHeaders(), None, ()),
            content=BlockContent((), written.pieces),
            encryption=SEALING.encryption,
        )
        offset_bytes, length_bytes = cut
        shared = await contents.share(
            record,
            offset_bytes=offset_bytes,
            length_bytes=length_bytes,
            customer_key=KEY,
            sealing=SEALING,
        )
        assert isinstance(shared, SharedContent)
        end = shared.offset_bytes + shared.length_bytes
        self.kept.data += kept.data[shared.offset_bytes : end]
        self.pieces += shared.pieces
        self.plain += data[offset_bytes : offset_bytes + length_bytes]

    async def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Both ways of reading; they agree."""
        streamed, small = [
            await _result(self._streamed(offset_bytes, length_bytes)),
            await _result(self._small(offset_bytes, length_bytes)),
        ]
        assert type(streamed) is type(small)
        if isinstance(streamed, ChecksumMismatch):
            raise streamed
        assert streamed == small
        return streamed

    async def _small(self, offset_bytes: int, length_bytes: int) -> bytes:
        return bytes(
            await self.contents.read_small(
                self.content,
                offset_bytes=offset_bytes,
                length_bytes=length_bytes,
                customer_key=KEY,
            )
        )

    async def _streamed(self, offset_bytes: int, length_bytes: int) -> bytes:
        buffers: Any = None
        reading = self.contents.read(
            self.content,
            offset_bytes=offset_bytes,
            length_bytes=length_bytes,
            buffers=buffers,
            customer_key=KEY,
        )
        return b"".join([bytes(piece) async for piece in reading])


async def _result(reading: Any) -> bytes | ChecksumMismatch:
    try:
        got: bytes = await reading
    except ChecksumMismatch as error:
        return error
    return got


# ---- what becomes of it ----


def _flipped(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _frames(data: bytearray) -> list[bytearray]:
    starts = range(0, len(data), SEALED_FRAME_BYTES)
    return [data[start : start + SEALED_FRAME_BYTES] for start in starts]


def _swapped(rng: random.Random, data: bytearray) -> None:
    frames = _frames(data)
    first, second = rng.randrange(len(frames)), rng.randrange(len(frames))
    frames[first], frames[second] = frames[second], frames[first]
    data[:] = b"".join(frames)


def _dropped(rng: random.Random, data: bytearray) -> None:
    frames = _frames(data)
    del frames[rng.randrange(len(frames))]
    data[:] = b"".join(frames)


def _doubled(rng: random.Random, data: bytearray) -> None:
    frames = _frames(data)
    frames.insert(rng.randrange(len(frames)), rng.choice(frames))
    data[:] = b"".join(frames)


def _cut(rng: random.Random, data: bytearray) -> None:
    if rng.random() < 0.5:
        del data[rng.randrange(len(data)) :]
    else:
        del data[rng.randrange(0, len(data), SEALED_FRAME_BYTES) :]


def _prolonged(rng: random.Random, data: bytearray) -> None:
    at = rng.choice((0, rng.randrange(len(data)), len(data)))
    data[at:at] = rng.randbytes(rng.choice((1, 16, SEALED_FRAME_BYTES)))


def _emptied(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(0, len(data), SEALED_FRAME_BYTES)
    for position in range(at, min(at + SEALED_FRAME_BYTES, len(data))):
        data[position] = 0


DAMAGES: Final[dict[str, Callable[[random.Random, bytearray], None]]] = {
    "a flipped bit": _flipped,
    "swapped frames": _swapped,
    "a dropped frame": _dropped,
    "a frame twice": _doubled,
    "cut": _cut,
    "prolonged": _prolonged,
    "a frame of zeros": _emptied,
}


async def made(rng: random.Random) -> SealedObject:
    sealed = SealedObject(rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        size = rng.choice(SIZES)
        begin = rng.randrange(size)
        cut = (begin, rng.randint(1, size - begin)) if rng.random() < 0.4 else None
        await sealed.add(size, cut)
    return sealed


def ranges(rng: random.Random, size_bytes: int) -> list[tuple[int, int]]:
    chosen = [(0, size_bytes)]
    for _ in range(4):
        begin = rng.randrange(size_bytes)
        chosen.append((begin, rng.randint(1, size_bytes - begin)))
    return chosen


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(DAMAGES)), st.integers(0, 2**32))
def test_read_gives_what_was_written_or_fails(what: str, seed: int) -> None:
    async def run() -> None:
        rng = random.Random(seed)
        sealed = await made(rng)
        asked = ranges(rng, len(sealed.plain))
        for begin, length in asked:
            assert await sealed.read(begin, length) == sealed.plain[begin : begin + length]
        before = bytes(sealed.kept.data)
        DAMAGES[what](rng, sealed.kept.data)
        is_same_beginning = bytes(sealed.kept.data[: len(before)]) == before
        for begin, length in asked:
            try:
                got = await sealed.read(begin, length)
            except ChecksumMismatch:
                assert not is_same_beginning
            else:
                # None of the frames that it needs was touched.
                assert got == sealed.plain[begin : begin + length]
                assert is_same_beginning or length < len(sealed.plain)

    asyncio.run(run())


@pytest.mark.parametrize("frames", [1, 2])
def test_bytes_that_end_with_a_frame_too_early_are_an_error(frames: int) -> None:
    async def run() -> None:
        sealed = SealedObject(random.Random(1))
        await sealed.add(3 * FRAME_BYTES + 10, None)
        del sealed.kept.data[frames * SEALED_FRAME_BYTES :]
        whole = frames * FRAME_BYTES
        assert await sealed.read(0, whole) == sealed.plain[:whole]
        with pytest.raises(ChecksumMismatch):
            await sealed.read(0, whole + 1)

    asyncio.run(run())
