from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.dates import (
    http_date,
    iso_date,
    iso_date_with_millis,
    parse_http_date,
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
