"""The client's end of a session."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from trioxygen.common import logs
from trioxygen.common.errors import (
    REFUSED_FACT,
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    TrioxygenError,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.session import (
    FRAME_BYTES,
    BatchStream,
    CoalescingWriter,
    Deadlines,
    SessionLimits,
    check_hello,
    first_ended,
    parse_batch,
)
from trioxygen.proto.v1.session_pb2 import Batch, Hello

log = logs.get(__name__)


# What a failure to reach a server means, by what is known of the server.
Judge = Callable[[TrioxygenError], TrioxygenError]


class _Pending:
    """A call of the client's that is not answered yet."""

    __slots__ = ("answer", "at", "body", "call_id", "method", "size", "timeout_ms")

    def __init__(
        self,
        call_id: int,
        method: str,
        body: bytes,
        timeout_ms: float,
        at: float,
        answer: "asyncio.Future[bytes]",
    ) -> None:
        self.call_id, self.method, self.timeout_ms, self.at = call_id, method, timeout_ms, at
        # Dropped once it is sent.
        self.body: bytes | None = body
        self.size = len(body)
        self.answer = answer


class ClientSession:
    """The client's end of one stream. `run` is its life; `call` may be used from the start."""

    def __init__(self, stream: BatchStream, hello: Hello, limits: SessionLimits) -> None:
        self._stream, self._hello, self._limits = stream, hello, limits
        self._loop = asyncio.get_running_loop()
        self._pending: dict[int, _Pending] = {}
        self._bytes = 0
        self._queue: deque[_Pending] = deque()
        self._cancelled: list[int] = []
        self._last_id = 0
        self._deadlines = Deadlines(self._pending, self._expire)
        self._writer = CoalescingWriter(stream, self._take, lambda: None)
        self._hello_sent = False
        self._broken: TrioxygenError | None = None
        # The other end has said hello: the stream worked once; and it ended it as it should.
        self.established = self.ended_well = False
        self.batches_sent = 0
        self.calls_sent = 0

    @property
    def broken(self) -> TrioxygenError | None:
        return self._broken

    async def run(self) -> TrioxygenError:
        """Until the stream ends; why it did. All calls that wait fail with the same."""
        reason: TrioxygenError = Unreachable("the session was closed")
        try:
            await first_ended(self._read(), self._writer.run())
            reason = Unreachable("the server ended the session")
            self.ended_well = self.established
        except TrioxygenError as error:
            reason = error
        finally:
            self.end(reason)
        return reason

    def end(self, reason: TrioxygenError) -> None:
        """Fails all calls, those to come as well. Idempotent."""
        if self._broken is not None:
            return
        self._broken = reason
        self._deadlines.close()
        self._queue.clear()
        detail = reason.detail()
        for pending in list(self._pending.values()):
            self._fail(pending, error_from_detail(detail))

    async def _read(self) -> None:
        while (message := await self._stream.read()) is not None:
            batch = parse_batch(message)
            if not self.established:
                if not batch.HasField("hello"):
                    raise InvalidRequest("the server did not say hello")
                check_hello(self._hello, batch.hello)
                self.established = True
            for frame in batch.answers:
                pending = self._pending.get(frame.id)
                if pending is None:
                    continue  # its deadline has passed, or its caller has gone
                if frame.HasField("status"):
                    self._fail(pending, error_from_detail(frame.status))
                    continue
                self._settle(pending)
                # A caller that is being cancelled has cancelled its future already.
                if not pending.answer.done():
                    pending.answer.set_result(frame.body)

    def _fail(self, pending: _Pending, error: TrioxygenError) -> None:
        self._settle(pending)
        if not pending.answer.done():
            pending.answer.set_exception(error)

    def _settle(self, pending: _Pending) -> None:
        del self._pending[pending.call_id]
        self._bytes -= pending.size
        if pending.body is not None and self._broken is None:
            # Not sent: nothing of it stays while the stream stands still.
            self._queue.remove(pending)

    def _expire(self, call_id: int) -> None:
        pending = self._pending[call_id]
        self._fail(
            pending, DeadlineExceeded(method=pending.method, timeout_ms=int(pending.timeout_ms))
        )

    def _take(self) -> bytes | None:
        if not self._queue and not self._cancelled:
            return None
        batch = Batch()
        if not self._hello_sent:
            self._hello_sent = True
            batch.hello.CopyFrom(self._hello)
        if self._cancelled:
            batch.cancelled_ids.extend(self._cancelled)
            self._cancelled.clear()
        size, now, queue, add = 0, self._loop.time(), self._queue, batch.calls.add
        while queue:
            pending = queue[0]
            size += pending.size + FRAME_BYTES + len(pending.method)
            if size > self._limits.batch_bytes and batch.calls:
                break
            add(
                id=pending.call_id,
                deadline_ms=max(1, int((pending.at - now) * 1_000)),
                method=pending.method,
                body=pending.body,
            )
            pending.body = None
            queue.popleft()
        message = batch.SerializeToString()
        if not message:
            return None  # what had queued was given up
        self.batches_sent += 1
        self.calls_sent += len(batch.calls)
        return message

    async def call(self, method: str, body: bytes, timeout_ms: float) -> bytes:
        """Raises: what the server answered; Overloaded, DeadlineExceeded, Unreachable."""
        if self._broken is not None:
            raise error_from_detail(self._broken.detail())
        size, limits = len(body), self._limits
        if size > limits.message_bytes_max:
            raise InvalidRequest("the request is too large", method=method, size_bytes=size)
        if len(self._pending) >= limits.calls_max or self._bytes + size > limits.bytes_max:
            raise Overloaded(
                "too much in flight in this session", calls=len(self._pending), bytes=self._bytes
            )
        self._last_id = call_id = self._last_id + 1
        loop = self._loop
        at = loop.time() + timeout_ms / 1_000
        pending = _Pending(call_id, method, body, timeout_ms, at, loop.create_future())
        self._pending[call_id] = pending
        self._bytes += size
        self._deadlines.add(call_id, at)
        self._queue.append(pending)
        self._writer.wake()
        try:
            return await pending.answer
        except asyncio.CancelledError:
            if call_id in self._pending:
                is_sent = pending.body is None
                self._settle(pending)
                if is_sent:
                    self._cancelled.append(call_id)
                    self._writer.wake()
            raise


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
        self._wait_ms_first, self._wait_ms_max = wait_ms_first, wait_ms_max
        self._address, self._restart_ms = address, restart_ms
        self._expected_until = 0.0
        self._session: ClientSession | None = None
        self._life: asyncio.Task[None] | None = None
        self._reason: TrioxygenError = Unreachable(address=address)
        self._retry_at = 0.0
        self._wait_ms = wait_ms_first
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
        self._life = loop.create_task(self._live(session, stream), name=f"session {self._address}")
        return session

    async def _live(self, session: ClientSession, stream: ClientStream) -> None:
        try:
            self._reason = await session.run()
        finally:
            stream.close()
        # The calls that failed with the session run later: they find this in place.
        now = asyncio.get_running_loop().time()
        if session.established:
            self._wait_ms = self._wait_ms_first
            self._expected_until = now + self._restart_ms / 1_000 if session.ended_well else 0.0
        self._retry_at = now + self._wait_ms / 1_000
        self._wait_ms = min(self._wait_ms_max, 2 * self._wait_ms)
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
