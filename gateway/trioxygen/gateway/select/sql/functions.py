"""The functions of S3 Select, on values. Pure.

Of NULL or MISSING they are NULL, but where S3 says otherwise. Each raises S3Errors of what it does
not take. Source: S3 user guide, "SQL functions"."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql import timestamps
from trioxygen.gateway.select.sql.timestamp_formats import format_timestamp, parse_timestamp
from trioxygen.gateway.select.sql.values import (
    Value,
    as_int,
    as_text,
    as_timestamp,
    checked_text,
    kind_of,
)


def _length(value: Value) -> int | None:
    text = as_text(value)
    return None if text is None else len(text)


def _lower(value: Value) -> str | None:
    text = as_text(value)
    return None if text is None else checked_text(text.lower())


def _upper(value: Value) -> str | None:
    text = as_text(value)
    return None if text is None else checked_text(text.upper())


def _substring(value: Value, start: Value, length: Value = None) -> str | None:
    """Characters from `start` on, which may lie before the first."""
    text, first = as_text(value), as_int(start)
    if text is None or first is None:
        return None
    count = as_int(length)
    if count is None:
        return text[max(first - 1, 0) :]
    if count < 0:
        raise S3Error("IllegalSqlFunctionArgument", "SUBSTRING takes no length below 0.")
    return text[max(first - 1, 0) : max(first - 1 + count, 0)]


def trim(part: str, value: Value, characters: Value = " ") -> str | None:
    text, removed = as_text(value), as_text(characters)
    if text is None or removed is None:
        return None
    if part != "TRAILING":
        text = text.lstrip(removed) if removed else text
    if part != "LEADING":
        text = text.rstrip(removed) if removed else text
    return text


def extract(part: str, value: Value) -> int | None:
    timestamp = as_timestamp(value)
    return None if timestamp is None else timestamps.extracted(part, timestamp)


def date_add(part: str, amount: Value, value: Value) -> datetime | None:
    count, timestamp = as_int(amount), as_timestamp(value)
    if count is None or timestamp is None:
        return None
    return timestamps.added(timestamp, part, count)


def date_diff(part: str, begin: Value, end: Value) -> int | None:
    first, last = as_timestamp(begin), as_timestamp(end)
    if first is None or last is None:
        return None
    return timestamps.difference(part, first, last)


def _to_string(value: Value, pattern: Value) -> str | None:
    timestamp, text = as_timestamp(value), as_text(pattern)
    return None if timestamp is None or text is None else format_timestamp(text, timestamp)


def _to_timestamp(value: Value, pattern: Value = None) -> datetime | None:
    if isinstance(value, datetime):
        return value
    text, form = as_text(value), as_text(pattern)
    if text is None:
        return None
    timestamp = (
        timestamps.read_timestamp(text) if form is None else parse_timestamp(form, text[:256])
    )
    if timestamp is None:
        raise S3Error("ValueParseFailure", f"{kind_of(text)} is no timestamp.")
    return timestamp


BY_NAME: Final[dict[str, Callable[..., Value]]] = {
    "CHAR_LENGTH": _length,
    "CHARACTER_LENGTH": _length,
    "LOWER": _lower,
    "UPPER": _upper,
    "SUBSTRING": _substring,
    "TO_STRING": _to_string,
    "TO_TIMESTAMP": _to_timestamp,
}
BY_PART: Final[dict[str, Callable[..., Value]]] = {
    "TRIM": trim,
    "EXTRACT": extract,
    "DATE_ADD": date_add,
    "DATE_DIFF": date_diff,
}
