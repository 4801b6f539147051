"""What is not there yet says so: never a silent success, never another operation."""

from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.endpoint import Endpoint, keys_of
from tests.integration.s3.wire import Request, send
from trioxygen.gateway.s3.operation import Level, Operation
from trioxygen.gateway.s3.table import OPERATIONS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOT_IMPLEMENTED: Final = (501, "NotImplemented")
ABSENT: Final = [row for row in OPERATIONS if row.handler is None and row.is_signed]


def request_of(row: Operation, bucket: str, query: str = "") -> Request:
    route = row.route
    path = f"/{bucket}" if route.level is Level.BUCKET else f"/{bucket}/k"
    pairs = [f"{name}=" for name in (route.sub_resource, route.query) if name]
    return Request(route.method, path, "&".join([*pairs, query] if query else pairs))


@pytest.mark.parametrize("row", ABSENT, ids=lambda row: row.name)
def test_operation_that_is_not_here_says_so_of_a_bucket_that_is(
    endpoint: Endpoint, s3: "S3Client", shared_bucket: str, row: Operation
) -> None:
    answer = send(endpoint, request_of(row, shared_bucket))
    assert (answer.status, answer.code) == NOT_IMPLEMENTED
    assert answer.error["additionalMessage"] == f"{row.name} is not implemented."
    answer = send(endpoint, request_of(row, "o3-none"))
    assert (answer.status, answer.code) == (404, "NoSuchBucket")
    assert answer.error["BucketName"] == "o3-none"
    assert keys_of(s3, shared_bucket) == []


@pytest.mark.parametrize(
    "row", [row for row in ABSENT if row.route.level is Level.OBJECT], ids=lambda row: row.name
)
def test_version_that_cannot_be_comes_before_what_is_not_here(
    endpoint: Endpoint, shared_bucket: str, row: Operation
) -> None:
    error = send(endpoint, request_of(row, shared_bucket, "versionId=v")).error
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "versionId")


def test_sub_resource_of_another_level(endpoint: Endpoint, shared_bucket: str) -> None:
    for path, sub in (("", "torrent"), ("", "uploadId"), ("/k", "policy"), ("/k", "versioning")):
        answer = send(endpoint, Request("GET", f"/{shared_bucket}{path}", f"{sub}="))
        assert (answer.status, answer.code) == NOT_IMPLEMENTED, sub
        answer = send(endpoint, Request("GET", f"/o3-none{path}", f"{sub}="))
        assert (answer.status, answer.code) == (404, "NoSuchBucket"), sub


def test_unknown_headers_and_parameters_are_ignored(endpoint: Endpoint, bucket: str) -> None:
    fields = {"X-Amz-New-Feature": "1", "X-Other": "2"}
    put = Request("PUT", f"/{bucket}/k", "x-id=PutObject&unknown=1", b"body", fields)
    assert send(endpoint, put).status == 200
    assert send(endpoint, Request("GET", f"/{bucket}/k", "x-id=GetObject")).body == b"body"
