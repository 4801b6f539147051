"""One member's part of a block that goes to several: what waits for it, and who sends it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from enum import auto
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.network import Upload
from trioxygen.common.states import Moves, State, move
from trioxygen.common.units import KIB
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.datanode_pb2 import WriteStreamReply
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

# So much waits for a `flush` at most.
_WAITING_BYTES_MAX: Final = 512 * KIB


class MemberState(State):
    """OPENING: it has not consented yet. TAKING: pieces. RECEIVED: all of them are on its stable
    storage. FAILED: it raised something, or was left."""

    OPENING = auto()
    TAKING = auto()
    RECEIVED = auto()
    FAILED = auto()


_MOVES: Final[Moves[MemberState]] = {
    MemberState.OPENING: frozenset((MemberState.TAKING, MemberState.FAILED)),
    MemberState.TAKING: frozenset((MemberState.RECEIVED, MemberState.FAILED)),
    MemberState.RECEIVED: frozenset(),
    MemberState.FAILED: frozenset(),
}


class MemberUpload:
    """Args:
    open_: begins the upload.
    moved: is called whenever the member has taken something, or has ended.

    Attributes:
    waiting_bytes: sent to it, and not taken yet.
    taken: how often it has taken something.
    silent_ms: how long it has taken nothing though something waited for it. The stream counts.
    receipt: what it says to have received. error: why there will be none.
    task: ends with the member's part.
    """

    def __init__(
        self,
        member: DataNodeAddress,
        open_: Callable[[], Awaitable[Upload]],
        pool: DataNodePool,
        moved: Callable[[], None],
    ) -> None:
        self.member, self._open, self._pool, self._moved = member, open_, pool, moved
        self.state = MemberState.OPENING
        self.waiting_bytes = self.taken = 0
        self.silent_ms = 0.0
        self._seen = 0
        self.receipt: WriteStreamReply | None = None
        self.error: BaseException | None = None
        self._pieces: deque[Buffer] = deque()
        self._is_flushing = self._is_ending = False
        self._work = asyncio.Event()
        self.task = pool.finishing.begin(self._run())

    @property
    def is_idle(self) -> bool:
        """It has taken all that there was."""
        is_open = self.state is not MemberState.OPENING
        return is_open and not (self._pieces or self._is_flushing)

    @property
    def has_ended(self) -> bool:
        return self.state is MemberState.RECEIVED or self.state is MemberState.FAILED

    def count_silence(self, passed_ms: float) -> None:
        is_moving = self.taken != self._seen or self.is_idle or self.has_ended
        self._seen = self.taken
        self.silent_ms = 0.0 if is_moving else self.silent_ms + passed_ms

    def push(self, piece: Buffer) -> None:
        if self.has_ended:
            return
        size_bytes = len(piece)
        self._pieces.append(piece)
        self.waiting_bytes += size_bytes
        self._pool.queued_bytes += size_bytes
        if self.waiting_bytes >= _WAITING_BYTES_MAX:
            self._work.set()

    def wake(self) -> None:
        """What waits is sent now."""
        self._work.set()

    def flush(self) -> None:
        self._is_flushing = True
        self._work.set()

    def end(self) -> None:
        """No more pieces come: it owes a receipt."""
        self._is_ending = True
        self._work.set()

    async def _run(self) -> None:
        upload: Upload | None = None
        try:
            upload = await self._open()
            self._move(MemberState.TAKING)
            await self._send_all(upload)
            self.receipt = await upload.finish(self._pool.config.finish_timeout_ms)
            self._move(MemberState.RECEIVED)
        except TrioxygenError as error:
            self.error = error
        except BaseException as error:
            self.error = error
            raise
        finally:
            self._forget()
            if self.state is not MemberState.RECEIVED:
                self._move(MemberState.FAILED)
                if upload is not None:
                    await upload.cancel()

    async def _send_all(self, upload: Upload) -> None:
        while True:
            if self._pieces:
                piece = self._pieces[0]
                await upload.send(piece)
                self._pieces.popleft()
                self._took(len(piece))
                del piece  # not kept while the next one comes, which may take long
            elif self._is_ending:
                return
            elif self._is_flushing:
                await upload.flush()
                self._is_flushing = bool(self._pieces)
                self._took(0)
            else:
                self._work.clear()
                await self._work.wait()

    def _took(self, size_bytes: int) -> None:
        self.waiting_bytes -= size_bytes
        self._pool.queued_bytes -= size_bytes
        self.taken += 1
        self._moved()

    def _forget(self) -> None:
        """What is left in the queue."""
        self._pool.queued_bytes -= self.waiting_bytes
        self.waiting_bytes = 0
        self._pieces.clear()

    def _move(self, to: MemberState) -> None:
        self.state = move(_MOVES, self.state, to)
        self.taken += 1
        self._moved()

    async def ended(self, timeout_ms: float | None = None) -> bool:
        """Whether it has, within the time."""
        seconds = None if timeout_ms is None else timeout_ms / 1_000
        await asyncio.wait((self.task,), timeout=seconds)
        return self.task.done()

    async def cancel(self) -> None:
        """It drops what it got. Idempotent."""
        self.task.cancel()
        await asyncio.wait((self.task,))
