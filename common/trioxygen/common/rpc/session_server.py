"""The server's end of a session."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from enum import Enum, auto
from functools import partial
from typing import Any

from trioxygen.common import logs
from trioxygen.common.errors import (
    DeadlineExceeded,
    Internal,
    InvalidRequest,
    Overloaded,
    Stopping,
    TrioxygenError,
)
from trioxygen.common.finishing import joined
from trioxygen.common.rpc.admission import Admission
from trioxygen.common.rpc.call import ANYBODY, Call, Peer, said_peer
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
from trioxygen.common.rpc.session_state import SERVER_MOVES, ServerState, Standing
from trioxygen.common.units import DAY_MS
from trioxygen.proto.v1.session_pb2 import Batch, CallFrame, Hello
from trioxygen.proto.v1.types_pb2 import ErrorDetail

log = logs.get(__name__)

# (method, body, call) -> body; raises the TrioxygenError to answer with.
Handle = Callable[[str, bytes, Call], Coroutine[Any, Any, bytes]]
# Who says so; raises the TrioxygenError to refuse the session with.
Identify = Callable[[Hello], Peer]


class _Ending(Enum):
    """Who ends a call."""

    HANDLER = auto()
    DEADLINE = auto()
    CLIENT = auto()


class _Running:
    """A call that the server is at."""

    __slots__ = ("call", "ending", "method", "size", "task", "timeout_ms")

    def __init__(
        self, method: str, size: int, timeout_ms: int, call: Call, task: "asyncio.Task[bytes]"
    ) -> None:
        self.method, self.size, self.timeout_ms = method, size, timeout_ms
        self.call, self.task = call, task
        self.ending = _Ending.HANDLER

    def cancel(self, ending: _Ending) -> None:
        self.ending = ending
        self.task.cancel()


class ServerSession:
    """The server's end of one stream. Frames are handled concurrently.

    Args:
    handle: one task for each frame; cancelled at the deadline, when the client gives up and when
        the stream breaks.
    identify: who the client is.

    Attributes:
    peer: ANYBODY until it has said hello."""

    def __init__(
        self,
        stream: BatchStream,
        handle: Handle,
        hello: Hello,
        limits: SessionLimits,
        admission: Admission,
        identify: Identify = said_peer,
    ) -> None:
        self._stream, self._handle, self._hello = stream, handle, hello
        self._limits, self._admission, self._identify = limits, admission, identify
        self._loop = asyncio.get_running_loop()
        self._running: dict[int, _Running] = {}
        # (id, body, error)
        self._answers: deque[tuple[int, bytes, ErrorDetail | None]] = deque()
        # Requests being handled and answers not yet written.
        self._bytes = 0
        self._in_write = (0, 0)
        self._answers_waiting = 0
        self._room = asyncio.Event()
        self._room.set()
        self._deadlines = Deadlines(self._running, self._expire)
        self._writer = CoalescingWriter(stream, self._take, self._written)
        # Until it is sent, in answer to the client's.
        self._due_hello: Hello | None = None
        self._standing = Standing(ServerState.OPENING, SERVER_MOVES)
        self._ended_event = asyncio.Event()
        self.peer = ANYBODY

    async def run(self) -> None:
        """Until the client ends the stream, or `drain` has. Raises: what ends it otherwise."""
        writing = self._loop.create_task(self._writer.run())
        try:
            await first_ended(self._read(), joined(writing), self._until_drained())
        finally:
            self._deadlines.close()
            await self._writer.end(writing)
            tasks = [running.task for running in self._running.values()]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def drain(self) -> None:
        """Ends the stream once all that was taken is answered; the admission takes no more."""
        if self.state in (ServerState.OPENING, ServerState.SERVING):
            self._standing.move(ServerState.DRAINING)
        self._check_drained()

    def end(self) -> None:
        """Ends the stream now: what is under way is cancelled."""
        if not self._standing.is_over:
            self._standing.move(ServerState.ENDED)
            self._ended_event.set()

    @property
    def state(self) -> ServerState:
        return self._standing.state

    def _check_drained(self) -> None:
        is_draining = self.state is ServerState.DRAINING
        if is_draining and not self._running and not self._answers_waiting:
            self.end()

    async def _until_drained(self) -> None:
        await self._ended_event.wait()

    async def _read(self) -> None:
        first = await self._stream.read()
        if first is None:
            return
        batch = parse_batch(first)
        if not batch.HasField("hello"):
            raise InvalidRequest("the client did not say hello")
        check_hello(self._hello, batch.hello)
        self.peer = self._identify(batch.hello)
        if self.state is ServerState.OPENING:
            self._standing.move(ServerState.SERVING)
        self._due_hello = self._hello
        self._writer.wake()
        while True:
            for call_id in batch.cancelled_ids:
                running = self._running.get(call_id)
                if running is not None:
                    running.cancel(_Ending.CLIENT)
            for frame in batch.calls:
                self._begin(frame)
            await self._room.wait()
            message = await self._stream.read()
            if message is None:
                return
            batch = parse_batch(message)

    def _begin(self, frame: CallFrame) -> None:
        call_id, body = frame.id, frame.body
        size = len(body)
        if call_id in self._running:
            raise InvalidRequest("a call's id is in use", id=call_id)
        try:
            if (
                len(self._running) >= self._limits.calls_max
                or self._bytes + size > self._limits.bytes_max
            ):
                raise Overloaded("too much in flight in this session", calls=len(self._running))
            self._admission.begin()
        except TrioxygenError as error:
            self._answer(call_id, b"", error.detail())
            return
        self._bytes += size
        timeout_ms = min(frame.deadline_ms, DAY_MS)
        at = self._loop.time() + timeout_ms / 1_000
        request_id = frame.request_id
        call = Call(self.peer, at * 1_000, request_id, frame.trace or request_id)
        task = self._loop.create_task(self._handle(frame.method, body, call))
        self._running[call_id] = _Running(frame.method, size, timeout_ms, call, task)
        self._deadlines.add(call_id, at)
        # Not in the task: one that is cancelled before it first runs never gets to its end.
        task.add_done_callback(partial(self._ended, call_id))

    def _expire(self, call_id: int) -> None:
        self._running[call_id].cancel(_Ending.DEADLINE)

    def _ended(self, call_id: int, task: "asyncio.Task[bytes]") -> None:
        running = self._running.pop(call_id)
        self._bytes -= running.size
        self._admission.end()
        if not task.cancelled() and task.exception() is None:
            body = task.result()
            if len(body) <= self._limits.message_bytes_max:
                self._answer(call_id, body, None)
                return
        failure = self._failure(running, task)
        if failure is not None:
            self._answer(call_id, b"", failure.detail())
        else:
            self._check_drained()

    def _failure(self, running: _Running, task: "asyncio.Task[bytes]") -> TrioxygenError | None:
        method = running.method
        if task.cancelled():
            if running.ending is _Ending.DEADLINE:
                return DeadlineExceeded(method=method, timeout_ms=running.timeout_ms)
            if running.ending is _Ending.CLIENT:
                return None
            # Something of the service's own that the handler waited for was cancelled.
            return Stopping("the call was cancelled", method=method)
        error = task.exception()
        if error is None:
            size = len(task.result())
            return Internal("the reply is too large", method=method, size_bytes=size)
        if isinstance(error, TrioxygenError):
            return error
        log.error("call_failed", method=method, request_id=running.call.request_id, error=error)
        return Internal(f"{type(error).__name__} in the server", method=method)

    def _answer(self, call_id: int, body: bytes, status: ErrorDetail | None) -> None:
        self._answers.append((call_id, body, status))
        self._answers_waiting += 1
        self._bytes += len(body)
        if self._answers_waiting > self._limits.calls_max:
            self._room.clear()
        self._writer.wake()

    def _take(self) -> bytes | None:
        if not self._answers and self._due_hello is None:
            return None
        batch = Batch()
        if self._due_hello is not None:
            batch.hello.CopyFrom(self._due_hello)
            self._due_hello = None
        size, count, bodies, answers = 0, 0, 0, self._answers
        while answers:
            call_id, body, status = answers[0]
            size += len(body) + FRAME_BYTES + (0 if status is None else status.ByteSize())
            if size > self._limits.batch_bytes and count:
                break
            # A status of None is a field that is not set.
            batch.answers.add(id=call_id, body=body, status=status)
            count += 1
            bodies += len(body)
            answers.popleft()
        self._in_write = (count, bodies)
        return batch.SerializeToString()

    def _written(self) -> None:
        count, size = self._in_write
        self._answers_waiting -= count
        self._bytes -= size
        if self._answers_waiting <= self._limits.calls_max:
            self._room.set()
        self._check_drained()
