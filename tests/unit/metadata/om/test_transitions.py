"""Versions that go to another storage class: queued, given away, committed."""

from typing import Any

import pytest

from tests.unit.metadata.om.om_harness import (
    VOLUME,
    OmHarness,
    blocks_of,
    om_test,
    slices_of,
)
from tests.unit.metadata.om.workers.test_lifecycle import (
    DAY_MS,
    PACE,
    days_pass,
    keys_of,
    named,
    put_rules,
    rule,
    status,
    tag,
    versioned,
)
from trioxygen.common.errors import ConditionConflict, InvalidRequest, LeaseExpired
from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    NoncurrentTransition,
    Transition,
)
from trioxygen.common.replication import Replication
from trioxygen.common.units import HOUR_MS, MINUTE_MS
from trioxygen.metadata.om.state.schema import ALL_TABLES, BLOCK_REFERENCES, TIMES, TRANSITIONS
from trioxygen.metadata.om.state.times import TimeKind, read_time_key
from trioxygen.metadata.om.state.transitions import QUEUED_MAX, free, queue
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

EC = Replication.parse("EC/3-2").proto
# Asks for a size: the objects here are small.
ANY_SIZE = Filter(Form.FILTER, larger_than=1)
NEXT_DAY = (Transition("EC_3_2", days=1),)


async def take(harness: OmHarness, count_max: int = 10) -> list[om.Transition]:
    request = om.TakeTransitionsRequest(count_max=count_max)
    return list((await harness.client.take_transitions(request)).transitions)


async def row_of(harness: OmHarness, taken: om.Transition) -> om.KeyRow:
    request = om.LookupKeyRequest(
        volume=VOLUME, bucket=taken.bucket, key=taken.key, version=taken.version
    )
    return (await harness.client.lookup_key(request)).row


def commit_of(taken: om.Transition, row: om.KeyRow, blocks: list[BlockSlice]) -> Any:
    request = om.CommitTransitionRequest(
        volume=VOLUME,
        bucket=taken.bucket,
        bucket_id=taken.bucket_id,
        key=taken.key,
        object_id=taken.object_id,
        row=om.RewrittenRow(storage_class=taken.storage_class, blocks=blocks, replication=EC),
    )
    if row.blocks:
        first = row.blocks[0]
        request.first_block.CopyFrom(BlockId(container=first.container, local=first.local))
    return request


async def move(harness: OmHarness, taken: om.Transition) -> tuple[om.KeyRow, om.KeyRow]:
    """As a gateway does it; the version before and after."""
    before = await row_of(harness, taken)
    lease = await harness.lease(1)
    blocks = slices_of(lease, sum(piece.length_bytes for piece in before.blocks))
    await harness.client.commit_transition(commit_of(taken, before, blocks))
    await harness.client.release_leases(om.ReleaseLeasesRequest(lease_ids=[lease.lease_id]))
    return before, await row_of(harness, taken)


@om_test(lifecycle=PACE)
async def test_due_version_is_given_away_once_and_changes_in_nothing_else(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a", b"some bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await tag(harness, bucket, b"a", "v")
    assert await take(harness) == []
    await days_pass(harness, 2.5)
    [taken] = await take(harness)
    assert (taken.key, taken.storage_class, taken.volume) == (b"a", "EC_3_2", VOLUME)
    assert await take(harness) == []
    before, after = await move(harness, taken)
    assert after.storage_class == "EC_3_2" and after.replication == EC
    assert blocks_of(before.blocks) != blocks_of(after.blocks)
    for row in (before, after):
        for changed in ("blocks", "storage_class", "replication"):
            row.ClearField(changed)
    assert before == after
    assert (await status(harness)).transitioned == 1
    await days_pass(harness, 2)
    assert await take(harness) == [] and not harness.rows(TRANSITIONS.table)


@om_test(lifecycle=PACE)
async def test_former_blocks_are_collected_an_hour_later_unless_a_copy_has_them(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a/alone", b"1")
    original = await harness.put(bucket, b"a/shared", b"22")
    source = om.CopySource(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        key=b"a/shared",
        object_id=original.object_id,
    )
    copied = om.CommitKeyRequest(
        key=b"copy", row=om.KeyRow(size_bytes=2), copy_source=source, **named(bucket)
    )
    await harness.client.commit_key(copied)
    await put_rules(
        harness, bucket, rule(Filter(Form.AND, "a/", larger_than=0), transitions=NEXT_DAY)
    )
    await days_pass(harness, 2.5)
    moved = {
        each.key: await move(harness, each) for each in await take(harness) if each.key != b"copy"
    }
    [alone], [shared] = (blocks_of(moved[key][0].blocks) for key in (b"a/alone", b"a/shared"))
    await harness.pass_time(HOUR_MS // 2)
    assert alone not in harness.scm.deleted
    await harness.pass_time(HOUR_MS)
    assert alone in harness.scm.deleted and shared not in harness.scm.deleted
    copy = (await harness.lookup(bucket, b"copy")).row
    assert blocks_of(copy.blocks) == [shared] and not copy.storage_class
    assert len(harness.rows(BLOCK_REFERENCES.table)) == 3


@om_test(lifecycle=PACE)
async def test_version_that_has_changed_meanwhile_is_not_moved(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for key in (b"gone", b"twice"):
        await harness.put(bucket, key, b"bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    taken = {each.key: each for each in await take(harness)}
    rows = {key: await row_of(harness, each) for key, each in taken.items()}
    await harness.put(bucket, b"gone", b"other")
    lease = await harness.lease(4)

    def commit(key: bytes, number: int, size: int = 5) -> Any:
        return commit_of(taken[key], rows[key], slices_of(lease, size, first=number))

    for key, wrong in ((b"gone", commit(b"gone", 0)), (b"twice", commit(b"twice", 1, 4))):
        with pytest.raises(ConditionConflict if key == b"gone" else InvalidRequest):
            await harness.client.commit_transition(wrong)
    await harness.client.commit_transition(commit(b"twice", 2))
    # Another gateway was as far: its blocks go with their lease.
    with pytest.raises(ConditionConflict):
        await harness.client.commit_transition(commit(b"twice", 3))
    await harness.client.release_leases(om.ReleaseLeasesRequest(lease_ids=[lease.lease_id]))
    with pytest.raises(ConditionConflict):
        await harness.client.commit_transition(commit(b"twice", 3))
    await harness.pass_time(MINUTE_MS)
    first = lease.blocks.first_local
    container = lease.blocks.container
    assert {(container, first + number) for number in (0, 1, 3)} <= set(harness.scm.deleted)
    row = (await harness.lookup(bucket, b"twice")).row
    assert blocks_of(row.blocks) == [(container, first + 2)]


@om_test(lifecycle=PACE)
async def test_blocks_whose_lease_has_ended_are_not_committed(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a", b"bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    [taken] = await take(harness)
    lease = await harness.lease(1)
    await harness.client.release_leases(om.ReleaseLeasesRequest(lease_ids=[lease.lease_id]))
    row = await row_of(harness, taken)
    with pytest.raises(LeaseExpired):
        await harness.client.commit_transition(commit_of(taken, row, slices_of(lease, 5)))


@om_test(lifecycle=PACE)
async def test_what_is_not_heard_of_is_given_away_again(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a", b"bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    assert len(await take(harness)) == 1
    await days_pass(harness, 3)
    assert await take(harness) == []
    await days_pass(harness, 4)
    assert [each.key for each in await take(harness)] == [b"a"]


@om_test(lifecycle=PACE)
async def test_what_is_not_due_when_it_is_taken_is_looked_at_again(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    put = await harness.put(bucket, b"a", b"bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    # By a clock that was ahead.
    txn = harness.store.begin()
    queue(txn, bucket.bucket_id, put.object_id, b"a")
    txn.commit()
    assert await take(harness) == [] and not harness.rows(TRANSITIONS.table)
    kinds = [read_time_key(row_key).kind for row_key, _ in harness.rows(TIMES)]
    assert kinds == [TimeKind.CURRENT, TimeKind.AGAIN]


@om_test(lifecycle=PACE)
async def test_queued_version_that_other_rules_leave_alone_stays(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a", b"bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    assert len(harness.rows(TRANSITIONS.table)) == 1
    await put_rules(harness, bucket, rule(ANY_SIZE, expiration=Expiration(100)))
    assert await take(harness) == [] and not harness.rows(TRANSITIONS.table)
    # And without rules.
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 0.2)
    assert len(harness.rows(TRANSITIONS.table)) == 1
    request = om.DeleteBucketSettingRequest(kind=om.BucketSetting.LIFECYCLE, **named(bucket))
    await harness.client.delete_bucket_setting(request)
    assert await take(harness) == [] and not harness.rows(TRANSITIONS.table)


@om_test(lifecycle=PACE)
async def test_noncurrent_versions_move_by_their_days_and_count(harness: OmHarness) -> None:
    bucket = await versioned(harness)
    for number in range(4):
        await harness.put(bucket, b"a", b"x" * (number + 1))
    await harness.client.delete_keys(
        om.DeleteKeysRequest(keys=[om.KeyToDelete(key=b"a")], **named(bucket))
    )
    late = NoncurrentTransition("EC_3_2", 0, newer_kept=1)
    await put_rules(
        harness,
        bucket,
        rule(Filter(Form.FILTER, larger_than=0), noncurrent_transitions=(late,)),
    )
    await days_pass(harness, 1.5)
    taken = await take(harness)
    sizes = [(await move(harness, each))[0].size_bytes for each in taken]
    # The newest one is kept, whatever hides it.
    assert sorted(sizes) == [1, 2, 3]
    await harness.put(bucket, b"a", b"x" * 5)
    await harness.put(bucket, b"a", b"x" * 6)
    await days_pass(harness, 1.5)
    assert [(await row_of(harness, each)).size_bytes for each in await take(harness)] == [4]


@om_test(lifecycle=PACE)
async def test_next_class_follows_though_the_first_one_took_long(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a", b"bytes")
    moves = (Transition("EC_3_2", days=0), Transition("EC_6_3", days=2))
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=moves))
    await days_pass(harness, 1)
    [taken] = await take(harness)
    assert taken.storage_class == "EC_3_2"
    await days_pass(harness, 2)
    await move(harness, taken)
    await days_pass(harness, 0.3)
    [taken] = await take(harness)
    assert taken.storage_class == "EC_6_3"


@om_test(lifecycle=PACE)
async def test_class_alone_changes_where_the_bytes_need_not_be_written(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a", b"bytes")
    nothing = om.CommitKeyRequest(key=b"empty", row=om.KeyRow(etag="0"), **named(bucket))
    await harness.client.commit_key(nothing)
    wanted = Filter(Form.FILTER, smaller_than=DAY_MS)
    await put_rules(harness, bucket, rule(wanted, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    for taken in await take(harness):
        before = await row_of(harness, taken)
        request = commit_of(taken, before, [])
        request.row.ClearField("replication")
        await harness.client.commit_transition(request)
        after = await row_of(harness, taken)
        assert after.storage_class == "EC_3_2" and after.blocks == before.blocks
    assert (await status(harness)).transitioned == 2


@om_test(lifecycle=PACE)
async def test_copy_that_means_to_share_what_has_moved_is_told_so(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    put = await harness.put(bucket, b"a", b"bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    [taken] = await take(harness)
    await move(harness, taken)
    source = om.CopySource(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        key=b"a",
        object_id=put.object_id,
    )
    request = om.CommitKeyRequest(
        key=b"copy", row=om.KeyRow(size_bytes=5), copy_source=source, **named(bucket)
    )
    request.row.replication.CopyFrom(Replication.parse("RATIS/ONE").proto)
    with pytest.raises(ConditionConflict):
        await harness.client.commit_key(request)
    request.row.replication.CopyFrom(EC)
    await harness.client.commit_key(request)


def test_queue_is_gone_round_and_holds_each_once() -> None:
    store = MemoryStore(ALL_TABLES)
    txn = store.begin()
    for number in (1, 2, 3):
        queue(txn, 7, number, b"k")
        queue(txn, 7, number, b"k")
    places = [place for place, _ in free(txn, b"", 0)]
    assert len(places) == 3
    assert [place for place, _ in free(txn, places[1], 0)] == [places[2], *places[:2]]
    TRANSITIONS.put(txn, places[0], om.TransitionRow(key=b"k", free_ms=5))
    assert [place for place, _ in free(txn, b"", 4)] == places[1:]
    assert [place for place, _ in free(txn, places[2], 5)] == places
    txn.abort()


@om_test(lifecycle=PACE)
async def test_what_fails_makes_room_for_others_a_day_long(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"fails", b"bytes")
    await put_rules(harness, bucket, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    assert len(await take(harness)) == 1
    txn = harness.store.begin()
    for number in range(QUEUED_MAX):
        queue(txn, 999, number, b"of a bucket that is gone")
    txn.commit()
    await days_pass(harness, 7)
    assert await take(harness, 1) == []
    assert len(harness.rows(TRANSITIONS.table)) == QUEUED_MAX
    while await take(harness, 100) or harness.rows(TRANSITIONS.table):
        pass
    await days_pass(harness, 1.5)
    assert [each.key for each in await take(harness)] == [b"fails"]


@om_test(lifecycle=PACE)
async def test_full_queue_holds_up_what_moves_and_not_what_goes(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    txn = harness.store.begin()
    for number in range(QUEUED_MAX):
        queue(txn, 999, number, b"of a bucket that is gone")
    txn.commit()
    for key in (b"moves", b"tagged", b"goes"):
        await harness.put(bucket, key, b"bytes")
    goes = rule(Filter(Form.FILTER, "goes"), expiration=Expiration(1))
    await put_rules(harness, bucket, goes, rule(ANY_SIZE, transitions=NEXT_DAY))
    await days_pass(harness, 2.5)
    # Is looked at again for that.
    await tag(harness, bucket, b"tagged", "v")
    await days_pass(harness, 0.5)
    assert await keys_of(harness, bucket) == [b"moves", b"tagged"]
    assert len(harness.rows(TRANSITIONS.table)) == QUEUED_MAX
    while len(harness.rows(TRANSITIONS.table)) > 0:
        assert await take(harness, 100) == []
    await days_pass(harness, 1)
    assert [each.key for each in await take(harness)] == [b"moves", b"tagged"]
