"""Dates as HTTP and as S3's XML write them, and HTTP dates as clients send them. No clock here."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MONTH_NUMBER: Final = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}

_CLOCK: Final = "([0-9]{2}):([0-9]{2}):([0-9]{2})"
_IMF_FIXDATE: Final = re.compile(
    rf"[a-z]{{3}}, ([0-9]{{1,2}}) ([a-z]{{3}}) ([0-9]{{4}}) {_CLOCK} (?:gmt|utc)", re.I | re.A
)
_RFC850: Final = re.compile(
    rf"[a-z]{{6,9}}, ([0-9]{{2}})-([a-z]{{3}})-([0-9]{{2}}) {_CLOCK} (?:gmt|utc)", re.I | re.A
)
_ASCTIME: Final = re.compile(
    rf"[a-z]{{3}} ([a-z]{{3}}) {{1,2}}([0-9]{{1,2}}) {_CLOCK} ([0-9]{{4}})", re.I | re.A
)
_CACHED_DATES_MAX: Final = 4_096

# A listing formats a date an entry: looking the digits up takes half the time of formatting them.
_TWO: Final = tuple(f"{number:02d}" for number in range(60))
_HOURS_MINUTES: Final = tuple(f"{hour}:{minute}:" for hour in _TWO[:24] for minute in _TWO)
_MILLIS: Final = tuple(f".{number:03d}Z" for number in range(1_000))


@lru_cache(_CACHED_DATES_MAX)
def http_date(epoch_s: int) -> bytes:
    """``Sun, 06 Nov 1994 08:49:37 GMT`` of whole seconds since the epoch (RFC 9110)."""
    at = datetime.fromtimestamp(epoch_s, UTC)
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    clock = f"{_TWO[at.hour]}:{_TWO[at.minute]}:{_TWO[at.second]}"
    return f"{day}, {_TWO[at.day]} {month} {at.year:04d} {clock} GMT".encode()


@lru_cache(_CACHED_DATES_MAX)
def _iso_day(epoch_days: int) -> str:
    return datetime.fromtimestamp(epoch_days * 86_400, UTC).strftime("%Y-%m-%dT")


def iso_date(epoch_ms: int) -> str:
    """``1994-11-06T08:49:37.000Z`` of milliseconds since the epoch, as S3's documents write it."""
    days, millis = divmod(epoch_ms, 86_400_000)
    minutes, millis = divmod(millis, 60_000)
    seconds, millis = divmod(millis, 1_000)
    return f"{_iso_day(days)}{_HOURS_MINUTES[minutes]}{_TWO[seconds]}{_MILLIS[millis]}"


def parse_http_date(text: str) -> int | None:
    """Whole seconds since the epoch of an HTTP date in any of the three forms, else None.

    The two-digit years of RFC 850 are read as POSIX does (69 to 99 are of the 20th century),
    because a rule relative to today would need a clock. Source: RFC 9110, section 5.6.7.
    """
    if found := _IMF_FIXDATE.fullmatch(text):
        day, month, year, *clock = found.groups()
    elif found := _RFC850.fullmatch(text):
        day, month, year, *clock = found.groups()
        year = f"{'19' if int(year) >= 69 else '20'}{year}"
    elif found := _ASCTIME.fullmatch(text):
        month, day, *clock, year = found.groups()
    else:
        return None
    hour, minute, second = (int(number) for number in clock)
    month_number = _MONTH_NUMBER.get(month.lower())
    if month_number is None:
        return None
    # A leap second has no place in datetime: it is the last second of its minute.
    try:
        at = datetime(int(year), month_number, int(day), hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return None if second > 60 else int(at.timestamp())
