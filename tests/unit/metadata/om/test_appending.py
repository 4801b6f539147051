from collections.abc import Sequence

import pytest

from tests.unit.metadata.om.om_harness import VOLUME, OmHarness, om_test, slices_of
from trioxygen.common.errors import (
    ConditionConflict,
    ConditionFailed,
    InvalidRequest,
    LeaseExpired,
)
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, GC
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockSlice

KEY = b"log"


async def append(
    harness: OmHarness,
    bucket: om.BucketRow,
    before: om.KeyRow,
    blocks: Sequence[BlockSlice],
    *,
    row: om.KeyRow | None = None,
    condition: om.WriteCondition | None = None,
) -> om.CommitKeyReply:
    size_bytes = sum(piece.length_bytes for piece in blocks)
    added = om.KeyRow(
        size_bytes=size_bytes,
        etag="appended",
        account_id="999999999999",
        blocks=blocks,
        parts=[
            om.ObjectPart(number=1, size_bytes=before.size_bytes),
            om.ObjectPart(number=2, size_bytes=size_bytes),
        ],
    )
    if row is not None:
        added.MergeFrom(row)
    request = om.CommitKeyRequest(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        key=KEY,
        row=added,
        condition=condition,
        appends_to=before.object_id,
    )
    return await harness.client.commit_key(request)


async def current(harness: OmHarness, bucket: om.BucketRow) -> om.KeyRow:
    return (await harness.lookup(bucket, KEY)).row


def references(harness: OmHarness) -> list[int]:
    rows = harness.rows(BLOCK_REFERENCES.table)
    return [om.BlockReferenceRow.FromString(value).references for _, value in rows]


@om_test(gc_delay_ms=0)
async def test_object_is_what_it_was_with_more_bytes(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, KEY, b"first")
    before = await current(harness, bucket)
    blocks = slices_of(await harness.lease(2), 7, 9)
    await append(harness, bucket, before, blocks)
    after = await current(harness, bucket)
    assert after.size_bytes == 21 and after.etag == "appended"
    assert after.account_id == before.account_id and after.object_id > before.object_id
    assert list(after.blocks) == [*before.blocks, *blocks]
    assert [part.size_bytes for part in after.parts] == [5, 16]
    # Each has one holder, and none was let go.
    assert references(harness) == [1, 1, 1] and harness.rows(GC.table) == []
    await harness.delete(bucket, KEY)
    assert references(harness) == [] and len(harness.rows(GC.table)) == 3


@om_test(gc_delay_ms=0)
async def test_versions_share_their_bytes(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, KEY, b"first")
    await harness.client.set_bucket_versioning(
        om.SetBucketVersioningRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            versioning=om.VERSIONED,
        )
    )
    before = await current(harness, bucket)
    await append(harness, bucket, before, slices_of(await harness.lease(1), 7))
    assert references(harness) == [2, 1]
    request = om.LookupKeyRequest(
        volume=VOLUME, bucket=bucket.name, key=KEY, version=om.VersionId(object_id=0)
    )
    null = (await harness.client.lookup_key(request)).row
    assert (null.size_bytes, list(null.blocks)) == (5, list(before.blocks))
    await harness.client.delete_keys(
        om.DeleteKeysRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            keys=[om.KeyToDelete(key=KEY, version=om.VersionId(object_id=0))],
        )
    )
    assert references(harness) == [1, 1]


@om_test()
async def test_object_that_is_not_the_one_that_was_read_stays(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, KEY, b"first")
    before = await current(harness, bucket)
    await harness.put(bucket, KEY, b"other")
    rows = harness.all_rows()
    blocks = slices_of(await harness.lease(2), 7, 9)
    with pytest.raises(ConditionConflict):
        await append(harness, bucket, before, blocks)
    now = await current(harness, bucket)
    with pytest.raises(ConditionFailed):
        await append(harness, bucket, now, blocks, condition=om.WriteCondition(if_match="x"))
    with pytest.raises(LeaseExpired):
        stranger = BlockSlice(container=7, local=999_999, length_bytes=7)
        await append(harness, bucket, now, [stranger])
    assert harness.all_rows()["key"] == rows["key"]


@om_test()
async def test_bytes_that_are_kept_in_another_way_are_refused(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, KEY, b"first")
    before = await current(harness, bucket)
    blocks = slices_of(await harness.lease(1), 7)
    # It has been moved to another class since it was read.
    with pytest.raises(ConditionConflict):
        row = om.KeyRow(replication=RATIS_THREE.proto)
        await append(harness, bucket, before, blocks, row=row)
    with pytest.raises(InvalidRequest):
        row = om.KeyRow(parts=[om.ObjectPart(number=3, size_bytes=1)])
        await append(harness, bucket, before, blocks, row=row)
    sealed = slices_of(await harness.lease(1), 23)
    with pytest.raises(InvalidRequest):
        await append(
            harness,
            bucket,
            before,
            sealed,
            row=om.KeyRow(pieces=[om.SealedPiece(plain_bytes=7, wrapped_key=b"k")]),
        )
    await append(harness, bucket, before, blocks)
