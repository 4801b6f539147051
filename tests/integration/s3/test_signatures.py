"""SigV4 in the header: what is wrong is told with AWS's code, and what the server saw."""

from typing import TYPE_CHECKING

import pytest

from tests.integration.endpoint import Endpoint, Keys, read
from tests.integration.s3.wire import UNSIGNED, Answer, Request, connection, send, sign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def raw(endpoint: Endpoint, data: bytes) -> Answer:
    with connection(endpoint) as wire:
        wire.send(data)
        return wire.answer()


def test_wrong_secret_is_answered_with_what_the_server_saw(endpoint: Endpoint, bucket: str) -> None:
    asked = Request("GET", f"/{bucket}", "prefix=a%20b&list-type=2")
    signed = sign(endpoint, asked, keys=Keys(endpoint.main.access, "wrong-secret"))
    answer = raw(endpoint, signed.bytes)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    error = answer.error
    assert error["AWSAccessKeyId"] == endpoint.main.access
    assert error["CanonicalRequest"] == signed.canonical
    assert bytes.fromhex(error["CanonicalRequestBytes"]).decode() == signed.canonical
    assert error["StringToSign"].startswith(f"AWS4-HMAC-SHA256\n{signed.timestamp}\n")
    assert error["SignatureProvided"] == signed.signature
    assert "wrong-secret" not in answer.body.decode()


def test_unknown_key_is_told(endpoint: Endpoint, bucket: str) -> None:
    answer = send(endpoint, Request("GET", f"/{bucket}"), keys=Keys("AKUNKNOWN", "secret"))
    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")
    assert answer.error["AWSAccessKeyId"] == "AKUNKNOWN"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3", "anywhere"])
def test_any_region_may_be_signed_for(endpoint: Endpoint, bucket: str, region: str) -> None:
    assert send(endpoint, Request("HEAD", f"/{bucket}"), region=region).status == 200


@pytest.mark.parametrize("skew", [-1_000, 1_000, 86_400])
def test_clock_that_is_off_is_told_both_times(endpoint: Endpoint, bucket: str, skew: int) -> None:
    answer = send(endpoint, Request("GET", f"/{bucket}"), skew_seconds=skew)
    assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed")
    error = answer.error
    assert error["RequestTime"] and error["ServerTime"].endswith("Z")
    assert error["MaxAllowedSkewMilliseconds"] == "900000"


@pytest.mark.parametrize("skew", [-800, 800])
def test_fourteen_minutes_are_not_too_much(endpoint: Endpoint, bucket: str, skew: int) -> None:
    assert send(endpoint, Request("HEAD", f"/{bucket}"), skew_seconds=skew).status == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"GET /", b"DELETE /"),
        (b"/k?", b"/l?"),
        (b"prefix=a", b"prefix=b"),
        (b"X-Amz-Meta-A: 1", b"X-Amz-Meta-A: 2"),
        (b"\r\nHost: ", b"\r\nHost: evil."),
        (b"Signature=", b"Signature=0"),
    ],
)
def test_change_of_anything_signed_is_noticed(
    endpoint: Endpoint, bucket: str, old: bytes, new: bytes
) -> None:
    asked = Request("GET", f"/{bucket}/k", "prefix=a", fields={"X-Amz-Meta-A": "1"})
    sent = sign(endpoint, asked).bytes
    tampered = sent.replace(old, new, 1)
    assert tampered != sent
    answer = raw(endpoint, tampered)
    assert answer.status == 403 and answer.code == "SignatureDoesNotMatch"


def test_header_that_was_not_signed_is_refused(endpoint: Endpoint, bucket: str) -> None:
    sent = sign(endpoint, Request("GET", f"/{bucket}/k")).bytes
    copied = sent.replace(b"\r\n\r\n", b"\r\nx-amz-copy-source: /a/b\r\n\r\n")
    answer = raw(endpoint, copied)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.error["HeadersNotSigned"] == "x-amz-copy-source"


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        ("AWS AKID:c2lnbmF0dXJl", 400, "InvalidRequest"),
        ("Bearer token", 400, "InvalidArgument"),
        ("AWS4-HMAC-SHA256 Credential=x", 400, "AuthorizationHeaderMalformed"),
        (
            "AWS4-ECDSA-P256-SHA256 Credential=A/20260101/s3/aws4_request, SignedHeaders=host,"
            " Signature=00",
            501,
            "NotImplemented",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/ec2/aws4_request,"
            " SignedHeaders=host, Signature=00",
            400,
            "AuthorizationHeaderMalformed",
        ),
    ],
)
def test_other_authorization_is_refused_by_name(
    endpoint: Endpoint, bucket: str, authorization: str, status: int, code: str
) -> None:
    fields = {"X-Amz-Date": "20260101T000000Z", "Authorization": authorization}
    answer = raw(endpoint, Request("GET", f"/{bucket}").bytes(fields, endpoint.host))
    assert (answer.status, answer.code) == (status, code)


def test_body_must_have_the_hash_that_was_signed(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    asked = Request("PUT", f"/{bucket}/k", body=b"new!", fields={"Content-Length": "4"})
    signed = sign(endpoint, asked)
    answer = raw(endpoint, signed.bytes.replace(b"new!", b"evil"))
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
    assert read(s3, bucket, "k") == b"old"
    assert raw(endpoint, signed.bytes).status == 200
    assert read(s3, bucket, "k") == b"new!"


def test_unsigned_payload_is_taken(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    answer = send(endpoint, Request("PUT", f"/{bucket}/k", body=b"free"), payload=UNSIGNED)
    assert answer.status == 200 and read(s3, bucket, "k") == b"free"


@pytest.mark.parametrize("payload", ["", "SIGNED", "0" * 63, "STREAMING-NOTHING"])
def test_payload_of_an_unknown_kind_is_refused(
    endpoint: Endpoint, bucket: str, payload: str
) -> None:
    answer = send(endpoint, Request("PUT", f"/{bucket}/k", body=b"x"), payload=payload)
    assert answer.status == 400 and answer.code in ("InvalidArgument", "InvalidRequest")
