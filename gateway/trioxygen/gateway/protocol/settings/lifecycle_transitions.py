"""What S3 refuses of transitions in lifecycle rules, and of times, which what expires has as well.

Source: S3 API, PutBucketLifecycleConfiguration; S3 user guide, "Lifecycle configuration elements",
"Transitioning objects using Amazon S3 Lifecycle".
"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Final, NamedTuple

from trioxygen.common.lifecycle import Expiration, Filter, LifecycleRule
from trioxygen.common.transitions import is_colder
from trioxygen.common.units import DAY_MS
from trioxygen.gateway.protocol.dates import iso_date
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.storage_classes import OFFERED
from trioxygen.gateway.store.values.keys import STANDARD

_NEWER_VERSIONS_MAX: Final = 100
# Of what these classes hold, S3 asks for thirty days before.
_INFREQUENT: Final = ("STANDARD_IA", "ONEZONE_IA")
_INFREQUENT_DAYS_MIN: Final = 30
# S3 moves nothing to these two. It has archives, too, which are no classes here.
_TARGETS: Final = OFFERED - {STANDARD, "REDUCED_REDUNDANCY"}
_ARCHIVES: Final = frozenset(("GLACIER", "DEEP_ARCHIVE"))


def invalid_request(message: str) -> S3Error:
    return S3Error("InvalidRequest", message)


def check_positive(number: int, name: str, action: str) -> None:
    if number < 1:
        raise invalid_argument(
            f"'{name}' for {action} action must be a positive integer", name, str(number)
        )


def check_midnight(date_ms: int | None) -> None:
    if date_ms is not None and date_ms % DAY_MS:
        raise invalid_argument("'Date' must be at midnight GMT", "Date", iso_date(date_ms))


def check_newer_kept(newer_kept: int | None, action: str) -> None:
    if newer_kept is not None and not 1 <= newer_kept <= _NEWER_VERSIONS_MAX:
        name = "NewerNoncurrentVersions"
        raise invalid_argument(
            f"'{name}' for {action} action must be a positive integer", name, str(newer_kept)
        )


class _Move(NamedTuple):
    """Of a rule. time: days, or a date; shown: as it came."""

    storage_class: str
    name: str
    time: int
    shown: str


def _moves(rule: LifecycleRule) -> Iterator[_Move]:
    for to in rule.transitions:
        if to.date_ms is not None:
            yield _Move(to.storage_class, "Date", to.date_ms, iso_date(to.date_ms))
        elif to.days is not None:
            yield _Move(to.storage_class, "Days", to.days, str(to.days))


def check_transitions(rule: LifecycleRule) -> None:
    """Raises: InvalidArgument, InvalidRequest, InvalidStorageClass, MalformedXML."""
    about = f"filter '{_shown(rule.filter)}'"
    moves = list(_moves(rule))
    late = [
        _Move(to.storage_class, "NoncurrentDays", to.days, str(to.days))
        for to in rule.noncurrent_transitions
    ]
    for action, several in (("Transition", moves), ("NoncurrentVersionTransition", late)):
        for move in several:
            _check_move(move, action)
        classes = {move.storage_class for move in several}
        if len(classes) < len(several):
            raise invalid_request(
                f"'StorageClass' must be different for '{action}' actions in same 'Rule' with"
                f" {about}"
            )
        if len({move.name for move in several}) > 1:
            raise invalid_request(
                f"Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for"
                f" {about}"
            )
        _check_waterfall(several, action, about)
    for to in rule.noncurrent_transitions:
        check_newer_kept(to.newer_kept, "NoncurrentVersionTransition")
    _check_expiration(rule.expiration or Expiration(), moves, about)
    if rule.noncurrent is not None:
        _check_later(rule.noncurrent.days, late, "NoncurrentVersion", about)


def _check_move(move: _Move, action: str) -> None:
    storage_class, name, time, shown = move
    if storage_class in _ARCHIVES:
        raise S3Error("InvalidStorageClass", details={"StorageClassRequested": storage_class})
    if storage_class not in _TARGETS:
        raise S3Error("MalformedXML")
    if name == "Date":
        check_midnight(time)
        return
    if time < 0:
        raise invalid_argument(f"'{name}' in {action} action must be nonnegative", name, shown)
    if storage_class in _INFREQUENT and time < _INFREQUENT_DAYS_MIN:
        raise invalid_argument(
            f"'{name}' in {action} action must be greater than or equal to {_INFREQUENT_DAYS_MIN}"
            f" for storageClass '{storage_class}'",
            name,
            shown,
        )


def _check_waterfall(moves: Sequence[_Move], action: str, about: str) -> None:
    """Objects are in the warmer class before."""
    for warm, cold in permutations(moves, 2):
        if is_colder(cold.storage_class, warm.storage_class) and cold.time <= warm.time:
            name = cold.name
            raise invalid_argument(
                f"'{name}' in the {action} action for StorageClass '{cold.storage_class}' for"
                f" {about} must be greater than '{name}' in the {action} action for StorageClass"
                f" '{warm.storage_class}' for {about}",
                name,
                cold.shown,
            )


def _check_expiration(expiration: Expiration, moves: Sequence[_Move], about: str) -> None:
    """Objects are moved before they expire."""
    names = {move.name for move in moves}
    for name, time in (("Days", expiration.days), ("Date", expiration.date_ms)):
        if time is None or not moves:
            continue
        if names != {name}:
            raise invalid_request(
                "Found mixed 'Date' and 'Days' based Expiration and Transition actions in"
                f" lifecycle rule for {about}"
            )
        _check_later(time, moves, "", about)


def _check_later(time: int, moves: Sequence[_Move], which: str, about: str) -> None:
    if not moves or time > max(move.time for move in moves):
        return
    name = moves[0].name
    shown = iso_date(time) if name == "Date" else str(time)
    raise invalid_argument(
        f"'{name}' in the {which}Expiration action for {about} must be greater than '{name}' in"
        f" the {which}Transition action",
        name,
        shown,
    )


def _shown(wanted: Filter) -> str:
    conditions = [f"prefix={wanted.prefix or ''}"]
    if wanted.larger_than is not None:
        conditions.append(f"objectsizegreaterthan={wanted.larger_than}")
    if wanted.smaller_than is not None:
        conditions.append(f"objectsizelessthan={wanted.smaller_than}")
    return f"({' and '.join(conditions)})"
