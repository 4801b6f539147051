"""Presigned URLs: for one operation, for one second to seven days, for what was signed."""

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, Keys, read
from tests.integration.s3.wire import Answer, Request, connection, path_of, presign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WEEK_SECONDS = 7 * 86_400


def fetch(endpoint: Endpoint, target: str, method: str = "GET", **fields: str) -> Answer:
    return ask(endpoint, Request(method, target, fields=dict(fields)))


def ask(endpoint: Endpoint, request: Request) -> Answer:
    """Sends it as it is, unsigned."""
    fields = {"Content-Length": str(len(request.body)), **request.fields}
    with connection(endpoint) as wire:
        wire.send(request.bytes(fields, endpoint.host))
        return wire.answer()


def test_url_of_boto3_reads_and_writes(endpoint: Endpoint, bucket: str) -> None:
    key = "ä b/+%2F😀"
    at = {"Bucket": bucket, "Key": key}
    with endpoint.client(signature_version="s3v4") as s3:
        put_url = s3.generate_presigned_url("put_object", Params=at, ExpiresIn=60)
        asked = urllib.request.Request(put_url, data=b"body", method="PUT")
        asked.add_header("Content-Type", "a/b")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.status == 200
        params: dict[str, Any] = {**at, "ResponseContentType": "text/x"}
        get_url = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=WEEK_SECONDS)
        with urllib.request.urlopen(get_url, timeout=60) as answer:
            assert answer.read() == b"body" and answer.headers["content-type"] == "text/x"
        assert s3.head_object(Bucket=bucket, Key=key)["ContentType"] == "a/b"
        head_url = s3.generate_presigned_url("head_object", Params=at, ExpiresIn=60)
        with pytest.raises(urllib.error.HTTPError) as actual:
            urllib.request.urlopen(head_url, timeout=60)
        with actual.value as refused:
            assert refused.code == 403
        asked = urllib.request.Request(head_url, method="HEAD")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.headers["content-length"] == "4"
        delete_url = s3.generate_presigned_url("delete_object", Params=at, ExpiresIn=60)
        asked = urllib.request.Request(delete_url, method="DELETE")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.status == 204


@pytest.mark.parametrize("expires", [1, 60, WEEK_SECONDS])
def test_expiry_from_a_second_to_a_week_is_taken(
    endpoint: Endpoint, s3: "S3Client", bucket: str, expires: int
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    # Signed a minute into the future: what lasts one second must not depend on luck.
    target = presign(endpoint, Request("GET", f"/{bucket}/k"), expires, skew_seconds=60)
    assert fetch(endpoint, target).body == b"body"


@pytest.mark.parametrize("expires", [0, -1, WEEK_SECONDS + 1])
def test_other_expiry_is_refused(endpoint: Endpoint, bucket: str, expires: int) -> None:
    target = presign(endpoint, Request("GET", f"/{bucket}/k"), expires)
    answer = fetch(endpoint, target)
    assert answer.status in (400, 403)
    assert answer.code in ("AuthorizationQueryParametersError", "AccessDenied")


def test_expired_url_is_told_when(endpoint: Endpoint, bucket: str) -> None:
    target = presign(endpoint, Request("GET", f"/{bucket}/k"), 1, skew_seconds=-3)
    answer = fetch(endpoint, target)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    error = answer.error
    assert error["Message"] == "Request has expired" and error["X-Amz-Expires"] == "1"
    assert error["Expires"] < error["ServerTime"]


def test_url_of_the_future_is_not_valid_yet(endpoint: Endpoint, bucket: str) -> None:
    target = presign(endpoint, Request("GET", f"/{bucket}/k"), 60, skew_seconds=1_000)
    answer = fetch(endpoint, target)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.error["Message"] == "Request is not valid yet"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/k?", "/l?"),
        ("X-Amz-Expires=60", "X-Amz-Expires=61"),
        ("versionId=null", "versionId=other"),
        ("us-east-1", "us-east-2"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
    ],
)
def test_tampered_url_is_refused(
    endpoint: Endpoint, s3: "S3Client", bucket: str, old: str, new: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    s3.put_object(Bucket=bucket, Key="l", Body=b"other")
    target = presign(endpoint, Request("GET", f"/{bucket}/k", "versionId=null"), 60)
    assert fetch(endpoint, target).body == b"body"
    assert old in target
    answer = fetch(endpoint, target.replace(old, new, 1))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert "CanonicalRequest" in answer.error
    assert fetch(endpoint, f"{target}&extra=1").code == "SignatureDoesNotMatch"
    assert fetch(endpoint, target, "PUT").code == "SignatureDoesNotMatch"


def test_url_of_an_unknown_key_or_wrong_secret(endpoint: Endpoint, bucket: str) -> None:
    asked = Request("GET", f"/{bucket}/k")
    target = presign(endpoint, asked, 60, keys=Keys("AKUNKNOWN", "secret"))
    assert fetch(endpoint, target).code == "InvalidAccessKeyId"
    target = presign(endpoint, asked, 60, keys=Keys(endpoint.main.access, "wrong"))
    assert fetch(endpoint, target).code == "SignatureDoesNotMatch"


def test_presigned_put_does_not_become_a_copy(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="private", Body=b"private")
    target = presign(endpoint, Request("PUT", f"/{bucket}/k"), 60)
    answer = fetch(endpoint, target, "PUT", **{"x-amz-copy-source": f"/{bucket}/private"})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "x-amz-copy-source" in answer.error["HeadersNotSigned"]


def test_presigned_body_is_open(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    path = path_of(bucket, "a key")
    target = presign(endpoint, Request("PUT", path), 60)
    answer = ask(endpoint, Request("PUT", target, body=b"whatever"))
    assert answer.status == 200, answer.body
    assert read(s3, bucket, "a key") == b"whatever"


def test_two_ways_of_signing_at_once_are_refused(endpoint: Endpoint, bucket: str) -> None:
    target = presign(endpoint, Request("GET", f"/{bucket}/k"), 60)
    answer = fetch(endpoint, target, Authorization="AWS4-HMAC-SHA256 Credential=x")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
