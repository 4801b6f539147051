"""An event loop on virtual time: no selector, no threads; when nothing is ready, time jumps to the
next timer.

Everything that runs belongs to a `Life`: one start of a node's process. What a callback sets going
belongs to the same life, so a crash is one flag: nothing of the life runs again, not even its
`finally`. The order of callbacks is the order in which they were scheduled, whatever the hash seed.
"""

import asyncio
import contextvars
import heapq
import warnings
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar, TypeVarTuple

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

_CALLBACKS_AT_ONE_TIME_MAX: Final = 200_000

RUNNING: Final = 0
PAUSED: Final = 1
DEAD: Final = 2


class Life:
    """Everything that one start of a node set going.

    Attributes:
    state: RUNNING, PAUSED (what is due waits for `resume`), DEAD.
    held: what became due while it was paused; of the dead, what must not be collected before the
        end: collecting a coroutine runs its `finally`.
    """

    __slots__ = ("held", "name", "state")

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = RUNNING
        self.held: list[_Handle] = []


class SimulationStuck(Exception):
    """Time does not go on: callbacks schedule each other, or nothing is left to happen."""


class _Handle(asyncio.TimerHandle):
    """Leaner than asyncio's: no traceback, no debug mode."""

    __slots__ = ("owner",)

    def __init__(
        self,
        owner: Life,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context | None,
    ) -> None:
        self.owner = owner
        self._callback: Callable[..., object] = callback
        self._args: Sequence[Any] = args
        self._context = context
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback, self._args = _nothing, ()

    def cancelled(self) -> bool:
        return self._cancelled

    def __repr__(self) -> str:
        return f"<{self.owner.name} {self._callback}>"


class VirtualLoop(asyncio.BaseEventLoop):
    """Attributes:
    owner: the life whose callback is running.
    lost_errors: what asyncio would have logged.
    """

    def __init__(self) -> None:
        # Not the base's: it would open what a real loop needs.
        self._now = 0.0
        self._sequence = 0
        self._timers: list[tuple[float, int, _Handle]] = []
        self._ready: deque[_Handle] = deque()
        self._failure: BaseException | None = None
        self._closed = False
        self.root = self.owner = Life("simulation")
        self.lost_errors: list[str] = []
        self.callbacks = 0

    # ---- what asyncio asks of a loop ----

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self._closed

    def call_soon(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        handle = _Handle(self.owner, callback, args, context)
        if not self._closed:
            self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at_of(self.owner, when, callback, *args, context=context)

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: contextvars.Context | None = None,
    ) -> "asyncio.Task[T]":
        # A name in any case: asyncio would count them up over all runs of the process.
        return asyncio.Task(coro, loop=self, name=str(name or "task"), context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._closed:
            self.lost_errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    def __del__(self) -> None:
        # The base would complain of a loop that was not closed: nothing is open here.
        return

    # ---- what the simulation asks ----

    def call_at_of(
        self,
        owner: Life,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """As `call_at`, for another life."""
        handle = _Handle(owner, callback, args, context)
        if not self._closed:
            self._sequence += 1
            heapq.heappush(self._timers, (when, self._sequence, handle))
        return handle

    def create_task_of(
        self, owner: Life, coro: Coroutine[Any, Any, T], *, name: str
    ) -> "asyncio.Task[T]":
        """As `create_task`, for another life."""
        before, self.owner = self.owner, owner
        try:
            return self.create_task(coro, name=name)
        finally:
            self.owner = before

    def fail(self, error: BaseException) -> None:
        """Ends the run with an error, whatever the code that is running does with exceptions."""
        if self._failure is None and not self._closed:
            self._failure = error
            handle = _Handle(self.root, _nothing, (), None)
            self._ready.appendleft(handle)

    def pause(self, life: Life) -> None:
        if life.state == RUNNING:
            life.state = PAUSED

    def resume(self, life: Life) -> None:
        if life.state == PAUSED:
            life.state = RUNNING
            self._ready.extend(life.held)
            life.held = []

    def kill(self, life: Life) -> None:
        """Nothing of this life runs from now on."""
        life.state = DEAD

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine of the simulation itself. Raises what it raises, what `fail`
        was told, and SimulationStuck."""
        with self.running():
            task = self.create_task(main, name="main")
            self._run_until(task)
            return task.result()

    @contextmanager
    def running(self) -> Iterator[None]:
        """What asks for the loop gets this one."""
        asyncio.events._set_running_loop(self)
        try:
            yield
        finally:
            asyncio.events._set_running_loop(None)

    def _run_until(self, task: "asyncio.Task[Any]") -> None:
        ready, timers = self._ready, self._timers
        at_this_time = 0
        while not task.done():
            if not ready:
                if not timers:
                    raise SimulationStuck("nothing is left to happen")
                when = timers[0][0]
                if when > self._now:
                    self._now = when
                    self.callbacks += at_this_time
                    at_this_time = 0
                when = self._now
                while timers and timers[0][0] <= when:
                    handle = heapq.heappop(timers)[2]
                    if not handle._cancelled:
                        ready.append(handle)
                continue
            at_this_time += 1
            if at_this_time > _CALLBACKS_AT_ONE_TIME_MAX:
                raise SimulationStuck(f"time stands at {self._now:.6f}: {ready[0]!r}")
            handle = ready.popleft()
            if self._failure is not None:
                raise self._failure
            if handle._cancelled:
                continue
            owner = handle.owner
            if owner.state:
                owner.held.append(handle)
                continue
            self.owner = owner
            callback, args, context = handle._callback, handle._args, handle._context
            if context is None:
                callback(*args)
            else:
                context.run(callback, *args)
        self.owner = self.root

    def close(self) -> None:
        """Nothing runs any more; what coroutines do when they are collected has no effect."""
        self._closed = True
        # A failed run's: its traceback and the life that ran hold all that the run was.
        self._failure, self.owner = None, self.root
        with warnings.catch_warnings():
            # A coroutine that a crash kept from starting was never awaited.
            warnings.simplefilter("ignore", RuntimeWarning)
            self._ready.clear()
            self._timers.clear()


def _nothing() -> None:
    return
