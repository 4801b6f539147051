"""What encryption costs: two stores side by side, one of which keeps bytes as they come.

They take turns, so that what else a machine does meets both; the median of the rounds counts.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.measure import Result
from bench.report import aligned, number
from bench.run import Settings, Target, measure_phases

SMALL_PHASES: Final = ("put4k", "get4k")
PHASES: Final = (*SMALL_PHASES, "put64m", "get64m")
# Of the setting `encryption.default`, by the variable that sets it.
VARIABLE: Final = "O3_ENCRYPTION__DEFAULT"
DEFAULTS: Final = ("none", "aes256")
_BOUND_SMALL_US: Final = 25.0
_BOUND_SECONDS_PER_GB: Final = 0.35


@dataclass(frozen=True, slots=True)
class Cost:
    """Server CPU of a phase, in microseconds for one operation, or in seconds for a GB.

    Attributes:
        bound: of the difference.
    """

    phase: str
    plain: float
    sealed: float
    unit: str
    bound: float

    @property
    def more(self) -> float:
        return self.sealed - self.plain


async def measure_encryption(
    targets: Mapping[str, Target], settings: Settings, *, rounds: int
) -> list[Result]:
    """Prints the table.

    Args:
        targets: of both `DEFAULTS`.
    Returns: of all rounds, as they came."""
    results: list[Result] = []
    by_default: dict[str, list[Result]] = {default: [] for default in DEFAULTS}
    for turn in range(rounds):
        for default in DEFAULTS if turn % 2 == 0 else DEFAULTS[::-1]:
            measured = await measure_phases(targets[default], settings)
            by_default[default] += measured
            results += measured
    print(cost_table(costs(by_default["none"], by_default["aes256"])))
    return results


def costs(plain: Sequence[Result], sealed: Sequence[Result]) -> list[Cost]:
    """Of each phase."""
    found = []
    for phase in dict.fromkeys(result.phase for result in plain):
        before = [result for result in plain if result.phase == phase]
        after = [result for result in sealed if result.phase == phase]
        if phase in SMALL_PHASES:
            found.append(Cost(phase, _small(before), _small(after), "us", _BOUND_SMALL_US))
        else:
            bound = _BOUND_SECONDS_PER_GB
            found.append(Cost(phase, _large(before), _large(after), "s/GB", bound))
    return found


def _small(results: Sequence[Result]) -> float:
    return 1_000 * _median([result.server_cpu_ms for result in results])


def _large(results: Sequence[Result]) -> float:
    return _median([result.server_cpu_seconds_per_gb for result in results])


def _median(values: Sequence[float | None]) -> float:
    return statistics.median([value for value in values if value is not None])


def cost_table(found: Sequence[Cost]) -> str:
    header = ("phase", "CPU", "none", "aes256", "more", "at most")
    rows = [
        (
            cost.phase,
            cost.unit,
            number(cost.plain),
            number(cost.sealed),
            number(cost.more),
            number(cost.bound),
        )
        for cost in found
    ]
    return aligned([header, *rows])
