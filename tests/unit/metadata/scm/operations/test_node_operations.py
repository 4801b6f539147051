"""Operators take DataNodes out of service, and away."""

import pytest

from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import InvalidRequest, NoSuchDataNode
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.scm.nodes.states import Health, Operation
from trioxygen.metadata.scm.operations.node_operations import removal_fault
from trioxygen.metadata.scm.schema import CONTAINERS, DELETED_BLOCKS, NODES, id_key
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.scm_pb2 import MoveNodeOperation, NodeRow


async def set_operation(
    harness: ScmHarness,
    operation: scm.NodeOperation,
    node_id: str = "dn1",
    *,
    maintenance_ms: int = 0,
    force: bool = False,
) -> NodeRow:
    request = scm.SetNodeOperationRequest(
        node_id=node_id, operation=operation, maintenance_ms=maintenance_ms, force=force
    )
    return (await harness.client.call(request, scm.SetNodeOperationReply)).node


async def remove(harness: ScmHarness, node_id: str) -> None:
    await harness.client.call(scm.RemoveDataNodeRequest(node_id=node_id), scm.RemoveDataNodeReply)


async def node(harness: ScmHarness, node_id: str = "dn1") -> scm.NodeDescription:
    return {each.node.node_id: each for each in (await harness.describe()).nodes}[node_id]


async def finish(
    harness: ScmHarness, before: scm.NodeOperation, to: scm.NodeOperation, node_id: str = "dn1"
) -> None:
    command = MoveNodeOperation(node_id=node_id, before=before, to=to)
    await harness.manager.executor.execute(command)


@scm_test()
async def test_node_is_decommissioned_and_comes_back_into_service(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    row = await set_operation(harness, scm.DECOMMISSIONING)
    assert row.operation == scm.DECOMMISSIONING
    # Once more is as good, and not from the start.
    await finish(harness, scm.DECOMMISSIONING, scm.DECOMMISSIONED)
    assert (await set_operation(harness, scm.DECOMMISSIONING)).operation == scm.DECOMMISSIONED
    assert (await set_operation(harness, scm.IN_SERVICE)).operation == scm.IN_SERVICE
    # Its end comes too late.
    await finish(harness, scm.DECOMMISSIONING, scm.DECOMMISSIONED)
    assert (await node(harness)).node.operation == scm.IN_SERVICE


@scm_test()
async def test_what_operators_cannot_ask_for_is_refused(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    with pytest.raises(NoSuchDataNode):
        await set_operation(harness, scm.DECOMMISSIONING, "dn9", force=True)
    for end in (scm.DECOMMISSIONED, scm.IN_MAINTENANCE):
        with pytest.raises(InvalidRequest, match="follows by itself"):
            await set_operation(harness, end)
    await set_operation(harness, scm.ENTERING_MAINTENANCE)
    with pytest.raises(InvalidRequest, match="recommission it first"):
        await set_operation(harness, scm.DECOMMISSIONING)


@scm_test()
async def test_maintenance_ends_at_its_time_by_itself(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    await set_operation(harness, scm.ENTERING_MAINTENANCE, maintenance_ms=60_000)
    await finish(harness, scm.ENTERING_MAINTENANCE, scm.IN_MAINTENANCE)
    await harness.pass_time(59_000)
    actual = await node(harness)
    assert actual.node.operation == scm.IN_MAINTENANCE
    assert 0 < actual.maintenance_left_ms <= 1_000
    # It is given more time.
    await set_operation(harness, scm.ENTERING_MAINTENANCE, maintenance_ms=10_000)
    await harness.pass_time(9_000)
    assert (await node(harness)).node.operation == scm.IN_MAINTENANCE
    await harness.pass_time(2_000)
    actual = await node(harness)
    assert actual.node.operation == scm.IN_SERVICE
    assert (actual.node.maintenance_until_ms, actual.maintenance_left_ms) == (0, 0)


@scm_test()
async def test_last_node_in_service_stays_unless_it_is_forced(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    await set_operation(harness, scm.ENTERING_MAINTENANCE, "dn2")
    with pytest.raises(InvalidRequest, match="no other DataNode is in service"):
        await set_operation(harness, scm.DECOMMISSIONING)
    await set_operation(harness, scm.DECOMMISSIONING, force=True)


async def with_container_of_three(harness: ScmHarness) -> int:
    container = (await harness.allocate()).blocks.container
    txn = harness.store.begin()
    row = CONTAINERS.get(txn, id_key(container))
    assert row is not None
    row.replication.CopyFrom(RATIS_THREE.proto)
    CONTAINERS.put(txn, id_key(container), row)
    txn.commit()
    return container


@scm_test(replication=RATIS_THREE)
async def test_node_is_not_decommissioned_where_the_others_are_too_few(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2", "dn3")
    container = await with_container_of_three(harness)
    with pytest.raises(InvalidRequest, match="too few DataNodes would be left") as refused:
        await set_operation(harness, scm.DECOMMISSIONING)
    assert refused.value.facts["container"] == str(container)
    await harness.join("dn4")
    # Nothing of it lies there.
    await set_operation(harness, scm.DECOMMISSIONING, "dn4")
    with pytest.raises(InvalidRequest):
        await set_operation(harness, scm.DECOMMISSIONING)
    await set_operation(harness, scm.DECOMMISSIONING, force=True)


@scm_test()
async def test_node_that_is_needed_is_not_removed(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    reply = await harness.allocate()
    container, holder = reply.blocks.container, reply.pipeline.datanodes[0].node_id
    other = ({"dn1", "dn2"} - {holder}).pop()
    own = report(container, 5)
    own.block_count, own.pipeline_id = 1, reply.pipeline.pipeline_id
    await harness.heartbeat(holder, own)
    with pytest.raises(InvalidRequest, match="stop it first"):
        await remove(harness, holder)
    harness.clock.advance(300_000)
    await harness.heartbeat(other)
    with pytest.raises(InvalidRequest, match="a pipeline that takes writes"):
        await remove(harness, holder)
    close = scm.ClosePipeline(pipeline_id=reply.pipeline.pipeline_id)
    await harness.manager.executor.execute(close)
    with pytest.raises(InvalidRequest, match="too few other replicas"):
        await remove(harness, holder)
    await harness.heartbeat(other, own)
    await remove(harness, holder)
    assert [each.node.node_id for each in (await harness.describe()).nodes] == [other]
    with pytest.raises(NoSuchDataNode):
        await remove(harness, holder)
    assert (await harness.heartbeat(holder)).register_again


@scm_test(replication=RATIS_THREE)
async def test_container_that_was_never_written_keeps_no_node(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2", "dn3")
    reply = await harness.allocate()
    close = scm.ClosePipeline(pipeline_id=reply.pipeline.pipeline_id)
    harness.clock.advance(300_000)
    for node_id in ("dn1", "dn2"):
        await harness.heartbeat(node_id)
    await harness.manager.executor.execute(close)
    for row in (await harness.describe()).pipelines:
        await harness.manager.executor.execute(scm.ClosePipeline(pipeline_id=row.pipeline_id))
    await remove(harness, "dn3")


@scm_test()
async def test_deletions_do_not_wait_for_a_node_that_was_removed(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    txn = harness.store.begin()
    NODES.put(txn, b"dn3", NodeRow(node_id="dn3", operation=scm.DECOMMISSIONED))
    for transaction_id, waiting in ((1, ["dn2", "dn3"]), (2, ["dn3"]), (3, ["dn2"])):
        row = scm.DeletedBlocksRow(transaction_id=transaction_id, waiting_node_ids=waiting)
        DELETED_BLOCKS.put(txn, id_key(transaction_id), row)
    txn.commit()
    harness.clock.advance(30_000)
    await remove(harness, "dn3")
    with harness.store.read() as read:
        rows = [row for _, row in DELETED_BLOCKS.scan(read, prefix=b"")]
    assert [(row.transaction_id, list(row.waiting_node_ids)) for row in rows] == [
        (1, ["dn2"]),
        (3, ["dn2"]),
    ]


@scm_test(replication=RATIS_THREE, missing_replicas_max=1)
async def test_deletions_that_come_later_do_not_wait_for_it_either(harness: ScmHarness) -> None:
    """Although it is a member of the pipeline that they were written through."""
    await harness.join("dn1", "dn2")
    reply = await harness.allocate()
    pipeline_id, blocks = reply.pipeline.pipeline_id, reply.blocks
    await harness.manager.executor.execute(scm.ClosePipeline(pipeline_id=pipeline_id))
    await harness.manager.executor.execute(scm.RemoveNode(node_id="dn2", rows_max=1))
    request = scm.DeleteBlocksRequest(blocks=[blocks])
    await harness.client.delete_blocks(request)
    [(_, row)] = harness.rows(DELETED_BLOCKS.table)
    transaction = scm.DeletedBlocksRow.FromString(row)
    assert list(transaction.waiting_node_ids) == ["dn1"]
    also = scm.AwaitDeletions(node_id="dn2", transaction_ids=[transaction.transaction_id])
    await harness.manager.executor.execute(also)
    assert harness.rows(DELETED_BLOCKS.table) == [(id_key(transaction.transaction_id), row)]
    # Where nobody is left there is nothing to wait for.
    await harness.manager.executor.execute(scm.RemoveNode(node_id="dn1", rows_max=1))
    assert harness.rows(DELETED_BLOCKS.table) == []
    await harness.client.delete_blocks(request)
    assert harness.rows(DELETED_BLOCKS.table) == []


@pytest.mark.parametrize(
    ("operation", "health", "fault"),
    [
        (Operation.DECOMMISSIONED, Health.HEALTHY, "heartbeats"),
        (Operation.DECOMMISSIONED, Health.STALE, None),
        (Operation.IN_SERVICE, Health.STALE, "decommission it first"),
        (Operation.IN_SERVICE, Health.DEAD, None),
        (Operation.DECOMMISSIONING, Health.DEAD, None),
        (Operation.IN_MAINTENANCE, Health.DEAD, "maintenance"),
    ],
)
def test_only_a_node_that_is_gone_or_out_of_service_is_removed(
    operation: Operation, health: Health, fault: str | None
) -> None:
    actual = removal_fault(NodeRow(operation=operation.proto), health)
    assert actual is None if fault is None else fault in (actual or "")
