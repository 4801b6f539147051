"""What every network does with bulk streams, up and down."""

import asyncio

import pytest

from tests.contract.network_harness import (
    KINDS,
    MIB,
    TIMEOUT_MS,
    Setting,
    refusal,
    run,
    until,
)
from trioxygen.common.errors import (
    ChecksumMismatch,
    DeadlineExceeded,
    NoSpace,
    NoSuchBlock,
)
from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.session import SessionLimits

pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize("sizes", [[], [1], [MIB], [MIB + 1, 5], [3 * MIB + 7], [70_000] * 40])
def test_upload_arrives_whole(kind: str, sizes: list[int]) -> None:
    async def test(setting: Setting) -> None:
        pieces = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
        upload = await setting.upload()
        for number, piece in enumerate(pieces):
            await upload.send(memoryview(piece) if number % 2 else piece)
        reply = await upload.finish(TIMEOUT_MS)
        assert reply.size_bytes == sum(sizes)
        assert b"".join(setting.node.received) == b"".join(pieces)
        if kind == "grpc":
            assert all(len(piece) <= MIB for piece in setting.node.received)
        await upload.cancel()

    run(kind, test)


def test_upload_that_is_refused_at_once_never_opens(kind: str) -> None:
    async def test(setting: Setting) -> None:
        error = await refusal(setting.upload("refused"))
        assert type(error) is NoSpace
        assert error.facts == {"volume": "data-1", "wanted": "7"}

    run(kind, test)


def test_upload_opens_once_the_receiver_takes_pieces(kind: str) -> None:
    async def test(setting: Setting) -> None:
        opening = asyncio.ensure_future(setting.upload("late consent"))
        await asyncio.sleep(0.05)
        assert not opening.done()
        setting.node.release.set()
        upload = await opening
        assert (await upload.finish(TIMEOUT_MS)).size_bytes == 0

    run(kind, test)


def test_upload_that_is_refused_in_the_middle_tells_why(kind: str) -> None:
    async def test(setting: Setting) -> None:
        for _ in range(20):
            upload = await setting.upload("refused in the middle")
            with pytest.raises(NoSpace) as raised:
                while True:
                    await upload.send(bytes(MIB))
                    await asyncio.sleep(0)
            assert raised.value.facts == {"volume": "data-1"}
            await upload.cancel()
        small = await setting.upload("refused in the middle")
        await small.send(b"x")
        assert type(await refusal(small.finish(TIMEOUT_MS))) is NoSpace

    run(kind, test)


def test_upload_that_is_cancelled_never_looks_complete(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload()
        await upload.send(bytes(MIB))
        await until(lambda: len(setting.node.received) == 1)
        await upload.cancel()
        await upload.cancel()
        await until(lambda: setting.node.streams_ended == 1)
        assert setting.node.cancelled == 1

    run(kind, test)


def test_opening_an_upload_can_be_given_up(kind: str) -> None:
    async def test(setting: Setting) -> None:
        opening = asyncio.ensure_future(setting.upload("late consent"))
        await asyncio.sleep(0.02)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        setting.node.release.set()
        assert await setting.echo(1) == 1

    run(kind, test)


def test_sender_waits_while_the_receiver_is_behind(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload("slow")
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(200):
                await upload.send(bytes(MIB))
                sent += 1

        sending = asyncio.ensure_future(send())
        await asyncio.sleep(0.3)
        # What a connection holds on both sides: some MiB, not what there is to send.
        assert sent < 40
        setting.node.release.set()
        await sending
        assert (await upload.finish(TIMEOUT_MS)).size_bytes == 200 * MIB

    run(kind, test)


def test_finish_ends_at_its_deadline(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload("slow")
        await upload.send(b"x")
        assert type(await refusal(upload.finish(50))) is DeadlineExceeded
        await upload.cancel()
        await until(lambda: setting.node.streams_ended == 1)

    run(kind, test)


@pytest.mark.parametrize("length", [0, 1, 65_536, MIB, MIB + 1, 5 * MIB + 3])
def test_download_arrives_whole(kind: str, length: int) -> None:
    async def test(setting: Setting) -> None:
        setting.node.piece_bytes = 300_000 if length > 2 * MIB else 3 * MIB
        data = b"".join([bytes(piece) async for piece in setting.download(length)])
        assert len(data) == length
        wanted = b"".join(
            bytes([number]) * min(setting.node.piece_bytes, length - start)
            for number, start in enumerate(range(0, length, setting.node.piece_bytes))
        )
        assert data == wanted

    run(kind, test)


def test_download_that_fails_tells_why_after_what_came_before(kind: str) -> None:
    async def test(setting: Setting) -> None:
        assert type(await refusal(anext(setting.download(1, local=404)))) is NoSuchBlock
        setting.node.fail_after_pieces = 3
        pieces: list[bytes] = []
        with pytest.raises(ChecksumMismatch) as raised:
            async for piece in setting.download(10 * MIB, local=500):
                pieces.append(bytes(piece))
        assert [len(piece) for piece in pieces] == [MIB] * 3
        assert raised.value.facts == {"offset_bytes": str(3 * MIB)}

    run(kind, test)


def test_download_that_is_refused_at_once_counts_no_longer(kind: str) -> None:
    async def test(setting: Setting) -> None:
        for _ in range(3):
            assert type(await refusal(anext(setting.download(1, local=404)))) is NoSuchBlock
        assert len(await anext(setting.download(1))) == 1

    run(kind, test, GrpcConfig(session=SessionLimits(calls_max=2)))


def test_download_that_is_closed_ends_at_the_server(kind: str) -> None:
    async def test(setting: Setting) -> None:
        pieces = setting.download(1000 * MIB)
        assert len(await anext(pieces)) == MIB
        close = getattr(pieces, "aclose", None)
        assert close is not None
        await close()
        await until(lambda: setting.node.streams_ended == 1)
        assert setting.node.pieces_sent < 100

    run(kind, test)


def test_what_was_flushed_reaches_the_receiver_before_the_stream_goes_on(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload()
        for number in range(5):
            await upload.send(bytes([number]) * 10)
        await upload.flush()
        # Neither more nor an end comes: nothing waits on the way for it.
        whole = b"".join(bytes([number]) * 10 for number in range(5))
        await until(lambda: b"".join(setting.node.received) == whole)
        await upload.flush()
        assert (await upload.finish(TIMEOUT_MS)).size_bytes == 50

    run(kind, test)


def test_flush_returns_when_the_receiver_has_ended(kind: str) -> None:
    async def test(setting: Setting) -> None:
        upload = await setting.upload("refused in the middle")
        with pytest.raises(NoSpace):
            for _ in range(10_000):
                await upload.send(bytes(MIB))
                await upload.flush()
                await asyncio.sleep(0)

    run(kind, test)
