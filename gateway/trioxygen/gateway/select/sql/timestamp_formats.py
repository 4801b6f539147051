"""Timestamps by a pattern: TO_STRING, and TO_TIMESTAMP with one. Pure.

Source: S3 user guide, "Date functions", "TO_STRING"."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.timestamps import offset_minutes

_MONTHS: Final = (
    "January February March April May June July August September October November December".split()
)
_PATTERN_CHARACTERS_MAX: Final = 1_024
_TOKENS: Final = re.compile(r"'([^']*)'|(([A-Za-z])\3*)|([^A-Za-z']+)|(')")


def _offset(value: datetime, separator: str, *, zulu: bool, minutes_too: bool = True) -> str:
    minutes = offset_minutes(value)
    if zulu and minutes == 0:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    text = f"{'-' if minutes < 0 else '+'}{hours:02}"
    return f"{text}{separator}{rest:02}" if minutes_too or rest else text


_SYMBOLS: Final[dict[str, Callable[[datetime], str]]] = {
    "y": lambda value: str(value.year),
    "yy": lambda value: f"{value.year % 100:02}",
    "yyyy": lambda value: f"{value.year:04}",
    "M": lambda value: str(value.month),
    "MM": lambda value: f"{value.month:02}",
    "MMM": lambda value: _MONTHS[value.month - 1][:3],
    "MMMM": lambda value: _MONTHS[value.month - 1],
    "MMMMM": lambda value: _MONTHS[value.month - 1][0],
    "d": lambda value: str(value.day),
    "dd": lambda value: f"{value.day:02}",
    "a": lambda value: "AM" if value.hour < 12 else "PM",
    "h": lambda value: str(value.hour % 12 or 12),
    "hh": lambda value: f"{value.hour % 12 or 12:02}",
    "H": lambda value: str(value.hour),
    "HH": lambda value: f"{value.hour:02}",
    "m": lambda value: str(value.minute),
    "mm": lambda value: f"{value.minute:02}",
    "s": lambda value: str(value.second),
    "ss": lambda value: f"{value.second:02}",
    "n": lambda value: str(value.microsecond * 1_000),
    "X": lambda value: _offset(value, "", zulu=True, minutes_too=False),
    "XX": lambda value: _offset(value, "", zulu=True),
    "XXXX": lambda value: _offset(value, "", zulu=True),
    "XXX": lambda value: _offset(value, ":", zulu=True),
    "XXXXX": lambda value: _offset(value, ":", zulu=True),
    "x": lambda value: _offset(value, "", zulu=False, minutes_too=False),
    "xx": lambda value: _offset(value, "", zulu=False),
    "xxxx": lambda value: _offset(value, "", zulu=False),
    "xxx": lambda value: _offset(value, ":", zulu=False),
    "xxxxx": lambda value: _offset(value, ":", zulu=False),
}
# What each may match when it is read: the part, and its text.
_READ: Final = {
    "y": ("year", r"\d{1,4}"),
    "yyyy": ("year", r"\d{4}"),
    "M": ("month", r"\d{1,2}"),
    "MM": ("month", r"\d{2}"),
    "MMM": ("month_name", "|".join(name[:3] for name in _MONTHS)),
    "MMMM": ("month_name", "|".join(_MONTHS)),
    "d": ("day", r"\d{1,2}"),
    "dd": ("day", r"\d{2}"),
    "a": ("half", "AM|PM"),
    "h": ("clock", r"\d{1,2}"),
    "hh": ("clock", r"\d{2}"),
    "H": ("hour", r"\d{1,2}"),
    "HH": ("hour", r"\d{2}"),
    "m": ("minute", r"\d{1,2}"),
    "mm": ("minute", r"\d{2}"),
    "s": ("second", r"\d{1,2}"),
    "ss": ("second", r"\d{2}"),
}
_ZONE_TEXT: Final = r"Z|[+-]\d\d(?::?\d\d)?"


def _symbols(pattern: str) -> list[tuple[str, str]]:
    """(symbol, "") and ("", text between them)."""
    if len(pattern) > _PATTERN_CHARACTERS_MAX:
        raise S3Error("EvaluatorInvalidTimestampFormatPattern")
    parts: list[tuple[str, str]] = []
    for match in _TOKENS.finditer(pattern):
        quoted, symbol, _, between, unterminated = match.groups()
        if unterminated:
            raise S3Error("EvaluatorUnterminatedTimestampFormatPatternToken")
        if symbol is None:
            parts.append(("", between or quoted or "'"))
        elif symbol in _SYMBOLS or set(symbol) == {"S"}:
            parts.append((symbol, ""))
        else:
            raise S3Error("EvaluatorInvalidTimestampFormatPatternSymbol")
    return parts


def format_timestamp(pattern: str, value: datetime) -> str:
    """Raises S3Error EvaluatorInvalidTimestampFormatPattern..."""
    written: list[str] = []
    for symbol, text in _symbols(pattern):
        if not symbol:
            written.append(text)
        elif symbol[0] == "S":
            written.append(f"{value.microsecond:06}".ljust(len(symbol), "0")[: len(symbol)])
        else:
            written.append(_SYMBOLS[symbol](value))
    return "".join(written)


def parse_timestamp(pattern: str, text: str) -> datetime | None:
    """None: it is not of the pattern. Raises S3Error as `format_timestamp`."""
    parts: list[str] = []
    names: list[str] = []
    for symbol, between in _symbols(pattern):
        if not symbol:
            parts.append(re.escape(between))
            continue
        if symbol[0] == "S":
            name, matched = "fraction", rf"\d{{{len(symbol)}}}"
        elif symbol[0] in "xX":
            name, matched = "zone", _ZONE_TEXT
        elif symbol in _READ:
            name, matched = _READ[symbol]
        else:
            raise S3Error("EvaluatorInvalidTimestampFormatPatternSymbol")
        if name in names:
            raise S3Error("EvaluatorInvalidTimestampFormatPattern")
        names.append(name)
        parts.append(f"(?P<{name}>{matched})")
    match = re.fullmatch("".join(parts), text, re.ASCII)
    return None if match is None else _made(match.groupdict())


def _made(parts: dict[str, str]) -> datetime | None:
    hour = int(parts.get("hour", "0"))
    if "clock" in parts:
        hour = int(parts["clock"]) % 12 + (12 if parts.get("half") == "PM" else 0)
    month = int(parts.get("month", "1"))
    if "month_name" in parts:
        month = [name[:3] for name in _MONTHS].index(parts["month_name"][:3]) + 1
    try:
        return datetime(
            int(parts.get("year", "1")),
            month,
            int(parts.get("day", "1")),
            hour,
            int(parts.get("minute", "0")),
            int(parts.get("second", "0")),
            int(parts.get("fraction", "0").ljust(6, "0")[:6]),
            _read_zone(parts.get("zone", "Z")),
        )
    except ValueError:
        return None


def _read_zone(text: str) -> timezone:
    """Raises ValueError."""
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
