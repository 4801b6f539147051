from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead


def head(
    *, path: bytes = b"/", query: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None
) -> RequestHead:
    return RequestHead("GET", path, query, headers or [])


def test_header_is_found_by_its_lower_case_name() -> None:
    request = head(headers=[(b"host", b"a:9878"), (b"range", b"bytes=0-1")])
    assert request.header("range") == "bytes=0-1"
    assert request.header("if-match") is None
    assert request.raw_header(b"host") == b"a:9878"


def test_repeated_headers_are_joined_with_commas_in_order() -> None:
    request = head(headers=[(b"x-amz-meta-a", b"1"), (b"host", b"h"), (b"x-amz-meta-a", b"2")])
    assert request.header("x-amz-meta-a") == "1,2"
    assert request.header("host") == "h"


def test_header_bytes_are_latin_1_text() -> None:
    assert head(headers=[(b"x-amz-meta-a", b"\xe9")]).header("x-amz-meta-a") == "é"


def test_headers_with_prefix_come_in_order_with_full_names() -> None:
    request = head(headers=[(b"x-amz-meta-b", b"1"), (b"host", b"h"), (b"x-amz-meta-a", b"2")])
    actual = request.headers_with_prefix("x-amz-meta-")
    assert actual == [("x-amz-meta-b", "1"), ("x-amz-meta-a", "2")]


def test_query_without_content_has_no_pairs() -> None:
    assert head().query_pairs == []
    assert head(query=b"&&").query_pairs == []
    assert not head().has_query("acl")


def test_query_name_without_value_is_present_and_empty() -> None:
    request = head(query=b"uploads&prefix=")
    assert request.has_query("uploads")
    assert request.query_value("uploads") == ""
    assert request.query_value("prefix") == ""
    assert request.query_value("delimiter") is None


def test_first_of_several_equal_query_names_wins() -> None:
    request = head(query=b"a=1&a=2&b=3")
    assert request.query_value("a") == "1"
    assert request.query_pairs == [("a", "1"), ("a", "2"), ("b", "3")]


def test_query_value_keeps_later_equals_signs() -> None:
    assert head(query=b"marker=a=b=").query_value("marker") == "a=b="


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_query_pairs_decode_both_ways_of_writing_a_space(pairs: list[tuple[str, str]]) -> None:
    for encode in (lambda text: quote(text, safe=""), quote_plus):
        raw = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
        assert head(query=raw.encode()).query_pairs == pairs


@pytest.mark.parametrize("raw", [b"a=%zz", b"a=%", b"a=%4", b"%FF=1", b"a=%C3", b"a=\xff"])
def test_query_that_cannot_be_decoded_is_an_invalid_uri(raw: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        head(query=raw).query_value("a")
    assert caught.value.code == "InvalidURI"
