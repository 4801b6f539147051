"""Background work: what it is, and who runs it.

A `Worker` does a bounded piece at each `work()`. The supervisor runs it, logs and counts what it
raises, waits longer after each failure in a row, and shows its state to operators. Nothing is
fire-and-forget."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import Unavailable

log = logs.get(__name__)

_FAILURE_WAIT_MS_MAX = 30_000


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
    last_error: str = ""


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

    def start(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """A task that is kept referenced and cancelled at `stop`; a failure is logged."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.labels(task.get_name()).inc()
            log.error("task_failed", task=task.get_name(), error=error)

    def start_worker(self, worker: Worker) -> asyncio.Task[Any]:
        self.workers[worker.name] = WorkerState()
        return self.start(self._supervise(worker), name=worker.name)

    async def _supervise(self, worker: Worker) -> None:
        state = self.workers[worker.name]
        failures_in_row = 0
        while True:
            try:
                more = await worker.work()
                state.runs += 1
                failures_in_row = 0
                wait_ms = 0.0 if more else worker.interval_ms
            except (
                Exception
            ) as error:  # the supervisor is the one place that may: it logs, counts, waits
                state.failures += 1
                state.last_error = str(error)
                failures_in_row += 1
                self._failures.labels(worker.name).inc()
                if isinstance(error, Unavailable):  # of others, or of a leader that was
                    log.warning("worker_delayed", worker=worker.name, reason=error)
                else:
                    log.error("worker_failed", worker=worker.name, error=error)
                wait_ms = min(_FAILURE_WAIT_MS_MAX, 100.0 * 2 ** min(failures_in_row, 20))
            await self._clock.sleep_ms(wait_ms)

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
