"""Timestamps of S3 Select: read, written, and counted with. Pure.

All have an offset and are exact to the microsecond. Unlike S3, none remembers that it was written
without seconds, or without a day. Source: S3 user guide, "Date functions".
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error

_ION: Final = re.compile(
    r"(\d{4})(?:T|-(\d\d)(?:T|-(\d\d)(?:T(?:(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?"
    r"(Z|[+-]\d\d:\d\d)?)?)?)?)",
    re.ASCII,
)
_COMPACT: Final = re.compile(
    r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_CHARACTERS_MAX: Final = 64
_MICROSECONDS_PER: Final = {
    "DAY": 86_400_000_000,
    "HOUR": 3_600_000_000,
    "MINUTE": 60_000_000,
    "SECOND": 1_000_000,
}


def read_timestamp(text: str) -> datetime | None:
    """Of Ion's form, or that of ISO 8601 without separators; None: it is none."""
    if len(text) > _CHARACTERS_MAX:
        return None
    match = _ION.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    zone = _zone(offset)
    if zone is None:
        return None
    try:
        return datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
            zone,
        )
    except ValueError:
        return None


def _zone(offset: str | None) -> timezone | None:
    """None: there is no such offset."""
    if offset is None or offset == "Z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:
        return None
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1))


def shown(value: datetime) -> str:
    text = value.isoformat(timespec="microseconds" if value.microsecond else "seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def added(value: datetime, part: str, amount: int) -> datetime:
    """Raises S3Error IllegalSqlFunctionArgument: no year from 1 to 9999."""
    try:
        if part in _MICROSECONDS_PER:
            return value + timedelta(microseconds=amount * _MICROSECONDS_PER[part])
        months = value.year * 12 + value.month - 1 + amount * (12 if part == "YEAR" else 1)
        year, month = divmod(months, 12)
        return value.replace(year=year, month=month + 1, day=min(value.day, _days(year, month + 1)))
    except (OverflowError, ValueError) as error:
        raise S3Error("IllegalSqlFunctionArgument", "The date is out of range.") from error


def _days(year: int, month: int) -> int:
    """Of a month. Raises: ValueError, OverflowError."""
    if month == 12:
        return 31
    return (datetime(year, month + 1, 1) - timedelta(days=1)).day


def difference(part: str, begin: datetime, end: datetime) -> int:
    """How many whole ones lie between them."""
    if part in _MICROSECONDS_PER:
        microseconds = (end - begin) // timedelta(microseconds=1)
        return _towards_zero(microseconds, _MICROSECONDS_PER[part])
    sign = -1 if end < begin else 1
    first, last = (end, begin) if sign < 0 else (begin, end.astimezone(begin.tzinfo))
    if sign < 0:
        last = last.astimezone(first.tzinfo)
    months = (last.year - first.year) * 12 + last.month - first.month
    if (last.day, last.timetz()) < (first.day, first.timetz()):
        months -= 1
    return sign * (months // 12 if part == "YEAR" else months)


def _towards_zero(amount: int, unit: int) -> int:
    return -(-amount // unit) if amount < 0 else amount // unit


def extracted(part: str, value: datetime) -> int:
    if part in ("TIMEZONE_HOUR", "TIMEZONE_MINUTE"):
        hours, minutes = divmod(_offset_minutes_of(value), 60)
        return hours if part == "TIMEZONE_HOUR" else minutes
    number: int = getattr(value, part.lower())
    return number


def _offset_minutes_of(value: datetime) -> int:
    offset = value.utcoffset()
    assert offset is not None, "a timestamp without an offset"
    return int(offset.total_seconds()) // 60


def offset_minutes(value: datetime) -> int:
    return _offset_minutes_of(value)
