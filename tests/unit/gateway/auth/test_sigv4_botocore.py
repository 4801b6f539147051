"""Agreement with botocore, the signer of the aws CLI and boto3, over generated requests."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gateway.auth.signing import REGION, SECRET, key_path, signed_by_botocore
from trioxygen.common.signing_key import derive_signing_key
from trioxygen.gateway.auth.claim import parse_iso_basic
from trioxygen.gateway.auth.sigv4 import read_claim, verify
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead

AWKWARD = ["/", "//", "..", "/./", "~", " ", "+", "%2F", "%", "é", "😀", "?", "#", "&", "=", "'"]
TEXTS = st.lists(
    st.sampled_from(AWKWARD) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
).map("".join)
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["prefix", "list-type", "a", "a-b", "a.b", "A", "uploads"]) | TEXTS, TEXTS
    ),
    max_size=5,
)
HEADERS = st.dictionaries(
    st.sampled_from(["x-amz-meta-a", "x-amz-meta-b-c", "content-type", "range", "x-amz-acl"]),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20),
    max_size=4,
)
METHODS = st.sampled_from(["GET", "PUT", "HEAD", "DELETE", "POST"])


def encoded(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='-_.~')}={quote(v, safe='-_.~')}" for name, v in pairs)


def accept(head: RequestHead, *, host_aliases: tuple[str, ...] = ()) -> None:
    date = head.header("x-amz-date") or head.query_value("X-Amz-Date")
    assert date is not None
    now_s = parse_iso_basic(date)
    assert now_s is not None
    claim = read_claim(head, now_s=now_s, regions=[REGION])
    assert claim is not None
    key = derive_signing_key(secret=SECRET, date=claim.date, region=REGION, service="s3")
    verify(claim, head, key, host_aliases=host_aliases)


@settings(max_examples=150, deadline=None)
@given(METHODS, TEXTS, QUERIES, HEADERS, st.binary(max_size=50))
def test_every_request_that_botocore_signs_is_accepted(
    method: str,
    key: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
) -> None:
    accept(signed_by_botocore(method, key_path("b", key), encoded(query), headers, body))


@settings(max_examples=150, deadline=None)
@given(METHODS, TEXTS, QUERIES, HEADERS, st.sampled_from([None, "tok/en+="]))
def test_every_url_that_botocore_presigns_is_accepted(
    method: str,
    key: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    token: str | None,
) -> None:
    query = [(name, value) for name, value in dict(query).items() if value]
    path = key_path("b", key)
    accept(
        signed_by_botocore(method, path, encoded(query), headers, expires_seconds=60, token=token)
    )


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_escapes_may_be_written_differently_from_how_they_were_signed(key: str) -> None:
    head = signed_by_botocore("GET", key_path("b", key), "", {})
    everything = "/b/" + "".join(
        chr(byte) if byte == 0x2F else f"%{byte:02x}" for byte in key.encode()
    )
    accept(RequestHead("GET", everything.encode(), b"", head.headers))
    fewest = "/b/" + quote(key, safe="/~!$&'()*,:=@;")
    accept(RequestHead("GET", fewest.encode(), b"", head.headers))


def test_slash_may_be_sent_escaped_and_signed_either_way() -> None:
    plain = signed_by_botocore("GET", "/b/a/c", "", {})
    accept(RequestHead("GET", b"/b/a%2fc", b"", plain.headers))
    accept(signed_by_botocore("GET", "/b/a%2Fc", "", {}))


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_plus_in_a_query_is_a_space(prefix: str) -> None:
    head = signed_by_botocore("GET", "/b", encoded([("prefix", prefix), ("uploads", "")]), {})
    raw_query = f"uploads&prefix={quote_plus(prefix)}".encode()
    accept(RequestHead("GET", b"/b", raw_query, head.headers))


def test_query_names_sort_by_name_before_value() -> None:
    # "a=" sorts after "a-b=" as a string, but the name "a" before the name "a-b".
    accept(signed_by_botocore("GET", "/b", "a-b=1&a=2&a=1&a.b", {}))


def test_header_values_are_trimmed_and_runs_of_spaces_collapse() -> None:
    head = signed_by_botocore("PUT", "/b/k", "", {"x-amz-meta-a": "one two"})
    spaced = [
        (name, b"  one    two " if name == b"x-amz-meta-a" else value)
        for name, value in head.headers
    ]
    accept(RequestHead("PUT", b"/b/k", b"", spaced))


def test_host_that_a_trusted_proxy_replaced_is_found_among_the_aliases() -> None:
    head = signed_by_botocore("GET", "/b/a%2Fc", "", {}, host="s3.example.com")
    proxied = RequestHead(
        "GET",
        b"/b/a%2Fc",
        b"",
        [(name, b"10.0.0.1:9878" if name == b"host" else v) for name, v in head.headers],
    )
    accept(proxied, host_aliases=("10.0.0.2", "s3.example.com"))
    with pytest.raises(S3Error) as caught:
        accept(proxied)
    assert caught.value.code == "SignatureDoesNotMatch"
    assert "host:10.0.0.1:9878\n" in caught.value.details["CanonicalRequest"]


CHANGES = {
    "method": lambda head: RequestHead("DELETE", head.raw_path, head.raw_query, head.headers),
    "path": lambda head: RequestHead("PUT", b"/b/other", head.raw_query, head.headers),
    "dots": lambda head: RequestHead("PUT", b"/b/x/../k", head.raw_query, head.headers),
    "query": lambda head: RequestHead("PUT", b"/b/k", head.raw_query + b"&acl", head.headers),
    "header": lambda head: RequestHead(
        "PUT",
        b"/b/k",
        head.raw_query,
        [(name, b"text/html" if name == b"content-type" else v) for name, v in head.headers],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("expires_seconds", [None, 60])
def test_changed_request_is_refused(change: str, expires_seconds: int | None) -> None:
    head = signed_by_botocore(
        "PUT", "/b/k", "x-id=PutObject", {"content-type": "a/b"}, expires_seconds=expires_seconds
    )
    accept(head)
    with pytest.raises(S3Error) as caught:
        accept(CHANGES[change](head))
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("prefix", ["x-amz-", "x-amz-copy-source-"])
@pytest.mark.parametrize("is_presigned", [False, True])
def test_customers_keys_are_not_among_what_an_error_shows(prefix: str, is_presigned: bool) -> None:
    key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    pairs = [
        (f"{prefix}server-side-encryption-customer-algorithm", "AES256"),
        (f"{prefix}server-side-encryption-customer-key", key),
        (f"{prefix}server-side-encryption-customer-key-MD5", key),
    ]
    if is_presigned:
        head = signed_by_botocore("GET", "/b/k", encoded(pairs), {}, expires_seconds=60)
    else:
        head = signed_by_botocore("GET", "/b/k", "", dict(pairs))
    with pytest.raises(S3Error) as caught:
        accept(RequestHead("DELETE", head.raw_path, head.raw_query, head.headers))
    shown = caught.value.details["CanonicalRequest"]
    assert shown.count("(not shown)") == 2 and "AES256" in shown
    digits = caught.value.details["CanonicalRequestBytes"]
    assert bytes.fromhex(digits).decode() == shown
    assert key[:-1] not in shown
