"""How far something is that takes long: a bar on a terminal, a line now and then elsewhere, nothing
beside JSON. On standard error: what is asked for is alone on standard output."""

import asyncio
import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TextIO

from trioxygen.cli.exits import CommandFailed
from trioxygen.common.clock import Clock, SystemClock
from trioxygen.common.units import SECOND_MS

_LINE_INTERVAL_MS: Final = 10 * SECOND_MS
_LOOK_INTERVAL_MS: Final = 1 * SECOND_MS
# Of a server that is started again, or a group that elects a leader.
_SILENCE_MS_MAX: Final = 120 * SECOND_MS


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is now.

    Attributes:
    done, total: of whatever is counted; total 0: it is not known how much there is.
    text: what is left, or what is waited for.
    """

    done: int
    total: int
    text: str = ""
    is_over: bool = False


class Progress(AbstractContextManager["Progress"], Protocol):
    def tell(self, step: Step) -> None: ...


class _Quiet(Progress):
    def tell(self, step: Step) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class _Lines(Progress):
    """The first at once, others when something has changed and ten seconds are over."""

    def __init__(self, about: str, stream: TextIO, clock: Clock) -> None:
        self._about, self._stream, self._clock = about, stream, clock
        self._said_ms, self._said = float("-inf"), ""

    def tell(self, step: Step) -> None:
        now_ms = self._clock.monotonic_ms()
        of = f"{100 * step.done // step.total} %" if step.total else ""
        line = f"{self._about}: " + ", ".join(part for part in (of, step.text) if part)
        if line != self._said and now_ms - self._said_ms >= _LINE_INTERVAL_MS:
            self._said_ms, self._said = now_ms, line
            print(line, file=self._stream, flush=True)

    def __exit__(self, *_: object) -> None:
        pass


class _Bar(Progress):
    def __init__(self, about: str, stream: TextIO) -> None:
        # It takes long to load, and few commands show one.
        from rich import progress as rich_progress
        from rich.console import Console

        self._bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}", markup=False),
            rich_progress.BarColumn(bar_width=30),
            rich_progress.TaskProgressColumn(),
            rich_progress.TextColumn("{task.fields[text]}", markup=False),
            console=Console(file=stream, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task(about, total=None, text="")
        self._bar.start()

    def tell(self, step: Step) -> None:
        total = step.total or None
        self._bar.update(self._task, completed=step.done, total=total, text=step.text)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def progress(
    about: str, *, as_json: bool, stream: TextIO | None = None, clock: Clock | None = None
) -> Progress:
    """Args: stream: standard error where it is not given."""
    stream = stream or sys.stderr
    if as_json or stream is None:  # closed from the start
        return _Quiet()
    if stream.isatty():
        return _Bar(about, stream)
    return _Lines(about, stream, clock or SystemClock())


def waited(
    look: Callable[[], tuple[Step, Any]],
    about: str,
    *,
    as_json: bool,
    clock: Clock | None = None,
) -> Any:
    """Looks every second until it is over. Returns: what was seen last.

    Raises: CommandFailed: also what may pass, where it does not within two minutes, or is met by
    the first look."""
    clock = clock or SystemClock()
    seen_ms = -math.inf
    with progress(about, as_json=as_json, clock=clock) as shown:
        while True:
            try:
                step, seen = look()
            except CommandFailed as failure:
                if not failure.may_pass or clock.monotonic_ms() - seen_ms > _SILENCE_MS_MAX:
                    raise
                shown.tell(Step(0, 0, f"waits for an answer: {failure}"))
            else:
                seen_ms = clock.monotonic_ms()
                shown.tell(step)
                if step.is_over:
                    return seen
            asyncio.run(clock.sleep_ms(_LOOK_INTERVAL_MS))
