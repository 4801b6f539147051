"""GetObjectAttributes."""

from typing import TYPE_CHECKING, Any

from tests.integration.endpoint import refused
from tests.integration.s3.test_checksums import digest, shown
from tests.integration.s3.uploads import PART_MIN, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALL: Any = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def test_attributes_of_a_simple_object(s3: "S3Client", bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA256")
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert found["ETag"] == put["ETag"].strip('"')
    assert found["ObjectSize"] == 5 and found["StorageClass"] == "STANDARD"
    assert found["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert shown(found["Checksum"]) == {"SHA256": digest("SHA256", b"12345")}
    assert "ObjectParts" not in found and found["LastModified"].tzinfo is not None


def test_only_what_is_asked_for_is_answered(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert found["ObjectSize"] == 5
    assert not {"ETag", "Checksum", "ObjectParts", "StorageClass"} & set(found)


def test_attributes_tell_the_parts_in_pages(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="SHA1")
    bodies = [b"a" * PART_MIN, b"b" * PART_MIN, b"c"]
    for number, body in enumerate(bodies, start=1):
        upload.put(number, body, ChecksumAlgorithm="SHA1")
    upload.complete()
    first = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL, MaxParts=2)
    parts = first["ObjectParts"]
    assert parts["TotalPartsCount"] == 3 and parts["IsTruncated"] is True
    assert [part["PartNumber"] for part in parts["Parts"]] == [1, 2]
    assert [part["Size"] for part in parts["Parts"]] == [PART_MIN, PART_MIN]
    assert shown(parts["Parts"][1]) == {"SHA1": digest("SHA1", bodies[1])}
    assert first["Checksum"]["ChecksumType"] == "COMPOSITE"
    assert first["ObjectSize"] == 2 * PART_MIN + 1
    rest = s3.get_object_attributes(
        Bucket=bucket,
        Key="k",
        ObjectAttributes=["ObjectParts"],
        PartNumberMarker=parts["NextPartNumberMarker"],
    )["ObjectParts"]
    assert rest["IsTruncated"] is False and [p["PartNumber"] for p in rest["Parts"]] == [3]


def test_unknown_attribute_and_missing_key_are_refused(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k")
    answer = refused(s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["Colour"])
    assert answer == (400, "InvalidArgument")
    answer = refused(s3.get_object_attributes, Bucket=bucket, Key="no", ObjectAttributes=ALL)
    assert answer == (404, "NoSuchKey")
