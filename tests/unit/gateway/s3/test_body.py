"""Bodies on their way: how much of them is gathered, and when the next piece is asked for."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.fair_share import FairShare
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.shares import ShareLimits, Shares


class Client:
    """Sends pieces when it is asked, and may stand still before one."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)
        self.asked = 0
        self.stands_still_at = len(self._pieces)
        self.goes_on = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if self.asked > self.stands_still_at:
            await self.goes_on.wait()
        piece = self._pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}


def body_of(
    client: Client, shares: Shares, blocking: ThreadBlocking, *, chunked_bytes: int = 0
) -> Body:
    headers = [(b"transfer-encoding", b"chunked")]
    if chunked_bytes:
        headers = [
            (b"x-amz-content-sha256", b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            (b"x-amz-decoded-content-length", b"%d" % chunked_bytes),
            (b"x-amz-trailer", b"x-amz-checksum-crc32"),
        ]
    head = RequestHead("PUT", b"/b/k", b"", headers)
    request = S3Request(head, client.receive, "id", "host", "http", shares)
    request.holder = "account"
    return Body(request, blocking, checksum=None)


def run(test: Callable[[ThreadBlocking], Any]) -> None:
    blocking = ThreadBlocking(pool_threads=2)

    async def all_of_it() -> None:
        async with asyncio.timeout(20):
            await test(blocking)

    try:
        asyncio.run(all_of_it())
    finally:
        blocking.close()


def filled(share: FairShare) -> None:
    """Another's bytes leave no room."""
    share.take_anyway("another", share.capacity)


def test_a_batch_is_a_mebibyte_where_there_is_room_and_32_kib_where_there_is_none() -> None:
    async def sizes(shares: Shares, blocking: ThreadBlocking) -> list[int]:
        body = body_of(Client([bytes(16 * KIB)] * 128), shares, blocking)
        actual = [sum(map(len, batch)) async for batch in body.batches()]
        assert sum(actual) == body.received_bytes == 2 * MIB
        assert shares.buffers.held("account") == 0
        return actual

    async def test(blocking: ThreadBlocking) -> None:
        roomy, full = Shares(ShareLimits()), Shares(ShareLimits())
        filled(full.buffers)
        assert await sizes(roomy, blocking) == [MIB, MIB]
        assert max(await sizes(full, blocking)) == 48 * KIB

    run(test)


def test_where_buffers_are_scarce_a_batch_is_digested_before_more_is_asked_for() -> None:
    async def test(blocking: ThreadBlocking) -> None:
        shares = Shares(ShareLimits())
        filled(shares.buffers)
        # Both threads are busy: a digest waits for one.
        release = asyncio.Event()
        loop = asyncio.get_running_loop()
        held = [
            blocking.run(asyncio.run_coroutine_threadsafe(release.wait(), loop).result)
            for _ in range(2)
        ]
        client = Client([bytes(128 * KIB)] * 4)
        batches = body_of(client, shares, blocking).batches()
        assert sum(map(len, await anext(batches))) == 128 * KIB
        second = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0.05)
        assert (client.asked, second.done()) == (1, False)
        release.set()
        await second
        assert client.asked == 2
        await asyncio.gather(*held)
        await batches.aclose()

    run(test)


def test_a_body_given_up_gives_its_buffers_back() -> None:
    async def test(blocking: ThreadBlocking) -> None:
        shares = Shares(ShareLimits())
        client = Client([bytes(256 * KIB)] * 9)
        client.stands_still_at = 6
        batches = body_of(client, shares, blocking).batches()
        await anext(batches)
        waiting = asyncio.ensure_future(anext(batches))
        while client.asked < 7:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        assert shares.buffers.held("account") > 0
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await batches.aclose()
        assert shares.buffers.total == 0

    run(test)


def test_a_body_given_up_keeps_the_buffers_of_what_a_thread_digests() -> None:
    async def test(blocking: ThreadBlocking) -> None:
        shares = Shares(ShareLimits())
        # Both threads are busy: a digest waits for one.
        release = asyncio.Event()
        loop = asyncio.get_running_loop()
        held = [
            blocking.run(asyncio.run_coroutine_threadsafe(release.wait(), loop).result)
            for _ in range(2)
        ]
        batches = body_of(Client([bytes(256 * KIB)] * 4), shares, blocking).batches()
        await anext(batches)
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        assert shares.buffers.held("account") > 0
        release.set()
        await asyncio.gather(*held)
        while shares.buffers.total:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    run(test)


def test_a_slow_body_in_chunks_does_not_keep_the_reads_that_its_last_bytes_came_with() -> None:
    async def test(blocking: ThreadBlocking) -> None:
        shares = Shares(ShareLimits())
        filled(shares.buffers)
        # Of the second chunk some bytes come with the first one.
        read = b"%x\r\n%s\r\n%x\r\n%s" % (64 * KIB, bytes(64 * KIB), 64 * KIB, bytes(8 * KIB))
        client = Client([read, bytes(56 * KIB), b""])
        body = body_of(client, shares, blocking, chunked_bytes=128 * KIB)
        batches = body.batches()
        assert [len(piece) for piece in await anext(batches)] == [64 * KIB]
        [small, *_] = await anext(batches)
        assert len(small) == 8 * KIB
        assert isinstance(small, bytes)
        await batches.aclose()

    run(test)


def test_a_document_that_finds_no_buffers_is_told_to_slow_down() -> None:
    async def test(blocking: ThreadBlocking) -> None:
        shares = Shares(ShareLimits())
        filled(shares.buffers)
        body = body_of(Client([bytes(64 * KIB)]), shares, blocking)
        assert len(await body.read(MIB)) == 64 * KIB
        body = body_of(Client([bytes(64 * KIB), b"x"]), shares, blocking)
        with pytest.raises(S3Error) as raised:
            await body.read(MIB)
        assert raised.value.code == "SlowDown"
        assert shares.buffers.held("account") == 0

    run(test)
