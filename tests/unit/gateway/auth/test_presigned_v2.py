"""Presigned requests of Signature Version 2, as botocore writes them."""

from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from trioxygen.common.signing_key import is_signature_v2
from trioxygen.gateway.auth.claim import iso_extended
from trioxygen.gateway.auth.presigned_v2 import (
    _SIGNED_PARAMETERS,
    is_presigned_v2,
    read_presigned_v2,
)
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead

ACCESS, SECRET = "AKEXAMPLE", "a secret, ünïcödé"


def signed(
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    *,
    expires: int = 60,
    auth_path: str | None = None,
) -> tuple[RequestHead, int]:
    """(the request, its last second)."""
    asked = AWSRequest(method=method, url=url, headers=headers or {}, auth_path=auth_path)
    HmacV1QueryAuth(Credentials(ACCESS, SECRET), expires=expires).add_auth(asked)
    parts = urlsplit(str(asked.url))
    fields = [
        (name.lower().encode(), value.strip().encode()) for name, value in asked.headers.items()
    ]
    head = RequestHead(method, parts.path.encode(), parts.query.encode(), fields)
    last = head.query_value("Expires")
    assert last is not None
    return head, int(last)


def is_valid(head: RequestHead, now_s: int, bucket_in_host: str | None = None) -> bool:
    assert is_presigned_v2(head)
    claim = read_presigned_v2(head, now_s=now_s, bucket_in_host=bucket_in_host)
    assert claim.access_key == ACCESS
    assert 1 <= len(claim.strings_to_sign) <= 4
    return any(
        is_signature_v2(secret=SECRET, string_to_sign=string, signature=claim.signature)
        for string in claim.strings_to_sign
    )


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        ("GET", "http://h/b/k", {}),
        ("HEAD", "http://h/b/a%20b%2Fc%C3%BC%2B", {}),
        ("GET", "http://h/b/k?versionId=null&response-content-type=text%2Fplain&other=1", {}),
        ("GET", "http://h/b?uploads", {}),
        ("GET", "http://h/b?list-type=2&prefix=a", {}),
        ("POST", "http://h/b/k?select&select-type=2", {}),
        ("PUT", "http://h/b/k?storageClass=x", {"x-amz-meta-a": "1"}),
        ("GET", "http://h/b?uploads=&prefix=a", {}),
        ("PUT", "http://h/b/k", {"content-type": "text/x", "content-md5": "abc="}),
        ("PUT", "http://h/b/k", {"x-amz-meta-b": "  two  words ", "x-amz-acl": "private"}),
    ],
)
def test_signature_of_botocore_is_accepted(method: str, url: str, headers: dict[str, str]) -> None:
    head, last_s = signed(method, url, headers)
    assert is_valid(head, last_s)
    forged = RequestHead("DELETE", head.raw_path, head.raw_query, head.headers)
    assert not is_valid(forged, last_s)
    forged = RequestHead(method, head.raw_path + b"x", head.raw_query, head.headers)
    assert not is_valid(forged, last_s)
    forged = RequestHead(
        method, head.raw_path, head.raw_query, [*head.headers, (b"x-amz-copy-source", b"b/s")]
    )
    assert not is_valid(forged, last_s)


def test_bucket_in_the_host_is_part_of_what_is_signed() -> None:
    head, last_s = signed("GET", "http://b.h/k", auth_path="/b/k")
    assert is_valid(head, last_s, "b")
    assert not is_valid(head, last_s)


@pytest.mark.parametrize("signed_path", ["/bkt/", "/bkt"])
@pytest.mark.parametrize("sent", ["http://h/bkt?{}", "http://h/bkt/?{}", "http://bkt.h/?{}"])
@pytest.mark.parametrize("query", ["", *sorted(_SIGNED_PARAMETERS), "list-type=2"])
def test_bucket_is_signed_with_a_slash_or_without(sent: str, signed_path: str, query: str) -> None:
    if query.startswith("response-"):
        query += "=a%2Fb%20c"
    if query in HmacV1QueryAuth.QSAOfInterest or "=" in query or not query:
        head, last_s = signed("GET", sent.format(query), auth_path=signed_path)
        assert is_valid(head, last_s, "bkt" if "bkt.h" in sent else None)
        assert not is_valid(head, last_s, "other")
        other = RequestHead("GET", head.raw_path + b"k", head.raw_query, head.headers)
        assert not is_valid(other, last_s, "bkt" if "bkt.h" in sent else None)


@pytest.mark.parametrize("path", ["/", "//", "/b//", "/b/k/", "//b"])
def test_other_paths_are_signed_as_they_are_sent(path: str) -> None:
    for signed_path in ("/", "//", "/b/", "/b//", "/b/k", "/b/k/", "/b", "//b"):
        head, last_s = signed("GET", f"http://h{path}", auth_path=signed_path)
        assert is_valid(head, last_s) is (signed_path == path)


def test_headers_in_the_query_are_signed_as_headers() -> None:
    fields = {"x-amz-meta-a": "alpha", "x-amz-storage-class": "STANDARD_IA", "content-type": "a/b"}
    head, last_s = signed("PUT", "http://h/b/k", fields)
    assert b"x-amz-meta-a=alpha" in head.raw_query
    alone = RequestHead("PUT", head.raw_path, head.raw_query, [])
    assert is_valid(alone, last_s)
    for forged in (
        head.raw_query.replace(b"alpha", b"beta"),
        head.raw_query.replace(b"x-amz-meta-a=alpha&", b""),
        head.raw_query.replace(b"a%2Fb", b"c%2Fd"),
        head.raw_query + b"&x-amz-acl=public-read",
        head.raw_query + b"&X-Amz-Copy-Source=b%2Fs",
    ):
        assert forged != head.raw_query
        assert not is_valid(RequestHead("PUT", head.raw_path, forged, []), last_s)


def test_token_of_a_session_is_read_and_signed_as_a_header() -> None:
    head, last_s = signed("GET", "http://h/b/k", {"x-amz-security-token": "t/+="})
    claim = read_presigned_v2(head, now_s=last_s, bucket_in_host=None)
    assert claim.session_token == "t/+=" and is_valid(head, last_s)
    forged = head.raw_query.replace(b"t%2F", b"u%2F")
    assert forged != head.raw_query
    assert not is_valid(RequestHead("GET", head.raw_path, forged, []), last_s)
    head, last_s = signed("GET", "http://h/b/k")
    assert read_presigned_v2(head, now_s=last_s, bucket_in_host=None).session_token is None


def test_url_ends_when_it_says_and_cannot_be_prolonged() -> None:
    head, last_s = signed("GET", "http://h/b/k")
    with pytest.raises(S3Error, match="AccessDenied"):
        read_presigned_v2(head, now_s=last_s + 1, bucket_in_host=None)
    query = head.raw_query.replace(b"%d" % last_s, b"%d" % (last_s + 1))
    assert not is_valid(RequestHead("GET", head.raw_path, query, head.headers), last_s)


@pytest.mark.parametrize(
    "query",
    [
        b"AWSAccessKeyId=a",
        b"Signature=a&Expires=1",
        b"AWSAccessKeyId=a&Signature=b",
        b"AWSAccessKeyId=a&Signature=b&Expires=",
        b"AWSAccessKeyId=a&Signature=b&Expires=soon",
    ],
)
def test_parameter_that_lacks_or_makes_no_sense_is_refused(query: bytes) -> None:
    head = RequestHead("GET", b"/b/k", query, [])
    with pytest.raises(S3Error, match="AccessDenied"):
        read_presigned_v2(head, now_s=0, bucket_in_host=None)


def test_expired_request_is_told_when_as_in_version_4() -> None:
    head, last_s = signed("GET", "http://h/b/k")
    with pytest.raises(S3Error) as refused:
        read_presigned_v2(head, now_s=last_s + 1, bucket_in_host=None)
    assert refused.value.message == "Request has expired"
    moments = (refused.value.details["Expires"], refused.value.details["ServerTime"])
    assert moments == (iso_extended(last_s), iso_extended(last_s + 1))
