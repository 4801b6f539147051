"""Where blocking calls run: off the event loop, on threads that this file owns.

A `Lane` is one thread that runs what it is given in order (an LMDB writer, a log's sync); the
shared pool runs the rest. In simulation both run inline."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from trioxygen.common.finishing import to_the_end

T = TypeVar("T")


class Lane(Protocol):
    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        """Runs in order with the lane's other calls; the result or exception comes back to the
        loop."""
        ...

    def close(self) -> None:
        """Ends the lane's thread after what was given to it. Idempotent."""
        ...


class Blocking(Protocol):
    def lane(self, name: str) -> Lane: ...

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        """Runs on any thread of the shared pool."""
        ...

    def close(self) -> None: ...


async def run_or_undo(
    blocking: Blocking, function: Callable[[], T], undo: Callable[[T], object]
) -> T:
    """Of a call whose caller is cancelled the thread goes on: what it made is undone then."""
    running = blocking.run(function)
    try:
        return await to_the_end(running)
    except asyncio.CancelledError:
        if running.exception() is None:
            await blocking.run(undo, running.result())
        raise


_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


def _settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


class _Threads:
    """Threads that share one queue. Leaner than concurrent.futures: one future, one wake-up of the
    loop."""

    def __init__(self, name: str, threads: int) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._name, self._threads_max = name, threads
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        assert not self._closed, f"{self._name} is closed"
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if len(self._threads) < self._threads_max and self._idle <= self._jobs.qsize():
            number = len(self._threads)
            thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put((loop, future, function, arguments))
        return future

    def _work(self) -> None:
        while True:
            self._idle += 1
            job = self._jobs.get()
            self._idle -= 1
            if job is None:
                return
            loop, future, function, arguments = job
            result: Any = None
            error: BaseException | None = None
            try:
                result = function(*arguments)
            except BaseException as raised:  # handed to whoever awaits the future
                error = raised
            try:
                loop.call_soon_threadsafe(_settle, future, result, error)
            except RuntimeError:
                # The loop has closed: nobody is left to tell, and the lane is about to be closed.
                if not loop.is_closed():
                    raise
            del job, future, function, arguments, result, error

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()


class ThreadBlocking:
    """Real threads: one for each lane, `pool_threads` shared ones."""

    def __init__(self, *, pool_threads: int = 8) -> None:
        self._pool = _Threads("blocking", pool_threads)
        self._lanes: list[_Threads] = []

    def lane(self, name: str) -> Lane:
        lane = _Threads(name, 1)
        self._lanes.append(lane)
        return lane

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        return self._pool.run(function, *arguments)

    def close(self) -> None:
        self._pool.close()
        for lane in self._lanes:
            lane.close()
