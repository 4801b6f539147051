"""The server's end of a session, and what a server lets begin."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
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
from trioxygen.common.units import DAY_MS
from trioxygen.proto.v1.session_pb2 import Batch, CallFrame, Hello
from trioxygen.proto.v1.types_pb2 import ErrorDetail

log = logs.get(__name__)

# (method, body) -> body; raises the TrioxygenError to answer with.
Handle = Callable[[str, bytes], Coroutine[Any, Any, bytes]]


class Admission:
    """Counts what a server has under way, over all its sessions and streams."""

    def __init__(self, calls_max: int) -> None:
        self._calls_max = calls_max
        self.calls = 0
        self._stopping = False
        self._idle = asyncio.Event()

    @property
    def stopping(self) -> bool:
        return self._stopping

    def begin(self) -> None:
        """Raises: Stopping, Overloaded. Otherwise `end` has to follow."""
        if self._stopping:
            raise Stopping("the server is stopping")
        if self.calls >= self._calls_max:
            raise Overloaded("too many calls in flight", calls=self.calls)
        self.calls += 1

    def end(self) -> None:
        self.calls -= 1
        if self._stopping and self.calls == 0:
            self._idle.set()

    async def stop(self) -> None:
        """Lets nothing more begin and waits for what is under way."""
        self._stopping = True
        if self.calls:
            await self._idle.wait()


class _Running:
    """A call that the server is at."""

    __slots__ = ("given_up", "method", "size", "task", "timed_out", "timeout_ms")

    def __init__(
        self, method: str, size: int, timeout_ms: int, task: "asyncio.Task[bytes]"
    ) -> None:
        self.method, self.size, self.timeout_ms, self.task = method, size, timeout_ms, task
        self.timed_out = False
        self.given_up = False


class ServerSession:
    """The server's end of one stream. Frames are handled concurrently.

    Args:
    handle: one task for each frame; cancelled at the deadline, when the client gives up and when
        the stream breaks."""

    def __init__(
        self,
        stream: BatchStream,
        handle: Handle,
        hello: Hello,
        limits: SessionLimits,
        admission: Admission,
    ) -> None:
        self._stream, self._handle, self._hello = stream, handle, hello
        self._limits, self._admission = limits, admission
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
        self._hello_due = False
        self._draining = False
        self._drained = asyncio.Event()
        self.peer = ""

    async def run(self) -> None:
        """Until the client ends the stream, or `drain` has. Raises: what ends it otherwise."""
        try:
            await first_ended(self._read(), self._writer.run(), self._until_drained())
        finally:
            self._deadlines.close()
            tasks = [running.task for running in self._running.values()]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def drain(self) -> None:
        """Ends the stream once all that was taken is answered; the admission takes no more."""
        self._draining = True
        self._check_drained()

    def end(self) -> None:
        """Ends the stream now: what is under way is cancelled."""
        self._drained.set()

    def _check_drained(self) -> None:
        if self._draining and not self._running and not self._answers_waiting:
            self._drained.set()

    async def _until_drained(self) -> None:
        await self._drained.wait()

    async def _read(self) -> None:
        first = await self._stream.read()
        if first is None:
            return
        batch = parse_batch(first)
        if not batch.HasField("hello"):
            raise InvalidRequest("the client did not say hello")
        check_hello(self._hello, batch.hello)
        self.peer = batch.hello.peer
        self._hello_due = True
        self._writer.wake()
        while True:
            for call_id in batch.cancelled_ids:
                running = self._running.get(call_id)
                if running is not None:
                    running.given_up = True
                    running.task.cancel()
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
        task = self._loop.create_task(self._handle(frame.method, body))
        timeout_ms = min(frame.deadline_ms, DAY_MS)
        self._running[call_id] = _Running(frame.method, size, timeout_ms, task)
        self._deadlines.add(call_id, self._loop.time() + timeout_ms / 1_000)
        # Not in the task: one that is cancelled before it first runs never gets to its end.
        task.add_done_callback(partial(self._ended, call_id))

    def _expire(self, call_id: int) -> None:
        running = self._running[call_id]
        running.timed_out = True
        running.task.cancel()

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
        elif self._draining:
            self._check_drained()

    def _failure(self, running: _Running, task: "asyncio.Task[bytes]") -> TrioxygenError | None:
        method = running.method
        if task.cancelled():
            if running.timed_out:
                return DeadlineExceeded(method=method, timeout_ms=running.timeout_ms)
            # Otherwise something of the service's own that the handler waited for was cancelled.
            return None if running.given_up else Stopping("the call was cancelled", method=method)
        error = task.exception()
        if error is None:
            size = len(task.result())
            return Internal("the reply is too large", method=method, size_bytes=size)
        if isinstance(error, TrioxygenError):
            return error
        log.error("call_failed", method=method, error=error)
        return Internal(f"{type(error).__name__} in the server", method=method)

    def _answer(self, call_id: int, body: bytes, status: ErrorDetail | None) -> None:
        self._answers.append((call_id, body, status))
        self._answers_waiting += 1
        self._bytes += len(body)
        if self._answers_waiting > self._limits.calls_max:
            self._room.clear()
        self._writer.wake()

    def _take(self) -> bytes | None:
        if not self._answers and not self._hello_due:
            return None
        batch = Batch()
        if self._hello_due:
            self._hello_due = False
            batch.hello.CopyFrom(self._hello)
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
