"""Storage classes: how objects are kept that are read at once; archive classes are not offered."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, read, refusal, refused
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import Request, path_of, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAKEN = ["REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]
# No client's own list has it.
EC_3_2: Any = "EC_3_2"
REFUSED = ["GLACIER", "DEEP_ARCHIVE", "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW", "TAPE", "standard"]


def shown(s3: "S3Client", bucket: str, key: str) -> tuple[Any, Any, Any]:
    """As HEAD, a listing and GetObjectAttributes show it."""
    head = s3.head_object(Bucket=bucket, Key=key).get("StorageClass")
    [entry] = s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
    attributes = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=["StorageClass"])
    return head, entry["StorageClass"], attributes["StorageClass"]


@pytest.mark.parametrize("storage_class", TAKEN)
def test_class_is_kept_and_read_back(s3: "S3Client", bucket: str, storage_class: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=storage_class)
    assert s3.get_object(Bucket=bucket, Key="k")["StorageClass"] == storage_class
    assert shown(s3, bucket, "k") == (storage_class,) * 3
    [version] = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert version["StorageClass"] == storage_class
    upload = Upload.begin(s3, bucket, "in parts", StorageClass=storage_class)
    upload.put(1, b"x")
    [row] = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert row["StorageClass"] == s3.list_parts(**upload.names)["StorageClass"] == storage_class
    upload.complete()
    assert shown(s3, bucket, "in parts") == (storage_class,) * 3


def test_standard_is_left_out_of_headers_and_shown_in_documents(
    s3: "S3Client", bucket: str
) -> None:
    for arguments in ({}, {"StorageClass": "STANDARD"}):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **arguments)  # type: ignore[arg-type]
        assert shown(s3, bucket, "k") == (None, "STANDARD", "STANDARD")


def test_copy_has_the_class_of_its_request_not_of_its_source(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"x", StorageClass="STANDARD_IA")
    source: Any = {"Bucket": bucket, "Key": "source"}
    s3.copy_object(Bucket=bucket, Key="plain", CopySource=source)
    assert shown(s3, bucket, "plain") == (None, "STANDARD", "STANDARD")
    s3.copy_object(Bucket=bucket, Key="other", CopySource=source, StorageClass="GLACIER_IR")
    assert shown(s3, bucket, "other") == ("GLACIER_IR",) * 3
    # A class is change enough for a copy onto itself.
    s3.copy_object(Bucket=bucket, Key="source", CopySource=source, StorageClass="ONEZONE_IA")
    assert shown(s3, bucket, "source") == ("ONEZONE_IA",) * 3


@pytest.mark.parametrize("storage_class", REFUSED)
def test_class_that_is_not_offered_is_refused_and_nothing_is_written(
    s3: "S3Client", bucket: str, storage_class: Any
) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"x")
    asked: dict[str, Any] = {"Bucket": bucket, "Key": "k", "StorageClass": storage_class}
    source: Any = {"Bucket": bucket, "Key": "source"}
    calls: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (s3.put_object, {"Body": b"x"}),
        (s3.copy_object, {"CopySource": source}),
        (s3.copy_object, {"CopySource": source, "MetadataDirective": "REPLACE"}),
        (s3.create_multipart_upload, {}),
    ]
    for call, more in calls:
        error = refusal(call, **asked, **more)
        assert (error.status, error.code) == (400, "InvalidStorageClass")
        assert error.message.startswith("The storage class")
        assert error.details["StorageClassRequested"] == storage_class
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_refusal_of_a_class_comes_before_the_body(endpoint: Endpoint, bucket: str) -> None:
    fields = {"x-amz-storage-class": "DEEP_ARCHIVE"}
    answer = send(endpoint, Request("PUT", path_of(bucket, "k"), body=b"x" * 100, fields=fields))
    assert (answer.status, answer.code) == (400, "InvalidStorageClass")


def test_copy_that_is_kept_otherwise_is_the_same_object(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "source")
    upload.put(1, b"a" * PART_MIN)
    upload.put(2, b"b" * 100)
    etag = upload.complete()["ETag"]
    source: Any = {"Bucket": bucket, "Key": "source"}
    for key, algorithm in (("copy", {}), ("copy", {"ChecksumAlgorithm": "SHA256"}), ("source", {})):
        done = s3.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource=source,
            StorageClass="REDUCED_REDUNDANCY",
            **algorithm,  # type: ignore[arg-type]
        )
        assert done["CopyObjectResult"]["ETag"] == etag
        assert ("ChecksumSHA256" in done["CopyObjectResult"]) == bool(algorithm)
        assert read(s3, bucket, key) == b"a" * PART_MIN + b"b" * 100
        part = s3.get_object(Bucket=bucket, Key=key, PartNumber=2)
        assert part["Body"].read() == b"b" * 100 and part["PartsCount"] == 2
        assert shown(s3, bucket, key) == ("REDUCED_REDUNDANCY",) * 3
    # What is empty has nothing to be kept.
    s3.put_object(Bucket=bucket, Key="empty")
    s3.copy_object(
        Bucket=bucket,
        Key="empty",
        CopySource={"Bucket": bucket, "Key": "empty"},
        StorageClass="REDUCED_REDUNDANCY",
    )
    assert read(s3, bucket, "empty") == b""


def test_copy_that_is_kept_otherwise_is_made_on_its_conditions(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"x" * 100_000)
    s3.put_object(Bucket=bucket, Key="there", Body=b"y")
    asked: dict[str, Any] = {
        "Bucket": bucket,
        "CopySource": {"Bucket": bucket, "Key": "source"},
        "StorageClass": "REDUCED_REDUNDANCY",
    }
    assert refused(s3.copy_object, Key="there", IfNoneMatch="*", **asked)[0] == 412
    assert read(s3, bucket, "there") == b"y"
    s3.copy_object(Key="new", IfNoneMatch="*", **asked)
    assert read(s3, bucket, "new") == b"x" * 100_000


def test_erasure_code_needs_more_datanodes_than_one(s3: "S3Client", bucket: str) -> None:
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", StorageClass=EC_3_2)
    assert (error.status, error.code) == (503, "ServiceUnavailable")
    assert error.message.startswith("The storage class needs 3 DataNodes, and 1 can take data now.")
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")
    # Nothing of an empty one has to be kept.
    s3.put_object(Bucket=bucket, Key="empty", StorageClass=EC_3_2)
    assert shown(s3, bucket, "empty") == ("EC_3_2",) * 3
