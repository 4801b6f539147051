"""Lifecycle rules of buckets: what they say, which of them apply, and when something is due. Pure.

Due is what is as old as a rule says, from the next midnight on. A day has a length of its own, so
that tests need not wait for real ones; midnights are its multiples since 1970, in UTC.

Source: S3 user guide, "Lifecycle configuration elements", "Expiring objects", "Lifecycle rules:
based on an object's age"; S3 API, LifecycleRule.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

Tags = tuple[tuple[str, str], ...]


class Form(Enum):
    """How a rule says what it is about: by a prefix of its own as before 2016; by a filter of at
    most one condition; by a filter of conditions that all have to hold."""

    PREFIX = auto()
    FILTER = auto()
    AND = auto()


class MinimumSize(Enum):
    """Which objects are large enough to be moved to another class, unless a rule says more."""

    ALL_STORAGE_CLASSES_128K = auto()
    VARIES_BY_STORAGE_CLASS = auto()


class Subject(NamedTuple):
    """A version, as far as rules ask."""

    key: str
    size_bytes: int
    tags: Tags


@dataclass(frozen=True, slots=True)
class Filter:
    """Attributes:
    prefix: None: not said, as if it were empty.
    larger_than, smaller_than: bytes; None: any size."""

    form: Form
    prefix: str | None = None
    tags: Tags = ()
    larger_than: int | None = None
    smaller_than: int | None = None

    def covers(self, key: str) -> bool:
        return key.startswith(self.prefix or "")

    def matches(self, subject: Subject) -> bool:
        return (
            self.covers(subject.key)
            and set(self.tags) <= set(subject.tags)
            and (self.larger_than is None or subject.size_bytes > self.larger_than)
            and (self.smaller_than is None or subject.size_bytes < self.smaller_than)
        )


class Expiration(NamedTuple):
    """Of current versions. One of the three is given; date_ms: a midnight; removes_markers: of
    delete markers that hide nothing any more, and of nothing else (False: the rule says so, which
    changes nothing)."""

    days: int | None = None
    date_ms: int | None = None
    removes_markers: bool | None = None


class NoncurrentExpiration(NamedTuple):
    """newer_kept: so many noncurrent versions stay, the newest ones; None: none."""

    days: int
    newer_kept: int | None = None


class Transition(NamedTuple):
    """To another storage class. One of days and date_ms is given."""

    storage_class: str
    days: int | None = None
    date_ms: int | None = None


class NoncurrentTransition(NamedTuple):
    storage_class: str
    days: int
    newer_kept: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRule:
    """Attributes: abort_days: of multipart uploads, since they were begun."""

    rule_id: str
    is_enabled: bool
    filter: Filter
    expiration: Expiration | None = None
    noncurrent: NoncurrentExpiration | None = None
    abort_days: int | None = None
    transitions: tuple[Transition, ...] = ()
    noncurrent_transitions: tuple[NoncurrentTransition, ...] = ()


@dataclass(frozen=True, slots=True)
class LifecycleRules:
    """Of one bucket, in the order in which they were given."""

    rules: tuple[LifecycleRule, ...]
    minimum_size: MinimumSize = MinimumSize.ALL_STORAGE_CLASSES_128K

    @property
    def enabled(self) -> Iterator[LifecycleRule]:
        return (rule for rule in self.rules if rule.is_enabled)


class Due(NamedTuple):
    """When, and by which rule."""

    at_ms: int
    rule_id: str


def due_ms(since_ms: int, days: int, *, day_ms: int) -> int:
    """The first midnight at which something of that time is so many days old."""
    return -(-(since_ms + days * day_ms) // day_ms) * day_ms


def _first(dues: Iterable[Due]) -> Due | None:
    return min(dues, key=lambda due: due.at_ms, default=None)


def expiration_due(
    rules: LifecycleRules, subject: Subject, *, created_ms: int, day_ms: int
) -> Due | None:
    """Of a current version; None: it stays."""
    return _first(_expirations(rules, subject, created_ms, day_ms))


def _expirations(
    rules: LifecycleRules, subject: Subject, created_ms: int, day_ms: int
) -> Iterator[Due]:
    for rule in rules.enabled:
        expiration = rule.expiration
        if expiration is None or not rule.filter.matches(subject):
            continue
        if expiration.days is not None:
            yield Due(due_ms(created_ms, expiration.days, day_ms=day_ms), rule.rule_id)
        elif expiration.date_ms is not None:
            yield Due(expiration.date_ms, rule.rule_id)


def noncurrent_due(
    rules: LifecycleRules,
    subject: Subject,
    *,
    superseded_ms: int,
    newer_noncurrent: int,
    day_ms: int,
) -> Due | None:
    """Of a noncurrent version.

    Args:
        newer_noncurrent: how many of its key are newer, and noncurrent as well."""
    return _first(
        Due(due_ms(superseded_ms, rule.noncurrent.days, day_ms=day_ms), rule.rule_id)
        for rule in rules.enabled
        if rule.noncurrent is not None
        and newer_noncurrent >= (rule.noncurrent.newer_kept or 0)
        and rule.filter.matches(subject)
    )


def marker_due(rules: LifecycleRules, key: str, *, created_ms: int, day_ms: int) -> Due | None:
    """Of a delete marker that is its key's only version. It goes at once where a rule asks for
    that, else when it is as old as objects become."""
    subject = Subject(key, 0, ())
    at_once = (
        Due(created_ms, rule.rule_id)
        for rule in rules.enabled
        if rule.expiration is not None
        and rule.expiration.removes_markers
        and rule.filter.matches(subject)
    )
    return _first((*at_once, *_expirations(rules, subject, created_ms, day_ms)))


def abort_due(rules: LifecycleRules, key: str, *, begun_ms: int, day_ms: int) -> Due | None:
    """Of a multipart upload: its tags and its size are asked for by no rule that aborts."""
    return _first(
        Due(due_ms(begun_ms, rule.abort_days, day_ms=day_ms), rule.rule_id)
        for rule in rules.enabled
        if rule.abort_days is not None and rule.filter.covers(key)
    )
