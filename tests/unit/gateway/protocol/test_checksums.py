from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.s3.heads import head
from trioxygen.common.checksum import ALGORITHM_BY_NAME, Algorithm, ChecksumType
from trioxygen.gateway.protocol.checksums import (
    DEFAULT_REQUEST,
    ChecksumRequest,
    ObjectChecksum,
    checksum_headers,
    checksum_mismatch,
    content_md5_mismatch,
    parse_digest,
    read_checksum_request,
    read_complete_claim,
    read_content_md5,
    read_copy_algorithm,
    read_upload_checksum,
    wants_checksums,
)
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.store.values.uploads import UploadChecksum

SDK = "x-amz-sdk-checksum-algorithm"
CRC32 = "x-amz-checksum-crc32"
UNSUPPORTED = (
    "Checksum algorithm provided is unsupported. Please try again with any of the valid types:"
    " [CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]"
)


def encoded(algorithm: Algorithm) -> str:
    return b64encode(bytes(range(algorithm.digest_size_bytes))).decode()


def refusal(headers: dict[str, str]) -> S3Error:
    with pytest.raises(S3Error) as refused:
        read_checksum_request(head(headers))
    return refused.value


@pytest.mark.parametrize("algorithm", Algorithm)
def test_checksum_header_is_expected(algorithm: Algorithm) -> None:
    request = read_checksum_request(
        head({algorithm.header: encoded(algorithm), SDK: algorithm.value.lower()})
    )
    digest = bytes(range(algorithm.digest_size_bytes))
    assert request == ChecksumRequest(algorithm=algorithm, expected=digest)
    assert request.by_client


@pytest.mark.parametrize("algorithm", Algorithm)
def test_checksum_trailer_is_awaited(algorithm: Algorithm) -> None:
    request = read_checksum_request(head({"x-amz-trailer": algorithm.header, SDK: algorithm.value}))
    assert request == ChecksumRequest(algorithm=algorithm, trailer=algorithm.header)
    assert request.by_client


def test_default_is_crc64nvme_and_not_the_client_s() -> None:
    request = read_checksum_request(head({"x-amz-checksum-mode": "ENABLED"}))
    assert request == DEFAULT_REQUEST
    assert request.algorithm is Algorithm.CRC64NVME and not request.by_client


def test_two_checksums_are_refused() -> None:
    two = {CRC32: "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="}
    header_and_trailer = {CRC32: "AAAAAA==", "x-amz-trailer": "x-amz-checksum-crc32c"}
    for headers in (two, header_and_trailer):
        error = refusal(headers)
        assert error.code == "InvalidRequest"
        assert error.message.startswith("Expecting a single x-amz-checksum- header.")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({SDK: "MD4", CRC32: "AAAAAA=="}, UNSUPPORTED),
        (
            {"x-amz-checksum-sha3": "AAAA"},
            "The algorithm type you specified in x-amz-checksum- header is invalid.",
        ),
        (
            {"x-amz-trailer": "x-amz-checksum-md4"},
            "The value specified in the x-amz-trailer header is not supported",
        ),
    ],
)
def test_unknown_algorithm_is_refused(headers: dict[str, str], message: str) -> None:
    error = refusal(headers)
    assert (error.code, error.message) == ("InvalidRequest", message)


def test_sdk_algorithm_must_agree_with_what_is_sent() -> None:
    assert refusal({SDK: "CRC32C", CRC32: "AAAAAA=="}).message == (
        "Value for x-amz-sdk-checksum-algorithm header is invalid."
    )
    assert "no corresponding" in refusal({SDK: "CRC32"}).message


def test_ill_formed_checksum_is_an_invalid_request() -> None:
    message = "Value for x-amz-checksum-crc32 header is invalid."
    for value in ("bad", "AAAA", ""):
        error = refusal({CRC32: value})
        assert (error.code, error.status, error.message) == ("InvalidRequest", 400, message)


@given(st.text(max_size=12))
def test_any_text_is_a_digest_of_the_right_length_or_refused(value: str) -> None:
    try:
        digest = parse_digest(Algorithm.CRC32, value)
    except S3Error as error:
        assert error.status == 400
    else:
        assert b64encode(digest).decode() == value or len(digest) == 4


@pytest.mark.parametrize(
    ("algorithm", "wanted", "expected"),
    [
        ("CRC32", None, ChecksumType.COMPOSITE),
        ("crc32c", "FULL_OBJECT", ChecksumType.FULL_OBJECT),
        ("CRC32", "COMPOSITE", ChecksumType.COMPOSITE),
        ("CRC64NVME", None, ChecksumType.FULL_OBJECT),
        ("SHA256", None, ChecksumType.COMPOSITE),
        ("SHA512", None, ChecksumType.COMPOSITE),
        ("md5", "composite", ChecksumType.COMPOSITE),
        ("XXHASH3", None, ChecksumType.COMPOSITE),
        ("SHA1", "COMPOSITE", ChecksumType.COMPOSITE),
    ],
)
def test_upload_has_the_type_asked_for_or_its_algorithm_s(
    algorithm: str, wanted: str | None, expected: ChecksumType
) -> None:
    headers = {"x-amz-checksum-algorithm": algorithm}
    if wanted is not None:
        headers["x-amz-checksum-type"] = wanted
    assert read_upload_checksum(head(headers)) == UploadChecksum(
        algorithm=ALGORITHM_BY_NAME[algorithm.upper()], type=expected
    )


@pytest.mark.parametrize(
    ("algorithm", "wanted"),
    [
        ("CRC64NVME", "COMPOSITE"),
        ("SHA1", "FULL_OBJECT"),
        ("SHA256", "FULL_OBJECT"),
        ("CRC32", "HALF"),
        ("", "COMPOSITE"),
        ("MD5", "FULL_OBJECT"),
        ("XXHASH128", "FULL_OBJECT"),
        ("XXHASH32", ""),
    ],
)
def test_upload_of_an_impossible_checksum_is_refused(algorithm: str, wanted: str) -> None:
    with pytest.raises(S3Error, match="InvalidRequest"):
        read_upload_checksum(
            head({"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": wanted})
        )


def test_upload_and_copy_without_an_algorithm_leave_it_to_the_store() -> None:
    assert read_upload_checksum(head()) is None
    assert read_copy_algorithm(head()) is None
    chosen = read_copy_algorithm(head({"x-amz-checksum-algorithm": "SHA1"}))
    assert chosen is Algorithm.SHA1


def test_complete_claims_a_checksum_with_or_without_its_part_count() -> None:
    digest = bytes(range(32))
    value = encoded(Algorithm.SHA256)
    name = Algorithm.SHA256.header
    assert read_complete_claim(head()) is None
    plain = read_complete_claim(head({name: value, "x-amz-checksum-type": "COMPOSITE"}))
    assert plain == ObjectChecksum(
        algorithm=Algorithm.SHA256, digest=digest, type=ChecksumType.COMPOSITE
    )
    counted = read_complete_claim(head({name: value + "-3"}))
    assert counted == ObjectChecksum(algorithm=Algorithm.SHA256, digest=digest, part_count=3)
    assert counted is not None and counted.text == value + "-3"


@pytest.mark.parametrize("suffix", ["-", "-x", "-10001", "-1-1", "-²"])
def test_complete_claim_with_an_impossible_part_count_is_refused(suffix: str) -> None:
    with pytest.raises(S3Error, match="InvalidRequest"):
        read_complete_claim(head({CRC32: "AAAAAA==" + suffix}))


def test_complete_claim_that_is_no_base64_is_an_invalid_request() -> None:
    with pytest.raises(S3Error, match="InvalidRequest"):
        read_complete_claim(head({Algorithm.SHA256.header: "bad"}))


def test_content_md5_is_sixteen_bytes_of_base64() -> None:
    assert read_content_md5(head()) is None
    value = b64encode(bytes(16)).decode()
    assert read_content_md5(head({"content-md5": value})) == bytes(16)


@pytest.mark.parametrize("value", ["", "YWJyYWNhZGFicmE=", "bad", "rL0Y20xC+Fzt72VPzMSk2A", "é"])
def test_content_md5_of_another_form_is_an_invalid_digest(value: str) -> None:
    with pytest.raises(S3Error, match="InvalidDigest"):
        read_content_md5(head({"content-md5": value}))


def test_checksum_mode_is_enabled_or_absent() -> None:
    assert not wants_checksums(head())
    assert wants_checksums(head({"x-amz-checksum-mode": "ENABLED"}))
    with pytest.raises(S3Error, match="InvalidRequest"):
        wants_checksums(head({"x-amz-checksum-mode": "YES"}))


def test_mismatches_are_bad_digests_that_say_which() -> None:
    error = checksum_mismatch(Algorithm.CRC32)
    assert error.code == "BadDigest"
    assert error.message == "The CRC32 you specified did not match the calculated checksum."
    md5 = content_md5_mismatch(expected=bytes(16), calculated=bytes(range(16)))
    assert md5.code == "BadDigest"
    assert md5.details["ExpectedDigest"] == b64encode(bytes(16)).decode()


def test_checksum_headers_show_digest_and_type() -> None:
    whole = ObjectChecksum(
        algorithm=Algorithm.CRC32, digest=bytes(4), type=ChecksumType.COMPOSITE, part_count=2
    )
    assert checksum_headers(whole) == [
        (b"x-amz-checksum-crc32", b"AAAAAA==-2"),
        (b"x-amz-checksum-type", b"COMPOSITE"),
    ]
    part = ObjectChecksum(algorithm=Algorithm.CRC32, digest=bytes(4))
    assert checksum_headers(part) == [(b"x-amz-checksum-crc32", b"AAAAAA==")]
