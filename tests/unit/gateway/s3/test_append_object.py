import asyncio
import hashlib
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, STRANGER, OneBucket, request_to
from trioxygen.common.checksum import Algorithm, ChecksumType, composite, digest_of
from trioxygen.common.errors import NoSuchBucket
from trioxygen.gateway.s3.append_object import (
    append_object,
    checksum_with,
    parts_md5,
    parts_with,
)
from trioxygen.gateway.store.values.keys import (
    Checksum,
    Content,
    KeyRecord,
    ObjectHeaders,
    ObjectPart,
)

FIRST, ADDED = b"first", b"and more"
CRC, SHA = Algorithm.CRC32, Algorithm.SHA256


def part(number: int, data: bytes, algorithm: Algorithm) -> ObjectPart:
    return ObjectPart(number, len(data), digest_of(algorithm, data), hashlib.md5(data).digest())


def plain(algorithm: Algorithm, data: bytes = FIRST) -> KeyRecord:
    whole = Checksum(algorithm, digest_of(algorithm, data), ChecksumType.FULL_OBJECT)
    etag = hashlib.md5(data).hexdigest()
    return KeyRecord(1, len(data), 1, etag, "1", ObjectHeaders(), whole, (), Content())


@pytest.mark.parametrize("algorithm", [CRC, SHA])
def test_object_of_one_piece_is_the_first_part(algorithm: Algorithm) -> None:
    parts = parts_with(plain(algorithm), part(0, ADDED, algorithm))
    assert parts == [part(1, FIRST, algorithm), part(2, ADDED, algorithm)]
    digests = b"".join(hashlib.md5(data).digest() for data in (FIRST, ADDED))
    assert parts_md5(plain(algorithm), parts) == hashlib.md5(digests).digest()


def test_empty_object_is_no_part() -> None:
    assert parts_with(plain(CRC, b""), part(0, ADDED, CRC)) == [part(1, ADDED, CRC)]


def test_crc_of_the_whole_goes_on() -> None:
    record = plain(CRC)
    whole = checksum_with(record, parts_with(record, part(0, ADDED, CRC)))
    assert whole == Checksum(CRC, digest_of(CRC, FIRST + ADDED), ChecksumType.FULL_OBJECT)


def test_hash_is_made_of_the_parts() -> None:
    record = plain(SHA)
    digests = [digest_of(SHA, data) for data in (FIRST, ADDED)]
    whole = checksum_with(record, parts_with(record, part(0, ADDED, SHA)))
    assert whole == Checksum(SHA, composite(SHA, digests), ChecksumType.COMPOSITE)


def test_composite_of_an_upload_goes_on_with_its_parts() -> None:
    of_upload = (part(2, b"a", CRC), part(5, b"b", CRC))
    digests = [each.digest for each in of_upload]
    whole = Checksum(CRC, composite(CRC, digests), ChecksumType.COMPOSITE)
    record = plain(CRC, b"ab")._replace(parts=of_upload, checksum=whole, etag="e-2")
    parts = parts_with(record, part(0, ADDED, CRC))
    assert parts == [*of_upload, part(3, ADDED, CRC)]
    digests.append(digest_of(CRC, ADDED))
    assert checksum_with(record, parts) == Checksum(
        CRC, composite(CRC, digests), ChecksumType.COMPOSITE
    )


def test_parts_without_checksums_are_one_part() -> None:
    without = (part(1, b"fi", CRC)._replace(digest=b""), part(2, b"rst", CRC))
    record = plain(SHA)._replace(parts=without, etag="e-2")
    parts = parts_with(record, part(0, ADDED, SHA))
    assert [(each.number, each.size_bytes) for each in parts] == [(1, 5), (2, 8)]
    assert parts[0].digest == digest_of(SHA, FIRST)
    # Nobody knows its MD5.
    expected = hashlib.md5(b"e-2" + hashlib.md5(ADDED).digest()).digest()
    assert parts_md5(record, parts) == expected


def test_object_without_a_checksum_has_none_afterwards() -> None:
    record = plain(CRC)._replace(checksum=None)
    assert checksum_with(record, parts_with(record, part(0, ADDED, CRC))) is None


def test_nothing_is_appended_in_a_bucket_that_nobody_has_decided_about() -> None:
    """It took the place of the one that the caller was let into."""
    store = OneBucket({"bucket": STRANGER.account_id})
    request = request_to("bucket", "k", OWNER, {"x-amz-write-offset-bytes": "4"})
    request.bucket_record = store.bucket("before", "bucket")._replace(
        bucket_id=9, account_id=OWNER.account_id
    )
    services: Any = SimpleNamespace(store=store.port, volume="s3v")
    with pytest.raises(NoSuchBucket):
        asyncio.run(append_object(services, request, ObjectHeaders()))
