"""What reports of all containers do to rows: what has been taken is not taken again, and what has
not been is."""

import pytest

from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.common.errors import NotLeader
from trioxygen.metadata.scm.schema import CONTAINERS, ORPHANS, id_key
from trioxygen.proto.v1 import scm_pb2 as scm


def closed(container_id: int, pipeline_id: int, used_bytes: int = 10) -> scm.ContainerReport:
    return scm.ContainerReport(
        container_id=container_id,
        state=scm.CLOSED,
        used_bytes=used_bytes,
        block_count=1,
        pipeline_id=pipeline_id,
        commit_sequence=1,
    )


async def written(harness: ScmHarness) -> scm.ContainerReport:
    """A container that dn1 has closed, as it reports it."""
    await harness.join("dn1")
    given = await harness.allocate()
    report = closed(given.blocks.container, given.pipeline.pipeline_id)
    await harness.heartbeat("dn1", report, full=True)
    assert await harness.state_of(report.container_id) == scm.CLOSED
    return report


def remove_row(harness: ScmHarness, container_id: int) -> None:
    txn = harness.store.begin()
    CONTAINERS.delete(txn, id_key(container_id))
    txn.commit()


def row_of(harness: ScmHarness, container_id: int) -> scm.ContainerRow | None:
    with harness.store.read() as txn:
        return CONTAINERS.get(txn, id_key(container_id))


@scm_test()
async def test_a_closed_container_that_is_told_again_is_no_entry_of_the_log(
    harness: ScmHarness,
) -> None:
    report = await written(harness)
    entries = len(harness.replica.entries)
    await harness.heartbeat("dn1", report, full=True)
    assert len(harness.replica.entries) == entries
    await harness.heartbeat("dn1", closed(report.container_id, report.pipeline_id, 11), full=True)
    row = row_of(harness, report.container_id)
    assert row is not None and row.used_bytes == 11


@scm_test()
async def test_a_container_whose_row_went_while_its_node_was_away_is_an_orphan(
    harness: ScmHarness,
) -> None:
    """Though the node says nothing of it that it has not said before."""
    report = await written(harness)
    remove_row(harness, report.container_id)
    await harness.heartbeat("dn1", report, full=True)
    assert row_of(harness, report.container_id) is None
    await harness.pass_time(6_000)
    [(_, orphan)] = harness.rows(ORPHANS.table)
    assert scm.OrphanRow.FromString(orphan).container_id == report.container_id


@scm_test()
async def test_what_could_not_be_written_down_is_with_the_next_report_of_all(
    harness: ScmHarness,
) -> None:
    report = await written(harness)
    news = closed(report.container_id, report.pipeline_id, used_bytes=11)
    harness.replica.refusal = NotLeader()
    with pytest.raises(NotLeader):
        await harness.manager._heartbeats.receive(
            scm.HeartbeatRequest(node_id="dn1", containers=[news])
        )
    harness.replica.refusal = None
    row = row_of(harness, report.container_id)
    assert row is not None and row.used_bytes == 10
    await harness.manager._heartbeats.receive(
        scm.HeartbeatRequest(node_id="dn1", full_report=True, containers=[news])
    )
    row = row_of(harness, report.container_id)
    assert row is not None and row.used_bytes == 11


@scm_test()
async def test_a_replica_that_is_deleted_says_nothing_of_its_container(harness: ScmHarness) -> None:
    report = await written(harness)
    gone = scm.ContainerReport(container_id=report.container_id, state=scm.DELETED)
    await harness.heartbeat("dn1", gone)
    row = row_of(harness, report.container_id)
    assert row is not None and (row.used_bytes, row.block_count) == (10, 1)
