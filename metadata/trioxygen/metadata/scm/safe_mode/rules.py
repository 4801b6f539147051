"""What has to be known before an SCM that begins to lead gives blocks, and before it may repair and
remove anything: what looks lost then may only not have been told yet. Pure, and in sentences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_NAMED_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeModeLimits:
    """In percent, and of what is known from before.

    Attributes:
    datanodes: that have reported all they hold, once the others have been silent for long.
    containers: with blocks and closed, of which enough replicas to read them are reported.
    pipelines: that take writes and have a leader; one of them at least.
    """

    datanodes: int = 60
    containers: int = 99
    pipelines: int = 10


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    have: int
    of: int

    def reaches(self, percent: int) -> bool:
        return self.have >= math.ceil(self.of * percent / 100)


@dataclass(frozen=True, slots=True)
class RuleState:
    """Attributes: waits_for: a sentence; empty: it has passed."""

    name: str
    waits_for: str = ""

    @property
    def passed(self) -> bool:
        return not self.waits_for


def blocks_rule(*, gives: bool, known: int, reported: int, silence_left_ms: float) -> RuleState:
    """Ids are given when it is known which ones DataNodes have had."""
    name = "blocks"
    if gives:
        return RuleState(name)
    if not known:
        return RuleState(name, "no DataNode has registered yet")
    until = f"for {math.ceil(silence_left_ms / 1_000)} s more" if silence_left_ms > 0 else "of one"
    return RuleState(
        name, f"{reported} of {known} DataNodes have reported; waits for reports {until}"
    )


def datanodes_rule(
    reported: Share,
    *,
    percent: int,
    unheard: Sequence[str] = (),
    are_silent: bool,
    silence_left_ms: float,
) -> RuleState:
    """All have reported, or the others have been silent for long and most have."""
    name = "datanodes"
    if reported.have == reported.of or (are_silent and reported.reaches(percent)):
        return RuleState(name)
    reports = f"{reported.have} of {reported.of} DataNodes have reported all they hold"
    reports += _named(unheard)
    if not are_silent:
        return RuleState(
            name,
            f"{reports}; waits for the others, or {math.ceil(silence_left_ms / 1_000)} s more if "
            f"{percent} % have by then",
        )
    return RuleState(name, f"{reports}; waits for {percent} %")


def containers_rule(
    readable: Share, *, percent: int, unheard: Sequence[str], is_counted: bool = True
) -> RuleState:
    """Closed ones that have blocks can be read, or nobody is left who may have them: what is lost
    for good holds nothing up. Nor do those that were never written.

    Args: unheard: DataNodes that have not reported all they hold, and are not dead."""
    name = "containers"
    if not is_counted:
        return RuleState(name, "the closed containers are still being counted")
    if readable.reaches(percent) or not unheard:
        return RuleState(name)
    return RuleState(
        name,
        f"{readable.have} of {readable.of} closed containers have replicas enough to be read; "
        f"waits for {percent} %, or for all DataNodes{_named(unheard)}",
    )


def _named(unheard: Sequence[str]) -> str:
    if not unheard:
        return ""
    more = len(unheard) - _NAMED_MAX
    others = f" and {more} more" if more > 0 else ""
    return f" (not {', '.join(unheard[:_NAMED_MAX])}{others})"


def pipelines_rule(led: Share, *, percent: int) -> RuleState:
    name = "pipelines"
    needed = max(math.ceil(led.of * percent / 100), min(led.of, 1))
    if led.have >= needed:
        return RuleState(name)
    return RuleState(
        name, f"{led.have} of {led.of} open pipelines have a leader; waits for {needed}"
    )
