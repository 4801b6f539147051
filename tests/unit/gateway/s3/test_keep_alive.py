"""Documents that take long: spaces until they are there, and nothing left of who goes away."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, cast

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, request_to
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.document import DECLARATION
from trioxygen.gateway.s3.keep_alive import Made, patient_response
from trioxygen.gateway.s3.request import Response


class Making:
    """A document that is made when the test says so."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.was_cancelled = False
        self.error: Exception | None = None
        self.request = request_to("bucket", "k", OWNER)

    async def document(self) -> Made:
        try:
            await self.ready.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self.error is not None:
            raise self.error
        return Made(b"<Done/>", [(b"x-amz-version-id", b"null")])

    async def response(self, *, space_ms: float = 1) -> Response:
        return await patient_response(self.request, self.document(), space_ms=space_ms)


def run(test: Callable[[], Awaitable[Any]]) -> None:
    async def all_of_it() -> None:
        async with asyncio.timeout(20):
            await test()
            assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"

    asyncio.run(all_of_it())


def stream_of(response: Response) -> AsyncGenerator[bytes, None]:
    assert response.stream is not None and not response.body
    return cast("AsyncGenerator[bytes, None]", response.stream)


def test_document_that_is_soon_there_is_the_body() -> None:
    async def test() -> None:
        making = Making()
        making.ready.set()
        response = await making.response(space_ms=10_000)
        assert response.stream is None and response.body == DECLARATION.encode() + b"<Done/>"
        assert (b"x-amz-version-id", b"null") in (response.headers or [])

    run(test)


def test_error_that_comes_soon_is_raised() -> None:
    async def test() -> None:
        making = Making()
        making.error = S3Error("InvalidPart")
        making.ready.set()
        with pytest.raises(S3Error, match="InvalidPart"):
            await making.response(space_ms=10_000)

    run(test)


@pytest.mark.parametrize("error", [None, S3Error("InvalidPart")])
def test_spaces_come_until_the_document_or_the_error_is_there(error: S3Error | None) -> None:
    async def test() -> None:
        making = Making()
        making.error = error
        stream = stream_of(await making.response())
        assert await anext(stream) == DECLARATION.encode()
        assert [await anext(stream) for _ in range(3)] == [b" "] * 3
        making.ready.set()
        rest = [piece async for piece in stream]
        assert set(rest[:-1]) <= {b" "}
        if error is None:
            assert rest[-1] == b"<Done/>" and making.request.late_error_code == ""
        else:
            # Not by its status, which is out already.
            assert rest[-1].startswith(b"<Error><Code>InvalidPart</Code>")
            assert making.request.late_error_code == "InvalidPart"

    run(test)


@pytest.mark.parametrize("pieces", [1, 3])
def test_client_that_leaves_takes_the_work_with_it(pieces: int) -> None:
    async def test() -> None:
        making = Making()
        stream = stream_of(await making.response())
        for _ in range(pieces):
            await anext(stream)
        await stream.aclose()
        assert making.was_cancelled

    run(test)


def test_request_that_is_cancelled_before_anything_is_sent_takes_the_work_with_it() -> None:
    async def test() -> None:
        making = Making()
        asked = asyncio.ensure_future(making.response(space_ms=60_000))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert making.was_cancelled

    run(test)


def test_work_that_fails_after_its_client_left_is_not_an_unseen_error() -> None:
    async def test() -> None:
        making = Making()
        stream = stream_of(await making.response())
        await anext(stream)
        making.error = S3Error("InvalidPart")
        making.ready.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await stream.aclose()

    run(test)
