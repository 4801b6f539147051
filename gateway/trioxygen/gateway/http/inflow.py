"""What a connection reads: how much at once, and when it does not read at all.

It is the sender that `Intake` gives turns to.
"""

import asyncio

from trioxygen.gateway.http.intake import READ_BYTES_MAX, SIP_BYTES, Intake
from trioxygen.gateway.http.limits import HttpLimits
from trioxygen.gateway.http.request_body import RequestBody


class Inflow:
    """Of one connection.

    Args:
        address: of the client, once it has a share of the connections.

    Attributes:
        body: that comes in; None between bodies.
        is_paused: nothing is read.
        received_bytes: since the connection began.
    """

    __slots__ = (
        "_address",
        "_has_more",
        "_intake",
        "_limits",
        "_room_bytes",
        "_transport",
        "body",
        "is_paused",
        "received_bytes",
    )

    def __init__(
        self, transport: asyncio.Transport, intake: Intake, limits: HttpLimits, address: str
    ) -> None:
        self._transport, self._intake, self._limits = transport, intake, limits
        self._address = address
        self.body: RequestBody | None = None
        self.is_paused = False
        self.received_bytes = 0
        # Of the read under way; whether there was more to read than that.
        self._room_bytes = 0
        self._has_more = False

    # ---- what `Intake` asks of a sender ----

    @property
    def holder(self) -> str:
        return self.body.holder if self.body is not None else self._address

    @property
    def had_bytes(self) -> int:
        return self.body.had_bytes if self.body is not None else 0

    def resume_body(self) -> None:
        self.resume()

    # ---- reads ----

    def room_bytes(self) -> int:
        """For the next read: it decides how much the connection may bring to memory."""
        body = self.body
        if body is None:
            room_bytes = self._intake.unasked_bytes_max
        elif body.is_asked_for:
            room_bytes = self._intake.read_bytes(self)
        else:
            room_bytes = max(SIP_BYTES, self._intake.unasked_bytes_max - body.unread_bytes)
        self._room_bytes = room_bytes
        return room_bytes

    def note_read(self, size_bytes: int) -> None:
        # Whether the socket holds more than it was allowed to bring.
        self._has_more = size_bytes == self._room_bytes < READ_BYTES_MAX
        self.received_bytes += size_bytes

    def body_came(self, body: RequestBody) -> None:
        """A piece of it, which the application has not taken: pauses where that is much."""
        unread_bytes = body.unread_bytes
        if body.is_asked_for:
            if self._has_more or unread_bytes > self._limits.body_buffer_bytes:
                self.pause()
        elif unread_bytes >= self._intake.unasked_bytes_max:
            self.pause()

    def body_taken(self, body: RequestBody, *, is_wanted: bool) -> None:
        """The application has taken all that had come. Args: is_wanted: it waits for more."""
        if not self.is_paused:
            return
        if not self._intake.is_full:
            self.resume()
        elif is_wanted:
            if self._has_more and self.body is body:
                self._intake.wait(self)
            else:
                self.resume()

    def pause(self) -> None:
        if not self.is_paused and not self._transport.is_closing():
            self.is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self.is_paused and not self._transport.is_closing():
            self.is_paused = False
            self._transport.resume_reading()

    def forget(self) -> None:
        """The connection is gone."""
        self._intake.forget(self)
