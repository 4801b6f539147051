"""Processes on one port, and the one that supervises them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.store_process import environment, runs, standing_still, wait_until

PROGRAM = Path(__file__).with_name("worker_program.py")


class Supervised:
    """A supervisor and its workers."""

    def __init__(self, run: str, mark: Path) -> None:
        self.mark = mark
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), run, str(mark)],
            env=environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.workers: set[int] = set()

    def until_ready(self) -> "Supervised":
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.answering()
        return self

    def ask(self) -> int:
        """The process id of a worker."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            pid = int(connection.makefile().readline())
        self.workers.add(pid)
        return pid

    def answering(self) -> set[int]:
        """Two of them. Who takes a connection is the system's choice, and one may take all of many:
        the other one answers when the first stands still."""
        first = self.ask()
        with standing_still(first):
            second = self.ask()
        assert first != second
        return {first, second}

    def line_with(self, text: str) -> str:
        """The next one of the supervisor's log."""
        assert self.process.stderr is not None
        return next(line for line in self.process.stderr if text in line)

    def until_another_starts(self) -> None:
        """Before one of those that run stands still: the supervisor would wait for it."""
        self.line_with("worker_started")

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, output = self.process.communicate(timeout=120)
        return self.process.returncode, output

    def discard(self) -> None:
        for pid in (self.process.pid, *self.workers):
            if runs(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[[str], Supervised]]:
    made: list[Supervised] = []

    def make(run: str) -> Supervised:
        made.append(Supervised(run, tmp_path / "mark"))
        return made[-1]

    yield make
    for each in made:
        each.discard()


def test_worker_that_is_killed_is_replaced_and_the_port_is_served_meanwhile(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("serving").until_ready()
    first, second = running.answering()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not runs(first))
    # By the one that is left, until there is another.
    died = running.line_with("worker_died")
    assert f" pid={first} exit_code=-9" in died
    running.until_another_starts()
    now = running.answering()
    assert second in now and first not in now
    code, output = running.end(signal.SIGTERM)
    assert code == 0, output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_to_the_supervisor_ends_all_of_them(
    supervised: Callable[[str], Supervised], number: signal.Signals
) -> None:
    running = supervised("serving").until_ready()
    workers = running.answering()
    code, output = running.end(number)
    assert code == 0 and "Traceback" not in output, output
    assert not any(runs(pid) for pid in workers)
    with pytest.raises(ConnectionRefusedError):
        running.ask()


def test_workers_end_with_a_supervisor_that_is_killed(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("serving").until_ready()
    workers = running.answering()
    running.process.kill()
    wait_until(lambda: not any(runs(pid) for pid in workers))


def test_hangup_replaces_one_after_the_other_and_the_port_stays_served(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("serving").until_ready()
    before = running.answering()
    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & running.answering())
    code, output = running.end(signal.SIGTERM)
    assert code == 0, output


def test_worker_that_cannot_start_ends_the_supervisor_with_its_code(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("broken")
    _, output = running.process.communicate(timeout=120)
    assert running.process.returncode == 7
    assert "exit_code=7" in output


def test_worker_that_cannot_start_again_is_tried_again_and_the_others_go_on(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("fragile").until_ready()
    first, second = running.answering()
    running.mark.touch()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not runs(first))
    assert "wait_ms=1000" in running.line_with("worker_start_delayed")
    assert running.ask() == second
    running.mark.unlink()
    running.until_another_starts()
    running.answering()
    code, output = running.end(signal.SIGTERM)
    assert code == 0, output


def test_hangup_leaves_the_workers_that_are_left_when_a_new_one_cannot_start(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("fragile").until_ready()
    before = running.answering()
    running.mark.touch()
    running.process.send_signal(signal.SIGHUP)
    assert running.line_with("restart_broken_off worker=1")
    [left] = {running.ask() for _ in range(5)}
    assert left in before
    running.mark.unlink()
    running.until_another_starts()
    assert left in running.answering()
    code, output = running.end(signal.SIGTERM)
    assert code == 0, output


def test_stop_during_a_hangup_does_not_wait_for_it(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("endless").until_ready()
    workers = running.answering()
    # The first of them is asked to end, and never does.
    running.process.send_signal(signal.SIGHUP)
    wait_until(running.mark.exists)
    running.mark.unlink()
    running.process.send_signal(signal.SIGTERM)
    # The second one is asked, too.
    wait_until(running.mark.exists)
    code, output = running.end(signal.SIGTERM)
    assert code == 130, output
    assert not any(runs(pid) for pid in workers)


def test_second_signal_ends_all_where_they_stand(
    supervised: Callable[[str], Supervised],
) -> None:
    running = supervised("endless").until_ready()
    workers = running.answering()
    running.process.send_signal(signal.SIGINT)
    wait_until(running.mark.exists)
    assert running.process.poll() is None and any(runs(pid) for pid in workers)
    code, output = running.end(signal.SIGINT)
    assert code == 130 and "Traceback" not in output, output
    assert not any(runs(pid) for pid in workers)
