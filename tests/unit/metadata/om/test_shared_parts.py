"""Parts that share ranges of objects: UploadPartCopy."""

import pytest

from tests.unit.metadata.om.om_harness import (
    VOLUME,
    OmHarness,
    etag_of,
    om_test,
    slices_of,
)
from tests.unit.metadata.om.upload_steps import KEY, Uploading, begin_upload
from trioxygen.common.errors import ConditionConflict, InvalidRequest
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, GC
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockSlice

SOURCE = b"source"


async def source_of_three_blocks(harness: OmHarness, bucket: om.BucketRow) -> om.KeyRow:
    lease = await harness.lease(3)
    await harness.put(bucket, SOURCE, blocks=slices_of(lease, 10, 20, 30))
    await harness.release(lease)
    return (await harness.lookup(bucket, SOURCE)).row


async def share(
    upload: Uploading,
    number: int,
    source: om.KeyRow,
    *,
    offset_bytes: int,
    length_bytes: int,
    listed: BlockSlice | None = None,
    sealed_bytes: int = 0,
) -> None:
    row = om.PartRow(size_bytes=length_bytes, etag=etag_of(b"%d" % number))
    if sealed_bytes:
        row.pieces.add(plain_bytes=sealed_bytes)
    if listed is not None:
        row.blocks.append(listed)
    request = om.CommitPartRequest(
        volume=VOLUME,
        bucket=upload.bucket.name,
        bucket_id=upload.bucket.bucket_id,
        key=KEY,
        upload_id=upload.upload_id,
        number=number,
        row=row,
        copy_source=om.CopySource(
            volume=VOLUME,
            bucket=upload.bucket.name,
            bucket_id=upload.bucket.bucket_id,
            key=SOURCE,
            object_id=source.object_id,
            offset_bytes=offset_bytes,
            length_bytes=length_bytes,
        ),
    )
    await upload.harness.client.commit_part(request)
    upload.parts[number] = om.CompletePart(number=number, etag=row.etag)


def ranges_of(slices: object) -> list[tuple[int, int, int]]:
    pieces: list[BlockSlice] = list(slices)  # type: ignore[call-overload]
    return [(piece.local, piece.offset_bytes, piece.length_bytes) for piece in pieces]


@om_test(gc_delay_ms=0)
async def test_part_takes_the_blocks_of_its_range_and_outlives_the_source(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    source = await source_of_three_blocks(harness, bucket)
    one, two, three = (piece.local for piece in source.blocks)
    upload = await begin_upload(harness, bucket)
    await share(upload, 1, source, offset_bytes=5, length_bytes=10)
    await share(upload, 2, source, offset_bytes=10, length_bytes=20)
    await share(upload, 3, source, offset_bytes=29, length_bytes=31)
    await upload.complete()
    made = (await harness.lookup(bucket, KEY)).row
    assert ranges_of(made.blocks) == [
        (one, 5, 5),
        (two, 0, 5),
        (two, 0, 20),
        (two, 19, 1),
        (three, 0, 30),
    ]
    # The source's, and one for each slice of the parts.
    counts = [
        om.BlockReferenceRow.FromString(value).references
        for _, value in harness.rows(BLOCK_REFERENCES.table)
    ]
    assert counts == [2, 4, 2]
    await harness.delete(bucket, SOURCE)
    assert harness.rows(GC.table) == []
    await harness.delete(bucket, KEY)
    assert harness.rows(BLOCK_REFERENCES.table) == []
    assert len(harness.rows(GC.table)) == 3


@om_test()
async def test_part_of_an_aborted_upload_lets_go_of_what_it_shared(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    source = await source_of_three_blocks(harness, bucket)
    before = harness.rows(BLOCK_REFERENCES.table)
    upload = await begin_upload(harness, bucket)
    await share(upload, 1, source, offset_bytes=0, length_bytes=60)
    await share(upload, 1, source, offset_bytes=59, length_bytes=1)
    await upload.abort()
    assert harness.rows(BLOCK_REFERENCES.table) == before


@om_test()
async def test_part_shares_its_source_s_blocks_whatever_the_client_lists(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    source = await source_of_three_blocks(harness, bucket)
    upload = await begin_upload(harness, bucket)
    stranger = BlockSlice(container=99, local=99, length_bytes=10)
    await share(upload, 1, source, offset_bytes=0, length_bytes=10, listed=stranger)
    await upload.complete()
    made = (await harness.lookup(bucket, KEY)).row
    assert list(made.blocks) == list(source.blocks[:1])


@om_test()
async def test_source_that_has_changed_is_refused(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    source = await source_of_three_blocks(harness, bucket)
    upload = await begin_upload(harness, bucket)
    await harness.put(bucket, SOURCE, b"another")
    with pytest.raises(ConditionConflict):
        await share(upload, 1, source, offset_bytes=0, length_bytes=10)


@om_test()
async def test_range_beyond_the_source_and_another_replication_are_refused(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    source = await source_of_three_blocks(harness, bucket)
    upload = await begin_upload(harness, bucket)
    with pytest.raises(InvalidRequest):
        await share(upload, 1, source, offset_bytes=51, length_bytes=10)
    reply = await harness.client.create_upload(
        om.CreateUploadRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=KEY,
            row=om.UploadRow(replication=RATIS_THREE.proto),
        )
    )
    of_three = Uploading(harness, bucket, upload.algorithm, reply.upload_id)
    with pytest.raises(ConditionConflict):
        await share(of_three, 1, source, offset_bytes=0, length_bytes=10)
    # Nothing of it is kept in any way.
    await share(of_three, 1, source, offset_bytes=60, length_bytes=0)


@om_test()
async def test_parts_keep_their_md5(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    for number, data in ((1, b"one"), (4, b"four")):
        await upload.part(number, data)
    await upload.complete()
    made = (await harness.lookup(bucket, KEY)).row
    assert [part.md5.hex() for part in made.parts] == [etag_of(b"one"), etag_of(b"four")]


@om_test()
async def test_object_of_parts_is_not_sealed_in_part(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    source = await source_of_three_blocks(harness, bucket)
    upload = await begin_upload(harness, bucket)
    await share(upload, 1, source, offset_bytes=0, length_bytes=10)
    await share(upload, 2, source, offset_bytes=10, length_bytes=20, sealed_bytes=4)
    with pytest.raises(InvalidRequest):
        await upload.complete()
