"""Which replica a read asks, how long it waits for it, and who is asked besides."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from trioxygen.common.errors import (
    Corrupt,
    DeadlineExceeded,
    NoSuchBlock,
    NoSuchContainer,
    NotLeader,
    TrioxygenError,
    Unavailable,
    Unreachable,
)
from trioxygen.hdds.client.hedges import ReadKind
from trioxygen.hdds.client.locations import in_order
from trioxygen.hdds.client.patience import AWAY
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

# What another replica may do better.
ELSEWHERE: Final = (Unavailable, Corrupt, NoSuchBlock, NoSuchContainer)
_ABSENT: Final = (NoSuchBlock, NoSuchContainer)
_BEHIND: Final = (*_ABSENT, NotLeader)

_Answer = TypeVar("_Answer")
_Ask = Callable[[DataNodeAddress, float], Awaitable[_Answer]]


class ReplicaSearch(Generic[_Answer]):
    """Of one read.

    Args:
    ask: asks a node; the second argument is how long its answer may take, in ms.
    drop: what becomes of an answer that came too late.
    """

    def __init__(
        self,
        pool: DataNodePool,
        container: int,
        local: int,
        replica_index: int,
        ask: _Ask[_Answer],
        drop: Callable[[_Answer], Awaitable[None]] | None = None,
    ) -> None:
        self._pool, self._ask, self._drop = pool, ask, drop
        self._container, self._local, self._index = container, local, replica_index
        self._patience = pool.patience(pool.config.read_patience_ms)
        self._end_ms = pool.clock.monotonic_ms() + pool.config.call_timeout_ms
        self._silence_ms = pool.config.fail_over_ms
        # Those that were not asked since the replicas were last looked up, best first.
        self._left: deque[DataNodeAddress] = deque()
        self._count = 0
        self._failure: TrioxygenError | None = None
        # What is remembered may be of before they moved, or came back: who holds them is asked
        # before a failure is the last.
        self._has_asked = False
        self._is_behind = False

    async def first(self, kind: ReadKind) -> tuple[DataNodeAddress, _Answer]:
        """An answer, and whose it is. Raises: the last failure, where all replicas fail."""
        pool = self._pool
        while True:
            node = await self._next()
            began_ms = pool.clock.monotonic_ms()
            wait_ms = self.wait_ms(kind)
            try:
                answer = await self._ask(node, wait_ms)
            except DeadlineExceeded as error:
                if self._count == 1:
                    self.failed(node, error)
                    continue
                pool.unreadable.note_silent(node, began_ms)
                return await self.second(node, began_ms, kind)
            except ELSEWHERE as error:
                self.failed(node, error)
                continue
            self.answered(node, began_ms, kind)
            return node, answer

    async def second(
        self, silent: DataNodeAddress, began_ms: float, kind: ReadKind
    ) -> tuple[DataNodeAddress, _Answer]:
        """As `first`, where one has been silent since then: another one is asked; the silent one
        once more at the same time, if there is a share for that.

        Raises: as `first`."""
        pool = self._pool
        if not self._left or not pool.hedges.spend():
            self.failed(silent, DeadlineExceeded("a replica is silent", address=silent.address))
            return await self.first(kind)
        winner = await self._race(silent, self._left.popleft())
        if winner is None:
            return await self.first(kind)
        node, answer = winner
        self.answered(node, began_ms, kind)
        if node is not silent:
            pool.unreadable.note_silent(silent, began_ms)
        return node, answer

    async def _race(self, *nodes: DataNodeAddress) -> tuple[DataNodeAddress, _Answer] | None:
        """The first answer; None: all failed."""
        asking = {asyncio.ensure_future(self._ask(node, self._silence_ms)): node for node in nodes}
        try:
            while asking:
                await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                for task in [each for each in asking if each.done()]:
                    node = asking.pop(task)
                    try:
                        return node, task.result()
                    except ELSEWHERE as error:
                        self.failed(node, error)
            return None
        finally:
            for task in asking:
                task.cancel()
                self._pool.finishing.begin(self._dropped(task))

    async def _dropped(self, task: "asyncio.Future[_Answer]") -> None:
        await asyncio.wait((task,))
        if self._drop is not None and not task.cancelled() and task.exception() is None:
            await self._drop(task.result())

    def wait_ms(self, kind: ReadKind) -> float:
        """How long one is waited for: as long as it takes, where there are no others."""
        config = self._pool.config
        if self._count <= 1:
            return config.call_timeout_ms
        if self._silence_ms > config.fail_over_ms:
            return self._silence_ms
        return self._pool.hedges.wait_ms(kind)

    def answered(self, node: DataNodeAddress, began_ms: float, kind: ReadKind) -> None:
        pool = self._pool
        if self._count > 1:
            pool.hedges.observe(kind, pool.clock.monotonic_ms() - began_ms)
            pool.unreadable.answered(node.address)

    def failed(self, node: DataNodeAddress, error: TrioxygenError) -> None:
        """The next is asked. One that is away is avoided by later reads, too; and while one is,
        nobody can say that there is no such block."""
        if not (isinstance(self._failure, AWAY) and isinstance(error, _ABSENT)):
            self._failure = error
        # One that follows may not have heard yet that a block was committed; and replicas move: who
        # holds them now is asked, of a container that is gone the SCM says so.
        self._is_behind |= isinstance(error, NoSuchContainer)
        self._is_behind |= self._count > 1 and isinstance(error, _BEHIND)
        pool = self._pool
        if isinstance(error, DeadlineExceeded):
            # All may be slow: then none is left too soon the next time.
            self._silence_ms = min(2 * self._silence_ms, pool.config.call_timeout_ms)
        elif isinstance(error, AWAY) and self._count > 1:
            pool.unreadable.note(node)
        elif isinstance(error, NoSuchContainer):
            pool.locations.forget(self._container, self._index)

    async def _next(self) -> DataNodeAddress:
        pool, container, index = self._pool, self._container, self._index
        while not self._left:
            if self._failure is not None:
                pool.locations.forget(container, index)
                if self._has_asked:
                    await self._bear(self._failure)
            nodes = pool.locations.known(container, index)
            if nodes is None:
                nodes = await pool.locations.find(container, index)
                self._has_asked = True
            self._count = len(nodes)
            turn = 0 if not index and pool.locations.is_fresh(container) else self._local
            self._left.extend(
                in_order(nodes, distance=pool.locations.distance, turn=turn, away=pool.unreadable)
            )
            self._failure = None
            if not self._left:
                self._failure = Unreachable("no replica is known", container=container)
        return self._left.popleft()

    async def _bear(self, failure: TrioxygenError) -> None:
        is_silence = isinstance(failure, DeadlineExceeded) and self._count > 1
        if not is_silence or self._pool.clock.monotonic_ms() >= self._end_ms:
            await self._patience.bear(failure, is_passing=self._is_behind)
