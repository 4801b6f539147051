import dataclasses

import pytest

from tests.unit.gateway.auth.signing import EMPTY_SHA256, EXAMPLE_TIME_S, request
from tests.unit.gateway.auth.test_sigv4_examples import GET_OBJECT, PRESIGNED_GET
from trioxygen.gateway.auth.payload import PayloadMode, declared_payload_hash, payload_mode
from trioxygen.gateway.auth.sigv4 import SignatureClaim, read_claim
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead


def claimed(head: RequestHead, payload_hash: str) -> SignatureClaim:
    claim = read_claim(head, now_s=EXAMPLE_TIME_S, regions=None)
    assert claim is not None
    return dataclasses.replace(claim, payload_hash=payload_hash)


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        ("UNSIGNED-PAYLOAD", PayloadMode.UNSIGNED),
        (EMPTY_SHA256, PayloadMode.SIGNED),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", PayloadMode.STREAMING_SIGNED),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", PayloadMode.STREAMING_SIGNED_TRAILER),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", PayloadMode.STREAMING_UNSIGNED_TRAILER),
    ],
)
def test_payload_mode_is_the_signed_value(value: str, mode: PayloadMode) -> None:
    assert payload_mode(GET_OBJECT, claimed(GET_OBJECT, value)) is mode
    assert mode.is_chunked is value.startswith("STREAMING-")


@pytest.mark.parametrize(
    "value", ["", "SIGNED", EMPTY_SHA256[:-1], EMPTY_SHA256.upper(), "x" * 64, "STREAMING-X"]
)
def test_unknown_payload_value_is_an_invalid_argument(value: str) -> None:
    with pytest.raises(S3Error) as caught:
        payload_mode(GET_OBJECT, claimed(GET_OBJECT, value))
    assert caught.value.code == "InvalidArgument"
    assert "valid sha256 value" in caught.value.message


@pytest.mark.parametrize("ending", ["", "-TRAILER"])
def test_chunks_signed_with_version_4a_are_refused_by_name(ending: str) -> None:
    value = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD" + ending
    with pytest.raises(S3Error) as caught:
        payload_mode(GET_OBJECT, claimed(GET_OBJECT, value))
    assert caught.value.code == "NotImplemented"
    told = caught.value.details["additionalMessage"]
    assert f"Signature Version 4A ({value})" in told and "AWS4-HMAC-SHA256" in told


def test_unsigned_header_may_say_how_an_open_presigned_body_travels() -> None:
    head = request("PUT", headers={"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
    claim = claimed(PRESIGNED_GET, "UNSIGNED-PAYLOAD")
    assert payload_mode(head, claim) is PayloadMode.STREAMING_UNSIGNED_TRAILER


def test_unsigned_header_cannot_lift_the_hash_that_was_presigned() -> None:
    head = request("PUT", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    claim = claimed(PRESIGNED_GET, EMPTY_SHA256)
    assert payload_mode(head, claim) is PayloadMode.SIGNED
    assert declared_payload_hash(head, claim) == EMPTY_SHA256


def test_anonymous_body_is_plain_unless_it_announces_chunks_and_a_trailer() -> None:
    assert payload_mode(request("PUT"), None) is PayloadMode.UNSIGNED
    chunked = {"content-encoding": "gzip,aws-chunked", "x-amz-trailer": "x-amz-checksum-crc32"}
    mode = payload_mode(request("PUT", headers=chunked), None)
    assert mode is PayloadMode.STREAMING_UNSIGNED_TRAILER
    only_encoding = request("PUT", headers={"content-encoding": "aws-chunked"})
    assert payload_mode(only_encoding, None) is PayloadMode.UNSIGNED


def test_anonymous_request_cannot_have_signed_chunks() -> None:
    head = request("PUT", headers={"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"})
    with pytest.raises(S3Error) as caught:
        payload_mode(head, None)
    assert caught.value.code == "AccessDenied"
