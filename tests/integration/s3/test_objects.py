"""PutObject, GetObject, HeadObject: bytes, headers, metadata, overrides."""

import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import read, refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20


@pytest.mark.parametrize(
    "size", [0, 1, 4_095, 65_536, 65_537, MIB - 1, MIB, MIB + 1, 5 * MIB + 3, 17 * MIB]
)
def test_object_of_any_size_comes_back(s3: "S3Client", shared_bucket: str, size: int) -> None:
    body = random.Random(size).randbytes(size)
    key = f"size-{size}"
    before = datetime.now(UTC) - timedelta(seconds=2)
    put = s3.put_object(Bucket=shared_bucket, Key=key, Body=body)
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    head = s3.head_object(Bucket=shared_bucket, Key=key)
    assert head["ContentLength"] == size and head["ETag"] == put["ETag"]
    assert before < head["LastModified"] < datetime.now(UTC) + timedelta(seconds=2)
    got = s3.get_object(Bucket=shared_bucket, Key=key)
    assert got["Body"].read() == body
    assert got["ContentLength"] == size and got["AcceptRanges"] == "bytes"
    assert got["ETag"] == put["ETag"] and got["LastModified"] == head["LastModified"]
    assert "ContentRange" not in got and "PartsCount" not in got


def test_put_replaces_all_of_the_object(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first", Metadata={"a": "1"}, ContentType="a/b")
    s3.put_object(Bucket=bucket, Key="k", Body=b"2nd")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"2nd" and got["Metadata"] == {}
    assert got["ContentType"] == "binary/octet-stream"


def test_standard_headers_are_kept(s3: "S3Client", bucket: str) -> None:
    sent: dict[str, Any] = {
        "ContentType": "text/html; charset=utf-8",
        "CacheControl": "max-age=60, public",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de, en",
        "WebsiteRedirectLocation": "/elsewhere",
    }
    expires = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=expires, **sent)
    answers: list[Any] = [
        s3.head_object(Bucket=bucket, Key="k"),
        s3.get_object(Bucket=bucket, Key="k"),
    ]
    for answer in answers:
        assert {name: answer[name] for name in sent} == sent
        assert answer["ExpiresString"] == "Tue, 06 May 2031 07:08:09 GMT"
    assert read(s3, bucket, "k") == b"x"


def test_user_metadata_is_kept(s3: "S3Client", bucket: str) -> None:
    metadata = {"plain": "value", "with-dash_and.dot": 'a, b;c="d"', "number": "007", "empty": ""}
    s3.put_object(Bucket=bucket, Key="k", Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata


def test_user_metadata_of_two_kib_is_the_most(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Metadata={"name": "v" * 2_044})
    error = refusal(s3.put_object, Bucket=bucket, Key="k2", Metadata={"name": "v" * 2_045})
    assert (error.status, error.code) == (400, "MetadataTooLarge")
    assert refused(s3.head_object, Bucket=bucket, Key="k2") == (404, "404")


def test_query_overrides_headers_of_the_answer(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="a/b", CacheControl="no-cache")
    overrides: dict[str, Any] = {
        "ResponseContentType": "text/plain",
        "ResponseCacheControl": "max-age=1",
        "ResponseContentDisposition": 'inline; filename="ä.txt"',
        "ResponseContentEncoding": "br",
        "ResponseContentLanguage": "fr",
        "ResponseExpires": datetime(2030, 1, 1, tzinfo=UTC),
    }
    got: Any = s3.get_object(Bucket=bucket, Key="k", **overrides)
    assert got["Body"].read() == b"x"
    assert got["ContentType"] == "text/plain" and got["CacheControl"] == "max-age=1"
    assert got["ContentEncoding"] == "br" and got["ContentLanguage"] == "fr"
    assert got["ExpiresString"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    assert "filename=" in got["ContentDisposition"]
    plain = s3.head_object(Bucket=bucket, Key="k")
    assert plain["ContentType"] == "a/b" and plain["CacheControl"] == "no-cache"


def test_override_that_no_header_can_carry_is_refused(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k")
    answer = refused(
        s3.get_object, Bucket=bucket, Key="k", ResponseContentType="a\r\nSet-Cookie: b"
    )
    assert answer == (400, "InvalidArgument")


def test_missing_object_is_told_apart_from_missing_bucket(s3: "S3Client", bucket: str) -> None:
    error = refusal(s3.get_object, Bucket=bucket, Key="not there")
    assert (error.status, error.code) == (404, "NoSuchKey")
    assert error.details["Key"] == "not there"
    error = refusal(s3.get_object, Bucket="o3-test-not-there", Key="k")
    assert (error.status, error.code) == (404, "NoSuchBucket")
    assert error.details["BucketName"] == "o3-test-not-there"
    assert refused(s3.put_object, Bucket="o3-test-not-there", Key="k") == (404, "NoSuchBucket")
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")


def test_content_md5_is_verified(s3: "S3Client", bucket: str) -> None:
    from base64 import b64encode

    right, wrong = (b64encode(hashlib.md5(body).digest()).decode() for body in (b"x", b"y"))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5=right)
    answer = refused(s3.put_object, Bucket=bucket, Key="k2", Body=b"x", ContentMD5=wrong)
    assert answer == (400, "BadDigest")
    answer = refused(s3.put_object, Bucket=bucket, Key="k2", Body=b"x", ContentMD5="no digest")
    assert answer == (400, "InvalidDigest")
    assert refused(s3.head_object, Bucket=bucket, Key="k2") == (404, "404")
