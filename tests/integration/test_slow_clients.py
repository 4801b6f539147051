"""Slow clients of the HTTP server are cut off by rate; patient and pausing ones are not."""

import asyncio
import socket

import pytest

from tests.integration.http_harness import (
    Served,
    answer,
    body_of,
    drop_quietly,
    echo,
    request,
    run,
    until,
)
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.http.limits import ClientGone, ClientTooSlow, Receive, Scope, Send

RATE = {"rate_bytes_per_second_min": 1_000, "rate_window_seconds": 1}


def test_dribbled_body_is_ended_though_it_never_stands_still() -> None:
    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("PUT", "/", b"", "Content-Length: 10000000"))
        answered = asyncio.create_task(client.answer())
        async with asyncio.timeout(60):
            while not answered.done():
                client.writer.write(b"z")
                await asyncio.sleep(0.05)
        status, fields, body = await answered
        assert (status, fields[b"connection"], body) == (400, b"close", b"idle")

    run(drop_quietly, steps, **RATE)


def test_body_above_the_rate_and_one_with_pauses_are_taken() -> None:
    async def steps(server: Served) -> None:
        steady, pausing = await server.client(), await server.client()
        for client in (steady, pausing):
            await client.send(request("PUT", "/", b"", f"Content-Length: {70 * KIB}"))
        # Longer than a window; the pauses are a third of one.
        for number in range(35):
            await steady.send(b"s" * 2 * KIB)
            if number % 10 == 9:
                await pausing.send(b"p" * 20 * KIB)
            await asyncio.sleep(0.2)
        await pausing.send(b"p" * 10 * KIB)
        assert (await steady.answer())[2] == b"/?:" + b"s" * 70 * KIB
        assert (await pausing.answer())[2] == b"/?:" + b"p" * 70 * KIB

    run(echo, steps, **RATE | {"rate_window_seconds": 6})


def test_time_that_the_application_takes_is_not_the_clients() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(3.5)
        await answer(send, 200, await body_of(receive))

    async def steps(server: Served) -> None:
        client = await server.client()
        head = request("PUT", "/", b"", "Content-Length: 4", "Expect: 100-continue")
        await client.send(head)
        async with asyncio.timeout(60):
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"late")
        assert (await client.answer())[2] == b"late"

    run(slow, steps, body_idle_seconds_max=1, **RATE)


@pytest.mark.parametrize("pieces", [1, 64])
def test_reader_below_the_rate_is_cut_off_also_of_a_complete_answer(pieces: int) -> None:
    ended: list[BaseException] = []

    async def big(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for _ in range(pieces):
                piece = b"z" * (64 * MIB // pieces)
                await send({"type": "http.response.body", "body": piece, "more_body": pieces > 1})
        except ClientGone as error:
            ended.append(error)
            raise

    async def steps(server: Served) -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.setblocking(False)
            connection.sendall(request("GET", "/"))
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(60):
                await until(lambda: server.server.connections)
                while server.server.connections:
                    try:
                        await asyncio.wait_for(loop.sock_recv(connection, 10), 0.05)
                    except (TimeoutError, ConnectionError):
                        continue
                    await asyncio.sleep(0.05)
        # The application is told after the connection is gone.
        await until(lambda: len(ended) == (pieces > 1))
        assert [type(error) for error in ended] == ([ClientTooSlow] if pieces > 1 else [])

    run(big, steps, **RATE)


def test_sender_makes_no_further_piece_while_the_reader_has_not_taken_the_last() -> None:
    made: list[int] = []

    async def big(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(1_000):
            made.append(number)
            piece = b"z" * 64 * KIB
            await send({"type": "http.response.body", "body": piece, "more_body": True})

    async def steps(server: Served) -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request("GET", "/"))
            await until(lambda: made)
            count = -1
            while count != len(made):
                count = len(made)
                await asyncio.sleep(0.3)
            # What the two sockets hold: not what the kernel could be made to hold.
            assert count < 200

    run(big, steps)


def test_one_address_leaves_connections_to_others() -> None:
    async def steps(server: Served) -> None:
        clients = [await server.client() for _ in range(8)]
        # The eighth is not served: three quarters are the most for one address.
        assert (await clients[-1].answer())[0] == 503
        other = socket.socket()
        other.bind(("127.0.0.2", 0))
        other.connect(("127.0.0.1", server.port))
        other.sendall(request("GET", "/other"))
        other.setblocking(False)
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(other, 1_000), 30)
        other.close()
        assert data.startswith(b"HTTP/1.1 200")
        await clients[0].send(request("GET", "/"))
        assert (await clients[0].answer())[0] == 200

    run(echo, steps, connections_max=8)
