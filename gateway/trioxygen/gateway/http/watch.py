"""What of a connection takes too long: looked at each second, so that no request sets a timer."""

from enum import Enum
from typing import Protocol

from trioxygen.gateway.http.inflow import Inflow
from trioxygen.gateway.http.limits import HttpLimits
from trioxygen.gateway.http.outlet import Outlet
from trioxygen.gateway.http.pace import Pace


class Overdue(Enum):
    LINGERING = "the client does not close after the last answer"
    READER = "the client does not take its answer"
    BODY = "the body does not come"
    HEAD = "the head does not come to its end"
    IDLE = "no request comes"


class _Ending(Protocol):
    @property
    def linger_until(self) -> float: ...


class _Requests(Protocol):
    @property
    def is_in_head(self) -> bool: ...
    @property
    def head_since(self) -> float: ...


class _Pipeline(Protocol):
    active: float

    @property
    def is_answering(self) -> bool: ...
    @property
    def is_waiting_for_body(self) -> bool: ...


class Watched(Protocol):
    """A connection's parts, to who watches it."""

    @property
    def inflow(self) -> Inflow: ...
    @property
    def outlet(self) -> Outlet: ...
    @property
    def ending(self) -> _Ending: ...
    @property
    def requests(self) -> _Requests: ...
    @property
    def pipeline(self) -> _Pipeline: ...


class Watch:
    """Of one connection."""

    __slots__ = ("_limits", "_pace")

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._pace = Pace(limits.rate_bytes_per_second_min, limits.rate_window_seconds)

    def begin(self) -> None:
        """Another request is answered: what was before it is forgotten."""
        self._pace.begin()

    def look(self, now: float, connection: Watched) -> Overdue | None:
        limits, pipeline, requests = self._limits, connection.pipeline, connection.requests
        linger_until = connection.ending.linger_until
        if linger_until:
            return Overdue.LINGERING if now >= linger_until else None
        if connection.outlet.unsent_bytes:
            # Also of an answer that is complete, on a connection that is being closed.
            pipeline.active = now
            return Overdue.READER if self._is_reader_late(now, connection.outlet) else None
        if pipeline.is_answering:
            is_waited_for = pipeline.is_waiting_for_body
            return (
                Overdue.BODY if self._is_body_late(now, connection.inflow, is_waited_for) else None
            )
        if requests.is_in_head:
            return Overdue.HEAD if now - requests.head_since > limits.head_seconds_max else None
        # `active` may be one second old when it is noted.
        return Overdue.IDLE if now - pipeline.active > limits.keep_alive_seconds + 1 else None

    def _is_reader_late(self, now: float, outlet: Outlet) -> bool:
        return self._pace.is_late(
            now,
            is_sending=False,
            moved_bytes=outlet.written_bytes - outlet.unsent_bytes,
            idle_seconds_max=self._limits.write_idle_seconds_max,
        )

    def _is_body_late(self, now: float, inflow: Inflow, is_waited_for: bool) -> bool:
        if not is_waited_for or inflow.is_paused:
            # Its turn to be read has not come: that is the store's time.
            self._pace.rest(now)
            return False
        return self._pace.is_late(
            now,
            is_sending=True,
            moved_bytes=inflow.received_bytes,
            idle_seconds_max=self._limits.body_idle_seconds_max,
        )
