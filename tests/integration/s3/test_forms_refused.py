"""POST forms that are refused: how, and that nothing of them is stored."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, Keys, keys_of
from tests.integration.s3.forms import (
    BOUNDARY,
    encoded,
    form_request,
    policy_of,
    post,
    post_body,
    signed,
    signed_v2,
)
from tests.integration.s3.wire import Answer, connection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY: Final = b"body"


@pytest.fixture
def untouched(s3: "S3Client", bucket: str) -> Iterator[str]:
    """A bucket that is empty afterwards."""
    yield bucket
    assert keys_of(s3, bucket) == []
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def refused(answer: Answer, *expected: object) -> dict[str, str]:
    """The error's elements; status, code and message are as they should be."""
    error = answer.error
    assert (answer.status, error["Code"], error["Message"])[: len(expected)] == expected, error
    return error


def without(fields: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in names}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_that_is_sent_as_no_form(
    endpoint: Endpoint, untouched: str, content_type: str
) -> None:
    made = signed(untouched, {"key": "k"}, keys=endpoint.main)
    answer = post_body(
        endpoint, untouched, encoded(made.items(), BODY), **{"Content-Type": content_type}
    )
    error = refused(answer, 412, "PreconditionFailed")
    assert error["Condition"] == ("Bucket POST must be of the enclosure-type multipart/form-data")


def test_body_that_is_no_form(endpoint: Endpoint, untouched: str) -> None:
    made = signed(untouched, {"key": "k"}, keys=endpoint.main)
    body = encoded(made.items(), BODY)
    for wrong in (b"", b"no form", body[:-6], body[:-60], body.replace(b"form-data", b"data")):
        refused(post_body(endpoint, untouched, wrong), 400, "MalformedPOSTRequest")
    for content_type in ("multipart/form-data", f"multipart/form-data; boundary=x{BOUNDARY}"):
        answer = post_body(endpoint, untouched, body, **{"Content-Type": content_type})
        assert answer.status == 400


def test_form_that_ends_early(endpoint: Endpoint, untouched: str) -> None:
    made = signed(untouched, {"key": "k"}, keys=endpoint.main)
    for file in (BODY, bytes(3 << 20)):
        body = encoded(made.items(), file)
        request = form_request(untouched, body)
        for size in (100, len(body) - len(file) - 100, len(body) - 20):
            with connection(endpoint) as wire:
                whole = request.bytes(request.fields, endpoint.host)
                wire.send(whole[: len(whole) - len(body) + size])
                wire.half_close()
                # Whatever it says, it says it.
                wire.is_closed()


def test_fields_of_more_than_20_kib(endpoint: Endpoint, untouched: str) -> None:
    fields = {"key": "k", "x-ignore-a": "a" * 20_480}
    made = signed(untouched, {"key": "k"}, keys=endpoint.main)
    error = refused(
        post(endpoint, untouched, {**fields, **made}),
        400,
        "MaxPostPreDataLengthExceededError",
        "Your POST request fields preceding the upload file was too large.",
    )
    assert error["MaxPostPreDataLengthBytes"] == "20480"


@pytest.mark.parametrize(("file", "count"), [(None, "0"), (BODY, "2")])
def test_exactly_one_file(
    endpoint: Endpoint, untouched: str, file: bytes | None, count: str
) -> None:
    made = signed(untouched, {"key": "k"}, keys=endpoint.main)
    body = encoded(made.items(), file)
    if file is not None:
        second = encoded([], b"another")
        body = body.replace(f"--{BOUNDARY}--\r\n".encode(), second)
    message = "POST requires exactly one file upload per request."
    error = refused(post_body(endpoint, untouched, body), 400, "InvalidArgument", message)
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("file", count)


@pytest.mark.parametrize(
    "missing",
    ["key", "policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"],
)
def test_field_that_is_missing(endpoint: Endpoint, untouched: str, missing: str) -> None:
    made = without(signed(untouched, {"key": "k"}, keys=endpoint.main), missing)
    message = (
        f"Bucket POST must contain a field named '{missing}'.  If it is specified, please check"
        " the order of the fields."
    )
    error = refused(post(endpoint, untouched, made), 400, "InvalidArgument", message)
    assert error["ArgumentName"] == missing


@pytest.mark.parametrize("sign", [signed, signed_v2])
def test_signature_of_another_policy_another_key_or_of_nobody(
    endpoint: Endpoint, untouched: str, sign: Callable[..., dict[str, str]]
) -> None:
    made = sign(untouched, {"key": "k"}, keys=endpoint.main)
    other = {**made, "policy": policy_of(untouched, {"key": "k"}, expires_seconds=9_999)}
    error = refused(post(endpoint, untouched, other), 403, "SignatureDoesNotMatch")
    assert error["AWSAccessKeyId"] == endpoint.main.access
    assert error["StringToSign"] == other["policy"]
    assert bytes.fromhex(error["StringToSignBytes"]).decode() == other["policy"]
    false = sign(untouched, {"key": "k"}, keys=Keys(endpoint.main.access, "false"))
    refused(post(endpoint, untouched, false), 403, "SignatureDoesNotMatch")
    unknown = sign(untouched, {"key": "k"}, keys=Keys("unknown", "false"))
    error = refused(post(endpoint, untouched, unknown), 403, "InvalidAccessKeyId")
    assert error["AWSAccessKeyId"] == "unknown"
    refused(post(endpoint, untouched, {"key": "k"}), 403, "AccessDenied", "Access Denied")


def test_other_account(endpoint: Endpoint, untouched: str) -> None:
    if not endpoint.other.access:
        pytest.skip("needs the keys of a second account")
    made = signed(untouched, {"key": "k"}, keys=endpoint.other)
    refused(post(endpoint, untouched, made), 403, "AccessDenied", "Access Denied")


def test_version_4a_is_named(endpoint: Endpoint, untouched: str) -> None:
    made = signed(untouched, {"key": "k"}, keys=endpoint.main)
    made["x-amz-algorithm"] = "AWS4-ECDSA-P256-SHA256"
    error = refused(post(endpoint, untouched, made), 501, "NotImplemented")
    assert "Signature Version 4A" in error["additionalMessage"]


def test_bucket_that_is_not_there_is_told_to_who_signs(endpoint: Endpoint) -> None:
    made = signed("o3-none", {"key": "k"}, keys=endpoint.main)
    refused(post(endpoint, "o3-none", made), 404, "NoSuchBucket")
    refused(post(endpoint, "o3-none", {"key": "k"}), 404, "NoSuchBucket")


@pytest.mark.parametrize(
    ("fields", "conditions", "options", "why"),
    [
        ({}, (), {"expires_seconds": -60}, "Policy expired."),
        ({"acl": "private"}, (), {}, "Extra input fields: acl"),
        ({}, [["eq", "$acl", "private"]], {}, 'Condition failed: ["eq", "$acl", "private"]'),
        ({}, [{"key": "other"}], {}, 'Condition failed: ["eq", "$key", "other"]'),
        (
            {},
            [["starts-with", "$key", "user/"]],
            {},
            'Condition failed: ["starts-with", "$key", "user/"]',
        ),
        ({}, [{"bucket": "other"}], {}, 'Condition failed: ["eq", "$bucket", "other"]'),
    ],
)
def test_policy_that_the_form_does_not_keep_to(
    endpoint: Endpoint,
    untouched: str,
    fields: dict[str, str],
    conditions: Any,
    options: dict[str, Any],
    why: str,
) -> None:
    made = signed(untouched, {"key": "k"}, conditions, keys=endpoint.main, **options)
    answer = post(endpoint, untouched, {**fields, **made})
    error = refused(answer, 403, "AccessDenied")
    assert error["Message"].startswith("Invalid according to Policy: ")
    assert error["Message"].endswith(why)


def test_form_of_another_bucket(endpoint: Endpoint, untouched: str) -> None:
    made = signed("another-bucket", {"key": "k"}, keys=endpoint.main)
    answer = post(endpoint, untouched, {**made, "bucket": "another-bucket"})
    refused(answer, 403, "AccessDenied")


def test_policy_that_is_none(endpoint: Endpoint, untouched: str) -> None:
    for text, why in (("e30=", "Policy missing expiration."), ("W10", "invalid Base64 encoding.")):
        made = signed(untouched, {"key": "k"}, keys=endpoint.main, policy=text)
        answer = post(endpoint, untouched, made)
        refused(answer, 400, "InvalidPolicyDocument", f"Invalid Policy: {why}")


@pytest.mark.parametrize("is_chunked", [False, True])
def test_file_that_is_too_large_or_too_small(
    endpoint: Endpoint, untouched: str, is_chunked: bool
) -> None:
    def sent(file: bytes, smallest: int, largest: int) -> Answer:
        condition = ["content-length-range", smallest, largest]
        made = signed(untouched, {"key": "k"}, [condition], keys=endpoint.main)
        body = encoded(made.items(), file)
        if not is_chunked:
            return post_body(endpoint, untouched, body)
        request = form_request(untouched, f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
        fields = without(request.fields, "Content-Length")
        with connection(endpoint) as wire:
            wire.send(request.bytes({**fields, "Transfer-Encoding": "chunked"}, endpoint.host))
            return wire.answer()

    error = refused(sent(b"12345", 0, 4), 400, "EntityTooLarge")
    assert (error["ProposedSize"], error["MaxSizeAllowed"]) == ("5", "4")
    error = refused(sent(b"12345", 6, 9), 400, "EntityTooSmall")
    assert (error["ProposedSize"], error["MinSizeAllowed"]) == ("5", "6")
    refused(sent(bytes(2 << 20), 0, 1 << 20), 400, "EntityTooLarge")
    refused(sent(bytes(2 << 20), 3 << 20, 4 << 20), 400, "EntityTooSmall")


def test_file_that_must_be_too_large_is_not_asked_for(endpoint: Endpoint, untouched: str) -> None:
    limit = ["content-length-range", 0, 10]
    made = signed(untouched, {"key": "k"}, [limit], keys=endpoint.main)
    request = form_request(untouched, encoded(made.items(), BODY))
    request.fields["Content-Length"] = str(1 << 30)
    with connection(endpoint) as wire:
        wire.send(request.bytes(request.fields, endpoint.host))
        refused(wire.answer(), 400, "EntityTooLarge")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"key": "k" * 1_025}, "KeyTooLongError"),
        ({"key": "k", "x-amz-storage-class": "COLD"}, "InvalidStorageClass"),
        ({"key": "k", "x-amz-website-redirect-location": "here"}, "InvalidRedirectLocation"),
        ({"key": "k", "tagging": "a=b"}, "MalformedXML"),
        ({"key": "k", "x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
        ({"key": "k", "x-amz-checksum-crc32": "A"}, "InvalidRequest"),
        ({"key": "k", "Content-MD5": "A"}, "InvalidDigest"),
        ({"key": "k", "Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest"),
        ({"key": "k", "x-amz-meta-a": "a\nb"}, "InvalidArgument"),
        ({"key": "k", "x-amz-meta-a": "a" * 2_049}, "MetadataTooLarge"),
        ({"key": "k", "x-amz-meta-a b": "1"}, "InvalidArgument"),
        ({"key": "k", "x-amz-write-offset-bytes": "0"}, "NotImplemented"),
        ({"key": "k", "x-amz-object-lock-legal-hold": "ON"}, "InvalidRequest"),
        ({"key": "k", "x-amz-server-side-encryption": "none"}, "InvalidArgument"),
    ],
)
def test_what_is_wrong_with_a_put_is_wrong_with_a_form(
    endpoint: Endpoint, untouched: str, fields: dict[str, str], code: str
) -> None:
    answer = post(endpoint, untouched, signed(untouched, fields, keys=endpoint.main), BODY)
    assert (answer.status in (400, 501), answer.code) == (True, code), answer.body
