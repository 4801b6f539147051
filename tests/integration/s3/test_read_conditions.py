"""If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since on GET and HEAD."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import refusal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WRONG = '"00000000000000000000000000000000"'


@pytest.fixture(scope="module")
def placed(s3: "S3Client", shared_bucket: str) -> Iterator[dict[str, Any]]:
    """Values that conditions are made of: `right` ETag, times `before`, `at` and `after`."""
    s3.put_object(Bucket=shared_bucket, Key="k", Body=b"body")
    head = s3.head_object(Bucket=shared_bucket, Key="k")
    modified = head["LastModified"]
    yield {
        "bucket": shared_bucket,
        "right": head["ETag"],
        "bare": head["ETag"].strip('"'),
        "wrong": WRONG,
        "list": f"{WRONG}, {head['ETag']}",
        "star": "*",
        "before": modified - timedelta(hours=1),
        "at": modified,
        "after": modified + timedelta(hours=1),
    }


HOLDS = [
    {"IfMatch": "right"},
    {"IfMatch": "bare"},
    {"IfMatch": "star"},
    {"IfMatch": "list"},
    {"IfNoneMatch": "wrong"},
    {"IfModifiedSince": "before"},
    {"IfUnmodifiedSince": "at"},
    {"IfUnmodifiedSince": "after"},
    {"IfMatch": "right", "IfUnmodifiedSince": "before"},
    {"IfNoneMatch": "wrong", "IfModifiedSince": "after"},
]
NOT_MODIFIED = [
    {"IfNoneMatch": "right"},
    {"IfNoneMatch": "bare"},
    {"IfNoneMatch": "star"},
    {"IfNoneMatch": "list"},
    {"IfModifiedSince": "at"},
    {"IfNoneMatch": "right", "IfModifiedSince": "before"},
]
FAILED = [
    {"IfMatch": "wrong"},
    {"IfUnmodifiedSince": "before"},
    {"IfMatch": "wrong", "IfNoneMatch": "wrong"},
    {"IfMatch": "wrong", "IfUnmodifiedSince": "after"},
]


def arguments(placed: dict[str, Any], condition: dict[str, str]) -> dict[str, Any]:
    chosen = {name: placed[value] for name, value in condition.items()}
    return {"Bucket": placed["bucket"], "Key": "k", **chosen}


@pytest.mark.parametrize("condition", HOLDS, ids=str)
def test_condition_that_holds_lets_the_read_pass(
    s3: "S3Client", placed: dict[str, Any], condition: dict[str, str]
) -> None:
    asked = arguments(placed, condition)
    assert s3.get_object(**asked)["Body"].read() == b"body"
    assert s3.head_object(**asked)["ContentLength"] == 4


@pytest.mark.parametrize("condition", NOT_MODIFIED, ids=str)
def test_what_the_client_has_already_is_not_sent(
    s3: "S3Client", placed: dict[str, Any], condition: dict[str, str]
) -> None:
    for call in (s3.get_object, s3.head_object):
        error = refusal(call, **arguments(placed, condition))
        assert (error.status, error.code) == (304, "304")
        assert error.headers["etag"] == placed["right"]
        assert "last-modified" in error.headers


@pytest.mark.parametrize("condition", FAILED, ids=str)
def test_condition_that_fails_refuses_the_read(
    s3: "S3Client", placed: dict[str, Any], condition: dict[str, str]
) -> None:
    error = refusal(s3.get_object, **arguments(placed, condition))
    assert (error.status, error.code) == (412, "PreconditionFailed")
    assert error.details["Condition"].lower().startswith("if-")
    assert refusal(s3.head_object, **arguments(placed, condition)).status == 412


def test_condition_is_checked_before_the_range(s3: "S3Client", placed: dict[str, Any]) -> None:
    error = refusal(s3.get_object, **arguments(placed, {"IfMatch": "wrong"}), Range="bytes=100-")
    assert error.status == 412
