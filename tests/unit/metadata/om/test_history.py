"""Superseded versions that a bucket's window keeps, and their end."""

from tests.unit.metadata.om.om_harness import VOLUME, OmHarness, blocks_of, om_test
from trioxygen.metadata.om.state.schema import (
    BUCKETS,
    GC,
    HISTORY,
    REMOVED,
    bucket_key,
    history_key,
)
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX
from trioxygen.proto.v1 import om_pb2 as om


async def keeping_bucket(harness: OmHarness, name: str, retention_ms: int) -> om.BucketRow:
    """No call sets the window yet."""
    bucket = await harness.bucket(name)
    bucket.history_retention_ms = retention_ms
    txn = harness.store.begin()
    BUCKETS.put(txn, bucket_key(VOLUME, name), bucket)
    txn.commit()
    return bucket


def history(harness: OmHarness) -> list[om.HistoryRow]:
    return [om.HistoryRow.FromString(value) for _, value in harness.rows(HISTORY.table)]


@om_test(gc_delay_ms=0)
async def test_superseded_version_is_kept_for_the_window_and_then_collected(
    harness: OmHarness,
) -> None:
    bucket = await keeping_bucket(harness, "bucket", 100_000)
    await harness.put(bucket, b"key", b"one")
    first = (await harness.lookup(bucket, b"key")).row
    await harness.put(bucket, b"key", b"two")
    two = (await harness.lookup(bucket, b"key")).row
    await harness.delete(bucket, b"key")
    # Newest first.
    assert [row.row for row in history(harness)] == [two, first]
    assert history(harness)[0].superseded_ms == harness.clock.wall_ms()
    await harness.pass_time(90_000)
    assert len(history(harness)) == 2
    assert harness.scm.deleted == []
    await harness.pass_time(10_000)
    await harness.pass_time(1_000)
    assert history(harness) == []
    assert sorted(harness.scm.deleted) == sorted([*blocks_of(first.blocks), *blocks_of(two.blocks)])
    assert harness.rows(GC.table) == []


@om_test(gc_delay_ms=0)
async def test_history_of_a_deleted_bucket_goes_with_it(harness: OmHarness) -> None:
    bucket = await keeping_bucket(harness, "bucket", 100_000)
    await harness.put(bucket, b"key", b"one")
    await harness.delete(bucket, b"key")
    await harness.delete_bucket(bucket)
    await harness.pass_time(1_000)
    await harness.pass_time(1_000)
    assert history(harness) == []
    assert len(harness.scm.deleted) == 1


@om_test(gc_delay_ms=0)
async def test_history_expires_behind_many_rows_that_are_kept(harness: OmHarness) -> None:
    """The rows stand by bucket and key: those of one bucket must not hide another's."""
    long, short = (
        await keeping_bucket(harness, "long", 10**9),
        await keeping_bucket(harness, "short", 1_000),
    )
    txn = harness.store.begin()
    for number in range(3 * ROWS_AT_ONCE_MAX):
        row = om.HistoryRow(removed_group_ms=harness.executor.group_ms())
        HISTORY.put(txn, history_key(long.bucket_id, REMOVED, b"key", number), row)
    txn.commit()
    await harness.put(short, b"key", b"one")
    await harness.delete(short, b"key")
    for _ in range(8):
        await harness.pass_time(10_000)
    assert len(history(harness)) == 3 * ROWS_AT_ONCE_MAX
    assert len(harness.scm.deleted) == 1
