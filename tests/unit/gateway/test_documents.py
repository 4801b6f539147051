"""Answers that are made at once and that nobody reads: of all together only so much is kept."""

import asyncio

import pytest

from trioxygen.common.errors import Overloaded
from trioxygen.common.units import MIB
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.shares import ShareLimits, Shares


def request_of(holder: str, shares: Shares) -> S3Request:
    async def nothing() -> dict[str, object]:
        raise AssertionError("no body is read")

    head = RequestHead("GET", b"/b", b"list-type=2", [])
    made = S3Request(head, nothing, "id", "host", "http", shares)
    made.holder = holder
    return made


def test_documents_beyond_the_share_are_refused_and_others_get_theirs() -> None:
    async def run() -> None:
        shares = Shares(ShareLimits(document_bytes_max=8 * MIB))
        document = bytes(MIB)
        unread = []
        for _ in range(6):
            unread.append(request_of("slow", shares).held(document))
            assert await anext(unread[-1]) is document
        with pytest.raises(Overloaded):
            await anext(request_of("slow", shares).held(document))
        other = request_of("other", shares).held(document)
        assert await anext(other) is document
        await other.aclose()
        # One is read: another may follow.
        assert [piece async for piece in unread.pop()] == []
        assert [piece async for piece in request_of("slow", shares).held(document)] == [document]
        for each in unread:
            await each.aclose()
        assert shares.documents.total == 0

    asyncio.run(run())


def test_a_document_larger_than_all_that_is_shared_is_answered_to_one_that_holds_none() -> None:
    async def run() -> None:
        shares = Shares(ShareLimits(document_bytes_max=MIB))
        document = bytes(3 * MIB)
        first = request_of("a", shares).held(document)
        assert await anext(first) is document
        with pytest.raises(Overloaded):
            await anext(request_of("a", shares).held(document))
        await first.aclose()
        assert shares.documents.total == 0

    asyncio.run(run())
