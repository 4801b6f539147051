"""What the OM's rows become at the port, and what is written into them."""

import random
from typing import Any

import pytest

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.common.slices import slices_of_range
from trioxygen.gateway.store.ozone import rows
from trioxygen.gateway.store.ozone.rows import BlockContent
from trioxygen.gateway.store.values.keys import Checksum, ListedKey, ObjectHeaders, ObjectPart
from trioxygen.gateway.store.values.uploads import UploadChecksum
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.types_pb2 import BlockSlice

EC_3_2 = Replication.parse("EC/3-2")
HEADERS = ObjectHeaders(
    content_type="text/plain",
    expires="never",
    website_redirect_location="/there",
    storage_class="STANDARD_IA",
    user_metadata=(("color", "blue"), ("name", "é")),
)


def key_row(**fields: Any) -> om_pb2.KeyRow:
    given: dict[str, Any] = {
        "object_id": 7,
        "size_bytes": 5,
        "modified_ms": 9,
        "etag": "e",
        "account_id": "1",
    }
    return om_pb2.KeyRow(**(given | fields))


def test_headers_come_back_as_they_were_written() -> None:
    row = key_row(headers=rows.headers_row(HEADERS), storage_class=rows.storage_class_row(HEADERS))
    assert rows.record_of(row).headers == HEADERS


def test_what_says_nothing_takes_no_room() -> None:
    plain = ObjectHeaders()
    assert rows.headers_row(plain) is None and rows.storage_class_row(plain) == ""
    assert rows.record_of(key_row()).headers == plain
    # A row of a store that wrote them all the same.
    assert rows.record_of(key_row(headers=om_pb2.ObjectHeaders())).headers == plain


def test_checksums_come_back_as_they_were_written() -> None:
    for algorithm in Algorithm:
        for kind in (*ChecksumType, None):
            checksum = Checksum(algorithm, bytes(algorithm.digest_size_bytes), kind)
            row = rows.checksum_row(checksum)
            assert row is not None
            assert rows.checksum_of(row.algorithm, row.value, row.type) == checksum
    assert rows.checksum_row(None) is None
    assert rows.checksum_of(types_pb2.CHECKSUM_NONE, b"") is None


def test_replication_of_an_old_row_is_one_whole_replica() -> None:
    assert rows.record_of(key_row()).replication == RATIS_ONE
    assert rows.record_of(key_row(replication=EC_3_2.proto)).replication == EC_3_2
    assert rows.upload_of(om_pb2.UploadRow()).replication is None
    assert rows.upload_of(om_pb2.UploadRow(replication=EC_3_2.proto)).replication == EC_3_2
    assert rows.bucket_of("s3v", om_pb2.BucketRow()).replication is None
    assert rows.bucket_of("s3v", om_pb2.BucketRow(replication=EC_3_2.proto)).replication == EC_3_2


def test_parts_are_a_sequence_as_they_are_stored() -> None:
    stored = [om_pb2.ObjectPart(number=n, size_bytes=n * 10, checksum=b"%d" % n) for n in (1, 2, 5)]
    parts = rows.record_of(key_row(parts=stored)).parts
    expected = [ObjectPart(1, 10, b"1"), ObjectPart(2, 20, b"2"), ObjectPart(5, 50, b"5")]
    assert list(parts) == expected and len(parts) == 3
    assert parts[-1] == expected[-1] and list(parts[1:9]) == expected[1:]


def test_content_is_the_blocks_in_order() -> None:
    blocks = [BlockSlice(container=1, local=n, length_bytes=3) for n in (4, 2)]
    content = rows.record_of(key_row(blocks=blocks)).content
    assert isinstance(content, rows.BlockContent)
    assert [piece.local for piece in content.slices] == [4, 2]


@pytest.mark.parametrize("count", [1, 16, 17, 200])
def test_range_of_many_slices_is_that_of_a_walk_over_them(count: int) -> None:
    rng = random.Random(count)
    slices = [BlockSlice(local=at, length_bytes=rng.randrange(4)) for at in range(count)]
    content = BlockContent(slices)
    size_bytes = sum(each.length_bytes for each in slices)
    for _ in range(300):
        offset_bytes = rng.randrange(size_bytes + 1)
        length_bytes = rng.randrange(size_bytes - offset_bytes + 1)
        walked = list(slices_of_range(slices, offset_bytes, length_bytes))
        assert list(content.slices_of(offset_bytes, length_bytes)) == walked


def test_page_has_of_each_key_what_a_listing_shows() -> None:
    full = key_row(
        storage_class="GLACIER_IR",
        checksum_algorithm=types_pb2.SHA1,
        checksum_type=types_pb2.COMPOSITE,
        headers=rows.headers_row(HEADERS),
        blocks=[BlockSlice(container=1, local=1, length_bytes=5)],
    )
    listed = rows.listed_of(
        ["é".encode(), b"z"], [full.SerializeToString(), key_row().SerializeToString()]
    )
    assert listed == [
        ListedKey("é", 9, "e", 5, "GLACIER_IR", Algorithm.SHA1, ChecksumType.COMPOSITE, "1"),
        ListedKey("z", 9, "e", 5, "STANDARD", None, None, "1"),
    ]


def test_upload_shows_what_was_decided_at_its_begin() -> None:
    upload = rows.upload_of(
        om_pb2.UploadRow(
            upload_id=b"u",
            key="é".encode(),
            created_ms=3,
            checksum_algorithm=types_pb2.CRC32,
            checksum_type=types_pb2.COMPOSITE,
            checksum_chosen=True,
        )
    )
    assert upload.key == "é" and upload.storage_class == "STANDARD"
    assert upload.checksum == UploadChecksum(algorithm=Algorithm.CRC32, type=ChecksumType.COMPOSITE)
    assert upload.is_checksum_chosen
