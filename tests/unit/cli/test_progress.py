"""What takes long says how far it is: a bar for people, few lines for logs, nothing for scripts."""

import io
from collections.abc import Iterator

import pytest

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.progress import Step, progress, waited


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class LeapingClock(ManualClock):
    """Whoever sleeps does not wait."""

    async def sleep_ms(self, duration_ms: float) -> None:
        self.advance(duration_ms)


def test_lines_are_few_where_there_is_no_terminal() -> None:
    stream, clock = io.StringIO(), ManualClock()
    with progress("copying", as_json=False, stream=stream, clock=clock) as shown:
        shown.tell(Step(0, 0, "not counted"))
        shown.tell(Step(1, 4, "too soon"))
        clock.advance(10_000)
        shown.tell(Step(2, 4, "2 left"))
        clock.advance(10_000)
        shown.tell(Step(2, 4, "2 left"))
    assert stream.getvalue() == "copying: not counted\ncopying: 50 %, 2 left\n"


def test_terminal_has_a_bar_that_goes() -> None:
    stream = Terminal()
    with progress("copying", as_json=False, stream=stream) as shown:
        shown.tell(Step(2, 4, "[2 left]"))
    assert "copying" in stream.getvalue() and "[2 left]" in stream.getvalue()
    assert "50%" in stream.getvalue()


def test_nothing_is_said_beside_json() -> None:
    stream = Terminal()
    with progress("copying", as_json=True, stream=stream) as shown:
        shown.tell(Step(2, 4))
    assert stream.getvalue() == ""


def test_waiting_ends_with_what_was_seen_last() -> None:
    clock, left = LeapingClock(), [3, 2, 1, 0]

    def look() -> tuple[Step, int]:
        now = left.pop(0)
        return Step(3 - now, 3, is_over=not now), now

    began_ms = clock.monotonic_ms()
    assert waited(look, "copying", as_json=True, clock=clock) == 0
    assert clock.monotonic_ms() - began_ms == 3_000


def test_waiting_goes_on_where_nobody_answers_for_a_while() -> None:
    clock = LeapingClock()
    said: Iterator[str | CommandFailed] = iter(("half", SILENT, SILENT, "done"))

    assert waited(lambda: step_of(next(said)), "copying", as_json=True, clock=clock) == "done"


@pytest.mark.parametrize("first", [["half"], []])
def test_waiting_ends_where_nobody_answers_for_long_or_from_the_start(first: list[str]) -> None:
    clock, looks = LeapingClock(), 0

    def look() -> tuple[Step, str]:
        nonlocal looks
        looks += 1
        return step_of(first.pop() if first else SILENT)

    few = not first
    with pytest.raises(CommandFailed, match="nobody answers"):
        waited(look, "copying", as_json=True, clock=clock)
    assert looks == 1 if few else 120 <= looks <= 123


def test_waiting_ends_at_once_with_what_does_not_pass() -> None:
    said: Iterator[str | CommandFailed]
    said = iter(("half", CommandFailed(Exit.REFUSED, "no such node")))
    with pytest.raises(CommandFailed, match="no such node"):
        waited(lambda: step_of(next(said)), "copying", as_json=True, clock=LeapingClock())


SILENT = CommandFailed(Exit.UNREACHABLE, "nobody answers", may_pass=True)


def step_of(said: str | CommandFailed) -> tuple[Step, str]:
    if isinstance(said, CommandFailed):
        raise said
    return Step(1, 2, is_over=said == "done"), said
