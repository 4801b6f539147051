"""How a connection ends: its phase, and what is done so that the client still reads the answer."""

import asyncio
from typing import Final

from trioxygen.common.states import move
from trioxygen.gateway.http.inflow import Inflow
from trioxygen.gateway.http.limits import Listening
from trioxygen.gateway.http.states import PHASE_MOVES, Phase

_OPEN: Final = Phase.OPEN


class Ending:
    """Of one connection.

    Attributes:
        phase: moved here alone.
        linger_until: when the client must have read the last answer; 0 before that is out.
    """

    __slots__ = (
        "_discarded_bytes",
        "_inflow",
        "_listening",
        "_transport",
        "linger_until",
        "phase",
    )

    def __init__(self, transport: asyncio.Transport, listening: Listening, inflow: Inflow) -> None:
        self._transport, self._listening, self._inflow = transport, listening, inflow
        self.phase = _OPEN
        self.linger_until = 0.0
        self._discarded_bytes = 0

    @property
    def is_open(self) -> bool:
        return self.phase is _OPEN

    def _move(self, phase: Phase) -> None:
        if self.phase is not phase:
            self.phase = move(PHASE_MOVES, self.phase, phase)

    def read_no_more(self) -> None:
        """What still comes is no request, and of no body."""
        self._inflow.body = None
        if self.phase is _OPEN:
            self._move(Phase.LAST)

    def end(self, *, is_client_silent: bool) -> None:
        """Closes when the answer is out.

        A connection that is closed while the client still sends is reset, and the client may
        lose the answer; so the sending side is ended and input is dropped for a while.
        """
        self._inflow.body = None
        transport = self._transport
        if is_client_silent or not transport.can_write_eof() or transport.is_closing():
            self.close()
            return
        self._move(Phase.LINGERING)
        self.linger_until = self._listening.now + self._listening.limits.linger_seconds
        transport.write_eof()
        self._inflow.is_paused = True
        self._inflow.resume()

    def discard(self, size_bytes: int) -> None:
        """More came after the last request."""
        self._discarded_bytes += size_bytes
        if self._discarded_bytes > self._listening.limits.linger_bytes_max:
            if self.phase is Phase.LINGERING:
                self.close()
            else:
                self._inflow.pause()

    def close(self) -> None:
        """After what is queued has been sent."""
        self._move(Phase.CLOSED)
        self._transport.close()

    def lost(self) -> None:
        self._move(Phase.CLOSED)
