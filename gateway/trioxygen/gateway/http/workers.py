"""Several processes on one port, under uvicorn's supervisor: started, asked whether they live,
replaced when they died, stopped together.

The listening sockets are bound once, by the supervisor, and inherited: whoever is free accepts, and
what waits in the kernel for a worker that died is served by another.
"""

import ctypes
import math
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
from collections.abc import Callable
from typing import Final, Protocol, cast

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from trioxygen.common import logs
from trioxygen.common.retry import Backoff
from trioxygen.gateway.http.uvicorn_server import EXIT_CODE_INTERRUPTED

log = logs.get(__name__)

# Of a worker that does not answer its supervisor: its event loop may be busy, its threads are not.
_SILENT_SECONDS_MAX: Final = 30
_POLL_SECONDS: Final = 0.1
_ROLLING_READY_SECONDS_MAX: Final = 120
# How often uvicorn's supervisor looks at its workers.
_LOOK_MS: Final = 500.0
# Of a worker whose predecessor did not get as far as to take requests.
_START_WAIT_MS_FIRST: Final = 1_000.0
_START_WAIT_MS_MAX: Final = 60_000.0
_PR_SET_PDEATHSIG: Final = 1


class RunWorker(Protocol):
    def __call__(self, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        """The life of a worker, in its process: until a signal has stopped it. Pickled. Ends with
        SystemExit when it cannot start.

        Args:
            ready: to be called when it takes requests.
        """
        ...


class _Life:
    """What stands in a worker for uvicorn's server. Attributes: started: it takes requests."""

    def __init__(self, run: RunWorker) -> None:
        self._run = run
        self.started = False

    def _ready(self) -> None:
        self.started = True

    def run(self, sockets: list[socket.socket]) -> None:
        _end_with_parent()
        self._run(sockets, self._ready)


class Worker(Process):
    """Attributes: was_ready: it has taken requests."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], run: RunWorker
    ) -> None:
        self._life = _Life(run)
        self.was_ready = False
        super().__init__(config, sockets)

    def start(self) -> None:
        """Raises OSError: the system has no process for it."""
        try:
            super().start()
        except OSError:
            self.parent_conn.close()
            self.child_conn.close()
            raise

    @property
    def server(self) -> uvicorn.Server:
        return cast(uvicorn.Server, self._life)

    def is_well(self, silent_seconds_max: float) -> bool:
        """Runs; and answers, if it was ready once: imports may take their time."""
        if not self.process.is_alive():
            return False
        if self.was_ready:
            return self.ping(silent_seconds_max)
        self.was_ready = self.is_ready(_POLL_SECONDS)
        return True


class _Place:
    """One of so many that are to run. Attributes:
    worker: the one that has it, or had it last.
    wait_ms: until the next one is started; 0: the place is taken."""

    def __init__(self, number: int, worker: Worker) -> None:
        self.number, self.worker = number, worker
        self.wait_ms = 0.0
        self.backoff = Backoff(_START_WAIT_MS_FIRST, _START_WAIT_MS_MAX)

    @property
    def is_ready(self) -> bool:
        return self.worker.was_ready and not self.wait_ms

    def delay(self) -> None:
        """The others go on without it."""
        self.wait_ms = self.backoff.take_ms()
        log.warning("worker_start_delayed", worker=self.number + 1, wait_ms=self.wait_ms)


class Workers(Multiprocess):
    """Args:
    sockets: bound; closed at the stop.
    run_of: what a worker runs, by its number from 0.
    on_ready: called once, when all take requests.
    end_seconds_max: how long one that is to be replaced, or whose supervisor failed, may take to
        end; then it is killed.

    Attributes:
        exit_code: of a worker that could not start, which ends all that have just been started;
            else 0.
    """

    def __init__(
        self,
        count: int,
        sockets: list[socket.socket],
        run_of: Callable[[int], RunWorker],
        on_ready: Callable[[], None],
        *,
        end_seconds_max: float,
    ) -> None:
        config = uvicorn.Config(
            "", workers=count, log_config=None, timeout_worker_healthcheck=_SILENT_SECONDS_MAX
        )
        super().__init__(config, sockets)
        self._run_of, self._on_ready = run_of, on_ready
        self._end_seconds_max = end_seconds_max
        self._is_ready_announced = False
        self._places: list[_Place] = []
        self.exit_code = 0

    def run(self) -> None:
        """Returns when a signal has stopped them. Raises OSError: one of the first cannot be
        started. None of them outlives this, whatever it raises."""
        try:
            super().run()
        except BaseException:
            self.terminate_all()
            self.join_all(self._end_seconds_max)
            raise

    def _started(self, number: int) -> Worker:
        try:
            worker = Worker(self.config, self.sockets, self._run_of(number))
            worker.start()
        except OSError as error:
            log.error("worker_not_started", worker=number + 1, reason=error)
            raise
        log.info("worker_started", worker=number + 1, pid=worker.pid)
        return worker

    def _replace(self, place: _Place) -> bool:
        """Starts the next one there. False: not now, later."""
        try:
            place.worker = self._started(place.number)
        except OSError:  # too many processes or open files at the moment
            place.delay()
            return False
        place.wait_ms = 0.0
        return True

    def init_processes(self) -> None:
        for number in range(self.config.workers):
            self._places.append(_Place(number, self._started(number)))

    def keep_subprocess_alive(self) -> None:
        for place in self._places:
            if self.should_exit.is_set():
                return
            self._keep(place)
        is_ready = all(place.is_ready for place in self._places)
        if is_ready and not self._is_ready_announced:
            self._is_ready_announced = True
            self._on_ready()

    def _keep(self, place: _Place) -> None:
        worker = place.worker
        if place.wait_ms > 0:
            place.wait_ms -= _LOOK_MS
            if place.wait_ms <= 0:
                self._replace(place)
            return
        if worker.is_well(_SILENT_SECONDS_MAX):
            if worker.was_ready:
                place.backoff.reset()
            return
        worker.kill()  # one that is silent
        worker.join()
        exit_code = worker.exitcode or 0
        log.warning("worker_died", worker=place.number + 1, pid=worker.pid, exit_code=exit_code)
        if worker.was_ready:
            self._replace(place)
        elif exit_code > 0 and not self._is_ready_announced:
            # It said why, and would say so again; nobody is served yet.
            self.exit_code = exit_code
            self.should_exit.set()
        else:
            place.delay()

    def restart_all(self) -> None:
        """SIGHUP: one after the other, so that the port is served all the time. Where a new one
        does not take requests, the old ones that are left stay."""
        for place in self._places:
            self._end(place)
            if self._is_stop_asked():
                return
            if not self._replace(place) or not self._until_ready(place.worker):
                if not self._is_stop_asked():
                    log.error("restart_broken_off", worker=place.number + 1)
                return

    def _end(self, place: _Place) -> None:
        """Returns when its worker has ended, or all are to stop."""
        worker = place.worker
        if not worker.process.is_alive():
            return
        worker.terminate()
        for _ in range(int(self._end_seconds_max / _POLL_SECONDS)):
            worker.process.join(_POLL_SECONDS)
            if self._is_stop_asked() or not worker.process.is_alive():
                return
        log.warning("worker_killed", worker=place.number + 1, pid=worker.pid)
        worker.kill()
        worker.join()

    def _until_ready(self, worker: Worker) -> bool:
        """False: it ended, or takes too long, or all are to stop."""
        for _ in range(int(_ROLLING_READY_SECONDS_MAX / _POLL_SECONDS)):
            if self._is_stop_asked() or not worker.is_well(_SILENT_SECONDS_MAX):
                return False
            if worker.was_ready:
                return True
            self.should_exit.wait(_POLL_SECONDS)
        return False

    def _is_stop_asked(self) -> bool:
        """By a signal that nobody has looked at yet."""
        return any(number in (signal.SIGINT, signal.SIGTERM) for number in self.signal_queue)

    def handle_ttin(self) -> None:
        """How many there are is configured: each has a folder and an admin port."""

    def handle_ttou(self) -> None:
        """As above."""

    def terminate_all(self) -> None:
        # Who connects from now on is refused, as soon as the last worker has closed its own copy.
        for bound in self.sockets:
            bound.close()
        for place in self._places:
            if place.worker.process.is_alive():
                place.worker.terminate()

    def join_all(self, seconds_max: float = math.inf) -> None:
        """Args: seconds_max: after which those that still run are killed.

        Raises SystemExit: a second signal, which ends all where they stand."""
        workers = [place.worker for place in self._places]
        left_seconds = seconds_max
        while running := [worker for worker in workers if worker.process.is_alive()]:
            if self._is_stop_asked():
                for worker in running:
                    worker.kill()
                raise SystemExit(EXIT_CODE_INTERRUPTED)
            if left_seconds <= 0:
                log.warning("workers_killed", pids=[worker.pid for worker in running])
                for worker in running:
                    worker.kill()
                    worker.join()
                return
            multiprocessing.connection.wait(
                [worker.process.sentinel for worker in running], _POLL_SECONDS
            )
            left_seconds -= _POLL_SECONDS


def _end_with_parent() -> None:
    """A supervisor that is killed takes its workers along: they would keep the port and the locks
    of their folders from the next one."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # it died before
        raise SystemExit(1)
