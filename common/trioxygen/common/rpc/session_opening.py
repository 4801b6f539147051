"""The sessions of a client with one server: the next one after one that broke."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from trioxygen.common import logs
from trioxygen.common.errors import (
    REFUSED_FACT,
    TrioxygenError,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.origin import no_origin
from trioxygen.common.retry import Backoff
from trioxygen.common.rpc.session import BatchStream, SessionLimits
from trioxygen.common.rpc.session_client import ClientSession
from trioxygen.common.rpc.session_state import ClientState
from trioxygen.proto.v1.session_pb2 import Hello

log = logs.get(__name__)

# What a failure to reach a server means, by what is known of the server.
Judge = Callable[[TrioxygenError], TrioxygenError]


class ClientStream(BatchStream, Protocol):
    def close(self) -> None:
        """Breaks what is left of the stream. Idempotent."""
        ...


class Sessions:
    """With one server, one at a time: opened by the first call, and again by a call after it broke.

    Between attempts lies a wait that doubles until a server says hello; calls in it fail at once
    with what ended the last session, so that callers can turn elsewhere.

    Args:
        restart_ms: a server that has ended its session in good order is being started again, or
            not, within this time.
    """

    def __init__(
        self,
        open_stream: Callable[[], ClientStream],
        hello: Callable[[], Hello],
        limits: SessionLimits,
        *,
        wait_ms_first: float,
        wait_ms_max: float,
        address: str,
        restart_ms: float = 0.0,
    ) -> None:
        self._open_stream, self._hello, self._limits = open_stream, hello, limits
        self._address, self._restart_ms = address, restart_ms
        self._expected_until = 0.0
        self._session: ClientSession | None = None
        self._life: asyncio.Task[None] | None = None
        self._reason: TrioxygenError = Unreachable(address=address)
        self._retry_at = 0.0
        self._backoff = Backoff(wait_ms_first, wait_ms_max)
        self._closed = False

    def judged(self, error: TrioxygenError) -> TrioxygenError:
        """A refusal by a server that has just said goodbye is none yet: it may be on its way back.
        Who waits for a refused connection waits for a dead server."""
        if isinstance(error, Unreachable) and error.is_refused:
            if asyncio.get_running_loop().time() < self._expected_until:
                del error.facts[REFUSED_FACT]
        return error

    @property
    def current(self) -> ClientSession:
        """Raises: Unreachable, or what the server refused the last session with."""
        session = self._session
        if session is not None and session.broken is None:
            return session
        if self._closed:
            raise Unreachable("the channel is closed", address=self._address)
        loop = asyncio.get_running_loop()
        if loop.time() < self._retry_at:
            raise self.judged(error_from_detail(self._reason.detail()))
        stream = self._open_stream()
        self._session = session = ClientSession(stream, self._hello(), self._limits)
        self._life = loop.create_task(
            self._live(session, stream), name=f"session {self._address}", context=no_origin()
        )
        return session

    async def _live(self, session: ClientSession, stream: ClientStream) -> None:
        try:
            self._reason = await session.run()
        finally:
            stream.close()
        # The calls that failed with the session run later: they find this in place.
        now = asyncio.get_running_loop().time()
        if session.state is not ClientState.REFUSED:
            self._backoff.reset()
            is_orderly = session.state is ClientState.ENDED
            self._expected_until = now + self._restart_ms / 1_000 if is_orderly else 0.0
        self._retry_at = now + self._backoff.take_ms() / 1_000
        log.info("session_ended", address=self._address, reason=self._reason)

    async def close(self) -> None:
        """Calls that wait fail with Unreachable, as do those to come."""
        self._closed = True
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        if self._session is not None:
            # A life that was cancelled before its first step has not ended it.
            self._session.end(Unreachable("the channel is closed", address=self._address))
