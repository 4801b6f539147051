"""Starts a store on an image and looks whether all is there that was acknowledged."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from tests.crash.model import State
from tests.integration.endpoint import read
from tests.integration.store_process import StoreProcess
from tests.powerloss.history import History, Step, Upload
from tests.powerloss.load import BUCKET, part_body

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NEW_KEY: Final = "after/the/power/loss"


def check(
    store: StoreProcess, bucket: Step, histories: Sequence[History], at_ns: int
) -> dict[str, State]:
    """The store runs on an image of a cut at a moment. What it holds, when nothing is wrong.

    Args:
        bucket: the making of the bucket.
    """
    with store.endpoint.client() as s3:
        if not _has_bucket(s3):
            assert not bucket.is_acknowledged(at_ns), "the bucket is gone"
            return {}
        held: dict[str, State] = {}
        for history in histories:
            for key in history.keys:
                held[key] = _held(s3, key, history.possible(key, at_ns))
        _check_listing(s3, held)
        for history in histories:
            for upload in history.uploads:
                if upload.is_open(at_ns):
                    held[upload.key] = _check_upload(s3, upload, at_ns, held.get(upload.key))
        s3.put_object(Bucket=BUCKET, Key=_NEW_KEY, Body=b"it still takes writes")
        assert read(s3, BUCKET, _NEW_KEY) == b"it still takes writes"
        s3.delete_object(Bucket=BUCKET, Key=_NEW_KEY)
    store.check_log()
    return held


def _has_bucket(s3: "S3Client") -> bool:
    try:
        s3.head_bucket(Bucket=BUCKET)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404, error
        return False
    return True


def _held(s3: "S3Client", key: str, possible: list[State]) -> State:
    """The object's state; it must be one of those that are possible, byte for byte."""
    try:
        body = read(s3, BUCKET, key)
    except s3.exceptions.NoSuchKey:
        assert None in possible, f"{key} is gone; possible: {possible}"
        return None
    for state in possible:
        if state is not None and state.size_bytes == len(body) and state.body == body:
            return state
    raise AssertionError(f"{key}: {len(body)} bytes that should not be there; {possible}")


def _check_listing(s3: "S3Client", held: dict[str, State]) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    entries = [entry for page in pages for entry in page.get("Contents", [])]
    there = {key: state.size_bytes for key, state in held.items() if state is not None}
    assert {entry["Key"]: entry["Size"] for entry in entries} == there


def _check_upload(s3: "S3Client", upload: Upload, at_ns: int, before: State) -> State:
    """Its parts are there; completed, they make the object. What the key holds afterwards."""
    names: Any = {"Bucket": BUCKET, "Key": upload.key, "UploadId": upload.upload_id}
    listed = {part["PartNumber"]: part for part in s3.list_parts(**names).get("Parts", [])}
    expected = upload.acknowledged_parts(at_ns)
    assert set(listed) >= set(expected), f"{upload.key}: parts {set(listed)}, not {set(expected)}"
    for number, content in expected.items():
        assert listed[number]["Size"] == len(part_body(content, number)), upload.key
    if not expected:
        return before
    parts: Any = [{"PartNumber": number, "ETag": listed[number]["ETag"]} for number in expected]
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **names)
    body = b"".join(part_body(content, number) for number, content in sorted(expected.items()))
    assert read(s3, BUCKET, upload.key) == body, upload.key
    return expected[1] if len(expected) > 1 else None
