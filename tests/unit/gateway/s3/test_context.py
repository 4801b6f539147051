"""Condition keys are worked out of the request, when a policy asks for them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from tests.unit.gateway.access.said import SESSION, USER
from tests.unit.gateway.s3.one_bucket import OWNER, RECORD, request_to
from trioxygen.gateway.access.caller import Caller
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.s3.context import RequestContext
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.store.values.buckets import Bucket

NOW_MS: Final = 1_700_000_060_500
BUCKET: Final = Bucket("s3v", "bucket", 1, OWNER.account_id, 0, "")
CLAIM: Final = SignatureClaim(
    access_key="K",
    date="20231114",
    region="eu-west-1",
    service="s3",
    signed_headers=("host",),
    signature="",
    timestamp="20231114T221320Z",
    timestamp_s=1_700_000_000,
    expires_seconds=None,
    payload_hash="UNSIGNED-PAYLOAD",
    session_token=None,
    presigned=False,
)


def context(request: S3Request, action: str = "s3:GetObject", **about: Any) -> RequestContext:
    return RequestContext(request, lambda: NOW_MS, action, BUCKET, **about)


def signed(headers: dict[str, str] | None = None, query: str = "", **claim: Any) -> S3Request:
    request = request_to("bucket", "k", OWNER, headers, query)
    request.claim = replace(CLAIM, **claim)
    request.peer, request.scheme, request.tls_version = "192.0.2.7", "https", 0x0304
    return request


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("aws:sourceip", ["192.0.2.7"]),
        ("aws:securetransport", ["true"]),
        ("aws:useragent", ["curl"]),
        ("aws:referer", ["http://a"]),
        ("aws:currenttime", ["2023-11-14T22:14:20.000Z"]),
        ("aws:epochtime", ["1700000060"]),
        ("aws:principalaccount", [OWNER.account_id]),
        ("aws:principalarn", [f"arn:aws:iam::{OWNER.account_id}:root"]),
        ("aws:principaltype", ["Account"]),
        ("aws:userid", [OWNER.account_id]),
        ("aws:username", None),
        ("aws:requestedregion", ["eu-west-1"]),
        ("aws:resourceaccount", [OWNER.account_id]),
        ("aws:viaawsservice", ["false"]),
        ("aws:multifactorauthpresent", None),
        ("s3:resourceaccount", [OWNER.account_id]),
        ("s3:tlsversion", ["1.3"]),
        ("s3:authtype", ["REST-HEADER"]),
        ("s3:signatureversion", ["AWS4-HMAC-SHA256"]),
        ("s3:signatureage", ["60500"]),
        ("s3:x-amz-content-sha256", ["UNSIGNED-PAYLOAD"]),
        ("s3:x-amz-acl", ["public-read"]),
        ("s3:x-amz-grant-read", None),
        ("s3:x-amz-copy-source", ["source/a b"]),
        ("s3:x-amz-storage-class", ["GLACIER"]),
        ("s3:if-none-match", ["*"]),
        ("s3:object-lock-mode", ["GOVERNANCE"]),
        ("s3:object-lock-remaining-retention-days", ["10"]),
        ("s3:requestobjecttag/colour", ["red"]),
        ("s3:requestobjecttag/size", None),
        ("s3:requestobjecttagkeys", ["Colour", "b"]),
        ("s3:versionid", None),
        ("s3:prefix", None),
        ("s3:unheardof", None),
        ("s3:unheardof/x", None),
    ],
)
def test_keys_of_a_write(key: str, values: Sequence[str] | None) -> None:
    request = signed(
        {
            "user-agent": "curl",
            "referer": "http://a",
            "x-amz-acl": "public-read",
            "x-amz-copy-source": "/source/a%20b?versionId=1",
            "x-amz-storage-class": "GLACIER",
            "if-none-match": "*",
            "x-amz-object-lock-mode": "GOVERNANCE",
            "x-amz-object-lock-retain-until-date": "2023-11-25T22:14:00Z",
            "x-amz-tagging": "Colour=red&b=",
        },
        # Only lists have it.
        query="prefix=a",
    )
    actual = context(request, "s3:PutObject").values(key)
    assert (None if actual is None else list(actual)) == values


@pytest.mark.parametrize(
    ("caller", "key", "value"),
    [
        (USER, "aws:principaltype", "User"),
        (USER, "aws:username", "ann"),
        (USER, "aws:userid", "AIDAANN"),
        (replace(USER, tags={"Team": "red"}), "aws:principaltag/team", "red"),
        (SESSION, "aws:principalarn", SESSION.role_arn),
        (SESSION, "aws:userid", "AROAREADER:now"),
        (replace(SESSION, context={"aws:tokenissuetime": "x"}), "aws:tokenissuetime", "x"),
    ],
)
def test_keys_of_callers(caller: Caller, key: str, value: str) -> None:
    request = signed()
    request.caller = caller
    assert context(request).values(key) == (value,)


def test_nobody_has_neither_a_name_nor_a_signature() -> None:
    request = request_to("bucket", "k", None)
    asked = context(request)
    assert asked.values("aws:principaltype") == ("Anonymous",)
    assert asked.values("aws:userid") == ("anonymous",)
    for key in (
        "aws:principalarn",
        "aws:username",
        "s3:authtype",
        "s3:signatureage",
        "aws:sourceip",
    ):
        assert asked.values(key) is None, key


@pytest.mark.parametrize(
    ("version", "values"),
    [(0x0301, ("1.0",)), (0x0302, ("1.1",)), (0x0303, ("1.2",)), (0, None)],
)
def test_version_of_tls_is_the_connections(version: int, values: Sequence[str] | None) -> None:
    request = signed()
    request.tls_version = version
    assert context(request).values("s3:tlsversion") == values


def test_presigned_requests_say_so() -> None:
    assert context(signed(presigned=True)).values("s3:authtype") == ("REST-QUERY-STRING",)
    version_2 = signed()
    version_2.claim = None
    assert context(version_2).values("s3:authtype") == ("REST-QUERY-STRING",)
    assert context(version_2).values("s3:signatureversion") == ("AWS",)


def test_lists_have_their_parameters() -> None:
    request = signed(query="prefix=a%2F&delimiter=/&max-keys=3")
    request.operation, request.key = "ListObjectsV2", None
    asked = context(request, "s3:ListBucket")
    assert [asked.values(f"s3:{key}") for key in ("prefix", "delimiter", "max-keys")] == [
        ("a/",),
        ("/",),
        ("3",),
    ]


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("s3:GetObject", ("blue",)),
        ("s3:GetObjectVersionTagging", ("blue",)),
        ("s3:PutObjectTagging", ("blue",)),
        ("s3:PutObjectAcl", ("blue",)),
        ("s3:PutObjectRetention", None),
        ("s3:ListBucket", None),
    ],
)
def test_tags_of_what_is_there_are_said_to_some_actions(
    action: str, values: tuple[str] | None
) -> None:
    record = RECORD._replace(tags=(("Colour", "blue"),))
    asked = context(signed(), action, record=record, version_id="v")
    assert asked.values("s3:existingobjecttag/colour") == values
    assert asked.values("s3:versionid") == ("v",)


def test_headers_are_not_of_what_a_copy_reads() -> None:
    request = signed({"x-amz-acl": "private", "x-amz-tagging": "a=1"})
    asked = context(request, is_source=True)
    for key in ("s3:x-amz-acl", "s3:requestobjecttag/a", "s3:x-amz-copy-source"):
        assert asked.values(key) is None, key


def test_tags_that_a_copy_does_not_take_are_not_said() -> None:
    for directive, values in (({}, None), ({"x-amz-tagging-directive": "REPLACE"}, ("1",))):
        request = signed({"x-amz-tagging": "a=1", **directive})
        request.operation = "CopyObject"
        assert context(request, "s3:PutObject").values("s3:requestobjecttag/a") == values


def test_odd_values_are_no_reason_to_fail() -> None:
    request = signed({"x-amz-tagging": "a=1&a=2", "x-amz-copy-source": "%"})
    asked = context(request, "s3:PutObject")
    assert asked.values("s3:requestobjecttagkeys") is None
    assert asked.values("s3:x-amz-copy-source") == ("%",)


def test_who_asks_from_outside_knows_nothing_of_the_bucket_and_its_objects() -> None:
    request = signed({"referer": "http://a"})
    record = RECORD._replace(tags=(("plan", "secret"),))
    whole = context(request, record=record)
    outside = whole.from_outside()
    of_bucket = ("aws:resourceaccount", "s3:resourceaccount", "s3:existingobjecttag/plan")
    for key in of_bucket:
        assert whole.values(key) and outside.values(key) is None, key
    for key in ("aws:referer", "aws:sourceip", "aws:currenttime", "aws:userid"):
        assert whole.values(key) == outside.values(key), key
