"""aws-chunked bodies: signed, with trailer, in HTTP chunks; and each kind of tampering."""

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, keys_of, read
from tests.integration.s3.chunked import SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER, ChunkedPut
from tests.integration.s3.test_checksums import ALGORITHMS, digest
from tests.integration.s3.uploads import Upload
from tests.integration.s3.wire import Answer, connection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KINDS = [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER]
CHUNKS = [random.Random(1).randbytes(size) for size in (65_536, 65_536, 1, 17_000)]
WHOLE = b"".join(CHUNKS)


def put(endpoint: Endpoint, bucket: str, payload: str, **more: Any) -> ChunkedPut:
    trailers = () if payload == SIGNED else [("x-amz-checksum-crc32c", digest("CRC32C", WHOLE))]
    chosen: dict[str, Any] = {"chunks": CHUNKS, "trailers": trailers, **more}
    return ChunkedPut(endpoint=endpoint, path=f"/{bucket}/k", payload=payload, **chosen)


def send(endpoint: Endpoint, head: bytes, body: bytes) -> Answer:
    with connection(endpoint) as wire:
        wire.send(head + body)
        return wire.answer()


@pytest.mark.parametrize("payload", KINDS)
def test_body_is_decoded(endpoint: Endpoint, s3: "S3Client", bucket: str, payload: str) -> None:
    asked = put(endpoint, bucket, payload, fields={"Content-Encoding": "gzip,aws-chunked"})
    answer = send(endpoint, *asked.request())
    assert answer.status == 200, answer.body
    assert read(s3, bucket, "k") == WHOLE
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    # aws-chunked is of the transfer: it is not stored.
    assert head["ContentEncoding"] == "gzip" and head["ContentLength"] == len(WHOLE)
    if payload != SIGNED:
        assert answer.fields["x-amz-checksum-crc32c"] == digest("CRC32C", WHOLE)
        assert head["ChecksumCRC32C"] == digest("CRC32C", WHOLE)


@pytest.mark.parametrize("payload", KINDS)
@pytest.mark.parametrize("cut", [1_000, 65_537])
def test_http_chunks_need_not_meet_aws_chunks(
    endpoint: Endpoint, s3: "S3Client", bucket: str, payload: str, cut: int
) -> None:
    asked = put(endpoint, bucket, payload)
    signed = asked.signed()
    fields = {**signed.fields, "Transfer-Encoding": "chunked"}
    body = asked.body(signed)
    pieces = [body[start : start + cut] for start in range(0, len(body), cut)]
    sent = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))
    answer = send(endpoint, signed.request.bytes(fields, signed.host), sent)
    assert answer.status == 200, answer.body
    assert read(s3, bucket, "k") == WHOLE


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("payload", [SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_trailer_of_every_algorithm_is_verified(
    endpoint: Endpoint, s3: "S3Client", bucket: str, algorithm: str, payload: str
) -> None:
    name = f"x-amz-checksum-{algorithm.lower()}"
    right = put(endpoint, bucket, payload, trailers=[(name, digest(algorithm, WHOLE))])
    answer = send(endpoint, *right.request())
    assert answer.status == 200 and answer.fields[name] == digest(algorithm, WHOLE)
    s3.delete_object(Bucket=bucket, Key="k")
    wrong = put(endpoint, bucket, payload, trailers=[(name, digest(algorithm, b"other"))])
    answer = send(endpoint, *wrong.request())
    assert (answer.status, answer.code) == (400, "BadDigest")
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize("value", ["bad", "AAAA", ""])
def test_trailer_that_is_no_checksum_is_told_as_such(
    endpoint: Endpoint, s3: "S3Client", bucket: str, value: str
) -> None:
    asked = put(endpoint, bucket, UNSIGNED_TRAILER, trailers=[("x-amz-checksum-crc32", value)])
    answer = send(endpoint, *asked.request())
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.error["Message"] == "Value for x-amz-checksum-crc32 trailing header is invalid."
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize("payload", KINDS)
def test_empty_body_is_one_last_chunk(
    endpoint: Endpoint, s3: "S3Client", bucket: str, payload: str
) -> None:
    trailers = () if payload == SIGNED else [("x-amz-checksum-crc32c", digest("CRC32C", b""))]
    asked = put(endpoint, bucket, payload, chunks=[], trailers=trailers)
    assert send(endpoint, *asked.request()).status == 200
    assert read(s3, bucket, "k") == b""


def test_part_of_an_upload_may_be_chunked(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="CRC32C")
    query = f"partNumber=1&uploadId={upload.upload_id}"
    answer = send(endpoint, *put(endpoint, bucket, SIGNED_TRAILER, query=query).request())
    assert answer.status == 200, answer.body
    checksum = {"ChecksumCRC32C": answer.fields["x-amz-checksum-crc32c"]}
    upload.parts[1] = {"PartNumber": 1, "ETag": answer.fields["etag"], **checksum}
    upload.complete()
    assert read(s3, bucket, "k") == WHOLE


def flip(body: bytes, position: int) -> bytes:
    return body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]


TAMPERED = {
    "first byte of the data": lambda body: flip(body, body.index(b"\r\n") + 2),
    "a chunk's signature": lambda body: flip(body, body.index(b"chunk-signature=") + 20),
    "the last chunk's signature": lambda body: flip(body, body.rindex(b"chunk-signature=") + 20),
    "a later chunk's data": lambda body: flip(body, len(body) // 2),
}


@pytest.mark.parametrize("what", list(TAMPERED))
@pytest.mark.parametrize("payload", [SIGNED, SIGNED_TRAILER])
def test_tampering_with_signed_chunks_is_noticed(
    endpoint: Endpoint, s3: "S3Client", bucket: str, payload: str, what: str
) -> None:
    head, body = put(endpoint, bucket, payload).request()
    answer = send(endpoint, head, TAMPERED[what](body))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert keys_of(s3, bucket) == []


def test_chunks_in_another_order_are_noticed(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    chunks = [b"a" * 8_192, b"b" * 8_192]
    asked = put(endpoint, bucket, SIGNED, chunks=chunks)
    head, body = asked.request()
    size = body.index(b"a" * 8_192) + 8_192 + 2
    swapped = body[size : 2 * size] + body[:size] + body[2 * size :]
    answer = send(endpoint, head, swapped)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert keys_of(s3, bucket) == []


def test_tampered_data_under_an_unsigned_trailer_fails_its_checksum(
    endpoint: Endpoint, s3: "S3Client", bucket: str
) -> None:
    head, body = put(endpoint, bucket, UNSIGNED_TRAILER).request()
    answer = send(endpoint, head, flip(body, len(body) // 2))
    assert (answer.status, answer.code) == (400, "BadDigest")
    assert keys_of(s3, bucket) == []


def test_tampered_trailer_is_noticed(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    head, body = put(endpoint, bucket, SIGNED_TRAILER).request()
    right = f"crc32c:{digest('CRC32C', WHOLE)}".encode()
    other = f"crc32c:{digest('CRC32C', b'other')}".encode()
    answer = send(endpoint, head, body.replace(right, other))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    at = body.index(b"x-amz-trailer-signature:") + 30
    answer = send(endpoint, head, flip(body, at))
    assert answer.status == 403 and keys_of(s3, bucket) == []


def without(body: bytes, name: bytes) -> bytes:
    """The body without that trailer line, made as long again by nothing."""
    start = body.index(name)
    return body[:start] + body[body.index(b"\r\n", start) + 2 :]


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (UNSIGNED_TRAILER, b"x-amz-checksum-crc32c"),
        (SIGNED_TRAILER, b"x-amz-checksum-crc32c"),
        (SIGNED_TRAILER, b"x-amz-trailer-signature"),
    ],
)
def test_missing_trailer_is_noticed(
    endpoint: Endpoint, s3: "S3Client", bucket: str, payload: str, name: bytes
) -> None:
    head, body = put(endpoint, bucket, payload).request()
    shorter = without(body, name)
    head = head.replace(b"Length: %d\r\n" % len(body), b"Length: %d\r\n" % len(shorter))
    answer = send(endpoint, head, shorter)
    assert answer.status in (400, 403)
    assert answer.code in ("MalformedTrailerError", "SignatureDoesNotMatch", "IncompleteBody")
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize("payload", KINDS)
@pytest.mark.parametrize("off_by", [-1, 1])
def test_length_that_is_not_the_announced_one_is_noticed(
    endpoint: Endpoint, s3: "S3Client", bucket: str, payload: str, off_by: int
) -> None:
    asked = put(endpoint, bucket, payload, decoded_length=len(WHOLE) + off_by)
    answer = send(endpoint, *asked.request())
    assert (answer.status, answer.code) == (400, "IncompleteBody")
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize("payload", KINDS)
@pytest.mark.parametrize("kept", [0, 1, 50, 70_000, -1, -2, -5])
def test_truncated_body_is_refused_and_ends(
    endpoint: Endpoint, s3: "S3Client", bucket: str, payload: str, kept: int
) -> None:
    head, body = put(endpoint, bucket, payload).request()
    if kept == -2 and payload != SIGNED_TRAILER:
        kept = -3
    shorter = body[:kept]
    head = head.replace(b"Length: %d\r\n" % len(body), b"Length: %d\r\n" % len(shorter))
    answer = send(endpoint, head, shorter)
    assert answer.status in (400, 403), answer
    assert keys_of(s3, bucket) == []


@pytest.mark.parametrize(
    "start", [b"zz\r\n", b"-1\r\n", b"\r\n", b"ffffffffffffffffffff\r\n", b"5;" + b"x" * 9_000]
)
def test_nonsense_for_a_chunk_is_refused(
    endpoint: Endpoint, s3: "S3Client", bucket: str, start: bytes
) -> None:
    for payload in (SIGNED, UNSIGNED_TRAILER):
        head, body = put(endpoint, bucket, payload).request()
        answer = send(endpoint, head, (start + body)[: len(body)])
        assert answer.status in (400, 403)
    assert keys_of(s3, bucket) == []


def test_chunks_without_their_length_are_refused(endpoint: Endpoint, bucket: str) -> None:
    signed = put(endpoint, bucket, SIGNED).signed()
    asked = put(endpoint, bucket, SIGNED, fields={"X-Amz-Decoded-Content-Length": "many"})
    answer = send(endpoint, *asked.request())
    assert answer.status == 400 and answer.code == "InvalidArgument"
    assert signed.fields["X-Amz-Decoded-Content-Length"] == str(len(WHOLE))
