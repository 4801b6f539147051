"""What each operation of a cluster may cost, and what of it is kept.

The cluster: 3 OMs, 3 SCMs, 3 DataNodes, one gateway, three replicas, on two cores that the client
shares. CPU is that of all these processes together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bench.measure import Result
from bench.report import aligned, number


class Figure(Enum):
    """What is bounded: the field of a `Result`, and how it is called."""

    CPU_MS = ("server_cpu_ms", "CPU ms an operation")
    CPU_SECONDS_PER_GB = ("server_cpu_seconds_per_gb", "CPU s a GB")
    P50_MS = ("p50_ms", "p50 ms")
    # A least value, where the others are greatest ones.
    RATE = ("operations_per_second", "operations/s")


@dataclass(frozen=True, slots=True)
class Budget:
    """One bound. `limit` itself is allowed."""

    phase: str
    concurrency: int
    figure: Figure
    limit: float

    def measured(self, result: Result) -> float | None:
        value: float | None = getattr(result, self.figure.value[0])
        return value

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.figure is Figure.RATE else value <= self.limit


CLUSTER: Final = (
    Budget("put4k", 8, Figure.CPU_MS, 1.2),
    Budget("put4k", 32, Figure.RATE, 1_000),
    Budget("get4k", 8, Figure.CPU_MS, 0.45),
    Budget("head", 8, Figure.CPU_MS, 0.4),
    Budget("list1000", 8, Figure.CPU_MS, 6),
    Budget("delete", 8, Figure.CPU_MS, 0.8),
    Budget("put1m", 8, Figure.CPU_MS, 9),
    Budget("get1m", 8, Figure.CPU_MS, 2),
    Budget("put64m", 8, Figure.CPU_SECONDS_PER_GB, 7.5),
    Budget("get64m", 8, Figure.CPU_SECONDS_PER_GB, 1.8),
    Budget("put4k", 1, Figure.P50_MS, 4),
    Budget("get4k", 1, Figure.P50_MS, 1.2),
)


def verdict(budget: Budget, results: Mapping[tuple[str, int], Result]) -> tuple[str, str]:
    """What was measured and what that says; both for people."""
    result = results.get((budget.phase, budget.concurrency))
    value = None if result is None else budget.measured(result)
    if result is None or value is None:
        return "-", "not measured"
    if result.errors:
        return number(value), f"says nothing: {result.errors} errors"
    if budget.is_met(value):
        return number(value), "met"
    return number(value), f"not met: {value / budget.limit:.2f}x"


def budget_table(results: Sequence[Result]) -> str:
    """Each budget beside what these results, all of one storage class, say of it."""
    by_phase = {(result.phase, result.concurrency): result for result in results}
    rows = [("phase", "conc", "figure", "budget", "measured", "verdict")]
    for budget in CLUSTER:
        measured, says = verdict(budget, by_phase)
        sign = ">=" if budget.figure is Figure.RATE else "<="
        rows.append(
            (
                budget.phase,
                str(budget.concurrency),
                budget.figure.value[1],
                f"{sign} {number(budget.limit)}",
                measured,
                says,
            )
        )
    return aligned(rows)
