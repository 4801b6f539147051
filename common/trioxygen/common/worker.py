"""Background work: what it is, and who runs it.

A `Worker` does a bounded piece at each `work()`. The supervisor runs it, logs and counts what it
raises, and waits longer after each failure in a row. Nothing is fire-and-forget: who starts a task
ends it."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Counter

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import Unavailable
from trioxygen.common.finishing import to_the_end
from trioxygen.common.origin import no_origin
from trioxygen.common.retry import Backoff

log = logs.get(__name__)

_FAILURE_WAIT_MS_FIRST: Final = 200.0
FAILURE_WAIT_MS_MAX: Final = 30_000.0


class Worker(Protocol):
    """Attributes: name, for logs and metrics; interval_ms, the pause when nothing is to do."""

    name: str
    interval_ms: float

    async def work(self) -> bool:
        """Does a bounded piece of work; True when there is more to do at once."""
        ...


@dataclass(slots=True)
class WorkerState:
    runs: int = 0
    failures: int = 0


class Tasks:
    """The running tasks of one process (or one simulated node); `stop` ends them all."""

    def __init__(self, clock: Clock, registry: CollectorRegistry) -> None:
        self._clock = clock
        # A dict for its order: they end in the order in which they were started.
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.workers: dict[str, WorkerState] = {}
        self._failures = Counter(
            "trioxygen_worker_failures",
            "Failures of background workers",
            ["worker"],
            registry=registry,
        )

    def start(
        self, coroutine: Coroutine[Any, Any, Any], *, name: str, for_request: bool = False
    ) -> asyncio.Task[Any]:
        """A task that is kept referenced and cancelled at `stop`; a failure is logged.

        Args:
            for_request: it works for the request, if any, that starts it, and says so in its log
                lines and calls. Otherwise for none, whoever comes first.
        """
        context = None if for_request else no_origin()
        task = asyncio.get_running_loop().create_task(coroutine, name=name, context=context)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.labels(task.get_name()).inc()
            log.error("task_failed", task=task.get_name(), error=error)

    async def run_unless(
        self, stop: asyncio.Event, work: Coroutine[Any, Any, None], *, name: str
    ) -> bool:
        """Runs `work` here, until `stop` is set: then it is cancelled, and what it raises at that
        is logged.

        Returns: whether it was done before. Raises: what it raises."""
        loop = asyncio.get_running_loop()
        working = loop.create_task(work, name=name)
        waiting = loop.create_task(stop.wait(), name=f"{name}, until stopped")
        try:
            await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
                return True
            return False
        finally:
            if working.cancel():
                working.add_done_callback(self._ended)
            waiting.cancel()
            # A caller that is cancelled now must not cancel the work once more, in its clean-up.
            await to_the_end(asyncio.gather(working, waiting, return_exceptions=True))

    async def run_all(self, works: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Runs all of them here, at the same time.

        Raises: what the first to fail raises; the others are cancelled then."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(work) for work in works]
        try:
            for done in asyncio.as_completed(tasks):
                await done
        finally:
            for task in tasks:
                task.cancel()
            # The others' failures are taken, too: nobody wants to hear of them.
            await asyncio.gather(*tasks, return_exceptions=True)

    def start_worker(
        self, worker: Worker, *, failure_wait_ms_max: float = FAILURE_WAIT_MS_MAX
    ) -> asyncio.Task[Any]:
        """Args: failure_wait_ms_max: so long at most after a failure, of several in a row."""
        self.workers[worker.name] = WorkerState()
        return self.start(self._supervise(worker, failure_wait_ms_max), name=worker.name)

    async def _supervise(self, worker: Worker, failure_wait_ms_max: float) -> None:
        state = self.workers[worker.name]
        backoff = Backoff(_FAILURE_WAIT_MS_FIRST, failure_wait_ms_max)
        while True:
            try:
                more = await worker.work()
                state.runs += 1
                backoff.reset()
                wait_ms = 0.0 if more else worker.interval_ms
            except (
                Exception
            ) as error:  # the supervisor is the one place that may: it logs, counts, waits
                state.failures += 1
                self._failures.labels(worker.name).inc()
                if isinstance(error, Unavailable):  # of others, or of a leader that was
                    log.warning("worker_delayed", worker=worker.name, reason=error)
                else:
                    log.error("worker_failed", worker=worker.name, error=error)
                wait_ms = backoff.take_ms()
            await self._clock.sleep_ms(wait_ms)

    async def end(self, *tasks: "asyncio.Task[Any]") -> None:
        """Cancels what somebody started here, at its own stop; returns when all have ended."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self) -> None:
        await self.end(*self._tasks)
