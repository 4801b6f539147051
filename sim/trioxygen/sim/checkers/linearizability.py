"""Whether a history of a bucket's keys could have happened one call at a time.

Each key is a register with compare-and-set; a list reads all registers of a bucket at one moment.
The search is Wing and Gong's with Lowe's memory of visited states ("Testing for linearizability",
2017): repeatedly take some call that may be next, and step back when none fits. Keys are checked
alone first, which is fast and points at the key; then whole buckets, for the lists.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.history import UNKNOWN_END, History, Kind, Operation, Outcome

# One value for each key.
State = tuple[str | None, ...]

STEPS_MAX: Final = 400_000


@dataclass(slots=True)
class Checked:
    """Attributes: undecided: searches that were given up after `steps_max`."""

    registers: int = 0
    buckets: int = 0
    undecided: int = 0


def check(history: History, *, steps_max: int = STEPS_MAX) -> Checked:
    """Raises Violation."""
    checked = Checked()
    buckets: dict[str, list[Operation]] = {}
    for operation in history.operations:
        buckets.setdefault(operation.bucket, []).append(operation)
    for bucket, operations in buckets.items():
        keys = sorted(
            {operation.key for operation in operations if operation.kind is not Kind.LIST}
        )
        for key in keys:
            about = [
                operation
                for operation in operations
                if operation.kind is Kind.LIST or operation.key == key
            ]
            checked.registers += 1
            if not _check_keys(about, [key], f"{bucket}/{key}", steps_max):
                checked.undecided += 1
        if any(
            operation.kind is Kind.LIST and operation.outcome is Outcome.OK
            for operation in operations
        ):
            checked.buckets += 1
            if not _check_keys(operations, keys, bucket, steps_max):
                checked.undecided += 1
    return checked


def _check_keys(
    operations: Sequence[Operation], keys: Sequence[str], name: str, steps_max: int
) -> bool:
    """False: undecided."""
    relevant = [operation for operation in operations if not _says_nothing(operation)]
    relevant.sort(key=lambda operation: operation.start)
    search = _Search(relevant, keys)
    verdict = search.run(steps_max)
    if verdict is False:
        listed = "\n  ".join(str(operation) for operation in search.around_the_failure())
        raise Violation("linearizability", f"{name}: no order explains\n  {listed}")
    return verdict is True


def _says_nothing(operation: Operation) -> bool:
    return operation.outcome is Outcome.UNKNOWN and operation.kind in (Kind.GET, Kind.LIST)


def steps(operation: Operation, state: State, keys: Sequence[str]) -> Iterator[State]:
    """The states that a call can leave behind; none when it cannot have ended as it did."""
    if operation.kind is Kind.LIST:
        if all(operation.listed.get(key) == value for key, value in zip(keys, state, strict=True)):
            yield state
        return
    at = keys.index(operation.key)
    value = state[at]
    if operation.kind is Kind.GET:
        if value == operation.value:
            yield state
        return
    if _would_happen(operation, value) and operation.outcome in (Outcome.OK, Outcome.UNKNOWN):
        after = None if operation.kind in (Kind.DELETE, Kind.DELETE_MATCH) else operation.value
        yield (*state[:at], after, *state[at + 1 :])
    elif operation.outcome is _refusal(operation, value):
        yield state


def _would_happen(operation: Operation, value: str | None) -> bool:
    if operation.kind is Kind.CREATE:
        return value is None
    if operation.kind in (Kind.REPLACE, Kind.DELETE_MATCH):
        return value == operation.expected
    return True


def _refusal(operation: Operation, value: str | None) -> Outcome | None:
    if _would_happen(operation, value):
        return None
    if operation.kind is not Kind.CREATE and value is None:
        return Outcome.MISSING
    return Outcome.FAILED


class _Search:
    def __init__(self, operations: Sequence[Operation], keys: Sequence[str]) -> None:
        self._operations, self._keys = operations, keys
        self._furthest = 0
        # Bits of the calls that must be in the order; the others may.
        self._needed = sum(
            1 << number
            for number, operation in enumerate(operations)
            if operation.outcome is not Outcome.UNKNOWN
        )

    def run(self, steps_max: int) -> bool | None:
        """Whether there is an order; None: not found out."""
        start: State = (None,) * len(self._keys)
        seen: set[tuple[int, State]] = {(0, start)}
        stack: list[Iterator[tuple[int, State]]] = [self._next(0, start)]
        taken = 0
        while stack:
            if not self._needed:
                return True
            next_step = next(stack[-1], None)
            if next_step is None:
                stack.pop()
                continue
            if next_step in seen:
                continue
            taken += 1
            if taken > steps_max:
                return None
            seen.add(next_step)
            done, state = next_step
            if done & self._needed == self._needed:
                return True
            self._furthest = max(self._furthest, (done & self._needed).bit_count())
            stack.append(self._next(done, state))
        return not self._needed

    def _next(self, done: int, state: State) -> Iterator[tuple[int, State]]:
        """Calls that may be the next: begun before any other that is left has ended. Those that
        must come first: they prune more."""
        operations = self._operations
        number = ((done + 1) & ~done).bit_length() - 1
        end = UNKNOWN_END
        optional: list[int] = []
        required: list[int] = []
        while number < len(operations):
            operation = operations[number]
            if operation.start > end:
                break
            if not done >> number & 1:
                if operation.outcome is Outcome.UNKNOWN:
                    optional.append(number)
                else:
                    required.append(number)
                    end = min(end, operation.end)
            number += 1
        for number in (*required, *optional):
            operation = operations[number]
            if operation.start > end:
                continue
            for after in steps(operation, state, self._keys):
                yield done | 1 << number, after

    def around_the_failure(self) -> list[Operation]:
        """The calls near the place that no order got past."""
        required = [
            operation for operation in self._operations if operation.outcome is not Outcome.UNKNOWN
        ]
        required.sort(key=lambda operation: operation.end)
        at = min(self._furthest, len(required) - 1)
        near = required[max(0, at - 12) : at + 6]
        first, last = (
            min(operation.start for operation in near),
            max(operation.end for operation in near),
        )
        unknown = [
            operation
            for operation in self._operations
            if operation.outcome is Outcome.UNKNOWN and operation.start <= last
        ]
        return sorted(
            (*near, *unknown[-12:]),
            key=lambda operation: (operation.start < first, operation.start),
        )
