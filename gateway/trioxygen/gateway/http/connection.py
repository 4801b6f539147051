"""One HTTP/1.1 connection of a client, as its transport sees it: bytes in, time, the end.

What comes is read by `requests` and answered in order by `pipeline`; how much is read decides
`inflow`, what takes too long `watch`. uvicorn makes it (`uvicorn_server`); why it is not uvicorn's
own protocol: docs/design/http-server.md. Copies of a body of known length: one, by the event loop's
read.
"""

import asyncio
from typing import Final, cast

from trioxygen.gateway.http.ending import Ending
from trioxygen.gateway.http.inflow import Inflow
from trioxygen.gateway.http.limits import Listening
from trioxygen.gateway.http.outlet import Outlet
from trioxygen.gateway.http.pipeline import Address, Pipeline
from trioxygen.gateway.http.refusal import Reason
from trioxygen.gateway.http.requests import RequestReader
from trioxygen.gateway.http.scope import tls_extensions
from trioxygen.gateway.http.states import Break, Phase
from trioxygen.gateway.http.watch import Overdue, Watch

# What an idle connection gets at a stop.
_IDLE_GRACE_SECONDS: Final = 0.2
_OPEN: Final = Phase.OPEN


class HttpConnection(asyncio.BufferedProtocol):
    __slots__ = (
        "_address",
        "_is_too_slow",
        "_watch",
        "ending",
        "inflow",
        "listening",
        "outlet",
        "pipeline",
        "requests",
        "transport",
    )

    def __init__(self, listening: Listening) -> None:
        self.listening = listening
        self._address = ""
        self._is_too_slow = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        listening = self.listening
        limits = listening.limits
        client = _address(transport, "peername")
        address = client[0] if client else "?"
        self.outlet = Outlet(self.transport, listening.loop, queued_bytes=limits.write_buffer_bytes)
        self.inflow = Inflow(self.transport, listening.intake, limits, address)
        self.ending = Ending(self.transport, listening, self.inflow)
        self._watch = Watch(limits)
        self.pipeline = Pipeline(
            listening,
            self.inflow,
            self.outlet,
            self.ending,
            self._watch,
            server=_address(transport, "sockname"),
            client=client,
            extensions=tls_extensions(transport.get_extra_info("ssl_object")),
        )
        self.requests = RequestReader(self.pipeline, listening)
        listening.connections.add(self)
        if listening.stopping:
            self.shutdown()
        if listening.addresses.take(address):
            self._address = address
        else:
            listening.metrics.refused.labels(listening.name).inc()
            self.pipeline.refuse(Reason.TOO_MANY_CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ending.lost()
        self.listening.connections.discard(self)
        self.inflow.forget()
        if self._address:
            self.listening.addresses.give_back(self._address)
            self._address = ""
        self.pipeline.lose(Break.SLOW if self._is_too_slow else Break.GONE)
        self.outlet.resume()

    # ---- bytes ----

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.listening.scratch[: self.inflow.room_bytes()]

    def buffer_updated(self, nbytes: int) -> None:
        self.inflow.note_read(nbytes)
        self.pipeline.active = self.listening.now
        if self.ending.phase is not _OPEN:
            self.ending.discard(nbytes)
            return
        reason = self.requests.feed(self.listening.scratch[:nbytes].tobytes())
        if reason is not None:
            self.pipeline.fail(reason, method=self.requests.method)

    def eof_received(self) -> bool:
        """True keeps the connection open to write: a client may end its side first."""
        return self.pipeline.end_input()

    def pause_writing(self) -> None:
        self.outlet.pause()

    def resume_writing(self) -> None:
        self.outlet.resume()

    # ---- the end ----

    @property
    def is_idle(self) -> bool:
        return not (
            self.pipeline.is_answering or self.requests.is_in_head or self.ending.linger_until
        )

    def shutdown(self) -> None:
        """uvicorn's word that a stop has begun. Idle, it gets a moment: a request that is on its
        way is still answered."""
        self.listening.loop.call_later(_IDLE_GRACE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        if self.is_idle:
            self.ending.close()

    # ---- time ----

    def check_time(self, now: float) -> None:
        """Ends what takes too long; called each second."""
        overdue = self._watch.look(now, self)
        if overdue is None:
            return
        if overdue is Overdue.IDLE:
            self.ending.close()
            return
        if overdue is Overdue.LINGERING:
            self.transport.abort()
            return
        self.listening.metrics.timed_out.labels(self.listening.name).inc()
        if overdue is Overdue.READER:
            self._is_too_slow = True
            self.transport.abort()
        elif overdue is Overdue.BODY:
            self.pipeline.end_idle_body()
        else:
            self.pipeline.refuse(
                Reason.HEAD_TOO_SLOW,
                method=self.requests.method,
                waited_seconds=now - self.requests.head_since,
            )


def _address(transport: asyncio.BaseTransport, which: str) -> Address:
    address = transport.get_extra_info(which)
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None
