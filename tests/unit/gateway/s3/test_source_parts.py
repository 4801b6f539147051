import hashlib

import pytest

from trioxygen.common.checksum import Algorithm, ChecksumType, digest_of
from trioxygen.gateway.s3.source_parts import KnownRange, known_range
from trioxygen.gateway.store.values.keys import (
    Checksum,
    Content,
    KeyRecord,
    ObjectHeaders,
    ObjectPart,
)

CRC, SHA = Algorithm.CRC64NVME, Algorithm.SHA256
BODIES = (b"first", b"second one", b"", b"last")
PARTS = tuple(
    ObjectPart(number, len(body), digest_of(CRC, body), hashlib.md5(body).digest())
    for number, body in enumerate(BODIES, start=1)
)


def record(*parts: ObjectPart, etag: str = "e-4", size_bytes: int = 19) -> KeyRecord:
    whole = Checksum(CRC, b"12345678", ChecksumType.FULL_OBJECT)
    return KeyRecord(7, size_bytes, 1, etag, "1", ObjectHeaders(), whole, parts, Content())


def test_range_that_is_a_part_is_known() -> None:
    start_bytes = 0
    for body in BODIES:
        known = known_range(record(*PARTS), CRC, offset_bytes=start_bytes, length_bytes=len(body))
        assert known == KnownRange(hashlib.md5(body).hexdigest(), digest_of(CRC, body))
        start_bytes += len(body)


@pytest.mark.parametrize(
    ("offset_bytes", "length_bytes"), [(0, 4), (0, 6), (1, 4), (5, 9), (6, 9), (0, 19), (15, 3)]
)
def test_other_range_is_not_known(offset_bytes: int, length_bytes: int) -> None:
    known = known_range(record(*PARTS), CRC, offset_bytes=offset_bytes, length_bytes=length_bytes)
    assert known is None


@pytest.mark.parametrize("part", [PARTS[0]._replace(digest=b""), PARTS[0]._replace(md5=b"")])
def test_part_of_which_something_is_not_known_is_read(part: ObjectPart) -> None:
    assert known_range(record(part), CRC, offset_bytes=0, length_bytes=5) is None


def test_part_with_a_checksum_of_another_algorithm_is_read() -> None:
    assert known_range(record(*PARTS), SHA, offset_bytes=0, length_bytes=5) is None


def test_crc64nvme_is_known_beside_another_checksum() -> None:
    sha, crc = digest_of(SHA, BODIES[0]), digest_of(CRC, BODIES[0])
    part = PARTS[0]._replace(digest=sha, crc64nvme=crc)
    source = record(part)._replace(checksum=Checksum(SHA, sha, ChecksumType.COMPOSITE))
    etag = hashlib.md5(BODIES[0]).hexdigest()
    for algorithm, known in (
        (CRC, KnownRange(etag, crc)),
        (SHA, KnownRange(etag, sha, crc)),
        (Algorithm.SHA1, None),
    ):
        assert known_range(source, algorithm, offset_bytes=0, length_bytes=5) == known


def test_object_without_parts_is_known_as_a_whole() -> None:
    etag = hashlib.md5(b"x" * 19).hexdigest()
    plain = record(etag=etag)
    assert known_range(plain, CRC, offset_bytes=0, length_bytes=19) == KnownRange(etag, b"12345678")
    assert known_range(plain, CRC, offset_bytes=0, length_bytes=18) is None
    assert known_range(plain, CRC, offset_bytes=1, length_bytes=18) is None
    assert known_range(record(etag="no-md5"), CRC, offset_bytes=0, length_bytes=19) is None
