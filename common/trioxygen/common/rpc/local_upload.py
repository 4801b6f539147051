"""A bulk stream within one process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, Unreachable

_PIECES_IN_FLIGHT_MAX: Final = 2


class LocalUpload:
    """A bounded queue between the sender and the handler's task."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Buffer | None] = asyncio.Queue(maxsize=_PIECES_IN_FLIGHT_MAX)
        # The handler has begun to take pieces, or has ended.
        self.accepted = asyncio.Event()
        self.receiver_ended = asyncio.Event()
        self._taken = asyncio.Event()
        self.task: asyncio.Task[Message] | None = None
        self._finished = False

    async def pieces(self) -> AsyncIterator[Buffer]:
        self.accepted.set()
        while (piece := await self._queue.get()) is not None:
            if self._queue.empty():
                self._taken.set()
            yield piece
            del piece  # not kept while the next one comes, which may take long

    def end(self) -> None:
        self.receiver_ended.set()
        self.accepted.set()
        self._taken.set()

    async def _put(self, piece: Buffer | None) -> None:
        if not self._queue.full():
            self._queue.put_nowait(piece)
            return
        # The handler may fail while the queue is full: wait for either.
        putting = asyncio.ensure_future(self._queue.put(piece))
        ended = asyncio.ensure_future(self.receiver_ended.wait())
        try:
            await asyncio.wait((putting, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
            ended.cancel()

    async def send(self, piece: Buffer) -> None:
        assert self.task is not None and not self._finished
        if self.task.done():
            await self.task
            raise Unreachable("the receiver ended the stream early")
        await self._put(piece)

    async def flush(self) -> None:
        """Returns when the receiver has taken all: then it is the receiver's to count."""
        while not (self._queue.empty() or self.receiver_ended.is_set()):
            self._taken.clear()
            await self._taken.wait()

    async def finish(self, timeout_ms: float) -> Any:
        assert self.task is not None and not self._finished
        self._finished = True
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                if not self.task.done():
                    await self._put(None)
                return await self.task
        except TimeoutError as error:
            raise DeadlineExceeded(timeout_ms=int(timeout_ms)) from error

    async def cancel(self) -> None:
        self._finished = True
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
