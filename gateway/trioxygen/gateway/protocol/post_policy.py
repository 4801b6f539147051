"""Policies of POST forms: what the signer lets a form say, until when, and of what size.

Source: S3 API, "POST policy"; S3 user guide, "HTML form fields"; texts as S3 says them.
"""

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from trioxygen.gateway.protocol.dates import parse_iso_date
from trioxygen.gateway.protocol.dialect import AWS, Dialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import read_integer
from trioxygen.gateway.protocol.post_form_parts import FILE

_EXPIRATION: Final = "expiration"
_CONDITIONS: Final = "conditions"
_BUCKET: Final = "bucket"
_CONTENT_TYPE: Final = "content-type"
_EQUALS: Final = "eq"
_STARTS_WITH: Final = "starts-with"
_RANGE: Final = "content-length-range"
# What no condition has to name.
_FREE: Final = frozenset((FILE, "policy", "x-amz-signature", "signature", "awsaccesskeyid"))
_IGNORED: Final = "x-ignore-"
# A dollar sign may be escaped, which JSON does not know.
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """Attributes:
    field: in lower case.
    value: that it has, or, if `is_prefix`, begins with.
    text: as S3 shows it.
    """

    field: str
    value: str
    is_prefix: bool
    text: str

    def holds(self, value: str | None) -> bool:
        if value is None:
            return False
        if not self.is_prefix:
            return value == self.value
        if self.field == _CONTENT_TYPE:
            # A list of types, each of which has to be allowed.
            return all(item.strip().startswith(self.value) for item in value.split(","))
        return value.startswith(self.value)


@dataclass(frozen=True, slots=True)
class PostPolicy:
    """Attributes:
    expires_ms: since 1970.
    size_bytes_min, size_bytes_max: of the file; None: no bound.
    """

    expires_ms: int
    conditions: tuple[Condition, ...]
    size_bytes_min: int | None
    size_bytes_max: int | None

    def check(
        self, fields: Mapping[str, str], *, bucket: str, now_ms: int, dialect: Dialect = AWS
    ) -> None:
        """Args:
        fields: of the form, by name in lower case.
        bucket: that the form is sent to, whatever a field says.
        Raises: AccessDenied."""
        if now_ms >= self.expires_ms:
            raise _denied("Policy expired.")
        values = {**fields, _BUCKET: bucket}
        covered = {condition.field for condition in self.conditions}
        extra = [
            name
            for name in values
            if name not in covered
            and name not in _FREE
            and not name.startswith((_IGNORED, *dialect.free_form_fields))
        ]
        if extra:
            raise _denied(f"Extra input fields: {', '.join(extra)}")
        for condition in self.conditions:
            if not condition.holds(values.get(condition.field, dialect.absent_form_field)):
                raise _denied(f"Policy Condition failed: {condition.text}")

    def check_size(self, size_bytes: int, *, is_whole: bool) -> None:
        """Args: is_whole: False: so much of the file there is at least.

        Raises: EntityTooLarge, EntityTooSmall."""
        largest, smallest = self.size_bytes_max, self.size_bytes_min
        if largest is not None and size_bytes > largest:
            raise S3Error(
                "EntityTooLarge",
                details={"ProposedSize": str(size_bytes), "MaxSizeAllowed": str(largest)},
            )
        if is_whole and smallest is not None and size_bytes < smallest:
            raise S3Error(
                "EntityTooSmall",
                details={"ProposedSize": str(size_bytes), "MinSizeAllowed": str(smallest)},
            )


def _denied(why: str) -> S3Error:
    return S3Error("AccessDenied", f"Invalid according to Policy: {why}")


def _refused(why: str) -> S3Error:
    return S3Error("InvalidPolicyDocument", f"Invalid Policy: {why}")


def _no_json() -> S3Error:
    return _refused("Invalid JSON.")


def read_policy(encoded: str) -> PostPolicy:
    """Args: encoded: base64, as the form has it.

    Raises: InvalidPolicyDocument."""
    document = _document(encoded)
    for name in (_EXPIRATION, _CONDITIONS):
        if name not in document:
            raise _refused(f"Policy missing {name}.")
    for name in document:
        if name not in (_EXPIRATION, _CONDITIONS):
            raise _refused(f'Unexpected: "{name}"')
    expiration, listed = document[_EXPIRATION], document[_CONDITIONS]
    if not isinstance(expiration, str):
        raise _no_json()
    expires_ms = parse_iso_date(expiration) if "T" in expiration else None
    if expires_ms is None:
        raise _refused(f"Invalid 'expiration' value: '{expiration}'")
    if not isinstance(listed, list):
        raise _refused("Invalid 'conditions' value: must be a List.")
    conditions: list[Condition] = []
    smallest: int | None = None
    largest: int | None = None
    for item in listed:
        if isinstance(item, list) and item and item[0] == _RANGE:
            at_least, at_most = _range(item)
            smallest = at_least if smallest is None else max(smallest, at_least)
            largest = at_most if largest is None else min(largest, at_most)
        else:
            conditions.append(_condition(item))
    return PostPolicy(expires_ms, tuple(conditions), smallest, largest)


def _document(encoded: str) -> dict[str, Any]:
    try:
        raw = b64decode("".join(encoded.split()), validate=True)
    except (Base64Error, ValueError):
        raise _refused("invalid Base64 encoding.") from None
    if not raw.strip():
        raise _refused("Expecting '{' but found End-of-Input")
    try:
        text = _ESCAPED.sub(lambda met: "$" if met[1] == "$" else met[0], raw.decode())
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    # RecursionError: lists in lists in lists.
    except (ValueError, RecursionError):
        raise _no_json() from None
    if not isinstance(document, dict):
        raise _no_json()
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a property twice")
    return read


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _condition(item: Any) -> Condition:
    if isinstance(item, dict):
        return _simple_condition(item)
    if not isinstance(item, list):
        raise _refused("Invalid condition test: must be a List or Object.")
    if not item:
        raise _refused("Invalid Condition: missing operation identifier.")
    operation = item[0]
    if not isinstance(operation, str):
        raise _no_json()
    name = operation.lower()
    if name not in (_EQUALS, _STARTS_WITH):
        raise _refused(f"Invalid Condition: unknown operation '{operation}'.")
    if len(item) != 3:
        raise _refused(f"Invalid {name}: wrong number of arguments.")
    field, value = item[1], item[2]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(field, str) or not isinstance(value, str):
        raise _no_json()
    text = json.dumps(item, ensure_ascii=False)
    if len(field) < 2 or not field.startswith("$"):
        raise _denied(f"Policy Condition failed: {text}")
    return Condition(field[1:].lower(), value, name == _STARTS_WITH, text)


def _simple_condition(item: dict[str, Any]) -> Condition:
    if len(item) != 1:
        raise _refused(
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
        )
    [(name, value)] = item.items()
    if not isinstance(value, str):
        raise _refused("Invalid Simple-Condition: value must be a string.")
    text = json.dumps([_EQUALS, f"${name}", value], ensure_ascii=False)
    return Condition(name.lower(), value, False, text)


def _range(item: list[Any]) -> tuple[int, int]:
    if len(item) != 3:
        raise _refused(f"Invalid {_RANGE}: wrong number of arguments.")
    return _size(item[1]), _size(item[2])


def _size(value: Any) -> int:
    """Numbers may stand in quotes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    size = read_integer(value) if isinstance(value, str) else None
    if size is None:
        raise _no_json()
    return size
