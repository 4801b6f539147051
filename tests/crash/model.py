"""What a store must hold, by what it has acknowledged; one writer owns each key.

A write that was not answered may have happened or not: both are possible until the next look.
"""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Content:
    """A body that can be made again. Attributes: seed, differs for every write that has bytes."""

    seed: int
    size_bytes: int

    @classmethod
    def new(cls, seed: int, size_bytes: int) -> "Content":
        """Empty ones are alike: a look cannot tell which write it was."""
        return cls(seed if size_bytes else 0, size_bytes)

    @property
    def body(self) -> bytes:
        return random.Random(self.seed).randbytes(self.size_bytes)


State = Content | None
"""None: there is no such object."""


@dataclass(slots=True)
class Model:
    """Attributes: known, the acknowledged state of each key; maybe, what else it may be."""

    known: dict[str, State] = field(default_factory=dict)
    maybe: dict[str, State] = field(default_factory=dict)
    acknowledged: int = 0

    def begin(self, changes: dict[str, State]) -> None:
        assert not set(changes) & set(self.maybe), "an operation is still open"
        self.maybe.update(changes)

    def acknowledge(self, changes: dict[str, State]) -> None:
        for key, state in changes.items():
            self.known[key] = state
            del self.maybe[key]
        self.acknowledged += 1

    def possible(self, key: str) -> list[State]:
        actual: list[State] = [self.known.get(key)]
        if key in self.maybe:
            actual.append(self.maybe[key])
        return actual

    def keys(self) -> list[str]:
        return sorted({*self.known, *self.maybe})

    def settle(self, key: str, state: State) -> None:
        """What a look has found is what it is."""
        assert state in self.possible(key), (key, state, self.possible(key))
        self.known[key] = state
        self.maybe.pop(key, None)
