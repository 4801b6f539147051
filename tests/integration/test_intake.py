"""Bodies of many connections at once: how much of them is in memory, and who waits for whom."""

import asyncio

from tests.integration.http_harness import Client, Served, answer, body_of, request, run, until
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.http.intake import SIP_BYTES
from trioxygen.gateway.http.limits import Receive, Scope, Send


async def put(client: Client, path: str, body: bytes) -> bytes:
    sending = asyncio.create_task(client.send(request("PUT", path, body)))
    try:
        async with asyncio.timeout(120):
            head = await client.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
        return await client.reader.readexactly(length)
    finally:
        sending.cancel()


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes its time for each piece; answers with the number of bytes."""
    size_bytes = 0
    while True:
        message = await receive()
        size_bytes += len(message["body"])
        await asyncio.sleep(0.002)
        if not message["more_body"]:
            break
    await answer(send, 200, b"%d" % size_bytes)


def test_bodies_together_bring_to_memory_what_they_may_and_a_sip_of_each() -> None:
    most = 0

    async def steps(server: Served) -> None:
        clients = [await server.client() for _ in range(40)]
        await until(lambda: len(server.server.connections) == 40)
        intake = server.intake

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, intake.held_bytes)
                await asyncio.sleep(0)

        watching = asyncio.create_task(watch())
        actual = await asyncio.gather(*(put(client, "/", bytes(2 * MIB)) for client in clients))
        watching.cancel()
        assert actual == [b"%d" % (2 * MIB)] * 40
        assert intake.held_bytes == intake.unasked_bytes == 0
        assert not intake.is_full
        assert MIB // 2 < most <= MIB + 40 * (SIP_BYTES + 64 * KIB)

    run(count, steps, intake_bytes_max=MIB)


def test_a_body_that_waits_for_its_turn_is_not_called_idle() -> None:
    held, release = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/hold":
            await receive()
            held.set()
            await release.wait()
        await answer(send, 200, b"%d" % len(await body_of(receive)))

    async def steps(server: Served) -> None:
        holding, waiting = await server.client(), await server.client()
        first = asyncio.create_task(put(holding, "/hold", bytes(MIB)))
        await held.wait()
        second = asyncio.create_task(put(waiting, "/", bytes(MIB)))
        await until(lambda: server.intake.is_full)
        await asyncio.sleep(4)
        assert not second.done()
        release.set()
        assert await second == b"%d" % MIB
        await first

    run(app, steps, intake_bytes_max=32 * KIB, body_idle_seconds_max=1)


def test_a_client_that_goes_away_with_its_body_on_the_way_gives_back_what_it_held() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        while message["type"] == "http.request":
            await asyncio.sleep(0.01)
            message = await receive()

    async def steps(server: Served) -> None:
        stays = await server.client()
        await until(lambda: server.server.connections)
        intake = server.intake
        for _ in range(3):
            clients = [await server.client() for _ in range(10)]
            for client in clients:
                # The second request is never begun: the first has no end.
                client.writer.write(request("PUT", "/", b"", "Content-Length: 9000000"))
                client.writer.write(bytes(MIB))
            await until(lambda: intake.held_bytes > 0)
            for client in clients:
                client.writer.transport.abort()
            await until(lambda: len(server.server.connections) == 1)
            await until(lambda: intake.held_bytes == intake.unasked_bytes == 0)
            assert not intake.is_full
        await stays.close()

    run(app, steps, intake_bytes_max=MIB)


def test_bytes_of_requests_that_are_never_begun_are_given_back() -> None:
    release = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await release.wait()
        await answer(send, 200, b"")

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("GET", "/first") + request("PUT", "/second", bytes(10 * KIB)))
        await until(lambda: server.server.connections)
        intake = server.intake
        await until(lambda: intake.unasked_bytes == 10 * KIB)
        client.writer.transport.abort()
        # Reading stands still behind the second request: only the answer meets the end.
        release.set()
        await until(lambda: not server.server.connections)
        await until(lambda: intake.unasked_bytes == intake.held_bytes == 0)

    run(app, steps)
