"""Documents that requests bring: what is in memory of them counts until they have been read."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from tests.unit.gateway.s3.one_bucket import OneBucket
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.clock import SystemClock
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.shares import ShareLimits, Shares

DOCUMENT: Final = bytes(256 * KIB)


def request_with(document: bytes, shares: Shares) -> S3Request:
    pieces = [document[at : at + 64 * KIB] for at in range(0, len(document), 64 * KIB)]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    head = RequestHead("PUT", b"/b", b"", [(b"content-length", b"%d" % len(document))])
    request = S3Request(head, receive, "id", "host", "http", shares)
    request.holder = "account"
    return request


def run(test: Callable[[Services, Shares], Awaitable[None]]) -> None:
    blocking, shares = ThreadBlocking(pool_threads=2), Shares(ShareLimits())
    services = Services(OneBucket({}).port, blocking, SystemClock(), S3Config(volume="v"))

    async def all_of_it() -> None:
        async with asyncio.timeout(20):
            await test(services, shares)
        assert shares.buffers.total == 0

    try:
        asyncio.run(all_of_it())
    finally:
        blocking.close()


def test_documents_that_wait_to_be_read_count_as_their_holders() -> None:
    goes_on, counted = threading.Event(), []

    async def test(services: Services, shares: Shares) -> None:
        def read(document: bytes) -> int:
            goes_on.wait(20)
            counted.append(shares.buffers.held("account"))
            return len(document)

        reading = [
            asyncio.ensure_future(
                read_document(services, request_with(DOCUMENT, shares), read, bytes_max=MIB)
            )
            for _ in range(3)
        ]
        held = 3 * (len(DOCUMENT) - 64 * KIB)
        while shares.buffers.held("account") < held:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        # One is being read and two wait.
        await asyncio.sleep(0.05)
        assert shares.buffers.held("account") >= held
        goes_on.set()
        assert await asyncio.gather(*reading) == [len(DOCUMENT)] * 3

    run(test)
    assert counted == sorted(counted, reverse=True) and counted[-1] > 0


def test_document_that_is_refused_counts_no_more() -> None:
    def malformed(document: bytes) -> None:
        raise S3Error("MalformedXML")

    async def test(services: Services, shares: Shares) -> None:
        request = request_with(DOCUMENT, shares)
        with pytest.raises(S3Error, match="MalformedXML"):
            await read_document(services, request, malformed, bytes_max=MIB)
        with pytest.raises(S3Error, match="MaxMessageLengthExceeded"):
            await read_document(services, request_with(DOCUMENT, shares), malformed)

    run(test)
