import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch, DeadlineExceeded
from trioxygen.metadata.raft.transport.snapshot_stream import receive_stream, send_stream


class Sent:
    """An upload that keeps what it gets; a slow one takes its time."""

    def __init__(self, clock: SkippingClock | None = None, piece_ms: float = 0) -> None:
        self.pieces: list[bytes] = []
        self._clock, self._piece_ms = clock, piece_ms

    async def send(self, piece: Buffer) -> None:
        self.pieces.append(bytes(piece))
        if self._clock is not None:
            self._clock.advance(self._piece_ms)

    async def flush(self) -> None:
        return

    async def finish(self, timeout_ms: float) -> Any:
        return None

    async def cancel(self) -> None:
        return


class Received:
    def __init__(self) -> None:
        self.data = b""

    async def write(self, piece: Buffer) -> None:
        self.data += piece


async def each(pieces: Sequence[bytes]) -> AsyncIterator[Buffer]:
    for piece in pieces:
        yield piece


def sent(pieces: Sequence[bytes]) -> bytes:
    async def send() -> bytes:
        upload = Sent()
        await send_stream(each(pieces), upload, SkippingClock(), bytes_per_second=10**9)
        return b"".join(upload.pieces)

    return asyncio.run(send())


def received(pieces: Sequence[bytes]) -> bytes:
    async def receive() -> bytes:
        sink = Received()
        size_bytes = await receive_stream(each(pieces), sink, piece_ms_max=1_000)
        assert size_bytes == len(sink.data)
        return sink.data

    return asyncio.run(receive())


@given(pieces=st.lists(st.binary(max_size=40), max_size=5), cut=st.integers(1, 50))
def test_stream_arrives_whole_however_it_is_cut(pieces: list[bytes], cut: int) -> None:
    stream = sent(pieces)
    again = [stream[at : at + cut] for at in range(0, len(stream), cut)]
    assert received(again) == b"".join(pieces)


@pytest.mark.parametrize(
    "damage",
    [
        lambda stream: stream[:-1],
        lambda stream: stream[:-12],
        lambda stream: b"",
        lambda stream: stream[:50] + stream[60:],
        lambda stream: stream[:50] + b"x" + stream[51:],
        lambda stream: stream + b"x",
        lambda stream: stream + stream,
    ],
)
def test_damaged_stream_is_refused(damage: Callable[[bytes], bytes]) -> None:
    stream = damage(sent([bytes(range(100))]))
    with pytest.raises(ChecksumMismatch):
        received([stream])


def test_sender_keeps_to_its_rate_and_never_makes_up_for_a_pause_by_a_burst() -> None:
    async def send(piece_ms: float) -> float:
        clock = SkippingClock()
        pieces = [bytes(1_000)] * 100
        await send_stream(each(pieces), Sent(clock, piece_ms), clock, bytes_per_second=100_000)
        return clock.monotonic

    # 100 kB at 100 kB/s; a receiver that is slower sets the pace.
    assert 999 <= asyncio.run(send(0)) <= 1_001
    assert 999 <= asyncio.run(send(5)) <= 1_011
    assert 3_000 <= asyncio.run(send(30)) <= 3_031


def test_sender_that_falls_silent_is_given_up() -> None:
    async def silent() -> AsyncIterator[Buffer]:
        yield b"x" * 100
        await asyncio.Event().wait()

    async def receive() -> None:
        with pytest.raises(DeadlineExceeded, match="silent"):
            await receive_stream(silent(), Received(), piece_ms_max=20)

    asyncio.run(receive())
