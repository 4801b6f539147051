"""Workers that the system refuses to start, or that do not end when they are told to."""

import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from uvicorn.supervisors.multiprocess import SIGNALS

from trioxygen.gateway.http.workers import RunWorker, Workers

COUNT = 2


def idle(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    ready()
    while True:
        signal.pause()


def deaf(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """Does not end when it is told to; a minute later, if nobody kills it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.alarm(60)
    idle(sockets, ready)


class Refused:
    """Its process cannot be started: the system has none left."""

    def __call__(self, sockets: list[socket.socket], ready: Callable[[], None]) -> NoReturn:
        raise AssertionError("was not started")

    def __reduce__(self) -> NoReturn:
        # What a worker runs is written down where its process is started.
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


class Supervised:
    """Workers, looked after by hand: each look is half a second to them.

    Attributes:
    runs: what the next one started at each place runs.
    fails_when_ready: it cannot tell that."""

    def __init__(self, run: RunWorker) -> None:
        self.runs: list[RunWorker] = [run] * COUNT
        self.is_ready = False
        self.fails_when_ready = False
        bound = socket.create_server(("127.0.0.1", 0))
        self.workers = Workers(
            COUNT, [bound], self.runs.__getitem__, self._on_ready, end_seconds_max=0.5
        )

    def _on_ready(self) -> None:
        self.is_ready = True
        if self.fails_when_ready:
            raise BrokenPipeError

    def until_ready(self) -> None:
        self.workers.init_processes()
        # Each look waits a moment for those that are not ready.
        for _ in range(1_000):
            self.workers.keep_subprocess_alive()
            if self.is_ready:
                return
        raise AssertionError("not ready in time")

    @property
    def pids(self) -> list[int | None]:
        return [worker.pid if worker.process.is_alive() else None for worker in self.each]

    @property
    def each(self) -> list[Any]:
        return [place.worker for place in self.workers._places]

    def kill(self, number: int) -> None:
        worker = self.each[number]
        os.kill(worker.pid, signal.SIGKILL)
        worker.process.join()

    def end(self) -> None:
        for bound in self.workers.sockets:
            bound.close()
        for worker in self.each:
            if worker.process.is_alive():
                worker.kill()
                worker.join()


@pytest.fixture
def supervised() -> Iterator[Callable[[RunWorker], Supervised]]:
    made: list[Supervised] = []
    # A supervisor takes them all.
    handlers = {number: signal.getsignal(number) for number in SIGNALS}

    def make(run: RunWorker) -> Supervised:
        made.append(Supervised(run))
        return made[-1]

    try:
        yield make
    finally:
        for supervisor in made:
            supervisor.end()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_workers_that_were_started_end_where_one_of_the_first_cannot_be(
    supervised: Callable[[RunWorker], Supervised],
) -> None:
    running = supervised(idle)
    running.runs[1] = Refused()
    with pytest.raises(BlockingIOError):
        running.workers.run()
    [first] = running.each
    assert first.pid and not first.process.is_alive()


def test_worker_whose_successor_cannot_be_started_gets_one_later_and_the_others_go_on(
    supervised: Callable[[RunWorker], Supervised],
) -> None:
    running = supervised(idle)
    running.until_ready()
    second = running.pids[1]
    running.runs[0] = Refused()
    running.kill(0)
    for _ in range(20):
        running.workers.keep_subprocess_alive()
        assert running.pids == [None, second]
    running.runs[0] = idle
    for _ in range(20):
        running.workers.keep_subprocess_alive()
    assert running.pids[0] is not None and running.pids[1] == second


def test_hangup_during_which_none_can_be_started_leaves_the_workers_that_are_left(
    supervised: Callable[[RunWorker], Supervised],
) -> None:
    running = supervised(idle)
    running.until_ready()
    second = running.pids[1]
    running.runs[0] = Refused()
    running.workers.restart_all()
    assert running.pids == [None, second]
    running.runs[0] = idle
    for _ in range(4):
        running.workers.keep_subprocess_alive()
    assert running.pids[0] is not None and running.pids[1] == second


def test_worker_that_does_not_end_at_a_hangup_is_killed_and_replaced(
    supervised: Callable[[RunWorker], Supervised],
) -> None:
    running = supervised(deaf)
    running.until_ready()
    before = running.pids
    running.runs[:] = [idle] * COUNT
    running.workers.restart_all()
    assert None not in running.pids and not set(running.pids) & set(before)


def test_worker_that_does_not_end_when_its_supervisor_failed_is_killed(
    supervised: Callable[[RunWorker], Supervised],
) -> None:
    running = supervised(deaf)
    running.fails_when_ready = True
    with pytest.raises(BrokenPipeError):
        running.workers.run()
    assert [worker.exitcode for worker in running.each] == [-signal.SIGKILL] * COUNT
