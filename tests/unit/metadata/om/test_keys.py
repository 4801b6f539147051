import pytest

from tests.unit.metadata.om.om_harness import (
    ACCOUNT,
    VOLUME,
    OmHarness,
    blocks_of,
    etag_of,
    om_test,
    slices_of,
)
from trioxygen.common.errors import (
    ConditionConflict,
    ConditionFailed,
    InvalidRequest,
    LeaseExpired,
    NoSuchBucket,
    NoSuchKey,
)
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, GC, HISTORY, KEY_BYTES_MAX
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.types_pb2 import BlockSlice

OK = types_pb2.ERROR_CODE_UNSPECIFIED


def references(harness: OmHarness) -> dict[int, int]:
    """Local id -> number of holders."""
    return {
        int.from_bytes(key[8:], "big"): om.BlockReferenceRow.FromString(value).references
        for key, value in harness.rows(BLOCK_REFERENCES.table)
    }


async def etag(harness: OmHarness, bucket: om.BucketRow, key: bytes) -> str | None:
    key_reply = await harness.lookup(bucket, key)
    return key_reply.row.etag if key_reply.exists else None


@om_test()
async def test_committed_key_is_found_with_what_was_committed(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(2)
    blocks = slices_of(lease, 4, 3)
    reply = await harness.put(bucket, "clé/ü\0".encode(), b"content", blocks=blocks)
    key_reply = await harness.lookup(bucket, "clé/ü\0".encode())
    assert key_reply.exists
    assert key_reply.bucket == bucket
    row = key_reply.row
    assert (row.size_bytes, row.etag, row.account_id) == (7, etag_of(b"content"), ACCOUNT)
    assert (row.object_id, row.modified_ms) == (reply.object_id, reply.modified_ms)
    assert row.modified_ms == harness.clock.wall_ms()
    assert list(row.blocks) == blocks


@om_test()
async def test_key_that_was_never_committed_is_not_found(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"ab")
    for key in (b"a", b"abc", b"AB"):
        assert not (await harness.lookup(bucket, key)).exists
    with pytest.raises(NoSuchBucket):
        await harness.lookup(om.BucketRow(name="other"), b"ab")


@om_test()
async def test_key_of_the_longest_length_is_kept_and_a_longer_one_refused(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    longest = b"\xf4\x8f\xbf\xbf" * (KEY_BYTES_MAX // 4)
    await harness.put(bucket, longest)
    assert (await harness.lookup(bucket, longest)).exists
    await harness.copy(bucket, longest, b"copy")
    for key in (longest + b"a", b"k" * 5_000, b""):
        with pytest.raises(InvalidRequest):
            await harness.put(bucket, key)
        assert not (await harness.lookup(bucket, key)).exists
    assert await harness.delete(bucket, longest) == [OK]


@om_test(gc_delay_ms=5_000)
async def test_overwriting_gives_the_old_blocks_to_gc_after_the_delay(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    first = await harness.put(bucket, b"key", b"one")
    [old] = blocks_of((await harness.lookup(bucket, b"key")).row.blocks)
    second = await harness.put(bucket, b"key", b"two")
    assert second.object_id > first.object_id
    [new] = blocks_of((await harness.lookup(bucket, b"key")).row.blocks)
    assert references(harness) == {new[1]: 1}
    [(_, value)] = harness.rows(GC.table)
    queued = om.GcRow.FromString(value)
    assert queued.not_before_ms == harness.clock.wall_ms() + 5_000
    assert (queued.blocks.container, queued.blocks.first_local) == old
    harness.clock.advance(4_999)
    await harness.settle()
    assert harness.scm.deleted == []
    await harness.pass_time(1)
    assert harness.scm.deleted == [old]
    assert harness.rows(GC.table) == []
    assert harness.rows(HISTORY.table) == []


@om_test()
async def test_if_none_match_star_has_one_winner(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    absent = om.WriteCondition(if_none_match="*")
    await harness.put(bucket, b"key", b"one", condition=absent)
    with pytest.raises(ConditionFailed) as refused:
        await harness.put(bucket, b"key", b"two", condition=absent)
    assert refused.value.facts["condition"] == "If-None-Match"
    assert await etag(harness, bucket, b"key") == etag_of(b"one")
    await harness.delete(bucket, b"key")
    await harness.put(bucket, b"key", b"three", condition=absent)


@om_test()
async def test_if_none_match_etag_refuses_only_that_version(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"key", b"one")
    condition = om.WriteCondition(if_none_match=etag_of(b"one"))
    with pytest.raises(ConditionFailed):
        await harness.put(bucket, b"key", b"two", condition=condition)
    await harness.put(bucket, b"key", b"two", condition=om.WriteCondition(if_none_match="other"))


@om_test()
async def test_if_match_is_compare_and_set(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"key", b"one")
    is_one = om.WriteCondition(if_match=etag_of(b"one"))
    await harness.put(bucket, b"key", b"two", condition=is_one)
    with pytest.raises(ConditionFailed):
        await harness.put(bucket, b"key", b"three", condition=is_one)
    await harness.put(bucket, b"key", b"four", condition=om.WriteCondition(if_match="*"))
    assert await etag(harness, bucket, b"key") == etag_of(b"four")


@om_test()
async def test_if_match_on_a_missing_key_is_no_such_key(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for wanted in ("*", etag_of(b"one")):
        with pytest.raises(NoSuchKey):
            await harness.put(bucket, b"key", condition=om.WriteCondition(if_match=wanted))
    assert not (await harness.lookup(bucket, b"key")).exists


@om_test()
async def test_deleting_removes_what_is_there_and_nothing_else(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for key in (b"a", b"b", b"c"):
        await harness.put(bucket, key)
    assert await harness.delete(bucket, b"a", b"missing", b"a", b"c") == [OK, OK, OK, OK]
    assert [await etag(harness, bucket, key) is None for key in (b"a", b"b", b"c")] == [
        True,
        False,
        True,
    ]
    assert len(references(harness)) == 1


@om_test()
async def test_delete_with_if_match_decides_each_key(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"same", b"one")
    await harness.put(bucket, b"other", b"two")
    codes = await harness.delete(bucket, b"same", b"other", b"missing", if_match=etag_of(b"one"))
    assert codes == [OK, types_pb2.CONDITION_FAILED, types_pb2.NO_SUCH_KEY]
    assert await etag(harness, bucket, b"same") is None
    assert await harness.delete(bucket, b"other", if_match="*") == [OK]


@om_test(gc_delay_ms=0)
async def test_copy_shares_blocks_until_both_keys_are_gone(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"source", b"data")
    [block] = blocks_of((await harness.lookup(bucket, b"source")).row.blocks)
    await harness.copy(bucket, b"source", b"copy")
    assert references(harness) == {block[1]: 2}
    await harness.delete(bucket, b"source")
    await harness.pass_time(1_000)
    assert harness.scm.deleted == []
    assert blocks_of((await harness.lookup(bucket, b"copy")).row.blocks) == [block]
    await harness.delete(bucket, b"copy")
    await harness.pass_time(1_000)
    assert harness.scm.deleted == [block]


@om_test(gc_delay_ms=0)
async def test_copy_onto_itself_keeps_its_blocks(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    before = await harness.put(bucket, b"key", b"data")
    after = await harness.copy(bucket, b"key", b"key")
    assert after.object_id > before.object_id
    await harness.pass_time(1_000)
    assert harness.scm.deleted == []
    assert list(references(harness).values()) == [1]


@om_test()
async def test_copy_of_a_source_that_changed_is_a_conflict(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    before = await harness.put(bucket, b"source", b"one")
    await harness.put(bucket, b"source", b"two")
    with pytest.raises(ConditionConflict):
        await harness.copy(bucket, b"source", b"copy", object_id=before.object_id)
    with pytest.raises(ConditionConflict):
        await harness.copy(bucket, b"missing", b"copy", object_id=before.object_id)
    assert not (await harness.lookup(bucket, b"copy")).exists


@om_test()
async def test_marker_is_no_source_of_a_copy(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.client.set_bucket_versioning(
        om.SetBucketVersioningRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            versioning=om.VERSIONED,
        )
    )
    await harness.put(bucket, b"source")
    await harness.delete(bucket, b"source")
    marker = (await harness.lookup(bucket, b"source")).row
    with pytest.raises(ConditionConflict):
        await harness.copy(bucket, b"source", b"copy", object_id=marker.object_id)
    assert not (await harness.lookup(bucket, b"copy")).exists


@om_test()
async def test_copy_holds_its_sources_blocks_whatever_the_client_lists(harness: OmHarness) -> None:
    """A client could take hold of a stranger's block otherwise, or of one that is deleted."""
    bucket = await harness.bucket()
    await harness.put(bucket, b"secret", b"secret")
    await harness.put(bucket, b"source", b"source")
    secret = (await harness.lookup(bucket, b"secret")).row
    source = (await harness.lookup(bucket, b"source")).row
    await harness.client.commit_key(
        om.CommitKeyRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=b"copy",
            row=om.KeyRow(blocks=[*secret.blocks, BlockSlice(container=99, local=99)]),
            copy_source=om.CopySource(
                volume=VOLUME,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=b"source",
                object_id=source.object_id,
            ),
        )
    )
    assert list((await harness.lookup(bucket, b"copy")).row.blocks) == list(source.blocks)


async def copy_rewritten(
    harness: OmHarness, bucket: om.BucketRow, source: om.KeyRow, key: bytes, *blocks: BlockSlice
) -> None:
    await harness.client.commit_key(
        om.CommitKeyRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key,
            row=om.KeyRow(
                size_bytes=source.size_bytes,
                etag=source.etag,
                blocks=blocks,
                replication=RATIS_THREE.proto,
            ),
            copy_source=om.CopySource(
                volume=VOLUME,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=b"source",
                object_id=source.object_id,
                rewritten=True,
            ),
        )
    )


@om_test()
async def test_copy_whose_bytes_were_written_again_has_blocks_of_its_own(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"source", b"source")
    source = (await harness.lookup(bucket, b"source")).row
    [block] = slices_of(await harness.lease(1), 6)
    # Also onto itself: the former blocks go.
    for key in (b"copy", b"source"):
        await copy_rewritten(harness, bucket, source, key, block)
        copy = (await harness.lookup(bucket, key)).row
        assert blocks_of(copy.blocks) == blocks_of([block])
        assert Replication.of_proto(copy.replication) == RATIS_THREE
    stranger = BlockSlice(container=7, local=999_999, length_bytes=6)
    source = (await harness.lookup(bucket, b"source")).row
    with pytest.raises(LeaseExpired):
        await copy_rewritten(harness, bucket, source, b"copy", stranger)


@om_test()
async def test_copy_whose_bytes_were_written_again_is_refused_when_its_source_has_changed(
    harness: OmHarness,
) -> None:
    """Onto itself it would take back what was written meanwhile."""
    bucket = await harness.bucket()
    await harness.put(bucket, b"source", b"one")
    source = (await harness.lookup(bucket, b"source")).row
    await harness.put(bucket, b"source", b"two")
    [block] = slices_of(await harness.lease(1), 3)
    with pytest.raises(ConditionConflict):
        await copy_rewritten(harness, bucket, source, b"source", block)


@om_test()
async def test_copy_that_shares_blocks_is_kept_as_its_source_is(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"old", b"source")
    source = (await harness.lookup(bucket, b"old")).row
    [block] = slices_of(await harness.lease(1), 6)
    await harness.put(bucket, b"source", b"source", blocks=[block])
    source = (await harness.lookup(bucket, b"source")).row
    [other] = slices_of(await harness.lease(1), 6)
    await copy_rewritten(harness, bucket, source, b"rewritten", other)
    for key, expected in ((b"old", RATIS_ONE), (b"rewritten", RATIS_THREE)):
        await harness.copy(bucket, key, b"copy")
        copy = (await harness.lookup(bucket, b"copy")).row
        assert Replication.of_proto(copy.replication) == expected


@om_test()
async def test_refused_commit_changes_nothing(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"key", b"one")
    lease = await harness.lease(1)
    before = harness.all_rows()
    entries = len(harness.replica.entries)
    blocks = slices_of(lease, 3)
    foreign = [BlockSlice(container=7, local=999_999, lease_id=lease.lease_id)]
    unknown = [BlockSlice(container=7, local=lease.blocks.first_local, lease_id=4_711)]
    for slices, condition, error in (
        (blocks, om.WriteCondition(if_none_match="*"), ConditionFailed),
        (foreign, None, LeaseExpired),
        (unknown, None, LeaseExpired),
        ([*blocks, *unknown], None, LeaseExpired),
    ):
        with pytest.raises(error):
            await harness.put(bucket, b"key", b"two", blocks=slices, condition=condition)
    assert harness.all_rows() == before
    assert len(harness.replica.entries) == entries


@om_test()
async def test_modified_time_never_goes_back_when_the_clock_does(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    before = await harness.put(bucket, b"key", b"one")
    harness.clock.wall -= 60_000
    after = await harness.put(bucket, b"key", b"two")
    assert after.modified_ms == before.modified_ms


@om_test(gc_delay_ms=0)
async def test_delete_of_many_blocks_is_done_in_pieces(harness: OmHarness) -> None:
    """No log entry grows with what its keys hold."""
    bucket = await harness.bucket()
    names = [b"key %d" % number for number in range(6)]
    for name in names:
        lease = await harness.lease(10_000)
        await harness.put(bucket, name, blocks=slices_of(lease, *[1] * 10_000))
        # One of them lives on: its end must not collect again what was deleted before.
        if name != names[0]:
            await harness.release(lease)
    left, rounds = names, 0
    while left:
        results = await harness.delete(bucket, *left)
        assert set(results) == {OK}
        left, rounds = left[len(results) :], rounds + 1
        assert len(harness.replica.entries[-1].payload) < 4 << 20
    assert 1 < rounds < 7
    await harness.pass_time(1_000)
    assert len(harness.scm.deleted) == len(set(harness.scm.deleted)) == 60_000
    await harness.pass_time(60_000)
    assert len(harness.scm.deleted) == 60_000
