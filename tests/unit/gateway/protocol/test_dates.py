from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.dates import (
    http_date,
    iso_date,
    iso_date_with_millis,
    parse_date_s,
    parse_http_date,
    parse_iso_date,
)

# To the end of the year 9999.
SECONDS = st.integers(0, 253_402_300_799)
# 1 December 2026.
NOW_S = 1_796_083_200


@given(SECONDS)
def test_http_date_is_that_of_the_standard_library_and_reads_back(epoch_s: int) -> None:
    written = http_date(epoch_s).decode()
    assert written == formatdate(epoch_s, usegmt=True)
    assert parse_http_date(written, now_s=NOW_S) == epoch_s


@given(SECONDS, st.integers(0, 999))
def test_iso_date_is_the_second_of_the_http_date(epoch_s: int, millis: int) -> None:
    written = iso_date(epoch_s * 1000 + millis)
    assert written.endswith(".000Z") and len(written) == 24
    at = datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert int(at.timestamp()) == parse_http_date(http_date(epoch_s).decode(), now_s=NOW_S)
    assert iso_date_with_millis(epoch_s * 1000 + millis) == f"{written[:19]}.{millis:03d}Z"


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 06 nov 1994 08:49:37 gmt",
    ],
)
def test_all_three_forms_of_an_http_date_are_read(text: str) -> None:
    assert parse_http_date(text, now_s=NOW_S) == 784_111_777


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "1994-11-06T08:49:37Z", "Sun, 31 Feb 1994 08:49:37 GMT"),
        *("Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"),
        *("Foo, 06 Nov 1994 08:49:37 GMT", "Anyday, 06-Nov-94 08:49:37 GMT"),
        *("Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 1994 08:49:37 GMT, again"),
        *("Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "784111777"),
    ],
)
def test_what_is_no_http_date_is_none(text: str) -> None:
    assert parse_http_date(text, now_s=NOW_S) is None


def test_leap_second_is_the_last_second_of_its_minute() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now_s=NOW_S) == 1_483_228_799


@pytest.mark.parametrize(("two_digits", "year"), [("76", 2076), ("77", 1977), ("26", 2026)])
def test_short_year_is_at_most_fifty_years_ahead(two_digits: str, year: int) -> None:
    actual = parse_http_date(f"Monday, 01-Mar-{two_digits} 00:00:00 GMT", now_s=NOW_S)
    assert actual is not None and datetime.fromtimestamp(actual, UTC).year == year


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-11-06T08:49:37Z", "2024-11-06T08:49:37.000Z"),
        ("2024-11-06T08:49:37.1Z", "2024-11-06T08:49:37.100Z"),
        ("2024-11-06T08:49:37.123456789Z", "2024-11-06T08:49:37.123Z"),
        ("2024-11-06T08:49:37+02:00", "2024-11-06T06:49:37.000Z"),
        ("2024-11-06T08:49:37.500-0930", "2024-11-06T18:19:37.500Z"),
        ("2024-11-06T08:49Z", "2024-11-06T08:49:00.000Z"),
        ("2024-11-06T08:49:37", "2024-11-06T08:49:37.000Z"),
        ("2024-11-06", "2024-11-06T00:00:00.000Z"),
        (" 1969-12-31T23:59:59.999Z ", "1969-12-31T23:59:59.999Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
    ],
)
def test_date_of_iso_8601_is_read_with_its_zone(text: str, expected: str) -> None:
    epoch_ms = parse_iso_date(text)
    assert epoch_ms is not None and iso_date_with_millis(epoch_ms) == expected
    assert parse_iso_date(expected) == epoch_ms


@pytest.mark.parametrize(
    "text",
    [
        *["", "soon", "2024", "2024-11", "2024-13-01", "2024-02-30", "0000-01-01", "20241106"],
        *["2024-11-06T24:00:00Z", "2024-11-06T08:60:00Z", "2024-11-06T08:49:60Z"],
        *["2024-11-06T08:49:37+24:00", "2024-11-06T08:49:37+00:60", "2024-11-06 08:49:37Z"],
        *["9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "\u0662024-11-06"],
        *["2024-11-06T08:49:37.Z", "2024-11-06T08:49:37.1234567890Z", "2024-11-06T08:49:37z"],
    ],
)
def test_what_is_no_date_of_iso_8601_is_none(text: str) -> None:
    assert parse_iso_date(text) is None


@given(st.integers(-30_610_224_000_000, 253_402_300_799_999))
def test_every_moment_of_years_1000_to_9999_reads_back(epoch_ms: int) -> None:
    assert parse_iso_date(iso_date_with_millis(epoch_ms)) == epoch_ms


def test_date_that_a_client_sends_back_is_of_either_form() -> None:
    for text in ("Wed, 06 Nov 2024 08:49:37 GMT", "2024-11-06T08:49:37.999Z"):
        assert parse_date_s(text, now_s=0) == 1_730_882_977
    assert parse_date_s("then", now_s=0) is None
