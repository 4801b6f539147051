"""What clients asked for and were told, with virtual times: the input of the linearizability
checker."""

import enum
import math
from dataclasses import dataclass, field
from typing import Final

UNKNOWN_END: Final = math.inf


class Kind(enum.Enum):
    """PUT takes `value`; CREATE only where there is none; REPLACE where there is `expected`; GET
    and LIST tell what there is."""

    PUT = "put"
    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"
    DELETE_MATCH = "delete-match"
    GET = "get"
    LIST = "list"


class Outcome(enum.Enum):
    """FAILED: the condition was false; MISSING: there was no such key; UNKNOWN: it may happen yet,
    have happened, or never."""

    OK = "ok"
    FAILED = "failed"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(slots=True, eq=False)
class Operation:
    """One call. Values are ETags, each written by one call only.

    Attributes:
    start, end: milliseconds; the end of one with an unknown outcome is infinite.
    value: written; or found by GET (None: nothing).
    listed: found by LIST, key to value.
    """

    client: str
    kind: Kind
    bucket: str
    key: str
    start: float
    end: float = UNKNOWN_END
    value: str | None = None
    expected: str = ""
    outcome: Outcome = Outcome.UNKNOWN
    listed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        end = "?" if self.end == UNKNOWN_END else f"{self.end:.3f}"
        shown = f" {self.listed}" if self.kind is Kind.LIST else f" {self.value}"
        expected = f" if {self.expected}" if self.expected else ""
        return (
            f"[{self.start:.3f} .. {end}] {self.client} {self.kind.value} "
            f"{self.bucket}/{self.key}{shown}{expected}: {self.outcome.value}"
        )


@dataclass(slots=True)
class History:
    operations: list[Operation] = field(default_factory=list)

    def begin(self, operation: Operation) -> Operation:
        self.operations.append(operation)
        return operation

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for operation in self.operations:
            counts[operation.outcome.value] = counts.get(operation.outcome.value, 0) + 1
        return dict(sorted(counts.items()))
