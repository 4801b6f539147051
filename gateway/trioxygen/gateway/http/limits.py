"""Bounds of the HTTP server, and what its connections share. No protocol here."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from trioxygen.common.fair_share import FairShare
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.http.intake import Intake
from trioxygen.gateway.http.refusal import Refusals

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

SERVER_NAME: Final = b"Trioxygen"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Bounds of one listening port.

    Attributes:
        keep_alive_seconds: how long an idle connection stays; must outlive a proxy's pool.
        head_seconds_max: from the first byte of a request to the end of its header.
        connections_max: an address gets its fair share of them (`FairShare`).
        tls_handshake_seconds_max: from the connection to the end of its handshake.
        body_idle_seconds_max: without a byte while the application waits for one.
        write_idle_seconds_max: without the client taking a byte of an answer.
        rate_bytes_per_second_min, rate_window_seconds: a body that comes, or an answer that is
            taken, more slowly than that over a window is ended. Only time in which the client is
            waited for counts.
        head_bytes_max, fields_max: request line and header fields, and how many of these.
        body_buffer_bytes: reading stops above it, so a connection holds that and one read
            (256 KiB) at most.
        intake_bytes_max: of all bodies that applications work on; above it each sender waits for
            its turn (`Intake`).
        write_buffer_bytes: `send` returns when no more is queued in the process: a slow reader
            holds the piece that it is being sent, and no other.
        unsent_bytes_max: that the kernel keeps and has not sent (TCP_NOTSENT_LOWAT); what is on its
            way is bounded by the connection's own window.
        linger_seconds, linger_bytes_max: how long and how much of a body that nobody wants is
            read and dropped, so that the client can read the answer before the connection is reset.
    """

    connections_max: int = 8_000
    backlog: int = 2_048
    pipelined_max: int = 16
    keep_alive_seconds: float = 75
    head_seconds_max: float = 60
    tls_handshake_seconds_max: float = 20
    body_idle_seconds_max: float = 60
    write_idle_seconds_max: float = 60
    rate_bytes_per_second_min: float = 512
    rate_window_seconds: float = 60
    head_bytes_max: int = 64 * KIB
    fields_max: int = 2_000
    body_buffer_bytes: int = 64 * KIB
    intake_bytes_max: int = 24 * MIB
    write_buffer_bytes: int = 0
    unsent_bytes_max: int = 256 * KIB
    linger_seconds: float = 5
    linger_bytes_max: int = 16 * MIB


class ClientGone(ConnectionError):
    """The client closed the connection: what `send` raises then (ASGI 2.4)."""


class AnswerCutShort(Exception):
    """The rest of a body cannot be served: the connection ends. Why is in the log already."""


class ClientTooSlow(ClientGone):
    """The client took its answer too slowly and was cut off."""


class HttpMetrics:
    """Of all HTTP ports of one process; the label says which."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connections = Gauge(
            "trioxygen_http_connections", "Open connections", ["server"], registry=registry
        )
        self.refused = Counter(
            "trioxygen_http_connections_refused",
            "Connections refused because there are too many, or too many of one address",
            ["server"],
            registry=registry,
        )
        self.malformed = Counter(
            "trioxygen_http_requests_malformed",
            "Requests that are not HTTP/1.1, or above a bound",
            ["server"],
            registry=registry,
        )
        self.timed_out = Counter(
            "trioxygen_http_connections_timed_out",
            "Connections ended because the client was too slow",
            ["server"],
            registry=registry,
        )
        self.failures = Counter(
            "trioxygen_http_application_failures",
            "Requests whose application raised, or did not answer",
            ["server"],
            registry=registry,
        )


@dataclass(slots=True, kw_only=True)
class Listening:
    """What the connections of one port share.

    Attributes:
        addresses: the connections, shared by where they come from.
        refusals: what the server itself answers.
        common_head: the Date and Server fields of every answer; renewed each second.
        scratch: what sockets are read into, one at a time; what comes is copied from there.
        now: monotonic seconds, renewed each second: precise enough for time-outs, and free.
        stopping: answers say `connection: close`.
        tasks, connections: uvicorn's own sets: it waits for both at a stop.
    """

    app: AsgiApp
    limits: HttpLimits
    loop: asyncio.AbstractEventLoop
    metrics: HttpMetrics
    name: str
    scheme: str
    addresses: FairShare
    intake: Intake
    refusals: Refusals
    scratch: memoryview
    common_head: bytes = b""
    now: float = 0.0
    stopping: bool = False
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    connections: set[Any] = field(default_factory=set)
