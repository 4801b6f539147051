"""Which storage class lifecycle rules ask for, of a version of an age. Pure.

Source: S3 user guide, "Transitioning objects using Amazon S3 Lifecycle" (the waterfall of classes,
the smallest size by default).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from trioxygen.common.lifecycle import LifecycleRule, LifecycleRules, Subject, Transition, due_ms
from trioxygen.common.units import KIB

# Smaller objects stay where they are, unless the rule itself asks for a size. No class that objects
# can be moved to here has a smallest size of its own: a bucket that lets it vary says the same.
SIZE_BYTES_MIN: Final = 128 * KIB

STANDARD: Final = "STANDARD"
# S3's classes: a version goes down only. Of those that S3 has no names for, it comes from all and
# goes to all.
_RANKS: Final[Mapping[str, int]] = {
    STANDARD: 0,
    "REDUCED_REDUNDANCY": 0,
    "STANDARD_IA": 1,
    "INTELLIGENT_TIERING": 2,
    "ONEZONE_IA": 3,
    "GLACIER_IR": 3,
}
_OWN_RANK: Final = 4


def is_colder(storage_class: str, than: str) -> bool:
    """Of two classes of one rule: objects come to it after the other."""
    rank, other = _RANKS.get(storage_class), _RANKS.get(than)
    return rank is not None and other is not None and rank > other


def can_move(from_class: str, to_class: str) -> bool:
    if from_class == to_class:
        return False
    before, after = _RANKS.get(from_class), _RANKS.get(to_class)
    return before is None or after is None or before < after


class _Wanted(NamedTuple):
    """In order: which of several counts. Where they are due at once, it is the coldest."""

    at_ms: int
    rank: int
    storage_class: str


def _coldest(wanted: Iterable[_Wanted], stored_class: str) -> str | None:
    last = max(wanted, default=None)
    if last is None or not can_move(stored_class, last.storage_class):
        return None
    return last.storage_class


def _wanted(at_ms: int, storage_class: str) -> _Wanted:
    return _Wanted(at_ms, _RANKS.get(storage_class, _OWN_RANK), storage_class)


def _is_large_enough(rule: LifecycleRule, subject: Subject) -> bool:
    asks_for_size = rule.filter.larger_than is not None or rule.filter.smaller_than is not None
    return asks_for_size or subject.size_bytes >= SIZE_BYTES_MIN


def _about(rules: LifecycleRules, subject: Subject) -> Iterator[LifecycleRule]:
    for rule in rules.enabled:
        if (rule.transitions or rule.noncurrent_transitions) and (
            _is_large_enough(rule, subject) and rule.filter.matches(subject)
        ):
            yield rule


def _at_ms(to: Transition, created_ms: int, day_ms: int) -> int:
    if to.date_ms is not None:
        return to.date_ms
    assert to.days is not None, "a transition has days or a date"
    return due_ms(created_ms, to.days, day_ms=day_ms)


def transition_due(
    rules: LifecycleRules,
    subject: Subject,
    stored_class: str,
    *,
    created_ms: int,
    now_ms: int,
    day_ms: int,
) -> str | None:
    """The class that a current version is to be moved to by now; None: it stays."""
    wanted = (
        _wanted(_at_ms(to, created_ms, day_ms), to.storage_class)
        for rule in _about(rules, subject)
        for to in rule.transitions
    )
    return _coldest((each for each in wanted if each.at_ms <= now_ms), stored_class)


def noncurrent_transition_due(
    rules: LifecycleRules,
    subject: Subject,
    stored_class: str,
    *,
    superseded_ms: int,
    newer_noncurrent: int,
    now_ms: int,
    day_ms: int,
) -> str | None:
    """The same, of a noncurrent version.

    Args:
        newer_noncurrent: how many of its key are newer, and noncurrent as well."""
    wanted = (
        _wanted(due_ms(superseded_ms, to.days, day_ms=day_ms), to.storage_class)
        for rule in _about(rules, subject)
        for to in rule.noncurrent_transitions
        if newer_noncurrent >= (to.newer_kept or 0)
    )
    return _coldest((each for each in wanted if each.at_ms <= now_ms), stored_class)
