import pytest

from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import PipelineNotReady
from trioxygen.metadata.replication.state import SEQUENCE, put_integer
from trioxygen.metadata.scm.pipelines.state import PipelineState
from trioxygen.metadata.scm.schema import CONTAINERS, DELETED_BLOCKS, NODES, PIPELINES, id_key
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockRange


def pipelines(harness: ScmHarness) -> list[scm.PipelineRow]:
    with harness.store.read() as txn:
        return [row for _, row in PIPELINES.scan(txn, prefix=b"")]


@scm_test()
async def test_id_of_a_pipeline_is_given_once(harness: ScmHarness) -> None:
    await harness.join("dn1")
    await harness.join("dn2")
    first = [row.pipeline_id for row in pipelines(harness)]
    given = [(await harness.allocate()).blocks.container for _ in range(2)]
    await harness.manager.executor.execute(scm.ClosePipeline(pipeline_id=first[0]))
    # Its node is in none any more.
    await harness.join("dn1")
    [new] = [row.pipeline_id for row in pipelines(harness) if row.pipeline_id not in first]
    assert new > max(*first, *given)
    assert len({*first, *given, new}) == 5
    await harness.restart()
    await harness.join("dn1", "dn2", "dn3")
    latest = max(row.pipeline_id for row in pipelines(harness))
    assert latest > new


@scm_test(close_delay_ms=0)
async def test_pipeline_that_is_closed_takes_no_writes_and_its_containers_are_closed(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1")
    reply = await harness.allocate()
    container = reply.blocks.container
    await harness.manager.executor.execute(
        scm.ClosePipeline(pipeline_id=reply.pipeline.pipeline_id)
    )
    assert await harness.state_of(container) == scm.CLOSING
    with pytest.raises(PipelineNotReady):
        await harness.allocate()
    [command] = (await harness.heartbeat("dn1", report(container, 5))).commands
    assert command.close_container.container_id == container


@scm_test()
async def test_ring_without_a_leader_is_given_no_blocks(harness: ScmHarness) -> None:
    await harness.register("dn1")
    reply = await harness.client.heartbeat(scm.HeartbeatRequest(node_id="dn1", full_report=True))
    [command] = reply.commands
    ring = command.create_pipeline.pipeline
    assert [(datanode.node_id, datanode.address) for datanode in ring.datanodes] == [
        ("dn1", "dn1:9859")
    ]
    for leads in (False, True, False):
        await harness.client.heartbeat(
            scm.HeartbeatRequest(
                node_id="dn1",
                pipelines=[scm.PipelineReport(pipeline_id=ring.pipeline_id, leader=leads, term=1)],
            )
        )
        if leads:
            assert (await harness.allocate()).pipeline.pipeline_id == ring.pipeline_id
        else:
            with pytest.raises(PipelineNotReady):
                await harness.allocate()


def former(harness: ScmHarness) -> None:
    """Rows as they were before pipelines had numbers."""
    txn = harness.store.begin()
    NODES.put(txn, b"dn1", scm.NodeRow(node_id="dn1", address="dn1:9859"))
    row = scm.PipelineRow(former_id="p-dn1", node_ids=["dn1"], open=True)
    PIPELINES.put(txn, b"p-dn1", row)
    for container_id, state in ((1, scm.OPEN), (2, scm.CLOSED)):
        CONTAINERS.put(
            txn,
            id_key(container_id),
            scm.ContainerRow(container_id=container_id, state=state, former_pipeline_id="p-dn1"),
        )
    put_integer(txn, SEQUENCE, 2)
    txn.commit()


@scm_test(close_delay_ms=0)
async def test_pipelines_of_before_they_had_numbers_are_replaced(harness: ScmHarness) -> None:
    former(harness)
    await harness.register("dn1")
    mine = (report(1, 5), report(2, 7, scm.CLOSED))
    [close] = (await harness.heartbeat("dn1", *mine, full=True)).commands
    assert close.close_container.container_id == 1
    assert await harness.state_of(1) == scm.CLOSING
    [old, new] = sorted(pipelines(harness), key=lambda row: row.pipeline_id)
    assert (old.former_id, old.open) == ("p-dn1", False)
    assert new.open and new.pipeline_id > 2 and list(new.node_ids) == ["dn1"]
    blocks = await harness.allocate()
    assert blocks.pipeline.pipeline_id == new.pipeline_id and blocks.blocks.container > 2
    located = await harness.client.locate([1, 2])
    assert [each.replicas[0].datanode.node_id for each in located] == ["dn1", "dn1"]
    gone = BlockRange(container=2, first_local=1, count=1)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[gone]))
    [(_, value)] = harness.rows(DELETED_BLOCKS.table)
    assert list(scm.DeletedBlocksRow.FromString(value).waiting_node_ids) == ["dn1"]


@scm_test()
async def test_replica_of_another_pipeline_by_the_same_id_is_not_the_container(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1")
    reply = await harness.allocate()
    container, own = reply.blocks.container, reply.pipeline.pipeline_id
    await harness.join("dn2")
    stranger = report(container, 9, scm.CLOSED)
    stranger.pipeline_id = own + 1_000
    await harness.heartbeat("dn2", stranger)
    assert await harness.state_of(container) == scm.OPEN
    [location] = await harness.client.locate([container])
    assert [replica.datanode.node_id for replica in location.replicas] == ["dn1"]
    # A copy of it, on a node that took none of its writes, is one of its replicas.
    copy = report(container, 9)
    copy.pipeline_id, copy.replica_index = own, 3
    await harness.heartbeat("dn2", copy)
    [location] = await harness.client.locate([container])
    actual = [(replica.datanode.node_id, replica.replica_index) for replica in location.replicas]
    assert actual == [("dn2", 3), ("dn1", 0)]


@scm_test()
async def test_report_that_is_over_forgets_what_it_did_not_name(harness: ScmHarness) -> None:
    await harness.join("dn1")
    own = (await harness.allocate()).blocks.container
    gone = own + 1
    await harness.heartbeat("dn1", report(own, 1), report(gone, 1))
    await harness.heartbeat("dn1", report(own, 1), full=True, more=True)
    replicas = harness.manager._replicas
    assert set(replicas.of_node("dn1")) == {own, gone}
    await harness.heartbeat("dn1")
    assert set(replicas.of_node("dn1")) == {own}
    assert replicas.of_container(gone) == {}


def disk(volume_id: str, free_bytes: int = 10) -> scm.VolumeReport:
    return scm.VolumeReport(volume_id=volume_id, capacity_bytes=100, free_bytes=free_bytes)


@scm_test()
async def test_no_pipeline_is_made_before_it_is_known_which_ids_nodes_have_had(
    harness: ScmHarness,
) -> None:
    """The state is an earlier one: what comes now must not be what its future had given."""
    await harness.join("dn1")
    await harness.manager.executor.execute(scm.PutNode(node=scm.NodeRow(node_id="dn2")))
    await harness.restart()
    await harness.register("dn3")
    await harness.heartbeat("dn3", full=True)
    known = {node_id for row in pipelines(harness) for node_id in row.node_ids}
    assert known == {"dn1"}
    ring = scm.PipelineReport(pipeline_id=900, leader=True, term=1)
    await harness.register("dn2")
    request = scm.HeartbeatRequest(node_id="dn2", full_report=True, pipelines=[ring])
    await harness.client.heartbeat(request)
    await harness.join("dn1")
    for node_id in ("dn2", "dn3"):
        await harness.heartbeat(node_id)
    rows = {row.node_ids[0]: row.pipeline_id for row in pipelines(harness)}
    assert set(rows) == {"dn1", "dn2", "dn3"}
    assert min(rows["dn2"], rows["dn3"]) > 900


@scm_test(close_delay_ms=0)
async def test_pipeline_that_lost_a_disk_is_closed_and_replaced(harness: ScmHarness) -> None:
    await harness.register("dn1")
    both = [disk("old", 20), disk("small", 10)]
    request = scm.HeartbeatRequest(node_id="dn1", full_report=True, volumes=both)
    [command, other] = (await harness.client.heartbeat(request)).commands
    # A ring on each disk.
    first = command.create_pipeline
    assert (first.volume_id, other.create_pipeline.volume_id) == ("old", "small")
    ring = scm.PipelineReport(pipeline_id=first.pipeline.pipeline_id, leader=True, term=1)
    await harness.client.heartbeat(
        scm.HeartbeatRequest(node_id="dn1", volumes=both, pipelines=[ring])
    )
    container = (await harness.allocate()).blocks.container
    # Another disk in its place: it has promised nothing in the former ring.
    await harness.register("dn1")
    request = scm.HeartbeatRequest(node_id="dn1", full_report=True, volumes=[disk("new")])
    [command] = (await harness.client.heartbeat(request)).commands
    second = command.create_pipeline
    assert second.volume_id == "new"
    assert second.pipeline.pipeline_id > max(first.pipeline.pipeline_id, container)
    assert {row.pipeline_id: PipelineState(row.state) for row in pipelines(harness)} == {
        first.pipeline.pipeline_id: PipelineState.CLOSING,
        other.create_pipeline.pipeline.pipeline_id: PipelineState.CLOSED,
        second.pipeline.pipeline_id: PipelineState.ALLOCATED,
    }
    assert await harness.state_of(container) == scm.CLOSING
