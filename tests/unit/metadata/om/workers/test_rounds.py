"""Rows beyond the first page of an expiry are reached, whatever those before them are."""

from typing import Any

import pytest
from google.protobuf.message import Message

from tests.unit.metadata.om.om_harness import CONTAINER, OmHarness, om_test
from trioxygen.common.errors import Internal, NotLeader
from trioxygen.metadata.om.state.schema import (
    COMPLETED_UPLOADS,
    DELETED_BUCKETS,
    GC,
    LEASES,
    bucket_prefix,
    gc_key,
    lease_key,
)
from trioxygen.metadata.om.workers.garbage import GarbageCollection
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, execute_rows
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import replication_pb2 as replication
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksRequest
from trioxygen.proto.v1.types_pb2 import BlockRange

DAY_MS = 24 * 3_600_000
MANY = 2 * ROWS_AT_ONCE_MAX + 10


@om_test()
async def test_completed_uploads_behind_a_page_of_young_ones_are_forgotten(
    harness: OmHarness,
) -> None:
    now_ms = harness.clock.wall_ms()
    txn = harness.store.begin()
    for number in range(MANY):
        # Begun first, completed last: they stand before all others.
        completed_ms = now_ms if number < MANY - 10 else now_ms - 10 * DAY_MS
        row = om.CompletedUploadRow(bucket_id=1, completed_ms=completed_ms)
        COMPLETED_UPLOADS.put(txn, number.to_bytes(16, "big"), row)
    txn.commit()
    for _ in range(4):
        await harness.pass_time(10_000)
    assert len(harness.rows(COMPLETED_UPLOADS.table)) == MANY - 10


@om_test()
async def test_leases_beyond_the_first_page_end(harness: OmHarness) -> None:
    txn = harness.store.begin()
    for number in range(1, MANY):
        row = om.LeaseRow(container=CONTAINER, first_local=number, count=1, expires_ms=1)
        LEASES.put(txn, lease_key(number), row)
    txn.commit()
    await harness.pass_time(2_000)
    assert harness.rows(LEASES.table) == []


class PickyScm:
    """Refuses whatever names block 5."""

    def __init__(self) -> None:
        self.deleted: list[int] = []

    async def delete_blocks(self, request: DeleteBlocksRequest) -> None:
        if any(blocks.first_local == 5 for blocks in request.blocks):
            raise Internal("a defect")
        self.deleted += [blocks.first_local for blocks in request.blocks]


@om_test(worker_interval_ms=1_000_000)
async def test_garbage_behind_a_page_that_the_scm_cannot_take_is_collected(
    harness: OmHarness,
) -> None:
    txn = harness.store.begin()
    for local in range(1, MANY):
        blocks = BlockRange(container=CONTAINER, first_local=local, count=1)
        GC.put(txn, gc_key(0, CONTAINER, local), om.GcRow(blocks=blocks))
    # Of a version that let it through: no SCM would take it, nor what goes with it.
    wrong = BlockRange(container=CONTAINER, first_local=2**64 - 1, count=2)
    GC.put(txn, gc_key(0, CONTAINER, 2**64 - 1), om.GcRow(blocks=wrong))
    txn.commit()
    scm = PickyScm()
    worker = GarbageCollection(harness.executor, scm, interval_ms=1)
    with pytest.raises(Internal):
        await worker.work()
    while await worker.work():
        pass
    assert scm.deleted == list(range(ROWS_AT_ONCE_MAX + 1, MANY))
    assert len(harness.rows(GC.table)) == ROWS_AT_ONCE_MAX
    # The first page is come back to.
    with pytest.raises(Internal):
        await worker.work()


@om_test()
async def test_bucket_that_cannot_be_purged_keeps_no_other_waiting(harness: OmHarness) -> None:
    txn = harness.store.begin()
    for bucket_id in (1, 2, 3):
        DELETED_BUCKETS.put(txn, bucket_prefix(bucket_id), om.DeletedBucketRow(name="b"))
    txn.commit()
    handlers: dict[Any, Any] = harness.executor._runner._handlers  # type: ignore[assignment]
    purge = handlers[om.PurgeBucket]

    def broken(txn: Any, command: om.PurgeBucket, now: Any) -> Any:
        if command.bucket_id == 1:
            raise ValueError("a defect")
        return purge(txn, command, now)

    handlers[om.PurgeBucket] = broken
    for _ in range(5):
        await harness.pass_time(60_000)
    assert [key for key, _ in harness.rows(DELETED_BUCKETS.table)] == [bucket_prefix(1)]


class Refusing(Executor):
    def __init__(self, bad: int, error: Exception) -> None:
        self.bad, self.error = bad, error
        self.done: list[int] = []

    async def execute(self, command: Message, *, is_early: bool = False) -> Message:
        assert isinstance(command, om.ExpireLeases)
        if self.bad in command.lease_ids:
            raise self.error
        self.done += command.lease_ids
        return replication.WorkReply()


@om_test()
async def test_row_that_cannot_be_handled_keeps_none_of_its_page_waiting(_: OmHarness) -> None:
    executor = Refusing(3, Internal("a defect"))
    with pytest.raises(Internal):
        await execute_rows(executor, [1, 2, 3, 4], lambda ids: om.ExpireLeases(lease_ids=ids))
    assert executor.done == [1, 2, 4]
    # Nobody to ask: row by row is no better.
    executor = Refusing(3, NotLeader())
    with pytest.raises(NotLeader):
        await execute_rows(executor, [1, 2, 3, 4], lambda ids: om.ExpireLeases(lease_ids=ids))
    assert executor.done == []
