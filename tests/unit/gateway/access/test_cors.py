"""Which CORS rule lets a page do what it asks, and what the browser is told."""

from typing import Final

import pytest

from trioxygen.gateway.access.cors import headers_of, rule_for
from trioxygen.gateway.store.values.cors import CorsRule

SUFFIX: Final = CorsRule(("*suffix",), ("GET",))
MIDDLE: Final = CorsRule(("start*end",), ("GET",))
PREFIX: Final = CorsRule(("prefix*",), ("GET",))
PUTS: Final = CorsRule(("*.put", "https://one.example"), ("PUT", "POST"))
HEADERS: Final = CorsRule(("https://two.example",), ("GET",), ("x-amz-*", "range", "*-length"))
ANY_HEADER: Final = CorsRule(("https://two.example",), ("GET",), ("*",))
RULES: Final = (SUFFIX, MIDDLE, PREFIX, PUTS, HEADERS)


@pytest.mark.parametrize(
    ("origin", "method", "headers", "expected"),
    [
        ("foo.suffix", "GET", (), SUFFIX),
        ("suffix", "GET", (), SUFFIX),
        ("foo.suffix", "PUT", (), None),
        ("foo.suffix.get", "GET", (), None),
        ("FOO.SUFFIX", "GET", (), None),
        ("startend", "GET", (), MIDDLE),
        ("start12end", "GET", (), MIDDLE),
        ("0start12end", "GET", (), None),
        ("starend", "GET", (), None),
        ("prefix", "GET", (), PREFIX),
        # The first one that fits.
        ("prefix.suffix", "GET", (), SUFFIX),
        ("bla.prefix", "GET", (), None),
        ("foo.put", "PUT", (), PUTS),
        ("https://one.example", "POST", (), PUTS),
        ("https://one.example", "get", (), None),
        ("https://two.example", "GET", ("range",), HEADERS),
        ("https://two.example", "GET", ("range", "x-amz-date", "content-length"), HEADERS),
        ("https://two.example", "GET", ("range", "x-other"), None),
        ("https://two.example", "GET", ("ranges",), None),
        ("https://one.example", "PUT", ("range",), None),
        ("", "GET", (), None),
    ],
)
def test_first_rule_that_allows_origin_method_and_headers(
    origin: str, method: str, headers: tuple[str, ...], expected: CorsRule | None
) -> None:
    assert rule_for(RULES, origin=origin, method=method, headers=headers) is expected


def test_rule_that_does_not_allow_the_headers_is_passed_over() -> None:
    rules = (HEADERS, ANY_HEADER)
    asked = {"origin": "https://two.example", "method": "GET"}
    assert rule_for(rules, headers=("range",), **asked) is HEADERS
    assert rule_for(rules, headers=("x-other",), **asked) is ANY_HEADER
    assert rule_for((), headers=(), **asked) is None


VARY: Final = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def test_browser_is_told_what_the_rule_says() -> None:
    rule = CorsRule(
        ("https://*.example",), ("GET", "PUT"), ("*",), ("ETag", "x-amz-version-id"), 3000
    )
    headers = headers_of(rule, origin="https://a.example", headers=("range", "x-amz-date"))
    assert dict(headers) == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "range, x-amz-date",
        "access-control-expose-headers": "ETag, x-amz-version-id",
        "access-control-max-age": "3000",
        "access-control-allow-credentials": "true",
        "vary": VARY,
    }


def test_any_origin_is_told_as_a_star_and_without_credentials() -> None:
    fields = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET"),
        ("vary", VARY),
    ]
    assert headers_of(CorsRule(("*",), ("GET",)), origin="https://a", headers=()) == fields
    # The pattern that fits first counts.
    named = CorsRule(("https://*", "*"), ("GET",), max_age_seconds=0)
    told = dict(headers_of(named, origin="https://a", headers=()))
    assert told["access-control-allow-origin"] == "https://a"
    assert told["access-control-max-age"] == "0"
    assert dict(headers_of(named, origin="null", headers=()))["access-control-allow-origin"] == "*"
