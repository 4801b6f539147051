"""Connections of the HTTP server: half-closed, slow, too many, failing, stopped."""

import asyncio
import socket

import pytest

from tests.integration.http_harness import (
    Served,
    answer,
    drop_quietly,
    echo,
    refuses,
    request,
    run,
    until,
)
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.http.limits import HttpLimits, HttpMetrics, Receive, Scope, Send
from trioxygen.gateway.http.server import CannotListen, HttpServer


def test_half_closed_client_gets_its_answer() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await echo(scope, receive, send)

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("PUT", "/", b"data"))
        client.writer.write_eof()
        assert (await client.answer())[2] == b"/?:data"
        assert await client.at_end() == b""

    run(slow, steps)


def test_body_that_ends_early_is_told_to_the_application_which_can_answer() -> None:
    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("PUT", "/", b"", "Content-Length: 10") + b"four")
        client.writer.write_eof()
        assert (await client.answer())[2] == b"incomplete"
        client = await server.client()
        head = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        await client.send(head + b"3\r\nabcX\r\n")
        assert (await client.answer())[2] == b"malformed"

    run(drop_quietly, steps)


def test_client_that_goes_away_ends_the_application_at_its_next_send() -> None:
    ended: list[str] = []

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"z" * MIB, "more_body": True})
        except ConnectionError:
            ended.append((await receive())["reason"] if scope["method"] == "PUT" else "gone")
            raise

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("GET", "/"))
        await client.reader.readexactly(1_000)
        client.writer.transport.abort()
        await until(lambda: ended)
        assert ended == ["gone"]

    run(endless, steps)


def test_reading_stops_while_the_application_does_not_take_the_body() -> None:
    may_read = asyncio.Event()
    sizes: list[int] = []

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await may_read.wait()
        size_bytes, more = 0, True
        while more:
            message = await receive()
            size_bytes, more = size_bytes + len(message["body"]), message["more_body"]
        sizes.append(size_bytes)
        await answer(send, 200)

    async def steps(server: Served) -> None:
        client = await server.client()
        client.writer.transport.set_write_buffer_limits(high=0)
        await client.send(request("PUT", "/", b"", f"Content-Length: {64 * MIB}"))
        sent = 0
        try:
            async with asyncio.timeout(0.5):
                while True:
                    await client.send(b"z" * MIB)
                    sent += MIB
        except TimeoutError:
            pass
        # What the sockets of both sides hold, and 256 KiB and one read in the process.
        assert sent < 16 * MIB
        may_read.set()
        sent += MIB  # the one that was under way
        while sent < 64 * MIB:
            await client.send(b"z" * MIB)
            sent += MIB
        assert (await client.answer())[0] == 200
        assert sizes == [64 * MIB]

    run(late, steps)


def test_client_that_goes_away_leaves_the_body_that_came_and_then_says_so() -> None:
    seen: list[object] = []
    has_left = asyncio.Event()

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await has_left.wait()
        size_bytes = 0
        while (message := await receive())["type"] == "http.request":
            size_bytes += len(message["body"])
        seen.extend((size_bytes > 0, message["reason"]))
        with pytest.raises(ConnectionError):
            await answer(send, 400)

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("PUT", "/", b"", "Content-Length: 9000000") + b"z" * 300_000)
        await until(lambda: server.server.connections and server.intake.unasked_bytes)
        client.writer.transport.abort()
        has_left.set()
        await until(lambda: seen)
        assert seen[0] is True and seen[1] in ("gone", "incomplete")

    run(late, steps)


def test_head_that_does_not_come_to_its_end_is_refused() -> None:
    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(b"GET / HTTP/1.1\r\nHo")
        assert (await client.answer())[0] == 408
        assert await client.at_end() == b""

    run(sometimes_idle, steps, head_seconds_max=1)


def test_body_that_does_not_come_is_told_to_the_application() -> None:
    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("PUT", "/", b"", "Content-Length: 10") + b"four")
        assert (await client.answer())[2] == b"idle"

    run(sometimes_idle, steps, body_idle_seconds_max=1)


def test_connection_without_another_request_is_closed() -> None:
    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("PUT", "/", b"z") * 2)
        await client.answer()
        await client.answer()
        assert await client.at_end() == b""

    run(sometimes_idle, steps, keep_alive_seconds=0.5)


async def sometimes_idle(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    while message["type"] == "http.request" and message["more_body"]:
        message = await receive()
    await answer(send, 200, message.get("reason", "read").encode())


def test_client_that_does_not_read_is_ended() -> None:
    async def big(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"z" * MIB, "more_body": True})
        await send({"type": "http.response.body"})

    async def steps(server: Served) -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)
            connection.sendall(request("GET", "/"))
            await until(lambda: server.server.connections)
            await until(lambda: not server.server.connections)

    run(big, steps, write_idle_seconds_max=0.5)


def test_connections_above_the_limit_are_refused() -> None:
    async def steps(server: Served) -> None:
        first = await server.client()
        await first.send(request("GET", "/"))
        await first.answer()
        second = await server.client()
        assert (await second.answer())[0] == 503
        await first.send(request("GET", "/"))
        assert (await first.answer())[0] == 200

    run(echo, steps, connections_max=1)


@pytest.mark.parametrize("when", ["before", "start", "short", "silent", "long", "split"])
def test_application_that_fails_gives_500_or_an_early_end(when: str) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        if when == "before":
            raise ValueError(when)
        if when == "silent":
            return
        headers = [(b"content-length", b"10"), (b"x", b"a\r\nb: c" if when == "split" else b"y")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if when == "start":
            raise ValueError(when)
        await send({"type": "http.response.body", "body": b"123", "more_body": True})
        if when == "long":
            await send({"type": "http.response.body", "body": b"z" * 100})
        await send({"type": "http.response.body", "body": b"4"})

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("GET", "/"))
        if when in ("short", "long"):
            assert (await client.at_end()).endswith(b"1234" if when == "short" else b"123")
        else:
            assert (await client.answer())[0] == 500

    run(failing, steps)


def test_stop_answers_what_is_under_way_and_closes_what_is_idle() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await may_answer.wait()
        await echo(scope, receive, send)

    async def steps(server: Served) -> None:
        busy, idle = await server.client(), await server.client()
        await busy.send(request("PUT", "/", b"data"))
        await until(lambda: asked.is_set() and len(server.server.connections) == 2)
        stopping = asyncio.create_task(server.server.stop(60))
        await until(lambda: refuses(server.port))
        assert await idle.at_end() == b""
        assert not stopping.done()
        may_answer.set()
        status, fields, body = await busy.answer()
        assert (status, fields[b"connection"], body) == (200, b"close", b"/?:data")
        await stopping
        assert server.server.connections == set()

    run(slow, steps)


def test_stop_answers_a_request_that_was_on_its_way() -> None:
    async def steps(server: Served) -> None:
        client = await server.client()
        await until(lambda: server.server.connections)
        stopping = asyncio.create_task(server.server.stop(60))
        await client.send(request("GET", "/late"))
        status, fields, _ = await client.answer()
        assert (status, fields[b"connection"]) == (200, b"close")
        await stopping

    run(echo, steps)


def test_stop_cancels_what_outlasts_the_drain() -> None:
    asked = asyncio.Event()
    cancelled: list[bool] = []

    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("GET", "/"))
        await asked.wait()
        await server.server.stop(0.3)
        assert cancelled == [True]
        status, fields, _ = await client.answer()
        assert (status, fields[b"connection"]) == (503, b"close")
        assert await client.at_end() == b""

    run(stuck, steps)


def test_address_in_use_is_refused_by_name() -> None:
    async def steps(server: Served) -> None:
        runtime = system_runtime(LocalNetwork())
        second = HttpServer(runtime, "second", HttpLimits(), HttpMetrics(runtime.registry))
        with pytest.raises(CannotListen, match=f"127.0.0.1:{server.port}: address already in use"):
            await second.bind("127.0.0.1", server.port)
        await runtime.stop()

    run(echo, steps)
