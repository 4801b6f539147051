"""A policy's document as what it is made of, of whatever kind it is: the forms, not the meaning.

Source: IAM user guide, "Grammar of the IAM JSON policy language"."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from trioxygen.gateway.access.policy.document import is_text, read_object
from trioxygen.gateway.access.policy.faults import Fault, Malformed

VERSION: Final = "2012-10-17"
OLD_VERSION: Final = "2008-10-17"

_FIELDS: Final = frozenset(("Version", "Id", "Statement"))
_STATEMENT_FIELDS: Final = frozenset(
    (
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
        "NotResource", "Condition",
    )
)  # fmt: skip
_ALLOW: Final = "Allow"
_DENY: Final = "Deny"


class Choice(NamedTuple):
    """An element or its negation. Attributes:
    name: as the document has it.
    is_not: it is the negation.
    """

    name: str
    is_not: bool
    value: object


class RawStatement(NamedTuple):
    """Attributes:
    principal, action, resource: None: there is none.
    conditions: operator, key, values.
    """

    sid: str
    is_deny: bool
    principal: Choice | None
    action: Choice | None
    resource: Choice | None
    conditions: Sequence[tuple[str, str, Sequence[str]]]


class RawPolicy(NamedTuple):
    """version: None: it has none."""

    version: str | None
    statements: Sequence[RawStatement]

    @property
    def has_variables(self) -> bool:
        return self.version == VERSION


def read_policy(text: str) -> RawPolicy:
    """Raises Malformed, with a fault of the form."""
    document = read_object(text)
    for name in document:
        if name not in _FIELDS:
            raise Malformed(Fault.UNKNOWN_FIELD, name)
    if "Statement" not in document:
        raise Malformed(Fault.NO_STATEMENT)
    if not is_text(document.get("Id", "")):
        raise Malformed(Fault.JSON)
    statements = document["Statement"]
    listed = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(listed, list):
        raise Malformed(Fault.JSON)
    if not listed:
        raise Malformed(Fault.EMPTY_STATEMENT)
    version = document.get("Version")
    if "Version" in document and version not in (VERSION, OLD_VERSION):
        raise Malformed(Fault.VERSION)
    assert version is None or isinstance(version, str)
    return RawPolicy(version, [_read_statement(statement) for statement in listed])


def _read_statement(statement: object) -> RawStatement:
    if not isinstance(statement, Mapping):
        raise Malformed(Fault.JSON)
    for name in statement:
        if name not in _STATEMENT_FIELDS:
            raise Malformed(Fault.UNKNOWN_FIELD, name)
    sid = statement.get("Sid", "")
    if not is_text(sid):
        raise Malformed(Fault.JSON)
    return RawStatement(
        sid,
        _is_deny(statement),
        _choice(statement, "Principal"),
        _choice(statement, "Action"),
        _choice(statement, "Resource"),
        _conditions(statement.get("Condition", {})),
    )


def _is_deny(statement: Mapping[str, object]) -> bool:
    if "Effect" not in statement:
        raise Malformed(Fault.MISSING_FIELD, "Effect")
    effect = statement["Effect"]
    if effect not in (_ALLOW, _DENY):
        raise Malformed(Fault.EFFECT, effect if isinstance(effect, str) else "")
    return effect == _DENY


def _choice(statement: Mapping[str, object], name: str) -> Choice | None:
    negation = f"Not{name}"
    if name in statement:
        if negation in statement:
            raise Malformed(Fault.BOTH_FIELDS, f"{name} and {negation}")
        return Choice(name, False, statement[name])
    return Choice(negation, True, statement[negation]) if negation in statement else None


def texts_of(value: object, fault: Fault) -> list[str]:
    """A text, or a list of them. Raises Malformed: something else, or nothing."""
    listed: list[object] = value if isinstance(value, list) else [value]
    if not listed:
        raise Malformed(fault)
    return [_text_of(text, fault) for text in listed]


def _text_of(value: object, fault: Fault) -> str:
    if not is_text(value) or not value:
        raise Malformed(fault, value if isinstance(value, str) else "")
    return value


def _conditions(block: object) -> list[tuple[str, str, Sequence[str]]]:
    if not isinstance(block, Mapping):
        raise Malformed(Fault.JSON)
    conditions: list[tuple[str, str, Sequence[str]]] = []
    for operator, keys in block.items():
        if not isinstance(keys, Mapping):
            raise Malformed(Fault.JSON)
        conditions += ((operator, key, _values(values)) for key, values in keys.items())
    return conditions


def _values(values: object) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    if not listed:
        raise Malformed(Fault.JSON)
    return [_value(value) for value in listed]


def _value(value: object) -> str:
    """Numbers and truths may be written as such."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    raise Malformed(Fault.JSON)
