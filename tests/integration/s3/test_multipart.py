"""Multipart uploads: parts in any order, replaced, refused, completed once, aborted."""

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, keys_of, read, refusal, refused
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import Request, path_of, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_PART = '"00000000000000000000000000000000"'


def body_of(seed: int, size: int = PART_MIN) -> bytes:
    return random.Random(seed).randbytes(size)


def etag_of(parts: list[bytes]) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def test_parts_of_any_order_make_one_object(s3: "S3Client", bucket: str) -> None:
    bodies = {1: body_of(1), 2: body_of(2, PART_MIN + 1), 7: body_of(7, 99)}
    upload = Upload.begin(
        s3, bucket, "k", ContentType="a/b", Metadata={"m": "1"}, StorageClass="STANDARD_IA"
    )
    for number in (7, 1, 2):
        answer = upload.put(number, bodies[number])
        assert answer["ETag"] == f'"{hashlib.md5(bodies[number]).hexdigest()}"'
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")
    assert keys_of(s3, bucket) == []
    done = upload.complete()
    whole = b"".join(bodies[number] for number in (1, 2, 7))
    assert done["ETag"] == etag_of([bodies[1], bodies[2], bodies[7]])
    assert (done["Bucket"], done["Key"]) == (bucket, "k")
    assert done["Location"].endswith(f"/{bucket}/k")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == whole and got["ETag"] == done["ETag"]
    assert got["ContentType"] == "a/b" and got["Metadata"] == {"m": "1"}
    assert got["StorageClass"] == "STANDARD_IA" and got["ContentLength"] == len(whole)
    [entry] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert entry["Size"] == len(whole) and entry["ETag"] == done["ETag"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_parts_have_one_numbering_whatever_numbers_they_came_under(
    s3: "S3Client", bucket: str
) -> None:
    bodies = [body_of(3), body_of(4, 1_000)]
    upload = Upload.begin(s3, bucket, "k")
    upload.put(2, bodies[0])
    upload.put(5, bodies[1])
    assert [part["PartNumber"] for part in s3.list_parts(**upload.names)["Parts"]] == [2, 5]
    upload.complete()
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    for key in ("k", "copy"):
        attributes: Any = s3.get_object_attributes(
            Bucket=bucket, Key=key, ObjectAttributes=["ObjectParts"]
        )
        output = attributes["ObjectParts"]
        assert output["TotalPartsCount"] == 2
        assert [part["PartNumber"] for part in output["Parts"]] == [1, 2]
        for part, body in zip(output["Parts"], bodies, strict=True):
            number = part["PartNumber"]
            got = s3.get_object(Bucket=bucket, Key=key, PartNumber=number)
            assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert got["Body"].read() == body and got["PartsCount"] == 2
            head = s3.head_object(Bucket=bucket, Key=key, PartNumber=number)
            assert head["ContentLength"] == len(body) == part["Size"] and head["PartsCount"] == 2
            assert head["ContentRange"] == got["ContentRange"]


@pytest.mark.parametrize("number", [3, 5, 10_000])
def test_part_past_the_last_is_refused(s3: "S3Client", bucket: str, number: int) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(2, body_of(3))
    upload.put(5, body_of(4, 1_000))
    upload.complete()
    error = refusal(s3.get_object, Bucket=bucket, Key="k", PartNumber=number)
    assert (error.status, error.code) == (416, "InvalidPartNumber")
    assert error.details["ActualPartCount"] == "2"
    assert error.details["PartNumberRequested"] == str(number)
    assert refused(s3.head_object, Bucket=bucket, Key="k", PartNumber=number)[0] == 416


def test_part_uploaded_again_replaces_the_former(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, body_of(1))
    old = dict(upload.parts[1])
    upload.put(1, body_of(2))
    new, upload.parts[1] = upload.parts[1], old
    assert refused(upload.complete) == (400, "InvalidPart")
    upload.parts[1] = new
    assert upload.complete()["ETag"] == etag_of([body_of(2)])
    assert read(s3, bucket, "k") == body_of(2)


def test_parts_not_named_are_left_out(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    for number in (1, 2, 3):
        upload.put(number, body_of(number))
    upload.complete([1, 3])
    assert read(s3, bucket, "k") == body_of(1) + body_of(3)


def test_part_that_was_never_uploaded_is_refused(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, b"x")
    upload.parts[2] = {"PartNumber": 2, "ETag": NO_PART}
    error = refusal(upload.complete)
    assert (error.status, error.code) == (400, "InvalidPart")
    upload.parts[1] = {"PartNumber": 1, "ETag": NO_PART}
    assert refused(upload.complete, numbers=[1]) == (400, "InvalidPart")


@pytest.mark.parametrize(
    "numbers", [[2, 1], [1, 2, 1], [2, 2, 1], [1, 1], [1, 1, 2], [1, 2, 2], [1, 10_001, 1]]
)
def test_parts_must_rise_and_none_comes_twice(
    s3: "S3Client", bucket: str, numbers: list[int]
) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, body_of(1))
    upload.put(2, b"x")
    upload.parts[10_001] = {"PartNumber": 10_001, "ETag": NO_PART}
    error = refusal(upload.complete, numbers=numbers)
    assert (error.status, error.code) == (400, "InvalidPartOrder")
    upload.complete([1, 2])
    assert read(s3, bucket, "k") == body_of(1) + b"x"


def test_order_is_checked_before_etags_and_sizes(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, b"too small")
    stale = {"PartNumber": 1, "ETag": upload.parts[1]["ETag"]}
    upload.put(1, b"too small as well")
    upload.put(2, b"x")

    def complete(*parts: dict[str, Any]) -> tuple[int, str]:
        named: Any = {"Parts": list(parts)}
        return refused(s3.complete_multipart_upload, MultipartUpload=named, **upload.names)

    first, two = upload.parts[1], upload.parts[2]
    assert complete(stale, first, two) == (400, "InvalidPartOrder")
    assert complete(first, stale) == (400, "InvalidPartOrder")
    assert complete(stale, two, two) == (400, "InvalidPartOrder")
    assert complete(stale, two) == (400, "InvalidPart")
    assert complete(first, two) == (400, "EntityTooSmall")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        *(
            ("0", "InvalidArgument"),
            ("-1", "InvalidArgument"),
            ("-" + "9" * 400, "InvalidArgument"),
        ),
        *(("10001", "InvalidPart"), ("2147483647", "InvalidPart")),
        *(("2147483648", "MalformedXML"), ("9" * 400, "MalformedXML"), ("one", "MalformedXML")),
        *(("", "MalformedXML"), ("1.5", "MalformedXML"), ("--1", "MalformedXML")),
    ],
)
def test_number_that_no_part_can_have_is_refused(
    endpoint: Endpoint, s3: "S3Client", bucket: str, number: str, code: str
) -> None:
    upload = Upload.begin(s3, bucket, "k")
    body = (
        f"<CompleteMultipartUpload><Part><PartNumber>{number}</PartNumber><ETag>e</ETag></Part>"
        "</CompleteMultipartUpload>"
    )
    request = Request(
        "POST", path_of(bucket, "k"), f"uploadId={upload.upload_id}", body=body.encode()
    )
    answer = send(endpoint, request)
    assert (answer.status, answer.code) == (400, code)
    if code == "InvalidArgument":
        assert answer.error["Message"] == "PartNumber must be >= 1"


def test_small_part_that_is_not_the_last_is_refused(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, body_of(1, PART_MIN - 1))
    upload.put(2, b"x")
    error = refusal(upload.complete)
    assert (error.status, error.code) == (400, "EntityTooSmall")
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")
    upload.put(1, body_of(1))
    upload.complete()
    assert read(s3, bucket, "k") == body_of(1) + b"x"


def test_upload_of_nothing_is_refused(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    error = refused(s3.complete_multipart_upload, **upload.names)
    assert error == (400, "InvalidRequest") or error == (400, "MalformedXML")
    assert refused(upload.complete)[0] == 400
    assert s3.list_parts(**upload.names).get("Parts", []) == []


def test_one_empty_part_makes_an_empty_object(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, b"")
    upload.complete()
    assert read(s3, bucket, "k") == b""


def test_complete_may_be_repeated(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, b"x")
    first = upload.complete()
    again = upload.complete()
    assert (again["ETag"], again["Key"]) == (first["ETag"], "k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"newer")
    upload.complete()
    assert read(s3, bucket, "k") == b"newer"


def test_complete_by_many_at_once_happens_once(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, body_of(1))
    upload.put(2, b"x")
    with ThreadPoolExecutor(8) as pool:
        etags = {each["ETag"] for each in pool.map(lambda _: upload.complete(), range(8))}
    assert etags == {etag_of([body_of(1), b"x"])}
    assert len(keys_of(s3, bucket)) == 1


def test_abort_forgets_the_upload(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, body_of(1))
    upload.abort()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    calls: list[Any] = [upload.complete, upload.abort, lambda: upload.put(2, b"x")]
    for call in (*calls, lambda: s3.list_parts(**upload.names)):
        assert refused(call) == (404, "NoSuchUpload")
    assert keys_of(s3, bucket) == []


def test_abort_against_complete_has_one_winner(s3: "S3Client", bucket: str) -> None:
    for turn in range(6):
        upload = Upload.begin(s3, bucket, f"k{turn}")
        upload.put(1, b"x")
        outcomes: dict[str, bool] = {}

        def attempt(name: str, call: Any, outcomes: dict[str, bool] = outcomes) -> None:
            try:
                call()
            except s3.exceptions.NoSuchUpload:
                outcomes[name] = False
            else:
                outcomes[name] = True

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(attempt, ("complete", "abort"), (upload.complete, upload.abort)))
        assert outcomes["complete"] is (f"k{turn}" in keys_of(s3, bucket)), outcomes
        assert outcomes["complete"] is not outcomes["abort"], outcomes


def test_uploads_of_one_key_do_not_meet(s3: "S3Client", bucket: str) -> None:
    first, second = Upload.begin(s3, bucket, "k"), Upload.begin(s3, bucket, "k")
    first.put(1, b"first")
    second.put(1, b"second")
    first.complete()
    assert read(s3, bucket, "k") == b"first"
    second.complete()
    assert read(s3, bucket, "k") == b"second"


@pytest.mark.parametrize("upload_id", ["none", "0" * 32, "ä", "../../etc"])
def test_unknown_upload_is_refused(s3: "S3Client", bucket: str, upload_id: str) -> None:
    upload = Upload(s3, bucket, "k", upload_id)
    assert refused(lambda: upload.put(1, b"x")) == (404, "NoSuchUpload")
    assert refused(s3.list_parts, **upload.names) == (404, "NoSuchUpload")
    upload.parts[1] = {"PartNumber": 1, "ETag": NO_PART}
    assert refused(upload.complete) == (404, "NoSuchUpload")


def test_upload_of_another_key_is_refused(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    elsewhere = Upload(s3, bucket, "other", upload.upload_id)
    assert refused(lambda: elsewhere.put(1, b"x")) == (404, "NoSuchUpload")


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_number_has_bounds(s3: "S3Client", bucket: str, number: int) -> None:
    upload = Upload.begin(s3, bucket, "k")
    assert refused(lambda: upload.put(number, b"x")) == (400, "InvalidArgument")
    upload.put(10_000, b"last")
    upload.complete()
    assert read(s3, bucket, "k") == b"last"


def test_announced_size_is_checked(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(1, b"12345")
    assert refused(upload.complete, MpuObjectSize=4)[0] == 400
    upload.complete(MpuObjectSize=5)
    assert read(s3, bucket, "k") == b"12345"


def test_whole_ranges_cross_parts(s3: "S3Client", bucket: str) -> None:
    parts = [body_of(1), body_of(2), body_of(3, 10)]
    upload = Upload.begin(s3, bucket, "k")
    for number, part in enumerate(parts, start=1):
        upload.put(number, part)
    upload.complete()
    whole = b"".join(parts)
    for first, last in ((PART_MIN - 5, PART_MIN + 5), (3, 2 * PART_MIN + 4), (0, len(whole) - 1)):
        content = read(s3, bucket, "k", Range=f"bytes={first}-{last}")
        assert content == whole[first : last + 1]
