"""Dates as HTTP and as S3's XML write them, and HTTP dates as clients send them. No clock here."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MONTH_NUMBER: Final = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}

_DAY: Final = f"(?:{'|'.join(_DAYS)})"
_LONG_DAY: Final = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_MONTH: Final = f"({'|'.join(_MONTHS)})"
_CLOCK: Final = "([0-9]{2}):([0-9]{2}):([0-9]{2})"
_IMF_FIXDATE: Final = re.compile(
    rf"{_DAY}, ([0-9]{{1,2}}) {_MONTH} ([0-9]{{4}}) {_CLOCK} (?:GMT|UTC)", re.I | re.A
)
_RFC850: Final = re.compile(
    rf"{_LONG_DAY}, ([0-9]{{2}})-{_MONTH}-([0-9]{{2}}) {_CLOCK} (?:GMT|UTC)", re.I | re.A
)
_ASCTIME: Final = re.compile(
    rf"{_DAY} {_MONTH} {{1,2}}([0-9]{{1,2}}) {_CLOCK} ([0-9]{{4}})", re.I | re.A
)
_CACHED_DATES_MAX: Final = 4_096
# Its year has four digits (RFC 9110, 5.6.7).
HTTP_DATE_S_MAX: Final = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
_SHORT_YEAR_AHEAD_MAX: Final = 50

# A listing formats a date an entry: looking the digits up takes half the time of formatting them.
_TWO: Final = tuple(f"{number:02d}" for number in range(60))
_HOURS_MINUTES: Final = tuple(f"{hour}:{minute}:" for hour in _TWO[:24] for minute in _TWO)
_MILLIS: Final = tuple(f".{number:03d}Z" for number in range(1_000))


@lru_cache(_CACHED_DATES_MAX)
def http_date(epoch_s: int) -> bytes:
    """``Sun, 06 Nov 1994 08:49:37 GMT`` of whole seconds since the epoch (RFC 9110); of at most
    `HTTP_DATE_S_MAX`."""
    at = datetime.fromtimestamp(epoch_s, UTC)
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    clock = f"{_TWO[at.hour]}:{_TWO[at.minute]}:{_TWO[at.second]}"
    return f"{day}, {_TWO[at.day]} {month} {at.year:04d} {clock} GMT".encode()


@lru_cache(_CACHED_DATES_MAX)
def _iso_day(epoch_days: int) -> str:
    return datetime.fromtimestamp(epoch_days * 86_400, UTC).strftime("%Y-%m-%dT")


def iso_date(epoch_ms: int) -> str:
    """``1994-11-06T08:49:37.000Z`` of milliseconds since the epoch, as S3's documents write it.

    The milliseconds are always zero: Last-Modified has whole seconds, and clients that compare
    the two (``aws s3 sync --exact-timestamps``) must find one and the same moment.
    """
    days, seconds = divmod(epoch_ms // 1_000, 86_400)
    minutes, seconds = divmod(seconds, 60)
    return f"{_iso_day(days)}{_HOURS_MINUTES[minutes]}{_TWO[seconds]}.000Z"


def iso_date_with_millis(epoch_ms: int) -> str:
    """``1994-11-06T08:49:37.123Z``: for logs, and in answers for a date that is no Last-Modified
    and that a client may send back, which then must be the same."""
    return f"{iso_date(epoch_ms)[:19]}{_MILLIS[epoch_ms % 1_000]}"


def _full_year(two_digits: int, now_s: int) -> int:
    """A year more than fifty years ahead is the last one that ended so (RFC 9110, 5.6.7)."""
    this_year = datetime.fromtimestamp(now_s, UTC).year
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + _SHORT_YEAR_AHEAD_MAX else year


def parse_http_date(text: str, *, now_s: int) -> int | None:
    """Whole seconds since the epoch of an HTTP date in any of the three forms, else None.

    Args:
        now_s: decides the century of RFC 850's two-digit years.
    Source: RFC 9110, section 5.6.7.
    """
    if match := _IMF_FIXDATE.fullmatch(text):
        day, month, year, *clock = match.groups()
    elif match := _RFC850.fullmatch(text):
        day, month, year, *clock = match.groups()
        year = str(_full_year(int(year), now_s))
    elif match := _ASCTIME.fullmatch(text):
        month, day, *clock, year = match.groups()
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


def parse_date_s(text: str, *, now_s: int) -> int | None:
    """Whole seconds since the epoch of an HTTP date or one of ISO 8601, as clients send
    Last-Modified back; None: it is none of both. now_s: as of `parse_http_date`."""
    epoch_s = parse_http_date(text, now_s=now_s)
    if epoch_s is not None:
        return epoch_s
    epoch_ms = parse_iso_date(text)
    return None if epoch_ms is None else epoch_ms // 1_000


_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?)?"
)


def parse_iso_date(text: str) -> int | None:
    """Milliseconds since the epoch of an ISO 8601 date, with or without a time of day, in years 1
    to 9999; None: it is none. Without a zone it is in UTC."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    *date, fraction, zone = match.groups()
    sign = -1 if zone and zone[0] == "-" else 1
    offset = zone[1:].replace(":", "") if zone and zone != "Z" else "0000"
    away = sign * timedelta(hours=int(offset[:2]), minutes=int(offset[2:]))
    year, month, day, hour, minute, second = (int(number or 0) for number in date)
    zone_of = timezone(away)
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=zone_of).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return int(at.timestamp()) * 1_000 + int((fraction or "0").ljust(3, "0")[:3])
