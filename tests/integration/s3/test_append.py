"""PutObject with x-amz-write-offset-bytes."""

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, read, refusal, refused
from tests.integration.s3.test_checksums import digest, shown
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import UNSIGNED, Request, connection, sign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def append(s3: "S3Client", bucket: str, offset: int, body: bytes, **more: Any) -> Any:
    return s3.put_object(Bucket=bucket, Key="log", Body=body, WriteOffsetBytes=offset, **more)


def etag_of(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def test_object_grows_and_stays_what_it_is(s3: "S3Client", bucket: str) -> None:
    first = append(s3, bucket, 0, b"one", ContentType="x/y", Metadata={"a": "b"})
    assert "Size" not in first and first["ETag"] == f'"{hashlib.md5(b"one").hexdigest()}"'
    second = append(s3, bucket, 3, b" two")
    assert second["Size"] == 7 and second["ETag"] == etag_of(b"one", b" two")
    assert shown(second) == {"CRC32": digest("CRC32", b" two")}
    third = append(s3, bucket, 7, b" three", ContentType="ignored/is")
    assert third["Size"] == 13 and third["ETag"] == etag_of(b"one", b" two", b" three")
    head = s3.head_object(Bucket=bucket, Key="log", ChecksumMode="ENABLED")
    assert (head["ContentType"], head["Metadata"]) == ("x/y", {"a": "b"})
    assert shown(head) == {"CRC32": digest("CRC32", b"one two three")}
    assert (head["ChecksumType"], head["ETag"]) == ("FULL_OBJECT", third["ETag"])
    assert read(s3, bucket, "log") == b"one two three"
    assert read(s3, bucket, "log", Range="bytes=2-8") == b"e two t"
    assert read(s3, bucket, "log", PartNumber=2) == b" two"


@pytest.mark.parametrize("offset", [0, 2, 4])
def test_offset_is_the_size(s3: "S3Client", bucket: str, offset: int) -> None:
    append(s3, bucket, 0, b"one")
    error = refusal(append, s3=s3, bucket=bucket, offset=offset, body=b"more")
    assert (error.status, error.code) == (400, "InvalidWriteOffset")
    assert error.message == (
        "The write offset value that you specified does not match the current object size."
    )
    assert read(s3, bucket, "log") == b"one"


def test_nothing_is_appended_to_what_is_not_there(s3: "S3Client", bucket: str) -> None:
    answer = refused(append, s3=s3, bucket=bucket, offset=1, body=b"x")
    assert answer == (400, "InvalidWriteOffset")


@pytest.mark.parametrize("algorithm", ["SHA256", "XXHASH3"])
def test_hash_is_made_of_those_of_the_parts(s3: "S3Client", bucket: str, algorithm: Any) -> None:
    bodies = [b"one", b" two"]
    append(s3, bucket, 0, bodies[0], ChecksumAlgorithm=algorithm)
    append(s3, bucket, 3, bodies[1], ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket=bucket, Key="log", ChecksumMode="ENABLED")
    assert head["ChecksumType"] == "COMPOSITE" and shown(head)[algorithm].endswith("-2")
    part = s3.head_object(Bucket=bucket, Key="log", ChecksumMode="ENABLED", PartNumber=2)
    assert shown(part) == {algorithm: digest(algorithm, bodies[1])}


def test_checksum_of_another_algorithm_is_refused(s3: "S3Client", bucket: str) -> None:
    append(s3, bucket, 0, b"one", ChecksumAlgorithm="SHA1")
    error = refusal(append, s3=s3, bucket=bucket, offset=3, body=b"x", ChecksumAlgorithm="CRC32C")
    assert (error.status, error.code) == (400, "InvalidRequest")
    assert error.message == (
        "Checksum Type mismatch occurred, expected checksum Type: sha1, actual checksum Type:"
        " crc32c"
    )


def test_appended_to_without_a_word_of_checksums(endpoint: Endpoint, bucket: str) -> None:
    with endpoint.client(request_checksum_calculation="when_required") as s3:
        append(s3, bucket, 0, b"one", ChecksumAlgorithm="SHA1")
        second = append(s3, bucket, 3, b"x")
    assert shown(second) == {"SHA1": digest("SHA1", b"x")}


@pytest.mark.parametrize(
    ("body", "more", "message"),
    [
        (b"", {}, "Request body cannot be empty when 'write offset' is specified."),
        (
            b"x",
            {"Metadata": {"a": "b"}},
            "Cannot specify both a write offset value and user-defined object metadata for existing"
            " objects.",
        ),
    ],
)
def test_what_no_append_can_be_is_refused(
    s3: "S3Client", bucket: str, body: bytes, more: dict[str, Any], message: str
) -> None:
    append(s3, bucket, 0, b"one")
    error = refusal(append, s3=s3, bucket=bucket, offset=3, body=body, **more)
    assert (error.status, error.code, error.message) == (400, "InvalidRequest", message)


def test_nothing_is_appended_in_http_chunks_either(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    before = append(s3, bucket, 0, b"one")["ETag"]
    fields = {"Transfer-Encoding": "chunked", "x-amz-write-offset-bytes": "3"}
    asked = Request("PUT", f"/{bucket}/log", fields=fields)
    with connection(endpoint) as wire:
        wire.send(sign(endpoint, asked, payload=UNSIGNED).bytes + b"0\r\n\r\n")
        answer = wire.answer()
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert s3.head_object(Bucket=bucket, Key="log")["ETag"] == before


def test_large_object_of_parts_is_appended_to(s3: "S3Client", bucket: str) -> None:
    bodies = [b"a" * PART_MIN, b"b" * 1_000]
    upload = Upload.begin(s3, bucket, "log", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    for number, body in enumerate(bodies, start=1):
        upload.put(number, body, ChecksumAlgorithm="CRC32")
    upload.complete()
    more = b"c" * (2 * PART_MIN)
    made = append(s3, bucket, PART_MIN + 1_000, more)
    assert made["ETag"] == etag_of(*bodies, more) and made["Size"] == 3 * PART_MIN + 1_000
    head = s3.head_object(Bucket=bucket, Key="log", ChecksumMode="ENABLED")
    assert shown(head) == {"CRC32": digest("CRC32", b"".join(bodies) + more)}
    assert read(s3, bucket, "log") == b"".join(bodies) + more


def test_only_put_appends(s3: "S3Client", bucket: str) -> None:
    def add(request: Any, **_: object) -> None:
        request.headers["x-amz-write-offset-bytes"] = "0"

    s3.meta.events.register_first("before-sign.s3.CreateMultipartUpload", add, "add")
    try:
        answer = refused(s3.create_multipart_upload, Bucket=bucket, Key="log")
    finally:
        s3.meta.events.unregister("before-sign.s3.CreateMultipartUpload", add, "add")
    assert answer == (501, "NotImplemented")


def test_condition_decides_an_append_too(s3: "S3Client", bucket: str) -> None:
    etag = append(s3, bucket, 0, b"one")["ETag"]
    answer = refused(append, s3=s3, bucket=bucket, offset=3, body=b"x", IfMatch="other")
    assert answer == (412, "PreconditionFailed")
    append(s3, bucket, 3, b"x", IfMatch=etag)


def test_encryption_is_the_object_s(s3: "S3Client", bucket: str) -> None:
    append(s3, bucket, 0, b"one", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    answer = refused(append, s3=s3, bucket=bucket, offset=3, body=b"x")
    assert answer == (400, "EncryptionTypeMismatch")
    for key, allowed in (("x" * 32, False), ("k" * 32, True)):
        sent: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
        if not allowed:
            answer = refused(append, s3=s3, bucket=bucket, offset=3, body=b"x", **sent)
            assert answer == (400, "EncryptionTypeMismatch")
            continue
        append(s3, bucket, 3, b" two", **sent)
        assert read(s3, bucket, "log", **sent) == b"one two"


def test_version_keeps_what_it_had(s3: "S3Client", bucket: str) -> None:
    append(s3, bucket, 0, b"one")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    made = append(s3, bucket, 3, b" two")
    assert read(s3, bucket, "log", VersionId="null") == b"one"
    assert read(s3, bucket, "log", VersionId=made["VersionId"]) == b"one two"
    for version in ("null", made["VersionId"]):
        s3.delete_object(Bucket=bucket, Key="log", VersionId=version)
