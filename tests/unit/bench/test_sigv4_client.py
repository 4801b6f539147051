"""The raw client against a scripted server on loopback."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from bench.session import expect
from bench.signing import Endpoint
from bench.sigv4_client import (
    Answer,
    Client,
    ConnectionLost,
    MalformedAnswer,
    Request,
    WrongAnswer,
    joined_chunks,
)

REQUEST = Request(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


Exchanged = tuple[list[Answer], Client]


def on_uvloop(work: Coroutine[Any, Any, Exchanged]) -> Exchanged:
    """As `python -m bench` runs it."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def exchanges(
    answers: Sequence[Sequence[bytes]], request: Request = REQUEST, *, count: int = 1
) -> Exchanged:
    """Send `count` requests to a server that plays `answers`, one list for each connection."""
    scripts = iter(answers)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in next(scripts):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(piece)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(play, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client(Endpoint(host="127.0.0.1", port=port, tls=False, host_header="127.0.0.1"))
        received = [await client.send(request) for _ in range(count)]
        client.close()
        return received, client


def ok(body: bytes) -> bytes:
    return b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "e"\r\n\r\n%b' % (len(body), body)


def test_body_of_announced_length_is_returned() -> None:
    [answer], _ = on_uvloop(exchanges([[ok(b"hello")]]))
    assert (answer.status, answer.body, answer.header(b"etag")) == (200, b"hello", b'"e"')


def test_interim_answer_is_skipped() -> None:
    [answer], _ = on_uvloop(exchanges([[b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b"x")]]))
    assert answer.body == b"x"


def test_answer_to_head_has_a_length_and_no_body() -> None:
    head = Request(REQUEST.head, is_head=True)
    answers, _ = on_uvloop(
        exchanges([[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"] * 2], head, count=2)
    )
    assert [answer.header(b"content-length") for answer in answers] == [b"9", b"9"]


def test_chunked_body_is_joined() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    [answer], _ = on_uvloop(exchanges([[head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"]]))
    assert (answer.body, answer.size_bytes) == (b"abcde", 5)


def test_request_is_repeated_when_the_server_closed_an_idle_connection() -> None:
    answers, client = on_uvloop(exchanges([[ok(b"1")], [ok(b"2")]], count=2))
    assert [answer.body for answer in answers] == [b"1", b"2"]
    assert client.reconnects == 1


def test_answer_that_is_cut_short_raises() -> None:
    with pytest.raises(ConnectionLost):
        on_uvloop(exchanges([[ok(b"hello")[:-1]]]))


def test_answer_of_unknown_length_raises() -> None:
    with pytest.raises(MalformedAnswer):
        on_uvloop(exchanges([[b"HTTP/1.1 200 OK\r\n\r\n"]]))


def test_unexpected_status_and_etag_raise() -> None:
    answer = Answer(200, b'http/1.1 200 ok\r\netag: "e"\r\n', 0, b"")
    assert expect(answer, 200, 204, etag=b'"e"') is answer
    with pytest.raises(WrongAnswer, match="status 200"):
        expect(answer, 204)
    with pytest.raises(WrongAnswer, match="ETag"):
        expect(answer, 200, etag=b'"f"')


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5))
def test_chunks_join_to_the_body_only_when_the_last_one_is_there(pieces: list[bytes]) -> None:
    raw = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert joined_chunks(raw) == b"".join(pieces)
    for end in range(len(raw) - 2):
        assert joined_chunks(raw[:end]) is None
