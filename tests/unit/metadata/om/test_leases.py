import pytest

from tests.unit.metadata.om.om_harness import (
    CONTAINER,
    OmHarness,
    blocks_of,
    om_test,
    slices_of,
)
from trioxygen.common.errors import LeaseExpired, NotEnoughDataNodes, Overloaded
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, GC, LEASES
from trioxygen.metadata.om.workers.garbage import GarbageCollection
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, KeptBlocks


def queued(harness: OmHarness) -> list[int]:
    """Local ids in the gc queue."""
    actual: list[int] = []
    for _, value in harness.rows(GC.table):
        blocks = om.GcRow.FromString(value).blocks
        actual += range(blocks.first_local, blocks.first_local + blocks.count)
    return sorted(actual)


def locals_of(lease: om.LeaseBlocksReply) -> list[int]:
    first = lease.blocks.first_local
    return list(range(first, first + lease.blocks.count))


async def give_back(
    harness: OmHarness, *locals_: int, leases: tuple[int, ...] = ()
) -> om.ReleaseLeasesReply:
    blocks = [BlockId(container=CONTAINER, local=local) for local in locals_]
    request = om.ReleaseLeasesRequest(lease_ids=leases, blocks=blocks)
    return await harness.client.release_leases(request)


@om_test(lease_duration_ms=60_000)
async def test_lease_names_blocks_pipeline_and_duration(harness: OmHarness) -> None:
    first, second = await harness.lease(3), await harness.lease(2)
    assert (first.duration_ms, first.blocks.count) == (60_000, 3)
    assert first.pipeline.datanodes[0].node_id == "dn1"
    assert first.lease_id != second.lease_id
    assert set(locals_of(first)).isdisjoint(locals_of(second))


@om_test(lease_duration_ms=60_000)
async def test_scm_is_told_what_the_writer_wants_and_whom_it_found_away(harness: OmHarness) -> None:
    await harness.lease(1)
    wanted = om.LeaseBlocksRequest(
        count=1,
        block_bytes_max=1 << 20,
        replication=RATIS_THREE.proto,
        excluded_node_ids=["dn2", "dn3"],
    )
    await harness.client.lease_blocks(wanted)
    usual, special = harness.scm.requests[-2:]
    assert not usual.HasField("replication") and not usual.excluded_node_ids
    assert special.replication == RATIS_THREE.proto
    assert list(special.excluded_node_ids) == ["dn2", "dn3"]


@om_test(lease_duration_ms=10_000)
async def test_expired_lease_collects_exactly_what_nothing_references(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(6)
    first, *_ = locals_of(lease)
    await harness.put(bucket, b"a", blocks=slices_of(lease, 1, 1, first=1))
    await harness.put(bucket, b"b", blocks=slices_of(lease, 1, first=4))
    harness.clock.advance(9_000)
    await harness.settle()
    assert len(harness.rows(LEASES.table)) == 1
    await harness.pass_time(1_000)
    assert harness.rows(LEASES.table) == []
    # Never written ones too: the OM cannot tell.
    await harness.pass_time(10_000)
    assert sorted(local for _, local in harness.scm.deleted) == [first, first + 3, first + 5]


@om_test(lease_duration_ms=10_000)
async def test_renewed_lease_lives_on(harness: OmHarness) -> None:
    lease = await harness.lease(1)
    for _ in range(3):
        harness.clock.advance(8_000)
        reply = await harness.client.renew_leases(
            om.RenewLeasesRequest(lease_ids=[lease.lease_id, 12_345])
        )
        assert list(reply.lost) == [12_345]
        await harness.settle()
    bucket = await harness.bucket()
    await harness.put(bucket, b"key", blocks=slices_of(lease, 1))
    await harness.pass_time(20_000)
    reply = await harness.client.renew_leases(om.RenewLeasesRequest(lease_ids=[lease.lease_id]))
    assert list(reply.lost) == [lease.lease_id]
    assert (queued(harness), harness.scm.deleted) == ([], [])


@om_test()
async def test_lease_is_renewed_and_ended_by_its_own_client_only(harness: OmHarness) -> None:
    lease = await harness.lease(1)
    stranger = harness.new_client()
    request = om.RenewLeasesRequest(lease_ids=[lease.lease_id])
    assert list((await stranger.renew_leases(request)).lost) == [lease.lease_id]
    block = BlockId(container=CONTAINER, local=lease.blocks.first_local)
    await stranger.release_leases(
        om.ReleaseLeasesRequest(lease_ids=[lease.lease_id], blocks=[block])
    )
    assert len(harness.rows(LEASES.table)) == 1
    assert queued(harness) == []


@om_test(lease_duration_ms=1_000)
async def test_commit_with_an_ended_lease_is_refused_and_changes_nothing(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(2)
    await harness.pass_time(2_000)
    before = harness.all_rows()
    with pytest.raises(LeaseExpired) as refused:
        await harness.put(bucket, b"key", blocks=slices_of(lease, 1))
    assert refused.value.facts == {"lease": str(lease.lease_id)}
    assert harness.all_rows() == before


@om_test()
async def test_released_lease_collects_what_nothing_references_at_once(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(4)
    await harness.put(bucket, b"key", blocks=slices_of(lease, 1, first=2))
    await harness.release(lease)
    first = lease.blocks.first_local
    assert queued(harness) == [first, first + 1, first + 3]
    await harness.release(lease)
    assert queued(harness) == [first, first + 1, first + 3]


@om_test()
async def test_single_block_given_back_is_collected_unless_it_was_committed(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(4)
    first = lease.blocks.first_local
    await harness.put(bucket, b"key", blocks=slices_of(lease, 1, first=1))
    await give_back(harness, first, first + 1)
    assert queued(harness) == [first]
    assert (await harness.lookup(bucket, b"key")).exists


@om_test()
async def test_block_is_collected_once_although_given_back_before_its_lease_ends(
    harness: OmHarness,
) -> None:
    lease = await harness.lease(12)
    first = lease.blocks.first_local
    for local in (first, first + 9, first + 3):
        await give_back(harness, local)
    await give_back(harness, first)
    harness.clock.advance(1)
    await harness.release(lease)
    await give_back(harness, first + 4)
    assert queued(harness) == locals_of(lease)


@om_test()
async def test_lease_and_its_first_block_released_together_lose_no_block(
    harness: OmHarness,
) -> None:
    """Both are collected in the same millisecond under the same first block."""
    lease = await harness.lease(8)
    first = lease.blocks.first_local
    await give_back(harness, first, first + 2, leases=(lease.lease_id,))
    assert queued(harness) == locals_of(lease)


@om_test()
async def test_block_that_was_given_back_cannot_be_committed(harness: OmHarness) -> None:
    """Its data may be deleted at any time."""
    bucket = await harness.bucket()
    lease = await harness.lease(2)
    await give_back(harness, lease.blocks.first_local)
    with pytest.raises(LeaseExpired):
        await harness.put(bucket, b"key", blocks=slices_of(lease, 1))
    await harness.put(bucket, b"key", blocks=slices_of(lease, 1, first=1))


@om_test(gc_delay_ms=0)
async def test_block_deleted_while_its_lease_lives_is_collected_once(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(3)
    first = lease.blocks.first_local
    await harness.put(bucket, b"a", blocks=slices_of(lease, 1))
    await harness.put(bucket, b"a", blocks=slices_of(lease, 1, first=1))
    await harness.copy(bucket, b"a", b"copy")
    await harness.delete(bucket, b"a")
    await harness.delete(bucket, b"copy")
    with pytest.raises(LeaseExpired):
        await harness.put(bucket, b"again", blocks=slices_of(lease, 1))
    await harness.pass_time(1_000)
    assert [local for _, local in harness.scm.deleted] == [first, first + 1]
    await harness.release(lease)
    await harness.pass_time(1_000)
    assert [local for _, local in harness.scm.deleted] == locals_of(lease)


@om_test(leases_max=2)
async def test_leases_have_a_limit(harness: OmHarness) -> None:
    await harness.lease(1)
    second = await harness.lease(1)
    request = om.GrantLease(blocks=BlockRange(container=1, first_local=1, count=1))
    with pytest.raises(Overloaded):
        await harness.executor.execute(request)
    await harness.release(second)
    await harness.lease(1)


@om_test()
async def test_lease_passes_on_what_the_scm_refuses(harness: OmHarness) -> None:
    harness.scm.refuse_with = NotEnoughDataNodes("none")
    with pytest.raises(NotEnoughDataNodes):
        await harness.lease(1)
    harness.scm.refuse_with = None
    assert harness.rows(LEASES.table) == []


@om_test(gc_delay_ms=0)
async def test_gc_keeps_its_queue_while_the_scm_does_not_take_it(harness: OmHarness) -> None:
    lease = await harness.lease(2)
    harness.scm.refuse_with = NotEnoughDataNodes("none")
    await harness.release(lease)
    await harness.pass_time(1_000)
    assert queued(harness) == locals_of(lease)
    assert harness.runtime.tasks.workers["om-garbage-collection"].failures > 0
    harness.scm.refuse_with = None
    await harness.pass_time(60_000)
    assert [local for _, local in harness.scm.deleted] == locals_of(lease)
    assert queued(harness) == []


@om_test()
async def test_gc_never_hands_over_a_block_that_is_referenced(harness: OmHarness) -> None:
    """Whatever put it in the queue: here a row that should not be there."""
    bucket = await harness.bucket()
    lease = await harness.lease(5)
    await harness.put(bucket, b"key", blocks=slices_of(lease, 1, first=2))
    [held] = blocks_of((await harness.lookup(bucket, b"key")).row.blocks)
    await harness.release(lease)
    first = lease.blocks.first_local
    txn = harness.store.begin()
    txn.delete_range(GC.table, b"\0", b"\xff")
    blocks = BlockRange(container=CONTAINER, first_local=first, count=5)
    GC.put(txn, b"\0" * 24, om.GcRow(blocks=blocks))
    txn.commit()
    worker = GarbageCollection(harness.executor, harness.scm, interval_ms=1)
    await worker.work()
    assert [local for _, local in harness.scm.deleted] == [
        local for local in locals_of(lease) if local != held[1]
    ]
    assert queued(harness) == []
    with harness.store.read() as txn_read:
        assert BLOCK_REFERENCES.exists(txn_read, block_key(*held))


@om_test(gc_delay_ms=1_000_000)
async def test_block_that_nobody_ever_saw_does_not_wait_for_readers(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(3)
    first = lease.blocks.first_local
    await harness.put(bucket, b"key", blocks=slices_of(lease, 1))
    await harness.delete(bucket, b"key")
    await give_back(harness, first + 1)
    await harness.release(lease)
    await harness.pass_time(1_000)
    assert not harness.scm.deleted, "writes that were given up may still be under way"
    await harness.pass_time(30_000)
    assert [local for _, local in harness.scm.deleted] == [first + 1, first + 2]
    await harness.pass_time(1_000_000)
    assert [local for _, local in harness.scm.deleted] == [first + 1, first + 2, first]


@om_test()
async def test_blocks_are_allocated_in_what_is_left_of_the_gateways_time(
    harness: OmHarness,
) -> None:
    await harness.lease(1)
    await harness.lease(1, OmClient(harness.runtime, ["om1"], timeout_ms=700))
    patient, hurried = harness.scm.most_ms
    assert 700 < patient <= 30_000 and 0 < hurried <= 700


@om_test(gc_delay_ms=5_000)
async def test_bytes_that_are_kept_for_readers_are_told(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(3)
    await harness.put(bucket, b"key", blocks=slices_of(lease, 700, 300))
    await harness.delete(bucket, b"key")
    harness.clock.advance(1_000)
    kept = (await harness.client.describe_om(om.DescribeOmRequest())).kept
    assert (kept.ranges, kept.size_bytes, kept.oldest_ms) == (2, 1_000, 1_000)
    await harness.pass_time(5_000)
    assert (await harness.client.describe_om(om.DescribeOmRequest())).kept == KeptBlocks()
    assert harness.scm.deleted_bytes == 1_000


@om_test(lease_duration_ms=600_000)
async def test_leases_whose_end_is_too_much_for_one_entry_end_one_after_the_other(
    harness: OmHarness,
) -> None:
    leases = [await harness.lease(10_000) for _ in range(12)]
    txn = harness.store.begin()
    for lease in leases:
        # Every other block is referred to: the rest goes in as many runs.
        for local in locals_of(lease)[::2]:
            key = block_key(CONTAINER, local)
            BLOCK_REFERENCES.put(txn, key, om.BlockReferenceRow(references=1))
    txn.commit()
    request = om.ReleaseLeasesRequest(lease_ids=[each.lease_id for each in leases])
    await harness.client.release_leases(request)
    assert 0 < len(harness.rows(LEASES.table)) < len(leases)
    await harness.pass_time(10_000)
    assert harness.rows(LEASES.table) == []
