"""Blocking calls in simulation: run inline, each at one moment, while virtual time passes before
and after. The time after is what its disk operations took, so a crash may come between an effect
and its caller's learning of it."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

from trioxygen.sim.disk import Crashed, SimDisk
from trioxygen.sim.loop import VirtualLoop

T = TypeVar("T")

_HOP_MS: Final = (0.01, 0.15)

_Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


class SimBlocking:
    """Args:
    disk: of the same life; tells how long things took.
    """

    def __init__(self, loop: VirtualLoop, disk: SimDisk, rng: random.Random) -> None:
        self.loop, self.disk, self._rng = loop, disk, rng

    def lane(self, name: str) -> "SimLane":
        return SimLane(self)

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = self.loop.create_future()
        self.loop.call_later(self.hop_s(), self.do, (future, function, arguments))
        return future

    def close(self) -> None:
        return

    def hop_s(self) -> float:
        return self._rng.uniform(*_HOP_MS) / 1_000

    def do(self, job: _Job, after: Callable[[], None] | None = None) -> None:
        """Runs a job now; its future is settled when its time has passed."""
        future, function, arguments = job
        result: Any = None
        error: BaseException | None = None
        try:
            result = function(*arguments)
        except Crashed:
            return
        except BaseException as raised:  # handed to whoever awaits the future
            error = raised
            if isinstance(raised, AssertionError):
                self.loop.fail(raised)
        taken_s = self.disk.take_cost_ms() / 1_000
        self.loop.call_later(taken_s, _settle, future, result, error, after)


def _settle(
    future: "asyncio.Future[Any]",
    result: Any,
    error: BaseException | None,
    after: Callable[[], None] | None,
) -> None:
    if not future.cancelled():
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
    if after is not None:
        after()


class SimLane:
    """Its calls run one after the other: the next begins when the time of the last has passed."""

    def __init__(self, blocking: SimBlocking) -> None:
        self._blocking = blocking
        self._jobs: deque[_Job] = deque()
        self._is_busy = False
        self._closed = False

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        assert not self._closed, "the lane is closed"
        loop = self._blocking.loop
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.append((future, function, arguments))
        if not self._is_busy:
            self._is_busy = True
            loop.call_later(self._blocking.hop_s(), self._next)
        return future

    def _next(self) -> None:
        if not self._jobs:
            self._is_busy = False
            return
        self._blocking.do(self._jobs.popleft(), self._next)

    def close(self) -> None:
        self._closed = True
