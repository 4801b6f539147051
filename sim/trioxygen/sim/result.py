"""What a run came to, and how one is carried out: deterministic, and nothing of it stays behind."""

import gc
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.trace import Trace

OptionsT = TypeVar("OptionsT")

# One `finally` begins what has another: two rounds of it have been seen.
_COLLECTIONS_MAX: Final = 20


@dataclass(slots=True)
class Result(Generic[OptionsT]):
    """Attributes:
    failure: what was found; empty: nothing. `promise`: in one word.
    traceback: of a failure that is no Violation.
    counts: of operations by outcome, faults, messages and so on.
    """

    seed: int
    options: OptionsT
    digest: str = ""
    failure: str = ""
    promise: str = ""
    traceback: str = ""
    last_events: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    virtual_s: float = 0.0


class Run(Protocol):
    loop: VirtualLoop
    trace: Trace

    async def main(self) -> None:
        """Raises Violation."""
        ...

    def counts(self) -> dict[str, int]: ...


def carried_out(seed: int, options: OptionsT, made: Callable[[], Run]) -> Result[OptionsT]:
    result = Result(seed, options)
    was_enabled = gc.isenabled()
    # Collecting a dead life's coroutines runs their `finally`: only when all is over.
    gc.disable()
    simulation = made()
    try:
        simulation.loop.run(simulation.main())
    except Violation as violation:
        result.failure, result.promise = str(violation), violation.promise
    except Exception as failure:  # any: whatever the code under test did not expect to happen
        # As text: the traceback's frames hold everything.
        result.failure = f"{type(failure).__name__}: {failure}"
        result.promise = type(failure).__name__
        result.traceback = traceback.format_exc()
    finally:
        result.digest = simulation.trace.digest
        result.last_events = simulation.trace.last()
        result.counts = simulation.counts()
        result.virtual_s = simulation.loop.time()
        loop = simulation.loop
        loop.close()
        del simulation
        _collect(loop)
        if was_enabled:
            gc.enable()
    return result


def _collect(loop: VirtualLoop) -> None:
    """Coroutines that wait in a `finally` complain when they are collected: that says nothing.

    What such a `finally` begins is garbage only afterwards: until nothing more is found. It asks
    for the loop, and asyncio would make one for good where none runs."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        with warnings.catch_warnings(), loop.running():
            # A coroutine that a crash kept from starting was never awaited.
            warnings.simplefilter("ignore", RuntimeWarning)
            for _ in range(_COLLECTIONS_MAX):
                if not gc.collect():
                    break
    finally:
        sys.unraisablehook = hook
