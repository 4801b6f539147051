"""How lifecycle rules are stored: gateways write and show them, the OM's worker reads them."""

from typing import Final

from google.protobuf.message import DecodeError

from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    MinimumSize,
    NoncurrentExpiration,
    NoncurrentTransition,
    Transition,
)
from trioxygen.proto.v1 import om_pb2

_FORMS: Final = {form: getattr(om_pb2.LifecycleFilter, form.name) for form in Form}
_FORM_OF: Final = {row: form for form, row in _FORMS.items()}


def store_rules(rules: LifecycleRules) -> bytes:
    return om_pb2.LifecycleRules(
        rules=[_row(rule) for rule in rules.rules],
        minimum_size_varies=rules.minimum_size is MinimumSize.VARIES_BY_STORAGE_CLASS,
    ).SerializeToString(deterministic=True)


def load_rules(document: bytes) -> LifecycleRules:
    """Raises: ValueError: `store_rules` has not written it."""
    try:
        stored = om_pb2.LifecycleRules.FromString(document)
    except DecodeError as error:
        raise ValueError("no lifecycle rules") from error
    minimum = MinimumSize.ALL_STORAGE_CLASSES_128K
    if stored.minimum_size_varies:
        minimum = MinimumSize.VARIES_BY_STORAGE_CLASS
    return LifecycleRules(tuple([_rule(row) for row in stored.rules]), minimum)


def _row(rule: LifecycleRule) -> om_pb2.LifecycleRule:
    wanted = rule.filter
    row = om_pb2.LifecycleRule(
        id=rule.rule_id,
        is_enabled=rule.is_enabled,
        filter=om_pb2.LifecycleFilter(
            form=_FORMS[wanted.form],
            prefix=wanted.prefix,
            tags=[om_pb2.Tag(key=key, value=value) for key, value in wanted.tags],
            larger_than=wanted.larger_than,
            smaller_than=wanted.smaller_than,
        ),
        abort_days=rule.abort_days,
        transitions=[
            om_pb2.LifecycleTransition(
                storage_class=to.storage_class, days=to.days, date_ms=to.date_ms
            )
            for to in rule.transitions
        ],
        noncurrent_transitions=[
            om_pb2.LifecycleNoncurrent(
                storage_class=to.storage_class, days=to.days, newer_kept=to.newer_kept
            )
            for to in rule.noncurrent_transitions
        ],
    )
    if rule.expiration is not None:
        days, date_ms, removes_markers = rule.expiration
        row.expiration.CopyFrom(
            om_pb2.LifecycleExpiration(days=days, date_ms=date_ms, removes_markers=removes_markers)
        )
    if rule.noncurrent is not None:
        days, newer_kept = rule.noncurrent
        row.noncurrent.CopyFrom(om_pb2.LifecycleNoncurrent(days=days, newer_kept=newer_kept))
    return row


def _rule(row: om_pb2.LifecycleRule) -> LifecycleRule:
    wanted, expiration, noncurrent = row.filter, None, None
    if row.HasField("expiration"):
        said = row.expiration
        expiration = Expiration(
            said.days if said.HasField("days") else None,
            said.date_ms if said.HasField("date_ms") else None,
            said.removes_markers if said.HasField("removes_markers") else None,
        )
    if row.HasField("noncurrent"):
        noncurrent = NoncurrentExpiration(row.noncurrent.days, _newer_kept(row.noncurrent))
    return LifecycleRule(
        rule_id=row.id,
        is_enabled=row.is_enabled,
        filter=Filter(
            _FORM_OF[wanted.form],
            wanted.prefix if wanted.HasField("prefix") else None,
            tuple([(tag.key, tag.value) for tag in wanted.tags]),
            wanted.larger_than if wanted.HasField("larger_than") else None,
            wanted.smaller_than if wanted.HasField("smaller_than") else None,
        ),
        expiration=expiration,
        noncurrent=noncurrent,
        abort_days=row.abort_days if row.HasField("abort_days") else None,
        transitions=tuple(
            [
                Transition(
                    to.storage_class,
                    to.days if to.HasField("days") else None,
                    to.date_ms if to.HasField("date_ms") else None,
                )
                for to in row.transitions
            ]
        ),
        noncurrent_transitions=tuple(
            [
                NoncurrentTransition(to.storage_class, to.days, _newer_kept(to))
                for to in row.noncurrent_transitions
            ]
        ),
    )


def _newer_kept(row: om_pb2.LifecycleNoncurrent) -> int | None:
    return row.newer_kept if row.HasField("newer_kept") else None
