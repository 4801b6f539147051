"""If-None-Match and If-Match of writes: decided at commit, of many writers one wins."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.endpoint import Endpoint, read, refusal, refused
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WRITERS = 16
EARLIER = datetime(2015, 1, 1, tzinfo=UTC)
WRONG = '"00000000000000000000000000000000"'


def race(call: Any) -> list[tuple[int, str]]:
    """(status, code) of 16 calls at once, `call(number)` each; (200, "") where it succeeds."""
    ready = Barrier(WRITERS)

    def write(number: int) -> tuple[int, str]:
        ready.wait()
        try:
            call(number)
        except ClientError as error:
            answer: Any = error.response
            return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]
        return 200, ""

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(write, range(WRITERS)))


def winner_of(outcomes: list[tuple[int, str]]) -> int:
    winners = [number for number, outcome in enumerate(outcomes) if outcome == (200, "")]
    assert len(winners) == 1, outcomes
    lost = {outcome for outcome in outcomes if outcome != (200, "")}
    assert lost <= {(412, "PreconditionFailed"), (409, "ConditionalRequestConflict")}
    return winners[0]


def test_write_only_if_absent(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    assert (error.status, error.code) == (412, "PreconditionFailed")
    assert error.details["Condition"] == "If-None-Match"
    assert read(s3, bucket, "k") == b"1"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfNoneMatch="*")
    assert read(s3, bucket, "k") == b"3"


def test_write_only_over_the_version_seen(s3: "S3Client", bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=first)["ETag"]
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"3", IfMatch=first)
    assert error == (412, "PreconditionFailed")
    assert read(s3, bucket, "k") == b"2"
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=second.strip('"'))
    assert read(s3, bucket, "k") == b"3"


def test_if_match_on_a_missing_key_is_not_found(s3: "S3Client", bucket: str) -> None:
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"1", IfMatch=WRONG)
    assert error == (404, "NoSuchKey")


def test_both_conditions_at_once_are_not_implemented(s3: "S3Client", bucket: str) -> None:
    error = refused(s3.put_object, Bucket=bucket, Key="k", IfMatch=WRONG, IfNoneMatch="*")
    assert error == (501, "NotImplemented")


@pytest.mark.parametrize("size", [100, 2 << 20])
def test_of_many_that_create_one_wins(s3: "S3Client", bucket: str, size: int) -> None:
    for turn in range(3):
        key = f"k{turn}"

        def put(number: int, key: str = key) -> None:
            body = bytes([number]) * size
            s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")

        winner = winner_of(race(put))
        assert read(s3, bucket, key) == bytes([winner]) * size


def test_of_many_that_replace_one_version_one_wins(s3: "S3Client", bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"base")["ETag"]

    def put(number: int) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number, IfMatch=etag)

    winner = winner_of(race(put))
    assert read(s3, bucket, "k") == b"%d" % winner


def test_compare_and_set_counts_every_success_once(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="counter", Body=b"0")
    wins: list[int] = []

    def add(number: int) -> None:
        done = 0
        while done < 3:
            seen = s3.get_object(Bucket=bucket, Key="counter")
            value = int(seen["Body"].read()) + 1
            try:
                s3.put_object(
                    Bucket=bucket, Key="counter", Body=b"%d" % value, IfMatch=seen["ETag"]
                )
            except ClientError as error:
                answer: Any = error.response
                assert answer["Error"]["Code"] in (
                    "PreconditionFailed",
                    "ConditionalRequestConflict",
                )
                continue
            wins.append(value)
            done += 1

    race(add)
    assert sorted(wins) == list(range(1, WRITERS * 3 + 1))
    assert read(s3, bucket, "counter") == b"%d" % (WRITERS * 3)


def test_weak_tag_is_never_the_version_seen(s3: "S3Client", bucket: str) -> None:
    weak = "W/" + s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    for call, more in ((s3.put_object, {"Body": b"2"}), (s3.delete_object, {})):
        error = refused(call, Bucket=bucket, Key="k", IfMatch=weak, **more)
        assert error == (412, "PreconditionFailed")
        error = refused(call, Bucket=bucket, Key="absent", IfMatch=weak, **more)
        assert error == (404, "NoSuchKey")
    assert read(s3, bucket, "k") == b"1"


def test_star_in_quotes_is_the_tag_of_no_version(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    for call, more in ((s3.put_object, {"Body": b"2"}), (s3.delete_object, {})):
        actual = refused(call, Bucket=bucket, Key="k", IfMatch='"*"', **more)
        assert actual == (412, "PreconditionFailed")
    doomed: Any = {"Objects": [{"Key": "k", "ETag": '"*"'}]}
    [error] = s3.delete_objects(Bucket=bucket, Delete=doomed)["Errors"]
    assert error["Code"] == "PreconditionFailed" and read(s3, bucket, "k") == b"1"


def test_delete_only_of_the_size_and_time_seen(s3: "S3Client", bucket: str) -> None:
    """Of directory buckets on AWS; here of all."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    right: dict[str, Any] = {"IfMatchSize": 1, "IfMatchLastModifiedTime": modified}
    for name, wrong, header in (
        ("IfMatchSize", 5, "x-amz-if-match-size"),
        ("IfMatchSize", 10**17, "x-amz-if-match-size"),
        ("IfMatchLastModifiedTime", EARLIER, "x-amz-if-match-last-modified-time"),
    ):
        error = refusal(s3.delete_object, Bucket=bucket, Key="k", **(right | {name: wrong}))
        assert (error.status, error.code) == (412, "PreconditionFailed")
        assert error.details["Condition"] == header and read(s3, bucket, "k") == b"1"
    doomed: Any = {"Objects": [{"Key": "k", "Size": 5}, {"Key": "k", "LastModifiedTime": EARLIER}]}
    errors = s3.delete_objects(Bucket=bucket, Delete=doomed)["Errors"]
    assert [error["Code"] for error in errors] == ["PreconditionFailed"] * 2
    s3.delete_object(Bucket=bucket, Key="k", **right)
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")
    # Without it, nothing is of that size: as with If-Match.
    nothing: list[dict[str, Any]] = [{"IfMatchSize": 1}, {"IfMatchLastModifiedTime": modified}]
    for condition in nothing:
        answer = refused(s3.delete_object, Bucket=bucket, Key="k", **condition)
        assert answer == (404, "NoSuchKey")


@pytest.mark.parametrize("name", ["x-amz-if-match-size", "x-amz-if-match-last-modified-time"])
@pytest.mark.parametrize("value", ["", "-1", "soon"])
def test_size_or_time_that_is_none_deletes_nothing(
    endpoint: Endpoint, s3: "S3Client", bucket: str, name: str, value: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    answer = send(endpoint, Request("DELETE", f"/{bucket}/k", fields={name: value}))
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.error["ArgumentName"] == name and read(s3, bucket, "k") == b"1"


def test_delete_only_the_version_seen(s3: "S3Client", bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    error = refused(s3.delete_object, Bucket=bucket, Key="k", IfMatch=WRONG)
    assert error == (412, "PreconditionFailed")
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")


def multipart(s3: "S3Client", bucket: str, key: str, body: bytes) -> dict[str, Any]:
    """The arguments that complete an upload of one part."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=body)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    return {"Bucket": bucket, "Key": key, "UploadId": upload, "MultipartUpload": {"Parts": parts}}


def test_complete_has_conditions_too(s3: "S3Client", bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["ETag"]
    wanted = multipart(s3, bucket, "k", b"new")
    error = refused(s3.complete_multipart_upload, **wanted, IfNoneMatch="*")
    assert error == (412, "PreconditionFailed")
    error = refused(s3.complete_multipart_upload, **wanted, IfMatch=WRONG)
    assert error == (412, "PreconditionFailed")
    assert read(s3, bucket, "k") == b"old"
    # What was refused may be tried again: the upload is still there.
    s3.complete_multipart_upload(**wanted, IfMatch=etag)
    assert read(s3, bucket, "k") == b"new"
    wanted = multipart(s3, bucket, "k2", b"2")
    assert refused(s3.complete_multipart_upload, **wanted, IfMatch=etag) == (404, "NoSuchKey")
    s3.complete_multipart_upload(**wanted, IfNoneMatch="*")
    assert read(s3, bucket, "k2") == b"2"


def test_of_many_that_complete_one_wins(s3: "S3Client", bucket: str) -> None:
    uploads = [multipart(s3, bucket, "k", b"%d" % number) for number in range(WRITERS)]

    def complete(number: int) -> None:
        s3.complete_multipart_upload(**uploads[number], IfNoneMatch="*")

    winner = winner_of(race(complete))
    assert read(s3, bucket, "k") == b"%d" % winner


def test_writers_without_conditions_leave_one_whole_version(s3: "S3Client", bucket: str) -> None:
    size = 3 << 20

    def put(number: int) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=bytes([number]) * size)

    assert set(race(put)) == {(200, "")}
    body = read(s3, bucket, "k")
    assert len(body) == size and len(set(body)) == 1
