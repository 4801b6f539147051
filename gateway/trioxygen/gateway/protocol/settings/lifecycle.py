"""Lifecycle rules of a bucket: what S3 refuses of them, and in what they come and are shown.

Source: S3 API, PutBucketLifecycleConfiguration; S3 user guide, "Lifecycle configuration elements".
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from trioxygen.common.lifecycle import (
    Form,
    LifecycleRule,
    LifecycleRules,
    MinimumSize,
)
from trioxygen.common.lifecycle_rows import load_rules, store_rules
from trioxygen.common.units import MIB
from trioxygen.gateway.protocol.errors import invalid_argument
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.protocol.settings.lifecycle_transitions import (
    check_midnight,
    check_newer_kept,
    check_positive,
    check_transitions,
    invalid_request,
)
from trioxygen.gateway.protocol.settings.setting import Setting
from trioxygen.gateway.protocol.xml.lifecycle import lifecycle_document, read_lifecycle
from trioxygen.gateway.protocol.xml.tags import check_object_tags
from trioxygen.gateway.store.values.buckets import SettingKind

MINIMUM_SIZE_HEADER: Final = "x-amz-transition-default-minimum-object-size"
_MINIMUM_SIZES: Final = {
    "all_storage_classes_128K": MinimumSize.ALL_STORAGE_CLASSES_128K,
    "varies_by_storage_class": MinimumSize.VARIES_BY_STORAGE_CLASS,
}
_MINIMUM_SIZE_NAMES: Final = {size: name for name, size in _MINIMUM_SIZES.items()}
_ID_CHARACTERS_MAX: Final = 255


def check_lifecycle(rules: LifecycleRules) -> None:
    """Raises: InvalidArgument, InvalidRequest, InvalidStorageClass, InvalidTag, MalformedXML."""
    _check_ids(rules)
    is_old_form = rules.rules[0].filter.form is Form.PREFIX
    for rule in rules.rules:
        _check_form(rule, is_old_form=is_old_form)
        _check_filter(rule)
        _check_numbers(rule)
        check_transitions(rule)


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
        raise invalid_request(
            "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the"
            " Filter."
        )
    if is_old_form and not is_old:
        raise invalid_request("Filter element can only be used in Lifecycle V2.")
    actions = (rule.noncurrent, *rule.noncurrent_transitions)
    if is_old and any(action and action.newer_kept is not None for action in actions):
        raise invalid_request("NewerNoncurrentVersions element can only be used in Lifecycle V2.")
    if not any((rule.expiration, rule.abort_days is not None, rule.transitions, *actions)):
        raise invalid_request("At least one action needs to be specified in a rule")


def _check_filter(rule: LifecycleRule) -> None:
    wanted = rule.filter
    if len({key for key, _ in wanted.tags}) < len(wanted.tags):
        raise invalid_request("Duplicate Tag Keys are not allowed.")
    check_object_tags(wanted.tags)
    if wanted.tags and rule.abort_days is not None:
        raise invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    expiration = rule.expiration
    if wanted.tags and expiration is not None and expiration.removes_markers is not None:
        raise invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    larger, smaller = wanted.larger_than, wanted.smaller_than
    if larger is not None and smaller is not None and smaller <= larger:
        raise invalid_request(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."
        )


def _check_numbers(rule: LifecycleRule) -> None:
    expiration, noncurrent = rule.expiration, rule.noncurrent
    if expiration is not None and expiration.days is not None:
        check_positive(expiration.days, "Days", "Expiration")
    if expiration is not None:
        check_midnight(expiration.date_ms)
    if noncurrent is not None:
        check_positive(noncurrent.days, "NoncurrentDays", "NoncurrentVersionExpiration")
        check_newer_kept(noncurrent.newer_kept, "NoncurrentVersionExpiration")
    if rule.abort_days is not None:
        check_positive(rule.abort_days, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")


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
