"""What clients did and when: which contents of an object are possible after a cut at a moment.

Each key belongs to one writer, which does one thing at a time.
"""

import time
from dataclasses import dataclass, field

from tests.crash.model import Content, State


@dataclass(slots=True, eq=False)
class Step:
    """Attributes: acknowledged_ns: None while it is not, or never was."""

    begun_ns: int
    state: State
    acknowledged_ns: int | None = None

    def acknowledge(self) -> None:
        self.acknowledged_ns = time.monotonic_ns()

    def is_acknowledged(self, at_ns: int) -> bool:
        return self.acknowledged_ns is not None and self.acknowledged_ns < at_ns


@dataclass(slots=True, eq=False)
class Upload:
    """A multipart upload. Attributes: parts: steps by number; ended: its completion or abortion."""

    key: str
    upload_id: str
    made: Step
    parts: dict[int, Step] = field(default_factory=dict)
    ended: Step | None = None

    def is_open(self, at_ns: int) -> bool:
        """Acknowledged, and nobody has asked yet to end it."""
        return self.made.is_acknowledged(at_ns) and (
            self.ended is None or self.ended.begun_ns >= at_ns
        )

    def acknowledged_parts(self, at_ns: int) -> dict[int, Content]:
        return {
            number: step.state
            for number, step in self.parts.items()
            if step.is_acknowledged(at_ns) and step.state is not None
        }


@dataclass(slots=True, eq=False)
class History:
    """Of one writer."""

    keys: dict[str, list[Step]] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)

    def begin(self, key: str, state: State) -> Step:
        step = begin(state)
        self.keys.setdefault(key, []).append(step)
        return step

    def known(self, key: str) -> State:
        """What the key holds for certain; None also when nobody knows."""
        steps = self.keys.get(key)
        return steps[-1].state if steps and steps[-1].acknowledged_ns is not None else None

    def acknowledged(self) -> list[int]:
        """Moments of all acknowledgements."""
        steps = [step for steps in self.keys.values() for step in steps]
        steps += [part for upload in self.uploads for part in upload.parts.values()]
        return [step.acknowledged_ns for step in steps if step.acknowledged_ns is not None]

    def possible(self, key: str, at_ns: int) -> list[State]:
        """What the key may hold after a cut at a moment; the first is what was acknowledged."""
        actual: list[State] = [None]
        for step in self.keys[key]:
            if step.is_acknowledged(at_ns):
                actual = [step.state]
            elif step.begun_ns < at_ns:
                actual.append(step.state)
        return actual


def begin(state: State) -> Step:
    return Step(time.monotonic_ns(), state)
