"""Keys of any UTF-8 up to 1,024 bytes: what is written under a name is found under it alone."""

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.endpoint import Endpoint, keys_of, read, refused
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS: Final = [
    "plain",
    ".",
    "..",
    "../up",
    "a/../b",
    "a/./b",
    "a/..",
    "/",
    "//",
    "/leading",
    "//two",
    "a//b",
    "trailing/",
    "trailing//",
    " ",
    " lead and trail ",
    "a b",
    "a+b",
    "a%20b",
    "a%2Fb",
    "a%2fb",
    "%",
    "%%41",
    "100%",
    "a?b",
    "a?versionId=null",
    "a#b",
    "a&b=c;d",
    "a:b@c!$'()*,",
    "a\\b",
    '"<>|^`{}[]~',
    "naïve",
    "nai\u0308ve",
    "日本語/キー",
    "😀👩‍👩‍👧",
    "\u202eright to left",
    "new\nline",
    "tab\there",
    "\r\n",
    "\x00nul",
    "\x7f",
    "_health/ready",
    "\uffff",
]


def test_each_key_is_one_object(s3: "S3Client", bucket: str) -> None:
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert keys_of(s3, bucket) == sorted(KEYS, key=str.encode)
    for key in KEYS:
        assert read(s3, bucket, key) == key.encode()
        assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode())
    for key in KEYS[::2]:
        s3.delete_object(Bucket=bucket, Key=key)
    assert keys_of(s3, bucket) == sorted(KEYS[1::2], key=str.encode)


@pytest.mark.parametrize("key", ["x" * 1_024, "é" * 512, "😀" * 256, "/" * 1_024])
def test_key_of_1024_bytes_is_taken(s3: "S3Client", bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert read(s3, bucket, key) == b"x" and keys_of(s3, bucket) == [key]


@pytest.mark.parametrize("key", ["x" * 1_025, "é" * 512 + "x", "😀" * 257])
def test_longer_key_is_refused(s3: "S3Client", bucket: str, key: str) -> None:
    assert refused(s3.put_object, Bucket=bucket, Key=key) == (400, "KeyTooLongError")
    assert refused(s3.get_object, Bucket=bucket, Key=key) == (400, "KeyTooLongError")
    assert refused(s3.delete_object, Bucket=bucket, Key=key) == (400, "KeyTooLongError")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_key_round_trips(s3: "S3Client", shared_bucket: str, key: str) -> None:
    s3.put_object(Bucket=shared_bucket, Key=key, Body=key.encode())
    assert read(s3, shared_bucket, key) == key.encode()
    assert keys_of(s3, shared_bucket) == [key]
    s3.delete_object(Bucket=shared_bucket, Key=key)
    assert keys_of(s3, shared_bucket) == []


@pytest.mark.parametrize(
    ("path", "canonical", "key"),
    [
        ("a%2Fb", "a%2Fb", "a/b"),
        ("a%2fb", "a%2Fb", "a/b"),
        ("a%2Fb", "a/b", "a/b"),
        ("%61", "a", "a"),
        ("a+b", "a%2Bb", "a+b"),
        ("a%2bb", "a%2Bb", "a+b"),
        ("~tilde%7E", "~tilde~", "~tilde~"),
        ("a%252Fb", "a%252Fb", "a%2Fb"),
        ("(a)*!'", "%28a%29%2A%21%27", "(a)*!'"),
        ("a,b;c:d=e@f&g$h", "a%2Cb%3Bc%3Ad%3De%40f%26g%24h", "a,b;c:d=e@f&g$h"),
    ],
)
def test_every_way_to_escape_names_one_key(
    endpoint: Endpoint, s3: "S3Client", bucket: str, path: str, canonical: str, key: str
) -> None:
    put = Request("PUT", f"/{bucket}/{path}", body=b"x", signed_path=f"/{bucket}/{canonical}")
    answer = send(endpoint, put)
    assert answer.status == 200, answer.body
    assert keys_of(s3, bucket) == [key]
    assert read(s3, bucket, key) == b"x"
    assert send(endpoint, Request("GET", f"/{bucket}/{quote(key, safe='')}")).body == b"x"


@pytest.mark.parametrize("path", ["%zz", "%", "%4", "%ff", "a%c3%28", "%ed%a0%80"])
def test_path_that_is_no_utf8_is_refused(endpoint: Endpoint, bucket: str, path: str) -> None:
    answer = send(endpoint, Request("PUT", f"/{bucket}/{path}", body=b"x"))
    assert (answer.status, answer.code) == (400, "InvalidURI")
