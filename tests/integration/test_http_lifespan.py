"""A port and its application's life: started before the first request, ended after the last."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from tests.integration.http_harness import Client, answer, refuse, refuses, request, until
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import CannotListen
from trioxygen.common.runtime import system_runtime
from trioxygen.gateway.http.limits import HttpLimits, HttpMetrics, Receive, Scope, Send
from trioxygen.gateway.http.server import HttpServer
from trioxygen.gateway.http.sockets import bound_sockets
from trioxygen.gateway.http.uvicorn_server import HttpProtocol


class Living:
    """Notes its life; may fail at its start, or at its end."""

    def __init__(
        self, failure: Exception | None = None, *, at_end: Exception | None = None
    ) -> None:
        self.events: list[str] = []
        self.may_answer = asyncio.Event()
        self._failure, self._failure_at_end = failure, at_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.events.append("asked")
            await self.may_answer.wait()
            self.events.append("answered")
            await answer(send, 200, b"alive")
            return
        assert (await receive())["type"] == "lifespan.startup"
        if self._failure is not None:
            await send({"type": "lifespan.startup.failed", "message": "Traceback"})
            raise self._failure
        self.events.append("started")
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        self.events.append("ended")
        if self._failure_at_end is not None:
            await send({"type": "lifespan.shutdown.failed", "message": "Traceback"})
            raise self._failure_at_end
        await send({"type": "lifespan.shutdown.complete"})


@pytest.mark.parametrize("http", ["trioxygen", "uvicorn"])
def test_application_lives_from_before_the_first_request_until_after_the_last(
    http: HttpProtocol,
) -> None:
    app = Living()

    async def steps() -> None:
        runtime = system_runtime(LocalNetwork())
        server = HttpServer(runtime, "test", HttpLimits(), HttpMetrics(runtime.registry), http=http)
        await server.bind("127.0.0.1", 0)
        url = await server.start(app)
        assert app.events == ["started"]
        port = int(url.rsplit(":", 1)[1])
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        await client.send(request("GET", "/"))
        await until(lambda: "asked" in app.events)
        stopping = asyncio.create_task(server.stop(60))
        await until(lambda: refuses(port))
        app.may_answer.set()
        status, fields, body = await client.answer()
        assert (status, body) == (200, b"alive")
        assert {name.lower() for name in fields} >= {b"date", b"server"}
        await stopping
        await client.close()
        await runtime.stop()

    uvloop.run(steps())
    assert app.events == ["started", "asked", "answered", "ended"]


def test_what_an_application_raises_at_its_start_is_raised_by_the_server_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def steps() -> None:
        runtime = system_runtime(LocalNetwork())
        server = HttpServer(runtime, "test", HttpLimits(), HttpMetrics(runtime.registry))
        await server.bind("127.0.0.1", 0)
        with pytest.raises(PermissionError, match="access.log"):
            await server.start(Living(PermissionError("access.log")))
        await server.stop(0)
        await runtime.stop()

    with caplog.at_level(logging.WARNING):
        uvloop.run(steps())
    assert not [record for record in caplog.records if "Traceback" in record.getMessage()]
    assert not [record for record in caplog.records if record.exc_info]


def test_uvicorns_protocol_closes_behind_an_answer_whose_body_is_still_on_its_way() -> None:
    async def steps() -> None:
        runtime = system_runtime(LocalNetwork())
        server = HttpServer(
            runtime, "test", HttpLimits(), HttpMetrics(runtime.registry), http="uvicorn"
        )
        await server.bind("127.0.0.1", 0)
        port = int((await server.start(refuse, lifespan="off")).rsplit(":", 1)[1])
        for sent, closes in (
            (request("PUT", "/", b"", "Content-Length: 10", "Expect: 100-continue"), True),
            (request("PUT", "/", b"", "Content-Length: 0"), False),
            (request("GET", "/"), False),
        ):
            client = Client(*await asyncio.open_connection("127.0.0.1", port))
            await client.send(sent)
            status, fields, _ = await client.answer()
            assert status == 403
            assert (fields.get(b"connection") == b"close") is closes
            if closes:
                assert await client.at_end() == b""
            await client.close()
        await server.stop(1)
        await runtime.stop()

    uvloop.run(steps())


@pytest.mark.parametrize("loop_run", [asyncio.run, uvloop.run])
def test_address_that_another_took_after_the_bind_is_told_and_the_application_ends(
    loop_run: Callable[[Coroutine[Any, Any, None]], None], caplog: pytest.LogCaptureFixture
) -> None:
    app = Living(at_end=PermissionError("access.log"))

    async def steps() -> None:
        runtime = system_runtime(LocalNetwork())
        metrics = HttpMetrics(runtime.registry)
        first = HttpServer(runtime, "first", HttpLimits(), metrics)
        second = HttpServer(runtime, "second", HttpLimits(), metrics)
        # Two may hold an address as long as neither listens.
        first.adopt("127.0.0.1", bound := await bound_sockets("127.0.0.1", 0))
        second.adopt("127.0.0.1", await bound_sockets("127.0.0.1", bound[0].getsockname()[1]))
        await first.start(refuse, lifespan="off")
        with pytest.raises(CannotListen, match="address already in use"):
            await second.start(app)
        assert app.events == ["started", "ended"]
        await second.stop(0)
        await first.stop(0)
        await runtime.stop()

    with caplog.at_level(logging.WARNING):
        loop_run(steps())
    # Of the two, why the port is not served is raised.
    [record] = [record for record in caplog.records if record.exc_info]
    assert "application_end_failed" in record.getMessage()
