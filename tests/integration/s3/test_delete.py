"""DeleteObject and DeleteObjects."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import keys_of, read, refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def objects(keys: list[str]) -> Any:
    return [{"Key": key} for key in keys]


def test_deleted_object_is_gone_and_may_be_deleted_again(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for _ in range(2):
        done = s3.delete_object(Bucket=bucket, Key="k")
        assert done["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_object, Bucket=bucket, Key="k") == (404, "NoSuchKey")
    assert keys_of(s3, bucket) == []
    answer = refused(s3.delete_object, Bucket="o3-test-not-there", Key="k")
    assert answer == (404, "NoSuchBucket")


def test_key_written_after_its_deletion_is_new(s3: "S3Client", bucket: str) -> None:
    for body in (b"1", b"2", b"3"):
        s3.put_object(Bucket=bucket, Key="k", Body=body)
        assert read(s3, bucket, "k") == body
        s3.delete_object(Bucket=bucket, Key="k")
        assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")


def test_a_thousand_objects_go_in_one_request(s3: "S3Client", bucket: str) -> None:
    keys = [f"k{number:04}" for number in range(1_000)]
    for key in keys[::10]:
        s3.put_object(Bucket=bucket, Key=key)
    s3.put_object(Bucket=bucket, Key="stays")
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects(keys)})
    # Those that did not exist count as deleted.
    assert [entry["Key"] for entry in done["Deleted"]] == keys and "Errors" not in done
    assert keys_of(s3, bucket) == ["stays"]


def test_quiet_tells_only_errors(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k")
    asked: Any = [{"Key": "k"}, {"Key": "v", "VersionId": "no-such-version"}]
    done: Any = s3.delete_objects(Bucket=bucket, Delete={"Objects": asked, "Quiet": True})
    assert "Deleted" not in done
    [error] = done["Errors"]
    assert (error["Key"], error["Code"]) == ("v", "NoSuchVersion") and error["Message"]
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize("version", ["f" * 16, "4" + "0" * 15, "F" * 16, "x"])
def test_version_that_cannot_be_keeps_none_of_the_others(
    s3: "S3Client", bucket: str, version: str
) -> None:
    s3.put_object(Bucket=bucket, Key="goes", Body=b"x")
    doomed: Any = [{"Key": "stays", "VersionId": version}, {"Key": "goes"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    [error] = answer["Errors"]
    assert (error["Key"], error["VersionId"], error["Code"]) == ("stays", version, "NoSuchVersion")
    assert [each["Key"] for each in answer["Deleted"]] == ["goes"]
    assert keys_of(s3, bucket) == []


def test_more_than_a_thousand_are_refused(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k0")
    keys = [f"k{number}" for number in range(1_001)]
    error = refusal(s3.delete_objects, Bucket=bucket, Delete={"Objects": objects(keys)})
    assert (error.status, error.code) == (400, "MalformedXML")
    assert keys_of(s3, bucket) == ["k0"]


def test_nothing_to_delete_is_refused(s3: "S3Client", bucket: str) -> None:
    error = refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": []})
    assert error == (400, "MalformedXML")


def test_keys_of_any_name_are_deleted(s3: "S3Client", bucket: str) -> None:
    keys = ["<&>\"'", "a\r\nb", "tab\t", " lead and trail ", "ä😀", "%2F", "]]>", "a\n", "+"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects(keys)})
    assert [entry["Key"] for entry in done["Deleted"]] == keys
    assert keys_of(s3, bucket) == []


def test_key_that_is_too_long_is_an_error_of_its_own(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k")
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects(["k", "x" * 1_025])})
    assert [entry["Key"] for entry in done["Deleted"]] == ["k"]
    assert [entry["Code"] for entry in done["Errors"]] == ["KeyTooLongError"]


def test_etag_conditions_are_decided_one_by_one(s3: "S3Client", bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a")["ETag"]
    s3.put_object(Bucket=bucket, Key="b")
    asked: Any = [{"Key": "a", "ETag": etag}, {"Key": "b", "ETag": '"other"'}]
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": asked})
    assert [entry["Key"] for entry in done["Deleted"]] == ["a"]
    assert [(entry["Key"], entry["Code"]) for entry in done["Errors"]] == [
        ("b", "PreconditionFailed")
    ]
    assert keys_of(s3, bucket) == ["b"]


def test_document_without_integrity_header_is_refused(s3: "S3Client", bucket: str) -> None:
    def strip(request: Any, **_: object) -> None:
        for name in ("x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm", "content-md5"):
            del request.headers[name]

    s3.put_object(Bucket=bucket, Key="k")
    s3.meta.events.register_first("before-sign.s3.DeleteObjects", strip, "strip")
    try:
        error = refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": objects(["k"])})
    finally:
        s3.meta.events.unregister("before-sign.s3.DeleteObjects", strip, "strip")
    assert error == (400, "InvalidRequest")
    assert keys_of(s3, bucket) == ["k"]
