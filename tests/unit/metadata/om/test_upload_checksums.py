import hashlib
import zlib
from collections.abc import Callable

import pytest
from awscrt.checksums import XXHash

from tests.unit.metadata.om.om_harness import OmHarness, om_test
from tests.unit.metadata.om.upload_steps import KEY, begin_upload
from trioxygen.common import checksum
from trioxygen.common.errors import ChecksumMismatch, InvalidPart, InvalidRequest
from trioxygen.metadata.om.state.multipart import ALGORITHMS
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.types_pb2 import Checksum, ChecksumAlgorithm

PARTS = (b"first part", b"", b"second and rather longer part")
WHOLE = b"".join(PARTS)

# Reflected polynomials. Source: CRC catalogue, CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME.
_POLYNOMIALS = {
    types_pb2.CRC32: (32, 0xEDB88320),
    types_pb2.CRC32C: (32, 0x82F63B78),
    types_pb2.CRC64NVME: (64, 0x9A6C9329AC4BC9B5),
}
COMPOSABLE = tuple(_POLYNOMIALS)
_BY_HASHLIB = {
    types_pb2.SHA1: "sha1",
    types_pb2.SHA256: "sha256",
    types_pb2.SHA512: "sha512",
    types_pb2.MD5: "md5",
}
_XXHASH: dict[ChecksumAlgorithm, Callable[[bytes], bytes]] = {
    types_pb2.XXHASH64: XXHash.compute_xxhash64,
    types_pb2.XXHASH3: XXHash.compute_xxhash3_64,
    types_pb2.XXHASH128: XXHash.compute_xxhash3_128,
}


def independent(algorithm: ChecksumAlgorithm, data: bytes) -> bytes:
    """Bit by bit, or by whoever else has it."""
    if algorithm in _BY_HASHLIB:
        return hashlib.new(_BY_HASHLIB[algorithm], data, usedforsecurity=False).digest()
    if algorithm in _XXHASH:
        return _XXHASH[algorithm](data)
    width, polynomial = _POLYNOMIALS[algorithm]
    value = ones = (1 << width) - 1
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
    return (value ^ ones).to_bytes(width // 8, "big")


def test_the_independent_computation_is_right() -> None:
    assert independent(types_pb2.CRC32, WHOLE) == zlib.crc32(WHOLE).to_bytes(4, "big")
    assert independent(types_pb2.CRC32C, b"123456789").hex() == "e3069283"
    assert independent(types_pb2.CRC64NVME, b"123456789").hex() == "ae8b14860a799888"
    assert set(ALGORITHMS) == {*COMPOSABLE, *_BY_HASHLIB, *_XXHASH}


@om_test()
async def test_composite_checksum_is_the_checksum_of_the_parts_checksums(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    for algorithm in ALGORITHMS:
        upload = await begin_upload(harness, bucket, algorithm, types_pb2.COMPOSITE)
        for number, data in enumerate(PARTS, start=1):
            await upload.part(number, data)
        reply = await upload.complete()
        digests = b"".join(independent(algorithm, data) for data in PARTS)
        expected = independent(algorithm, digests)
        assert reply.checksum == Checksum(
            algorithm=algorithm, type=types_pb2.COMPOSITE, value=expected
        )
        row = (await harness.lookup(bucket, KEY)).row
        assert (row.checksum_algorithm, row.checksum) == (algorithm, expected)
        assert [part.checksum for part in row.parts] == [
            independent(algorithm, data) for data in PARTS
        ]


@om_test()
async def test_full_object_checksum_is_that_of_all_bytes(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for algorithm in COMPOSABLE:
        upload = await begin_upload(harness, bucket, algorithm, types_pb2.FULL_OBJECT)
        for number, data in enumerate(PARTS, start=1):
            await upload.part(number, data)
        reply = await upload.complete()
        assert (reply.checksum.type, reply.checksum.value) == (
            types_pb2.FULL_OBJECT,
            independent(algorithm, WHOLE),
        )


@om_test()
async def test_full_object_checksum_of_a_digest_is_refused_at_the_start(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    for algorithm in (types_pb2.SHA1, types_pb2.SHA256):
        with pytest.raises(InvalidRequest):
            await begin_upload(harness, bucket, algorithm, types_pb2.FULL_OBJECT)


@om_test()
async def test_wrong_claim_of_the_whole_is_refused_and_a_right_one_taken(
    harness: OmHarness,
) -> None:
    upload = await begin_upload(
        harness, await harness.bucket(), types_pb2.CRC32C, types_pb2.FULL_OBJECT
    )
    await upload.part(1, WHOLE)
    before = harness.all_rows()
    wrong = Checksum(algorithm=types_pb2.CRC32C, value=b"1234")
    with pytest.raises(ChecksumMismatch):
        await upload.complete(claim=wrong)
    assert harness.all_rows() == before
    value = independent(types_pb2.CRC32C, WHOLE)
    await upload.complete(claim=Checksum(algorithm=types_pb2.CRC32C, value=value))


@om_test()
async def test_part_is_refused_whose_listed_checksum_differs(harness: OmHarness) -> None:
    upload = await begin_upload(
        harness, await harness.bucket(), types_pb2.CRC32, types_pb2.COMPOSITE
    )
    row = await upload.part(1, b"one")
    for algorithm, value in (
        (types_pb2.CRC32, b"1234"),
        (types_pb2.CRC32C, row.checksum),
    ):
        listed = om.CompletePart(
            number=1, etag=row.etag, checksum=value, checksum_algorithm=algorithm
        )
        with pytest.raises(InvalidPart):
            await upload.complete([listed])
    listed = om.CompletePart(
        number=1, etag=row.etag, checksum=row.checksum, checksum_algorithm=types_pb2.CRC32
    )
    await upload.complete([listed])


@om_test()
async def test_part_is_refused_whose_checksum_is_not_of_the_uploads_algorithm(
    harness: OmHarness,
) -> None:
    upload = await begin_upload(
        harness, await harness.bucket(), types_pb2.SHA256, types_pb2.COMPOSITE
    )
    crc = checksum.digest_of(ALGORITHMS[types_pb2.CRC32], b"one")
    for row in (
        om.PartRow(size_bytes=3, etag="00"),
        om.PartRow(size_bytes=3, checksum_algorithm=types_pb2.CRC32, checksum=crc),
        om.PartRow(size_bytes=3, checksum_algorithm=types_pb2.SHA256, checksum=crc),
        om.PartRow(size_bytes=3, checksum_algorithm=types_pb2.SHA256),
    ):
        with pytest.raises(InvalidRequest):
            await upload.commit(1, row)
