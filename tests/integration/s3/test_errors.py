"""Error documents: their elements, none for HEAD, and connections that live on."""

from typing import TYPE_CHECKING

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.s3.wire import Request, connection, send, sign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_document_has_every_element(endpoint: Endpoint, bucket: str) -> None:
    answer = send(endpoint, Request("GET", f"/{bucket}/not/there%20%C3%A4"))
    assert answer.status == 404
    assert answer.fields["content-type"] == "application/xml"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error>')
    error = answer.error
    assert error["Code"] == "NoSuchKey" and error["Key"] == "not/there ä"
    assert error["Message"] == "The specified key does not exist."
    assert list(error) == ["Code", "Message", "Key", "RequestId", "HostId"]
    assert error["RequestId"] == answer.fields["x-amz-request-id"]
    assert error["HostId"] == answer.fields["x-amz-id-2"]


def test_head_has_the_status_and_no_body(endpoint: Endpoint, bucket: str) -> None:
    with connection(endpoint) as wire:
        for path, status in ((f"/{bucket}/no", 404), ("/o3-test-not-there", 404), ("/a%zz", 400)):
            wire.send(sign(endpoint, Request("HEAD", path)).bytes)
            answer = wire.answer(of_head=True)
            assert answer.status == status and answer.fields["x-amz-request-id"]
        # Nothing of a body came: the next answer is where it should be.
        wire.send(sign(endpoint, Request("HEAD", f"/{bucket}")).bytes)
        assert wire.answer(of_head=True).status == 200


def test_request_ids_differ(endpoint: Endpoint, bucket: str) -> None:
    actual = {
        send(endpoint, Request("GET", f"/{bucket}/no")).fields["x-amz-request-id"] for _ in range(5)
    }
    assert len(actual) == 5


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PATCH", "/{bucket}/k", 405, "MethodNotAllowed"),
        ("PUT", "/", 405, "MethodNotAllowed"),
        ("DELETE", "/", 405, "MethodNotAllowed"),
        ("GET", "//k", 400, "InvalidBucketName"),
        ("PUT", "/Impossible_Name", 400, "InvalidBucketName"),
        ("OPTIONS", "/{bucket}/k", 400, "BadRequest"),
    ],
)
def test_what_is_no_operation_is_refused(
    endpoint: Endpoint, bucket: str, method: str, path: str, status: int, code: str
) -> None:
    answer = send(endpoint, Request(method, path.format(bucket=bucket)))
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<Delete>",
        b"<Other/>",
        b"<!DOCTYPE d [<!ENTITY e 'x'>]><Delete><Object><Key>&e;</Key></Object></Delete>",
        b"<Delete><Object></Object></Delete>",
        b"\xff\xfe",
    ],
)
def test_document_that_is_not_the_expected_one_is_malformed(
    endpoint: Endpoint, bucket: str, body: bytes
) -> None:
    import hashlib
    from base64 import b64encode

    digest = b64encode(hashlib.md5(body).digest()).decode()
    asked = Request("POST", f"/{bucket}", "delete=", body, {"Content-MD5": digest})
    answer = send(endpoint, asked)
    assert answer.status == 400 and answer.code in ("MalformedXML", "MissingRequestBodyError")


def test_failed_request_leaves_the_connection_usable(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    with connection(endpoint) as wire:
        for _ in range(3):
            wire.send(sign(endpoint, Request("GET", f"/{bucket}/no")).bytes)
            assert wire.answer().code == "NoSuchKey"
            # Refused without a look at the body, which is short enough to be read and dropped.
            refused = Request("PUT", f"/{bucket}", "website=", b"x" * 1_000)
            refused.fields["Content-Length"] = "1000"
            wire.send(sign(endpoint, refused).bytes)
            assert wire.answer().code == "NotImplemented"
            wire.send(sign(endpoint, Request("GET", f"/{bucket}/k")).bytes)
            assert wire.answer().body == b"body"
