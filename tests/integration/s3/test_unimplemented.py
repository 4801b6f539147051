"""What is not there yet says so: never a silent success, never another operation."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, keys_of, refused
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET_SUBRESOURCES = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "logging",
    "metrics",
    "notification",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "website",
]
OBJECT_SUBRESOURCES = ["acl", "torrent"]
NOT_IMPLEMENTED = (501, "NotImplemented")


@pytest.mark.parametrize("name", BUCKET_SUBRESOURCES)
def test_sub_resource_of_a_bucket(
    endpoint: Endpoint, s3: "S3Client", bucket: str, name: str
) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = send(endpoint, Request(method, f"/{bucket}", f"{name}="))
        assert (answer.status, answer.code) == NOT_IMPLEMENTED, method
        answer = send(endpoint, Request(method, f"/{bucket}", name))
        assert (answer.status, answer.code) == NOT_IMPLEMENTED, method
    s3.head_bucket(Bucket=bucket)


@pytest.mark.parametrize("name", OBJECT_SUBRESOURCES)
def test_sub_resource_of_an_object(
    endpoint: Endpoint, s3: "S3Client", bucket: str, name: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for method in ("GET", "PUT", "DELETE"):
        answer = send(endpoint, Request(method, f"/{bucket}/k", f"{name}=", b""))
        assert (answer.status, answer.code) == NOT_IMPLEMENTED, method
    assert keys_of(s3, bucket) == ["k"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"ServerSideEncryption": "AES256"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
        {"ACL": "public-read"},
        {"GrantRead": "id=1"},
        {"WriteOffsetBytes": 0},
    ],
    ids=str,
)
def test_header_of_a_missing_feature(
    s3: "S3Client", bucket: str, arguments: dict[str, Any]
) -> None:
    at: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    assert refused(s3.put_object, **at, **arguments) == NOT_IMPLEMENTED
    if "WriteOffsetBytes" not in arguments:
        answer = refused(s3.create_multipart_upload, **at, **arguments)
        assert answer == NOT_IMPLEMENTED
    assert keys_of(s3, bucket) == []


def test_bucket_with_an_acl(s3: "S3Client", bucket: str) -> None:
    name = f"{bucket}-2"
    wrong: list[dict[str, Any]] = [
        {"ACL": "public-read-write"},
        {"GrantFullControl": "id=1"},
        {"ObjectOwnership": "ObjectWriter"},
    ]
    for arguments in wrong:
        assert refused(s3.create_bucket, Bucket=name, **arguments) == NOT_IMPLEMENTED
    assert refused(s3.head_bucket, Bucket=name) == (404, "404")


def test_browser_form_and_select(endpoint: Endpoint, bucket: str) -> None:
    form = Request("POST", f"/{bucket}", "", b"x", {"Content-Type": "multipart/form-data"})
    answer = send(endpoint, form)
    assert (answer.status, answer.code) == NOT_IMPLEMENTED
    answer = send(endpoint, Request("POST", f"/{bucket}/k", "select=&select-type=2", b"x"))
    assert (answer.status, answer.code) == NOT_IMPLEMENTED


def test_unknown_headers_and_parameters_are_ignored(endpoint: Endpoint, bucket: str) -> None:
    fields = {"X-Amz-New-Feature": "1", "X-Other": "2"}
    put = Request("PUT", f"/{bucket}/k", "x-id=PutObject&unknown=1", b"body", fields)
    assert send(endpoint, put).status == 200
    assert send(endpoint, Request("GET", f"/{bucket}/k", "x-id=GetObject")).body == b"body"
