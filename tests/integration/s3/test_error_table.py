"""Error documents, element by element, in the order of the wire: one row for each error."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.integration.endpoint import Endpoint, Keys
from tests.integration.s3.argument_cases import ARGUMENT_CASES
from tests.integration.s3.error_cases import ANY, CASES, Case
from tests.integration.s3.header_cases import HEADER_CASES
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import Request, connection, send, sign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your key"
    " and signing method."
)
SIGNATURE_DETAILS = {
    name: ANY
    for name in (
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    )
}


@pytest.fixture(scope="module")
def place(endpoint: Endpoint, s3: "S3Client") -> Iterator[dict[str, str]]:
    """A bucket with the object `k` and an upload of `up` with one part."""
    bucket = "o3-test-error-table"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    upload = Upload.begin(s3, bucket, "up")
    upload.put(1, b"part")
    yield {"bucket": bucket, "upload": upload.upload_id}
    s3.abort_multipart_upload(**upload.names)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)


def fill(text: str, place: dict[str, str]) -> str:
    for name, value in place.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@pytest.mark.parametrize("case", [*CASES, *HEADER_CASES, *ARGUMENT_CASES], ids=lambda case: case.id)
def test_document_is_the_one_of_the_table(
    endpoint: Endpoint, place: dict[str, str], case: Case
) -> None:
    method, _, target = fill(case.asked, place).partition(" ")
    path, _, query = target.partition("?")
    body = case.body.encode()
    fields = {name: fill(value, place) for name, value in case.fields.items()}
    if fields.get("Content-MD5") == "md5":
        fields["Content-MD5"] = b64encode(hashlib.md5(body).digest()).decode()
    answer = send(endpoint, Request(method, path, query, body, fields), **case.signing)
    assert (answer.status, answer.code) == (case.status, case.code)
    error = answer.error
    assert error["Message"] == case.message
    wanted = {name: fill(value, place) for name, value in case.details.items()}
    assert list(error) == ["Code", "Message", *wanted, "RequestId", "HostId"]
    assert {name: error[name] for name, value in wanted.items() if value != ANY} == {
        name: value for name, value in wanted.items() if value != ANY
    }
    assert error["RequestId"] == answer.fields["x-amz-request-id"]
    assert error["HostId"] == answer.fields["x-amz-id-2"]
    assert {name: answer.fields.get(name) for name in case.headers} == case.headers


def test_wrong_signature_is_shown_what_was_to_be_signed(
    endpoint: Endpoint, place: dict[str, str]
) -> None:
    wrong = Keys(endpoint.main.access, "wrong")
    error = send(endpoint, Request("GET", fill("/{bucket}/k", place)), keys=wrong).error
    assert list(error)[2:-2] == list(SIGNATURE_DETAILS) and error["Message"] == SIGNATURE
    assert error["AWSAccessKeyId"] == endpoint.main.access
    for name in ("StringToSign", "CanonicalRequest"):
        assert bytes.fromhex(error[f"{name}Bytes"]).decode() == error[name]


def test_small_part_and_wrong_order_are_named(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    upload = Upload.begin(s3, bucket, "k")
    first, last = upload.put(1, b"a")["ETag"], upload.put(2, b"b")["ETag"]

    def complete(*parts: tuple[int, str]) -> dict[str, str]:
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
            for number, tag in parts
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        query = f"uploadId={upload.upload_id}"
        return send(endpoint, Request("POST", f"/{bucket}/k", query, body)).error

    small = complete((1, first), (2, last))
    assert small["Code"] == "EntityTooSmall"
    assert list(small.items())[2:-2] == [
        ("ProposedSize", "1"),
        ("MinSizeAllowed", str(PART_MIN)),
        ("PartNumber", "1"),
        ("ETag", first.strip('"')),
    ]
    order = complete((2, last), (1, first))
    assert order["Code"] == "InvalidPartOrder"
    assert list(order.items())[2:-2] == [("UploadId", upload.upload_id)]


def test_every_answer_carries_both_ids(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"body")["ETag"]
    path = f"/{bucket}/k"
    asked = [
        (Request("GET", path), 200),
        (Request("HEAD", path), 200),
        (Request("GET", path, fields={"If-None-Match": tag}), 304),
        (Request("HEAD", path, fields={"If-None-Match": tag}), 304),
        (Request("GET", path, fields={"Range": "bytes=0-1"}), 206),
        (Request("HEAD", f"/{bucket}/none"), 404),
        (Request("PUT", path), 200),
        (Request("DELETE", path), 204),
        (Request("GET", "/"), 200),
        (Request("GET", f"/{bucket}/%zz"), 400),
    ]
    seen: set[tuple[str, str]] = set()
    for request, status in asked:
        answer = send(endpoint, request)
        assert answer.status == status, request
        ids = answer.fields["x-amz-request-id"], answer.fields["x-amz-id-2"]
        assert len(ids[0]) == 16 and ids[0] == ids[0].upper() and ids[0].isalnum()
        assert (
            56 <= len(ids[1]) <= 76
            and b64encode(b64decode(ids[1], validate=True)).decode() == ids[1]
        )
        seen.add(ids)
    assert len({each for each, _ in seen}) == len({two for _, two in seen}) == len(asked)


def test_region_is_told_to_whoever_asks_for_the_bucket(
    endpoint: Endpoint, other_s3: "S3Client", bucket: str
) -> None:
    assert other_s3 is not None
    for request, keys in (
        (Request("HEAD", f"/{bucket}"), endpoint.main),
        (Request("HEAD", f"/{bucket}"), endpoint.other),
        (Request("GET", f"/{bucket}"), endpoint.main),
        (Request("GET", f"/{bucket}", "list-type=2"), endpoint.main),
    ):
        answer = send(endpoint, request, keys=keys)
        assert answer.status == (200 if keys == endpoint.main else 403)
        assert answer.fields["x-amz-bucket-region"] == "us-east-1"


def test_stranger_is_told_nothing_of_a_bucket(endpoint: Endpoint, bucket: str) -> None:
    with connection(endpoint) as wire:
        wire.send(f"GET /{bucket}/k HTTP/1.1\r\nHost: {endpoint.host}\r\n\r\n".encode())
        answer = wire.answer()
    assert list(answer.error) == ["Code", "Message", "RequestId", "HostId"]
    assert (answer.status, answer.error["Message"]) == (403, "Access Denied")
    signed = sign(endpoint, Request("GET", f"/{bucket}/k"))
    unsigned = {**signed.fields, "x-amz-tagging": "a", "x-amz-acl": "private"}
    with connection(endpoint) as wire:
        wire.send(signed.request.bytes(unsigned, signed.host))
        error = wire.answer().error
    assert list(error.items())[2:-2] == [("HeadersNotSigned", "x-amz-tagging, x-amz-acl")]
