"""LifecycleConfiguration, read and written. What is well-formed and wrong all the same, is told by
`settings.lifecycle`. Pure.

Source: S3 API, PutBucketLifecycleConfiguration, PutBucketLifecycle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentExpiration,
    NoncurrentTransition,
    Transition,
)
from trioxygen.gateway.protocol.dates import iso_date, parse_iso_date
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import BOUND, INT_MAX, read_integer
from trioxygen.gateway.protocol.xml.document import boolean, document, element
from trioxygen.gateway.protocol.xml.reading import children, local_name, parse_document

RULES_MAX: Final = 1_000
# Of four such rows of the reader: a rule of ten tags and a few transitions.
_ROWS_PER_RULE: Final = 4
_STATUSES: Final = {"Enabled": True, "Disabled": False}
_BOOLEANS: Final = {"true": True, "false": False}
_SIZES: Final = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
_REPEATED: Final = frozenset(("Transition", "NoncurrentVersionTransition"))
_OF_RULE: Final = frozenset(
    (
        *("ID", "Prefix", "Filter", "Status", "Expiration", "NoncurrentVersionExpiration"),
        *("AbortIncompleteMultipartUpload", *_REPEATED),
    )
)


def _malformed() -> S3Error:
    return S3Error("MalformedXML")


def read_lifecycle(body: bytes) -> LifecycleRules:
    """Rules without an id have an empty one. Numbers are of 32 bits, and may be negative.

    Raises: MissingRequestBodyError, MalformedXML."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    root = parse_document(body, "LifecycleConfiguration", rows_max=_ROWS_PER_RULE * RULES_MAX)
    if not 1 <= len(root) <= RULES_MAX or any(local_name(node) != "Rule" for node in root):
        raise _malformed()
    return LifecycleRules(tuple([_rule(_Parts.of(node, _OF_RULE, _REPEATED)) for node in root]))


@dataclass(frozen=True, slots=True)
class _Parts:
    """Children of an element by name, in order."""

    nodes: dict[str, list["etree._Element"]]

    @classmethod
    def of(
        cls, node: "etree._Element", names: frozenset[str], repeated: frozenset[str]
    ) -> "_Parts":
        """Raises: MalformedXML: one has another name, or is there twice and may not."""
        nodes: dict[str, list[etree._Element]] = {}
        for child in node:
            name = local_name(child)
            if name not in names or (name in nodes and name not in repeated):
                raise _malformed()
            nodes.setdefault(name, []).append(child)
        return cls(nodes)

    def child(self, name: str) -> "etree._Element | None":
        return self.nodes.get(name, [None])[0]

    def children(self, name: str) -> Sequence["etree._Element"]:
        return self.nodes.get(name, [])

    def text(self, name: str) -> str | None:
        node = self.child(name)
        if node is None:
            return None
        if len(node):
            raise _malformed()
        return node.text or ""

    def size(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        size = read_integer(text.strip())
        if size is None or not 0 <= size < BOUND:
            raise _malformed()
        return size


def _integer(text: str) -> int:
    number = read_integer(text.strip())
    if number is None or not -INT_MAX <= number <= INT_MAX:
        raise _malformed()
    return number


def _rule(parts: _Parts) -> LifecycleRule:
    is_enabled = _STATUSES.get(parts.text("Status") or "")
    if is_enabled is None:
        raise _malformed()
    expiration = parts.child("Expiration")
    noncurrent = parts.child("NoncurrentVersionExpiration")
    abort = parts.child("AbortIncompleteMultipartUpload")
    return LifecycleRule(
        rule_id=parts.text("ID") or "",
        is_enabled=is_enabled,
        filter=_filter_of(parts),
        expiration=None if expiration is None else _expiration(expiration),
        noncurrent=None if noncurrent is None else _noncurrent(noncurrent),
        abort_days=None if abort is None else _abort_days(abort),
        transitions=tuple([_transition(node) for node in parts.children("Transition")]),
        noncurrent_transitions=tuple(
            [_noncurrent_transition(node) for node in parts.children("NoncurrentVersionTransition")]
        ),
    )


def _filter_of(parts: _Parts) -> Filter:
    node, prefix = parts.child("Filter"), parts.text("Prefix")
    if (node is None) == (prefix is None):
        raise _malformed()
    if node is None:
        return Filter(Form.PREFIX, prefix)
    inner = _Parts.of(node, frozenset(("Prefix", "Tag", "And", *_SIZES)), frozenset())
    if len(inner.nodes) > 1:
        raise _malformed()
    together = inner.child("And")
    if together is None:
        return _conditions(inner, Form.FILTER)
    if not len(together):
        raise _malformed()
    several = _Parts.of(together, frozenset(("Prefix", "Tag", *_SIZES)), frozenset(("Tag",)))
    return _conditions(several, Form.AND)


def _conditions(parts: _Parts, form: Form) -> Filter:
    return Filter(
        form,
        parts.text("Prefix"),
        tuple([_tag(node) for node in parts.children("Tag")]),
        parts.size("ObjectSizeGreaterThan"),
        parts.size("ObjectSizeLessThan"),
    )


def _tag(node: "etree._Element") -> tuple[str, str]:
    fields = children(node)
    if fields.keys() != {"Key", "Value"}:
        raise _malformed()
    return fields["Key"], fields["Value"]


def _expiration(node: "etree._Element") -> Expiration:
    fields = children(node)
    if len(fields) != 1:
        raise _malformed()
    [(name, text)] = fields.items()
    if name == "Days":
        return Expiration(days=_integer(text))
    if name == "Date":
        return Expiration(date_ms=_date(text))
    removes = _BOOLEANS.get(text.strip()) if name == "ExpiredObjectDeleteMarker" else None
    if removes is None:
        raise _malformed()
    return Expiration(removes_markers=removes)


def _date(text: str) -> int:
    date_ms = parse_iso_date(text)
    if date_ms is None:
        raise _malformed()
    return date_ms


def _noncurrent(node: "etree._Element") -> NoncurrentExpiration:
    return NoncurrentExpiration(*_aged(children(node)))


def _aged(fields: dict[str, str]) -> tuple[int, int | None]:
    """Days, and how many newer versions stay."""
    if not {"NoncurrentDays"} <= fields.keys() <= {"NoncurrentDays", "NewerNoncurrentVersions"}:
        raise _malformed()
    newer = fields.get("NewerNoncurrentVersions")
    return _integer(fields["NoncurrentDays"]), None if newer is None else _integer(newer)


def _abort_days(node: "etree._Element") -> int:
    fields = children(node)
    if fields.keys() != {"DaysAfterInitiation"}:
        raise _malformed()
    return _integer(fields["DaysAfterInitiation"])


def _transition(node: "etree._Element") -> Transition:
    fields = children(node)
    storage_class = fields.pop("StorageClass", "")
    if not storage_class or fields.keys() not in ({"Days"}, {"Date"}):
        raise _malformed()
    if "Days" in fields:
        return Transition(storage_class, days=_integer(fields["Days"]))
    return Transition(storage_class, date_ms=_date(fields["Date"]))


def _noncurrent_transition(node: "etree._Element") -> NoncurrentTransition:
    fields = children(node)
    storage_class = fields.pop("StorageClass", "")
    if not storage_class:
        raise _malformed()
    return NoncurrentTransition(storage_class, *_aged(fields))


# ---- as it is shown ----


def lifecycle_document(rules: LifecycleRules) -> bytes:
    content = "".join([f"<Rule>{_rule_content(rule)}</Rule>" for rule in rules.rules])
    return document("LifecycleConfiguration", content)


def _group(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _rule_content(rule: LifecycleRule) -> str:
    parts = [
        element("ID", rule.rule_id),
        _filter_content(rule.filter),
        element("Status", "Enabled" if rule.is_enabled else "Disabled"),
    ]
    if rule.expiration is not None:
        days, date_ms, removes_markers = rule.expiration
        removes = None if removes_markers is None else boolean(removes_markers)
        content = (
            f"{element('Days', days)}{_date_element(date_ms)}"
            f"{element('ExpiredObjectDeleteMarker', removes)}"
        )
        parts.append(_group("Expiration", content))
    for to in rule.transitions:
        content = (
            f"{element('Days', to.days)}{_date_element(to.date_ms)}"
            f"{element('StorageClass', to.storage_class)}"
        )
        parts.append(_group("Transition", content))
    if rule.noncurrent is not None:
        content = _aged_content(rule.noncurrent.days, rule.noncurrent.newer_kept)
        parts.append(_group("NoncurrentVersionExpiration", content))
    for noncurrent in rule.noncurrent_transitions:
        content = _aged_content(noncurrent.days, noncurrent.newer_kept)
        content += element("StorageClass", noncurrent.storage_class)
        parts.append(_group("NoncurrentVersionTransition", content))
    if rule.abort_days is not None:
        content = element("DaysAfterInitiation", rule.abort_days)
        parts.append(_group("AbortIncompleteMultipartUpload", content))
    return "".join(parts)


def _date_element(date_ms: int | None) -> str:
    return "" if date_ms is None else element("Date", iso_date(date_ms))


def _aged_content(days: int, newer_kept: int | None) -> str:
    return f"{element('NoncurrentDays', days)}{element('NewerNoncurrentVersions', newer_kept)}"


def _filter_content(wanted: Filter) -> str:
    prefix = element("Prefix", wanted.prefix)
    if wanted.form is Form.PREFIX:
        return prefix
    tags = [
        _group("Tag", f"{element('Key', key)}{element('Value', value)}")
        for key, value in wanted.tags
    ]
    content = (
        f"{prefix}{''.join(tags)}{element('ObjectSizeGreaterThan', wanted.larger_than)}"
        f"{element('ObjectSizeLessThan', wanted.smaller_than)}"
    )
    return _group("Filter", _group("And", content) if wanted.form is Form.AND else content)
