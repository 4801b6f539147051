"""Odd requests on the wire are answered: no 500, and no connection that ends without an answer."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.endpoint import Endpoint
from tests.integration.s3.wire import Request, connection, send

_SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_METHODS = st.sampled_from(
    ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "LINK", "X"]
)
_PIECES = st.sampled_from(
    [
        *["/", "//", "*", "?", "&", "=", "#", "%", "%zz", "%00", "%ff", "%0d%0a", "http://", "["],
        *["]", "@", ":", ":99999", "::1", "..", "_health/", "live", "b", "h", "\xe4", "x-amz-acl"],
        *[
            "X-Amz-Signature",
            "X-Amz-Algorithm",
            "AWSAccessKeyId",
            "Signature",
            "Expires",
            "uploads",
        ],
        *["/v20180820/", "configuration/publicAccessBlock"],
        *["uploadId", "partNumber", "max-keys", "-", "0", "0" * 5_000, "9" * 40, "\x7f", "\x01"],
    ]
)
_TARGETS = st.lists(_PIECES, max_size=8).map("".join)
_HOSTS = st.sampled_from(["h", "h:1", "", "[::1]", "[zz]", "a b", "h:99999", "u@h", "\xe4", "*"])
_FIELDS = st.lists(
    st.sampled_from(
        [
            *["Content-Length: 0", "Content-Length: 4", "Content-Length: " + "0" * 5_000 + "4"],
            *["Content-Length: +4", "Content-Length: " + "9" * 30, "Transfer-Encoding: chunked"],
            *["Upgrade: h2c", "Connection: upgrade", "Expect: 100-continue", "Range: bytes=--1"],
            *["Authorization: AWS4-HMAC-SHA256", "x-amz-date: 0", "Authorization: AWS a:b", "x: y"],
            *["x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-copy-source: b/k"],
            "x-amz-decoded-content-length: " + "1" * 5_000,
            *["x-amz-account-id: 111122223333", "Origin: http://h", "X-Forwarded-For: ,, [::1"],
        ]
    ),
    max_size=3,
)


@_SETTINGS
@given(_METHODS, _TARGETS, _HOSTS, _FIELDS)
def test_any_request_is_answered(
    endpoint: Endpoint, method: str, target: str, host: str, fields: list[str]
) -> None:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    with connection(endpoint) as wire:
        wire.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n0\r\n\r\n")
        status, _ = wire.head()
        while status == 100:
            status, _ = wire.head()
    assert 200 <= status < 500 or status in (501, 505), (status, lines)


NUMBERS = ["--5", "-", "+", "٣", "1_0", "5.0", " 5", "-1", "1e3", "0x1", "9" * 5_000, "1" * 11]


@pytest.mark.parametrize(
    ("level", "name", "more"),
    [
        ("bucket", "max-keys", ""),
        ("bucket", "max-keys", "list-type=2&"),
        ("bucket", "max-keys", "versions&"),
        ("bucket", "max-uploads", "uploads&"),
        ("key", "max-parts", "uploadId=" + "0" * 32 + "&"),
        ("key", "part-number-marker", "uploadId=" + "0" * 32 + "&"),
        ("key", "partNumber", ""),
        ("service", "max-buckets", ""),
    ],
)
def test_what_is_no_number_in_a_query_is_an_invalid_argument(
    endpoint: Endpoint, shared_bucket: str, level: str, name: str, more: str
) -> None:
    path = {"service": "/", "bucket": f"/{shared_bucket}", "key": f"/{shared_bucket}/k"}[level]
    if name == "partNumber":
        send(endpoint, Request("PUT", path, body=b"x"))
    for value in NUMBERS:
        sent = quote(value, safe="")
        answer = send(endpoint, Request("GET", path, f"{more}{name}={sent}"))
        assert (answer.status, answer.code) == (400, "InvalidArgument"), value[:20]
        # Of a negative one S3 spells it otherwise.
        assert answer.error["ArgumentName"].lower() == name.replace("-", "").lower() or (
            answer.error["ArgumentName"] == name
        )
    for value in ("0" * 5_000 + "5", "00000000000000000001"):
        answer = send(endpoint, Request("GET", path, f"{more}{name}={value}"))
        assert answer.status in (200, 206, 404, 416), (answer.status, value[:20])


def test_numbers_in_headers_are_read_the_same_way(endpoint: Endpoint, shared_bucket: str) -> None:
    path = f"/{shared_bucket}/k"
    send(endpoint, Request("PUT", path, body=b"12345"))
    for value in ("1" * 5_000, "--5", "1_0", "+1", ""):
        fields = {"x-amz-decoded-content-length": value}
        put = Request("PUT", path, body=b"0\r\n\r\n", fields=fields)
        answer = send(endpoint, put, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        assert answer.status in (400, 411), value[:20]
        answer = send(endpoint, Request("GET", path, fields={"Range": f"bytes={value}-"}))
        assert answer.status in (200, 206, 416)
    zeros = Request("GET", path, fields={"Range": "bytes=" + "0" * 5_000 + "1-2"})
    assert send(endpoint, zeros).body == b"23"
    length = {"x-amz-decoded-content-length": "0" * 5_000 + "4"}
    put = Request("PUT", path, body=b"4\r\nbody\r\n0\r\n\r\n", fields=length)
    assert send(endpoint, put, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER").status == 200
    assert send(endpoint, Request("GET", path)).body == b"body"


@pytest.mark.parametrize("expires", ["--5", "1_0", "٣", "", " 5", "9" * 5_000, "0" * 5_000])
def test_expiry_that_is_no_number_is_refused(endpoint: Endpoint, expires: str) -> None:
    sent = quote(expires, safe="")
    v4 = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fs3%2F"
        "aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
        f"&X-Amz-Expires={sent}"
    )
    for query in (v4, f"AWSAccessKeyId=a&Signature=b&Expires={sent}"):
        with connection(endpoint) as wire:
            wire.send(Request("GET", "/b/k", query).bytes({}, endpoint.host))
            assert wire.answer().status in (400, 403)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/b%00c", "", "InvalidBucketName"),
        ("/b%00c/k", "", "InvalidBucketName"),
        ("/b/k", "AWSAccessKeyId=a%00&Signature=b&Expires=9999999999", "InvalidAccessKeyId"),
        ("/b%01c", "", "InvalidBucketName"),
    ],
)
def test_name_that_no_record_can_hold_is_refused_by_its_own_code(
    endpoint: Endpoint, path: str, query: str, code: str
) -> None:
    with connection(endpoint) as wire:
        wire.send(Request("GET", path, query).bytes({}, endpoint.host))
        assert wire.answer().code == code
