"""The client's end of a session."""

import asyncio
from collections import deque

from trioxygen.common import logs
from trioxygen.common.errors import (
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    TrioxygenError,
    Unreachable,
    error_from_detail,
)
from trioxygen.common.origin import current_origin
from trioxygen.common.rpc.session import (
    FRAME_BYTES,
    BatchStream,
    CoalescingWriter,
    Deadlines,
    SessionLimits,
    check_hello,
    first_ended,
    parse_batch,
)
from trioxygen.common.rpc.session_state import CLIENT_MOVES, ClientState, Standing
from trioxygen.proto.v1.session_pb2 import Batch, Hello

log = logs.get(__name__)


class _Pending:
    """A call of the client's that is not answered yet."""

    __slots__ = ("answer", "at", "body", "call_id", "method", "origin", "size", "timeout_ms")

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
        self.origin = current_origin()
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
        self._unsent_hello: Hello | None = hello
        self._standing = Standing(ClientState.OPENING, CLIENT_MOVES)
        self._broken: TrioxygenError | None = None
        self.batches_sent = 0
        self.calls_sent = 0

    @property
    def state(self) -> ClientState:
        return self._standing.state

    @property
    def broken(self) -> TrioxygenError | None:
        """Why it is over."""
        return self._broken

    async def run(self) -> TrioxygenError:
        """Until the stream ends; why it did. All calls that wait fail with the same."""
        reason: TrioxygenError = Unreachable("the session was closed")
        is_orderly = False
        try:
            await first_ended(self._read(), self._writer.run())
            reason = Unreachable("the server ended the session")
            is_orderly = True
        except TrioxygenError as error:
            reason = error
        finally:
            self.end(reason, is_orderly=is_orderly)
        return reason

    def end(self, reason: TrioxygenError, *, is_orderly: bool = False) -> None:
        """Fails all calls, those to come as well. Idempotent.

        Args:
            is_orderly: the server wanted it so."""
        if self._standing.is_over:
            return
        if self.state is ClientState.OPENING:
            self._standing.move(ClientState.REFUSED)
        else:
            self._standing.move(ClientState.ENDED if is_orderly else ClientState.BROKEN)
        self._broken = reason
        self._deadlines.close()
        self._queue.clear()
        detail = reason.detail()
        for pending in list(self._pending.values()):
            self._fail(pending, error_from_detail(detail))

    async def _read(self) -> None:
        while (message := await self._stream.read()) is not None:
            batch = parse_batch(message)
            if self.state is ClientState.OPENING:
                if not batch.HasField("hello"):
                    raise InvalidRequest("the server did not say hello")
                check_hello(self._hello, batch.hello)
                self._standing.move(ClientState.ESTABLISHED)
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
        if self._unsent_hello is not None:
            batch.hello.CopyFrom(self._unsent_hello)
            self._unsent_hello = None
        if self._cancelled:
            batch.cancelled_ids.extend(self._cancelled)
            self._cancelled.clear()
        size, now, queue, add = 0, self._loop.time(), self._queue, batch.calls.add
        while queue:
            pending = queue[0]
            size += pending.size + FRAME_BYTES + len(pending.method) + pending.origin.size
            if size > self._limits.batch_bytes and batch.calls:
                break
            add(
                id=pending.call_id,
                deadline_ms=max(1, int((pending.at - now) * 1_000)),
                method=pending.method,
                body=pending.body,
                request_id=pending.origin.request_id,
                trace=pending.origin.sent_trace,
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
