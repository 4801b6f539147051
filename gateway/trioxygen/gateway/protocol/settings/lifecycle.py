"""Lifecycle rules of a bucket: what S3 refuses of them, and in what they come and are shown.

Source: S3 API, PutBucketLifecycleConfiguration; S3 user guide, "Lifecycle configuration elements".
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from trioxygen.common.lifecycle import (
    Expiration,
    Form,
    LifecycleRule,
    LifecycleRules,
    MinimumSize,
)
from trioxygen.common.lifecycle_rows import load_rules, store_rules
from trioxygen.common.units import DAY_MS, MIB
from trioxygen.gateway.protocol.dates import iso_date
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.protocol.settings.setting import Setting
from trioxygen.gateway.protocol.storage_classes import OFFERED
from trioxygen.gateway.protocol.xml.lifecycle import lifecycle_document, read_lifecycle
from trioxygen.gateway.protocol.xml.tags import check_object_tags
from trioxygen.gateway.store.values.buckets import SettingKind
from trioxygen.gateway.store.values.keys import STANDARD

MINIMUM_SIZE_HEADER: Final = "x-amz-transition-default-minimum-object-size"
_MINIMUM_SIZES: Final = {
    "all_storage_classes_128K": MinimumSize.ALL_STORAGE_CLASSES_128K,
    "varies_by_storage_class": MinimumSize.VARIES_BY_STORAGE_CLASS,
}
_MINIMUM_SIZE_NAMES: Final = {size: name for name, size in _MINIMUM_SIZES.items()}
_ID_CHARACTERS_MAX: Final = 255
_NEWER_VERSIONS_MAX: Final = 100
# Of what these classes hold, S3 asks for thirty days before.
_INFREQUENT: Final = ("STANDARD_IA", "ONEZONE_IA")
_INFREQUENT_DAYS_MIN: Final = 30
# S3 knows archives, too; they are refused with all transitions.
_TARGETS: Final = OFFERED - {STANDARD, "REDUCED_REDUNDANCY"} | {"GLACIER", "DEEP_ARCHIVE"}


def check_lifecycle(rules: LifecycleRules) -> None:
    """Raises: InvalidArgument, InvalidRequest, InvalidTag, MalformedXML; NotImplemented: of rules
    that are right."""
    _check_ids(rules)
    is_old_form = rules.rules[0].filter.form is Form.PREFIX
    for rule in rules.rules:
        _check_form(rule, is_old_form=is_old_form)
        _check_filter(rule)
        _check_numbers(rule)
        _check_transitions(rule)
    if any(rule.transitions or rule.noncurrent_transitions for rule in rules.rules):
        raise not_implemented("Transitions between storage classes are not implemented.")


def _invalid_request(message: str) -> S3Error:
    return S3Error("InvalidRequest", message)


def _check_ids(rules: LifecycleRules) -> None:
    seen: set[str] = set()
    for rule in rules.rules:
        rule_id = rule.rule_id
        if len(rule_id) > _ID_CHARACTERS_MAX:
            raise invalid_argument(
                f"ID length should not exceed allowed limit of {_ID_CHARACTERS_MAX}", "ID", rule_id
            )
        if rule_id and rule_id in seen:
            raise invalid_argument(
                "Rule ID must be unique. Found same ID for more than one rule", "ID", rule_id
            )
        seen.add(rule_id)


def _check_form(rule: LifecycleRule, *, is_old_form: bool) -> None:
    is_old = rule.filter.form is Form.PREFIX
    if is_old and not is_old_form:
        raise _invalid_request(
            "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the"
            " Filter."
        )
    if is_old_form and not is_old:
        raise _invalid_request("Filter element can only be used in Lifecycle V2.")
    actions = (rule.noncurrent, *rule.noncurrent_transitions)
    if is_old and any(action and action.newer_kept is not None for action in actions):
        raise _invalid_request("NewerNoncurrentVersions element can only be used in Lifecycle V2.")
    if not any((rule.expiration, rule.abort_days is not None, rule.transitions, *actions)):
        raise _invalid_request("At least one action needs to be specified in a rule")


def _check_filter(rule: LifecycleRule) -> None:
    wanted = rule.filter
    if len({key for key, _ in wanted.tags}) < len(wanted.tags):
        raise _invalid_request("Duplicate Tag Keys are not allowed.")
    check_object_tags(wanted.tags)
    if wanted.tags and rule.abort_days is not None:
        raise _invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    expiration = rule.expiration
    if wanted.tags and expiration is not None and expiration.removes_markers is not None:
        raise _invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    larger, smaller = wanted.larger_than, wanted.smaller_than
    if larger is not None and smaller is not None and smaller <= larger:
        raise _invalid_request(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."
        )


def _check_positive(number: int, name: str, action: str) -> None:
    if number < 1:
        raise invalid_argument(
            f"'{name}' for {action} action must be a positive integer", name, str(number)
        )


def _check_numbers(rule: LifecycleRule) -> None:
    expiration, noncurrent = rule.expiration, rule.noncurrent
    if expiration is not None and expiration.days is not None:
        _check_positive(expiration.days, "Days", "Expiration")
    if expiration is not None:
        _check_midnight(expiration.date_ms)
    if noncurrent is not None:
        _check_positive(noncurrent.days, "NoncurrentDays", "NoncurrentVersionExpiration")
        _check_newer_kept(noncurrent.newer_kept, "NoncurrentVersionExpiration")
    if rule.abort_days is not None:
        _check_positive(rule.abort_days, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")


def _check_midnight(date_ms: int | None) -> None:
    if date_ms is not None and date_ms % DAY_MS:
        raise invalid_argument("'Date' must be at midnight GMT", "Date", iso_date(date_ms))


def _check_newer_kept(newer_kept: int | None, action: str) -> None:
    if newer_kept is not None and not 1 <= newer_kept <= _NEWER_VERSIONS_MAX:
        name = "NewerNoncurrentVersions"
        raise invalid_argument(
            f"'{name}' for {action} action must be a positive integer", name, str(newer_kept)
        )


def _check_transitions(rule: LifecycleRule) -> None:
    about = f"'(prefix={rule.filter.prefix or ''})'"
    for actions in (rule.transitions, rule.noncurrent_transitions):
        targets = [to.storage_class for to in actions]
        if not _TARGETS >= set(targets):
            raise S3Error("MalformedXML")
        if len(set(targets)) < len(targets):
            raise _invalid_request(
                "'StorageClass' must be different for 'Transition' actions in same 'Rule' with"
                f" filter {about}"
            )
    for to in rule.transitions:
        _check_midnight(to.date_ms)
        if to.days is not None:
            _check_transition_days(to.days, to.storage_class, "Days", "Transition")
    for late in rule.noncurrent_transitions:
        action = "NoncurrentVersionTransition"
        _check_transition_days(late.days, late.storage_class, "NoncurrentDays", action)
        _check_newer_kept(late.newer_kept, action)
    _check_order(rule, about)


def _check_transition_days(days: int, storage_class: str, name: str, action: str) -> None:
    if days < 0:
        raise invalid_argument(f"'{name}' in {action} action must be nonnegative", name, str(days))
    if storage_class in _INFREQUENT and days < _INFREQUENT_DAYS_MIN:
        raise invalid_argument(
            f"'{name}' in {action} action must be greater than or equal to {_INFREQUENT_DAYS_MIN}"
            f" for storageClass '{storage_class}'",
            name,
            str(days),
        )


def _check_order(rule: LifecycleRule, about: str) -> None:
    """Objects are moved before they expire."""
    expiration = rule.expiration or Expiration()
    days = [to.days for to in rule.transitions if to.days is not None]
    has_days = bool(days) or expiration.days is not None
    has_date = expiration.date_ms is not None or len(days) < len(rule.transitions)
    if rule.transitions and has_days and has_date:
        raise _invalid_request(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle"
            f" rule for filter {about}"
        )
    if expiration.days is not None and days and expiration.days <= max(days):
        raise invalid_argument(
            f"'Days' in the Expiration action for filter {about} must be greater than 'Days' in"
            " the Transition action",
            "Days",
            str(expiration.days),
        )


def complete_lifecycle(rules: LifecycleRules, head: RequestHeaders) -> LifecycleRules:
    """With what the header says, and an id for each rule.

    Raises: InvalidArgument: of the header."""
    text = head.header(MINIMUM_SIZE_HEADER)
    minimum = MinimumSize.ALL_STORAGE_CLASSES_128K if text is None else _MINIMUM_SIZES.get(text)
    if minimum is None:
        raise invalid_argument(
            f"Invalid value for header {MINIMUM_SIZE_HEADER}", MINIMUM_SIZE_HEADER, text or ""
        )
    return LifecycleRules(tuple(_with_ids(rules)), minimum)


def _with_ids(rules: LifecycleRules) -> Iterator[LifecycleRule]:
    """The same ones where the same document comes again."""
    for position, rule in enumerate(rules.rules):
        if not rule.rule_id:
            digest = hashlib.sha256(f"{position} {rule!r}".encode()).digest()
            rule = replace(rule, rule_id=base64.b64encode(digest).decode().rstrip("="))
        yield rule


def lifecycle_headers(rules: LifecycleRules) -> list[tuple[bytes, bytes]]:
    name = _MINIMUM_SIZE_NAMES[rules.minimum_size]
    return [(MINIMUM_SIZE_HEADER.encode(), name.encode())]


LIFECYCLE: Final = Setting(
    kind=SettingKind.LIFECYCLE,
    body_bytes_max=MIB,
    parse=read_lifecycle,
    check=check_lifecycle,
    complete=complete_lifecycle,
    show=lifecycle_document,
    headers=lifecycle_headers,
    store=store_rules,
    load=load_rules,
    absent="NoSuchLifecycleConfiguration",
    is_digest_demanded=True,
)
