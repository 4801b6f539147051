"""CopyObject: what is copied, what is replaced, conditions, onto itself, life of the source."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import read, refusal, refused
from tests.integration.s3.test_checksums import digest
from tests.integration.s3.uploads import PART_MIN, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def source(bucket: str, key: str = "source") -> Any:
    return {"Bucket": bucket, "Key": key}


def test_copy_has_the_bytes_and_the_metadata(s3: "S3Client", bucket: str) -> None:
    put = s3.put_object(
        Bucket=bucket, Key="source", Body=b"body", ContentType="a/b", Metadata={"m": "1"}
    )
    done = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source(bucket))
    assert done["CopyObjectResult"]["ETag"] == put["ETag"]
    assert done["CopyObjectResult"]["LastModified"].tzinfo is not None
    got = s3.get_object(Bucket=bucket, Key="copy")
    assert got["Body"].read() == b"body"
    assert got["ContentType"] == "a/b" and got["Metadata"] == {"m": "1"}


def test_replace_takes_everything_from_the_request(s3: "S3Client", bucket: str) -> None:
    s3.put_object(
        Bucket=bucket,
        Key="source",
        Body=b"body",
        ContentType="a/b",
        CacheControl="no-cache",
        Metadata={"m": "1"},
    )
    s3.copy_object(
        Bucket=bucket,
        Key="copy",
        CopySource=source(bucket),
        MetadataDirective="REPLACE",
        Metadata={"n": "2"},
        ContentType="c/d",
    )
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert head["Metadata"] == {"n": "2"} and head["ContentType"] == "c/d"
    assert "CacheControl" not in head


def test_without_replace_the_metadata_of_the_request_is_ignored(
    s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="source", Metadata={"m": "1"})
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source(bucket), Metadata={"n": "2"})
    assert s3.head_object(Bucket=bucket, Key="copy")["Metadata"] == {"m": "1"}


def test_unknown_directive_is_refused(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source")
    answer = refused(
        s3.copy_object,
        Bucket=bucket,
        Key="copy",
        CopySource=source(bucket),
        MetadataDirective="MERGE",
    )
    assert answer == (400, "InvalidArgument")


def test_copy_onto_itself_must_change_something(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"body", Metadata={"m": "1"})
    answer = refused(s3.copy_object, Bucket=bucket, Key="source", CopySource=source(bucket))
    assert answer == (400, "InvalidRequest")
    s3.copy_object(
        Bucket=bucket,
        Key="source",
        CopySource=source(bucket),
        MetadataDirective="REPLACE",
        Metadata={"n": "2"},
    )
    got = s3.get_object(Bucket=bucket, Key="source")
    assert got["Body"].read() == b"body" and got["Metadata"] == {"n": "2"}
    s3.copy_object(
        Bucket=bucket, Key="source", CopySource=source(bucket), StorageClass="STANDARD_IA"
    )
    assert s3.head_object(Bucket=bucket, Key="source")["StorageClass"] == "STANDARD_IA"
    assert read(s3, bucket, "source") == b"body"


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_copy_outlives_its_source(s3: "S3Client", bucket: str, size: int) -> None:
    body = b"z" * size
    s3.put_object(Bucket=bucket, Key="source", Body=body)
    for number in range(3):
        s3.copy_object(Bucket=bucket, Key=f"copy{number}", CopySource=source(bucket))
    s3.delete_object(Bucket=bucket, Key="source")
    s3.put_object(Bucket=bucket, Key="copy0", Body=b"overwritten")
    s3.delete_object(Bucket=bucket, Key="copy1")
    assert read(s3, bucket, "copy2") == body and read(s3, bucket, "copy0") == b"overwritten"


def test_copy_of_a_multipart_object_keeps_etag_and_parts(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "source")
    upload.put(1, b"a" * PART_MIN)
    upload.put(2, b"b")
    etag = upload.complete()["ETag"]
    done = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source(bucket))
    assert read(s3, bucket, "copy") == b"a" * PART_MIN + b"b"
    assert s3.head_object(Bucket=bucket, Key="copy")["ETag"] == done["CopyObjectResult"]["ETag"]
    assert done["CopyObjectResult"]["ETag"] == etag


def test_copy_that_asks_for_a_checksum_has_that_of_the_whole(s3: "S3Client", bucket: str) -> None:
    bodies = (b"a" * PART_MIN, b"b")
    upload = Upload.begin(s3, bucket, "source", ChecksumAlgorithm="SHA256")
    for number, body in enumerate(bodies, 1):
        upload.put(number, body, ChecksumAlgorithm="SHA256")
    assert upload.complete()["ChecksumType"] == "COMPOSITE"
    made = s3.copy_object(
        Bucket=bucket, Key="copy", CopySource=source(bucket), ChecksumAlgorithm="SHA256"
    )["CopyObjectResult"]
    head = s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    for shown in (made, head):
        assert shown["ChecksumSHA256"] == digest("SHA256", b"".join(bodies))
        assert shown["ChecksumType"] == "FULL_OBJECT"


def test_copy_goes_between_buckets(s3: "S3Client", bucket: str, shared_bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"body")
    s3.copy_object(Bucket=shared_bucket, Key="copy", CopySource=source(bucket))
    assert read(s3, shared_bucket, "copy") == b"body"
    s3.copy_object(Bucket=shared_bucket, Key="copy2", CopySource=f"/{bucket}/source")
    assert read(s3, shared_bucket, "copy2") == b"body"


@pytest.mark.parametrize(
    "key", ["ä/ö ü", "a+b", "a%2Fb", "a?versionId=x", "..", "//", "new\nline", "😀#&=;,"]
)
def test_source_of_any_name_is_found(s3: "S3Client", bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source(bucket, key))
    assert read(s3, bucket, "copy") == key.encode()


def test_missing_sources_are_refused(s3: "S3Client", bucket: str) -> None:
    answer = refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=source(bucket))
    assert answer == (404, "NoSuchKey")
    missing = source("o3-test-not-there")
    answer = refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=missing)
    assert answer == (404, "NoSuchBucket")
    for wrong in ("nothing", "/", f"{bucket}/"):
        answer = refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=wrong)
        assert answer == (400, "InvalidArgument")


def test_conditions_on_the_source_are_decided(s3: "S3Client", bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="source", Body=b"body")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="source")["LastModified"]
    hour = timedelta(hours=1)
    holds: list[dict[str, Any]] = [
        {"CopySourceIfMatch": etag},
        {"CopySourceIfNoneMatch": "x"},
        {"CopySourceIfModifiedSince": modified - hour},
        {"CopySourceIfUnmodifiedSince": modified + hour},
        {"CopySourceIfMatch": etag, "CopySourceIfUnmodifiedSince": modified - hour},
    ]
    for condition in holds:
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=source(bucket), **condition)
    fails: list[dict[str, Any]] = [
        {"CopySourceIfMatch": "x"},
        {"CopySourceIfNoneMatch": etag},
        {"CopySourceIfModifiedSince": modified},
        {"CopySourceIfUnmodifiedSince": modified - hour},
    ]
    for condition in fails:
        error = refusal(
            s3.copy_object, Bucket=bucket, Key="other", CopySource=source(bucket), **condition
        )
        assert (error.status, error.code) == (412, "PreconditionFailed"), condition
    assert refused(s3.head_object, Bucket=bucket, Key="other") == (404, "404")


def test_conditions_on_the_target_are_decided(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"body")
    etag = s3.put_object(Bucket=bucket, Key="copy", Body=b"old")["ETag"]
    asked: dict[str, Any] = {"Bucket": bucket, "Key": "copy", "CopySource": source(bucket)}
    assert refused(s3.copy_object, **asked, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.copy_object, **asked, IfMatch="x") == (412, "PreconditionFailed")
    assert read(s3, bucket, "copy") == b"old"
    s3.copy_object(**asked, IfMatch=etag)
    assert read(s3, bucket, "copy") == b"body"


def test_copy_while_the_source_changes_is_of_one_version(s3: "S3Client", bucket: str) -> None:
    bodies = [bytes([letter]) * 100_000 for letter in b"abcdefgh"]
    s3.put_object(Bucket=bucket, Key="source", Body=bodies[0], Metadata={"body": "0"})

    def put(number: int) -> None:
        metadata = {"body": str(number % 8)}
        s3.put_object(Bucket=bucket, Key="source", Body=bodies[number % 8], Metadata=metadata)

    def copy(number: int) -> None:
        # Of a source that never rests S3 may say so; anything else is an error.
        key = f"copy{number}"
        try:
            s3.copy_object(Bucket=bucket, Key=key, CopySource=source(bucket))
        except s3.exceptions.ClientError as error:
            answer: Any = error.response
            assert answer["Error"]["Code"] == "ConditionalRequestConflict"
            return
        got = s3.get_object(Bucket=bucket, Key=key)
        assert got["Body"].read() == bodies[int(got["Metadata"]["body"])]

    with ThreadPoolExecutor(8) as pool:
        tasks = [pool.submit(call, n) for n in range(40) for call in (put, copy)]
        for task in tasks:
            task.result()


def test_redirect_of_a_copy_is_the_requests(s3: "S3Client", bucket: str) -> None:
    """Whatever the directive: the source's is nobody's but its own."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", WebsiteRedirectLocation="/source")
    source: Any = {"Bucket": bucket, "Key": "k"}
    s3.copy_object(Bucket=bucket, Key="none", CopySource=source)
    assert "WebsiteRedirectLocation" not in s3.head_object(Bucket=bucket, Key="none")
    # Of a copy onto itself it is change enough.
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, WebsiteRedirectLocation="/own")
    assert s3.head_object(Bucket=bucket, Key="k")["WebsiteRedirectLocation"] == "/own"
