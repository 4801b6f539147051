"""Checksums of single objects: verified, stored, returned; the default; what is refused."""

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest
from awscrt import checksums as crt

from tests.integration.endpoint import Endpoint, refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY: Final = b"Nobody expects the checksum inquisition." * 50
DIGESTS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "CRC32C": lambda body: crt.crc32c(body).to_bytes(4, "big"),
    "CRC64NVME": lambda body: crt.crc64nvme(body).to_bytes(8, "big"),
    "SHA1": lambda body: hashlib.sha1(body).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
    "SHA512": lambda body: hashlib.sha512(body).digest(),
    "MD5": lambda body: hashlib.md5(body).digest(),
    "XXHASH64": crt.XXHash.compute_xxhash64,
    "XXHASH3": crt.XXHash.compute_xxhash3_64,
    "XXHASH128": crt.XXHash.compute_xxhash3_128,
}
ALGORITHMS: Final = list(DIGESTS)
# SDKs send an MD5 that they are given, and compute none.
COMPUTED: Final = [name for name in ALGORITHMS if name != "MD5"]


def digest(algorithm: str, body: bytes) -> str:
    return b64encode(DIGESTS[algorithm](body)).decode()


def shown(answer: Any) -> dict[str, str]:
    """The checksums of an answer, by algorithm."""
    return {name: answer[f"Checksum{name}"] for name in ALGORITHMS if f"Checksum{name}" in answer}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_checksum_in_the_header_is_kept(s3: "S3Client", bucket: str, algorithm: str) -> None:
    right = digest(algorithm, BODY)
    sent: dict[str, Any] = {f"Checksum{algorithm}": right}
    put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, **sent)
    assert shown(put) == {algorithm: right} and put["ChecksumType"] == "FULL_OBJECT"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert shown(head) == {algorithm: right} and head["ChecksumType"] == "FULL_OBJECT"
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == BODY and shown(got) == {algorithm: right}


@pytest.mark.parametrize("algorithm", COMPUTED)
def test_checksum_that_the_sdk_computes_is_kept(
    s3: "S3Client", bucket: str, algorithm: Any
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert shown(head) == {algorithm: digest(algorithm, BODY)}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_wrong_checksum_stores_nothing(s3: "S3Client", bucket: str, algorithm: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    sent: dict[str, Any] = {f"Checksum{algorithm}": digest(algorithm, b"other")}
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=BODY, **sent)
    assert (error.status, error.code) == (400, "BadDigest")
    assert algorithm in error.message
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"


def test_checksums_are_shown_only_when_asked_for(endpoint: Endpoint, bucket: str) -> None:
    with endpoint.client(response_checksum_validation="when_required") as s3:
        s3.put_object(Bucket=bucket, Key="k", Body=BODY)
        assert shown(s3.head_object(Bucket=bucket, Key="k")) == {}
        got = s3.get_object(Bucket=bucket, Key="k")
        assert got["Body"].read() == BODY and shown(got) == {}


def test_default_is_crc64nvme(endpoint: Endpoint, bucket: str) -> None:
    with endpoint.client(request_checksum_calculation="when_required") as s3:
        put = s3.put_object(Bucket=bucket, Key="k", Body=BODY)
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    expected = {"CRC64NVME": digest("CRC64NVME", BODY)}
    assert shown(put) == expected and put["ChecksumType"] == "FULL_OBJECT"
    assert shown(head) == expected and head["ChecksumType"] == "FULL_OBJECT"


def test_range_has_no_checksum_of_the_whole(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED", Range="bytes=1-5")
    assert got["Body"].read() == BODY[1:6] and shown(got) == {}


@pytest.mark.parametrize("algorithm", ["MD4", "SHA3", "XXHASH32"])
def test_unknown_algorithm_is_a_clear_error(s3: "S3Client", bucket: str, algorithm: str) -> None:
    def add(request: Any, **_: object) -> None:
        del request.headers["x-amz-checksum-crc32"]
        del request.headers["x-amz-sdk-checksum-algorithm"]
        request.headers[f"x-amz-checksum-{algorithm.lower()}"] = b64encode(b"x" * 16).decode()

    s3.meta.events.register_first("before-sign.s3.PutObject", add, "add")
    try:
        error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=BODY)
    finally:
        s3.meta.events.unregister("before-sign.s3.PutObject", add, "add")
    assert (error.status, error.code) == (400, "InvalidRequest")
    assert error.message == (
        "The algorithm type you specified in x-amz-checksum- header is invalid."
    )
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")


def test_two_checksums_are_refused(s3: "S3Client", bucket: str) -> None:
    answer = refused(
        s3.put_object,
        Bucket=bucket,
        Key="k",
        Body=BODY,
        ChecksumSHA1=digest("SHA1", BODY),
        ChecksumSHA256=digest("SHA256", BODY),
    )
    assert answer == (400, "InvalidRequest")


@pytest.mark.parametrize("value", ["not base64!", "bad", "AAAA"])
def test_ill_formed_checksum_is_refused(s3: "S3Client", bucket: str, value: str) -> None:
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=BODY, ChecksumSHA256=value)
    assert (error.status, error.code) == (400, "InvalidRequest")
    assert error.message == "Value for x-amz-checksum-sha256 header is invalid."


def test_copy_keeps_the_checksum_or_takes_another(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA1")
    copied = s3.copy_object(Bucket=bucket, Key="same", CopySource={"Bucket": bucket, "Key": "k"})
    assert shown(copied["CopyObjectResult"]) == {"SHA1": digest("SHA1", BODY)}
    s3.copy_object(
        Bucket=bucket,
        Key="other",
        CopySource={"Bucket": bucket, "Key": "k"},
        ChecksumAlgorithm="CRC32C",
    )
    head = s3.head_object(Bucket=bucket, Key="other", ChecksumMode="ENABLED")
    assert shown(head) == {"CRC32C": digest("CRC32C", BODY)}
