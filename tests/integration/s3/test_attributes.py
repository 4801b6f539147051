"""GetObjectAttributes."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, refused
from tests.integration.s3.test_checksums import digest, shown
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import Request, connection, path_of, send, sign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALL: Any = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def test_attributes_of_a_simple_object(s3: "S3Client", bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA256")
    answer = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert answer["ETag"] == put["ETag"].strip('"')
    assert answer["ObjectSize"] == 5 and answer["StorageClass"] == "STANDARD"
    assert answer["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert shown(answer["Checksum"]) == {"SHA256": digest("SHA256", b"12345")}
    assert "ObjectParts" not in answer and answer["LastModified"].tzinfo is not None


def test_only_what_is_asked_for_is_answered(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    answer = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert answer["ObjectSize"] == 5
    assert not {"ETag", "Checksum", "ObjectParts", "StorageClass"} & set(answer)


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


def test_pages_of_parts_follow_the_numbers_in_the_object(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    for number in (2, 5, 9):
        upload.put(number, b"p" * PART_MIN)
    upload.complete()

    def page(**asked: Any) -> Any:
        answer: Any = s3.get_object_attributes(
            Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], **asked
        )
        parts = answer["ObjectParts"]
        numbers = [part["PartNumber"] for part in parts.get("Parts", [])]
        return numbers, parts["NextPartNumberMarker"], parts["IsTruncated"], parts["MaxParts"]

    assert page() == ([1, 2, 3], 3, False, 1_000)
    assert page(MaxParts=2) == ([1, 2], 2, True, 2)
    assert page(MaxParts=2, PartNumberMarker=2) == ([3], 3, False, 2)
    assert page(PartNumberMarker=3) == ([], 0, False, 1_000)
    assert page(MaxParts=0) == ([], 0, False, 0)
    assert page(MaxParts=5_000) == ([1, 2, 3], 3, False, 1_000)


@pytest.mark.parametrize("number", ["-1", "--5", "many", "9" * 3_000, ""])
def test_number_that_is_none_does_not_page(
    endpoint: Endpoint, s3: "S3Client", bucket: str, number: str
) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, b"x")
    upload.complete()
    for name in ("x-amz-max-parts", "x-amz-part-number-marker"):
        fields = {"x-amz-object-attributes": "ObjectParts", name: number}
        answer = send(endpoint, Request("GET", path_of(bucket, "k"), "attributes=", fields=fields))
        assert answer.status == 200 and b"<PartNumber>1</PartNumber>" in answer.body


ATTRIBUTES_NAME = "x-amz-object-attributes"


@pytest.mark.parametrize("fields", [{}, {ATTRIBUTES_NAME: ""}, {ATTRIBUTES_NAME: " , "}], ids=str)
def test_attributes_must_be_named(
    endpoint: Endpoint, s3: "S3Client", bucket: str, fields: dict[str, str]
) -> None:
    s3.put_object(Bucket=bucket, Key="k")
    answer = send(
        endpoint, Request("GET", path_of(bucket, "k"), "attributes=", fields=dict(fields))
    )
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.error["Message"] == (
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either"
        " missing or empty"
    )


@pytest.mark.parametrize(
    "value", ["Colour", "ETag,Colour", "etag", "ETag ObjectSize", "ETag;Colour"]
)
def test_unknown_attribute_is_refused(
    endpoint: Endpoint, s3: "S3Client", bucket: str, value: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k")
    fields = {ATTRIBUTES_NAME: value}
    answer = send(endpoint, Request("GET", path_of(bucket, "k"), "attributes=", fields=fields))
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.error["Message"] == "Invalid attribute name specified."
    assert answer.error["ArgumentName"] == ATTRIBUTES_NAME
    assert answer.error["ArgumentValue"] == value


def test_attributes_may_come_in_several_headers_and_with_blanks(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    request = Request("GET", path_of(bucket, "k"), "attributes=")
    request.fields[ATTRIBUTES_NAME] = "ETag,  ObjectSize"
    lines = sign(endpoint, request).bytes.decode("latin-1")
    # The canonical form joins the values of equal names, in the order sent.
    request.fields[ATTRIBUTES_NAME] = "ETag,ObjectSize"
    several = sign(endpoint, request).bytes.decode("latin-1")
    several = several.replace(
        f"{ATTRIBUTES_NAME}: ETag,ObjectSize",
        f"{ATTRIBUTES_NAME}: ETag\r\n{ATTRIBUTES_NAME}: ObjectSize",
    )
    for sent in (lines, several):
        with connection(endpoint) as wire:
            wire.send(sent.encode("latin-1"))
            answer = wire.answer()
        assert answer.status == 200, answer.body
        assert b"<ETag>" in answer.body and b"<ObjectSize>5</ObjectSize>" in answer.body
        assert b"StorageClass" not in answer.body


def test_attributes_of_a_missing_key_are_refused(s3: "S3Client", bucket: str) -> None:
    answer = refused(s3.get_object_attributes, Bucket=bucket, Key="no", ObjectAttributes=ALL)
    assert answer == (404, "NoSuchKey")
