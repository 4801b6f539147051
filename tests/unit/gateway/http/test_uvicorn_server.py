"""What our adapter adds to answers that leave by uvicorn's own protocol; signals."""

import asyncio
import signal
import threading
from typing import Any

import pytest
import uvloop

from trioxygen.gateway.http.uvicorn_server import answer_safely, stop_signals

Message = dict[str, Any]


def answered(headers: list[tuple[bytes, bytes]], *, asks_for_body: bool) -> list[Message]:
    sent: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if asks_for_body:
            await receive()
        await send({"type": "http.response.start", "status": 501, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"no"})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    asyncio.run(answer_safely(app, {"type": "http", "headers": headers}, receive, send))
    return sent


WAITS = (b"expect", b"100-Continue")
LONG = (b"content-length", b"1000")


@pytest.mark.parametrize(
    ("headers", "asks_for_body", "closes"),
    [
        ([LONG, WAITS], False, True),
        ([LONG, WAITS], True, False),
        ([LONG], False, False),
        ([(b"transfer-encoding", b"chunked")], False, False),
        ([], False, False),
    ],
)
def test_connection_ends_behind_an_answer_to_a_client_that_was_not_asked_for_its_body(
    headers: list[tuple[bytes, bytes]], asks_for_body: bool, closes: bool
) -> None:
    head, body = answered(headers, asks_for_body=asks_for_body)
    assert head["headers"] == [(b"a", b"b"), *([(b"connection", b"close")] if closes else [])]
    assert body["body"] == b"no"


def test_signal_ends_a_loop_that_sleeps_whichever_thread_the_system_interrupts() -> None:
    async def stops_by(thread: threading.Thread) -> None:
        assert thread.ident is not None
        with stop_signals() as stopping:
            # Later, and not by this thread: it sleeps then.
            to = (thread.ident, signal.SIGTERM)
            threading.Timer(0.05, signal.pthread_kill, to).start()
            async with asyncio.timeout(60):
                await stopping.wait()

    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        uvloop.run(stops_by(thread))
    finally:
        ended.set()
        thread.join()


def test_event_loop_that_signals_do_not_wake_is_refused() -> None:
    async def run() -> None:
        with stop_signals():
            pass

    with pytest.raises(AssertionError, match="do not wake"):
        asyncio.run(run())
