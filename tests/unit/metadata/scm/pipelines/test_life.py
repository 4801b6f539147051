"""Pipelines from their making until nobody is in their ring any more, at an SCM."""

import pytest

from tests.unit.metadata.scm.held_replica import turns
from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import InvalidRequest, NotEnoughDataNodes, PipelineNotReady
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.nodes.racks import RackTable
from trioxygen.metadata.scm.pipelines.state import PipelineState, state_of
from trioxygen.metadata.scm.schema import NODES, PIPELINES, id_key
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1 import types_pb2

EC_3_2 = Replication.parse("EC/3-2")
FIVE = ("dn1", "dn2", "dn3", "dn4", "dn5")


def rows(harness: ScmHarness) -> dict[int, scm.PipelineRow]:
    with harness.store.read() as txn:
        return {row.pipeline_id: row for _, row in PIPELINES.scan(txn, prefix=b"")}


def states(harness: ScmHarness) -> dict[int, PipelineState]:
    return {pipeline_id: state_of(row) for pipeline_id, row in rows(harness).items()}


def members(harness: ScmHarness, state: PipelineState) -> list[list[str]]:
    return [list(row.node_ids) for row in rows(harness).values() if state_of(row) is state]


async def told_to_leave(harness: ScmHarness, node_id: str) -> list[int]:
    commands = (await harness.heartbeat(node_id)).commands
    leaving = [each.close_pipeline for each in commands if each.HasField("close_pipeline")]
    assert all(command.force for command in leaving)
    return [command.pipeline_id for command in leaving]


async def pass_rounds(harness: ScmHarness, seconds: int, *node_ids: str) -> None:
    """These nodes go on sending heartbeats."""
    for _ in range(seconds):
        await harness.pass_time(1_000)
        for node_id in node_ids:
            await harness.heartbeat(node_id)


@scm_test()
async def test_pipeline_is_open_when_its_ring_has_a_leader(harness: ScmHarness) -> None:
    await harness.register("dn1")
    await harness.client.heartbeat(scm.HeartbeatRequest(node_id="dn1", full_report=True))
    [(pipeline_id, state)] = states(harness).items()
    assert state is PipelineState.ALLOCATED and not rows(harness)[pipeline_id].open
    with pytest.raises(PipelineNotReady):
        await harness.allocate()
    await harness.heartbeat("dn1")
    assert states(harness) == {pipeline_id: PipelineState.OPEN}
    assert rows(harness)[pipeline_id].open
    await harness.allocate()


@scm_test(replication=RATIS_THREE, pipelines_per_node_max=1, pipeline_open_ms_max=60_000)
async def test_pipeline_that_does_not_open_is_given_up_and_forgotten(harness: ScmHarness) -> None:
    reply = scm.HeartbeatReply()
    for node_id in FIVE[:3]:
        await harness.register(node_id)
        request = scm.HeartbeatRequest(node_id=node_id, full_report=True)
        reply = await harness.client.heartbeat(request)
    [command] = reply.commands
    given_up = command.create_pipeline.pipeline.pipeline_id
    # It has joined, and waits for the others.
    joined = [scm.PipelineReport(pipeline_id=given_up)]
    for _ in range(31):
        await harness.pass_time(2_000)
        for node_id in FIVE[:3]:
            rings = joined if node_id == "dn3" else []
            request = scm.HeartbeatRequest(node_id=node_id, pipelines=rings)
            reply = await harness.client.heartbeat(request)
    told = {command.WhichOneof("command"): command for command in reply.commands}
    assert told["close_pipeline"].close_pipeline.pipeline_id == given_up
    assert told["create_pipeline"].create_pipeline.pipeline.pipeline_id > given_up
    assert states(harness)[given_up] is PipelineState.CLOSED
    await pass_rounds(harness, 300, *FIVE[:3])
    assert given_up not in rows(harness)


@scm_test(replication=RATIS_THREE, close_delay_ms=5_000, pipelines_per_node_max=1)
async def test_pipeline_with_a_dead_member_is_replaced_drained_and_left(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2", "dn3")
    reply = await harness.allocate()
    former, container = reply.pipeline.pipeline_id, reply.blocks.container
    told = report(container, 5)
    told.pipeline_id = former
    await harness.heartbeat("dn1", told)
    left = ("dn1", "dn2", "dn4", "dn5")
    await harness.join("dn4", "dn5")
    await pass_rounds(harness, 29, *left)
    assert ["dn1", "dn2", "dn3"] in members(harness, PipelineState.OPEN)
    # It is stale; there are enough others. What is written meanwhile goes on.
    await pass_rounds(harness, 4, *left)
    assert states(harness)[former] is PipelineState.CLOSING
    replacements = members(harness, PipelineState.OPEN)
    assert set().union(*replacements) == set(left)
    assert all(len(replacement) == 3 for replacement in replacements)
    assert (await harness.allocate()).pipeline.pipeline_id > former
    assert await harness.state_of(container) == scm.CLOSING
    # Until its containers are closed.
    await pass_rounds(harness, 20, *left)
    assert states(harness)[former] is PipelineState.CLOSING
    assert former not in await told_to_leave(harness, "dn1")
    told.state = scm.CLOSED
    await harness.heartbeat("dn1", told)
    await pass_rounds(harness, 4, *left)
    assert states(harness)[former] is PipelineState.CLOSED
    # Each that is still in it, whenever it comes.
    for node_id in ("dn1", "dn2"):
        assert former in await told_to_leave(harness, node_id)
    harness.rings["dn1"].discard(former)
    assert former not in await told_to_leave(harness, "dn1")
    await harness.heartbeat("dn3")
    assert former in await told_to_leave(harness, "dn3")
    # A container names it.
    await pass_rounds(harness, 400, *left)
    assert former in rows(harness)


@scm_test(replication=RATIS_THREE, close_delay_ms=5_000, pipelines_per_node_max=1)
async def test_members_of_a_ring_that_has_lost_its_majority_leave_it_at_once(
    harness: ScmHarness,
) -> None:
    await harness.join(*FIVE[:3])
    reply = await harness.allocate()
    former, told = reply.pipeline.pipeline_id, report(reply.blocks.container, 5)
    told.pipeline_id = former
    await harness.heartbeat("dn1", told)
    await pass_rounds(harness, 304, "dn1")
    assert states(harness)[former] is PipelineState.CLOSED
    assert await told_to_leave(harness, "dn1") == [former]


@scm_test(replication=RATIS_THREE, missing_replicas_max=2, pipelines_per_node_max=1)
async def test_store_of_one_node_grows_to_three(harness: ScmHarness) -> None:
    await harness.join("dn1")
    first = await harness.allocate()
    assert [member.node_id for member in first.pipeline.datanodes] == ["dn1"]
    assert first.pipeline.replication == RATIS_THREE.proto
    await harness.join("dn2")
    assert (await harness.allocate()).pipeline.pipeline_id == first.pipeline.pipeline_id
    await harness.join("dn3")
    # That of three comes first as soon as it is open, and takes the place of the other.
    assert len((await harness.allocate()).pipeline.datanodes) == 3
    await pass_rounds(harness, 2, "dn1", "dn2", "dn3")
    assert states(harness)[first.pipeline.pipeline_id] is PipelineState.CLOSING
    assert members(harness, PipelineState.OPEN) == [["dn1", "dn2", "dn3"]]
    assert await harness.state_of(first.blocks.container) == scm.CLOSING


@scm_test()
async def test_pipeline_of_another_replication_is_made_when_somebody_asks_for_it(
    harness: ScmHarness,
) -> None:
    await harness.join(*FIVE[:4])
    with pytest.raises(NotEnoughDataNodes) as refused:
        await harness.allocate(replication=EC_3_2)
    assert refused.value.facts["needed"] == "5"
    await harness.join("dn5")
    assert len(members(harness, PipelineState.OPEN)) == 5
    with pytest.raises(PipelineNotReady):
        await harness.allocate(replication=EC_3_2)
    await turns()
    request = scm.HeartbeatRequest(node_id="dn5", pipelines=harness._led("dn5"))
    [command] = (await harness.client.heartbeat(request)).commands
    # A ring of its own.
    told = command.create_pipeline.pipeline
    assert [member.node_id for member in told.datanodes] == ["dn5"]
    assert told.replication == EC_3_2.proto
    for node_id in FIVE[:4]:
        await harness.heartbeat(node_id)
        # Each of them leads a ring of its own.
        with pytest.raises(PipelineNotReady):
            await harness.allocate(replication=EC_3_2)
    await harness.heartbeat("dn5")
    reply = await harness.allocate(replication=EC_3_2)
    indexes = [member.replica_index for member in reply.pipeline.datanodes]
    assert indexes == [1, 2, 3, 4, 5]
    assert reply.pipeline.replication == EC_3_2.proto
    [location] = await harness.client.locate([reply.blocks.container])
    assert location.replication == EC_3_2.proto
    assert {replica.replica_index for replica in location.replicas} == {1, 2, 3, 4, 5}
    # What is not said is as it is configured.
    default = await harness.allocate()
    assert default.pipeline.replication == RATIS_ONE.proto
    assert default.other_pipelines == 4
    assert reply.other_pipelines == 0
    # It outlives a restart.
    await harness.restart()
    await harness.join(*FIVE)
    assert (await harness.allocate(replication=EC_3_2)).pipeline == reply.pipeline


@scm_test(replication=RATIS_THREE, pipelines_per_node_max=1)
async def test_member_that_takes_part_in_its_ring_no_more_is_replaced(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2", "dn3")
    await harness.heartbeat("dn1")
    former = (await harness.allocate()).pipeline.pipeline_id
    failed = scm.PipelineReport(pipeline_id=former, failed=True)
    request = scm.HeartbeatRequest(node_id="dn3", pipelines=[failed])
    [command] = (await harness.client.heartbeat(request)).commands
    replacement = command.create_pipeline.pipeline.pipeline_id
    # The others go on with it until the new one is open.
    assert (await harness.allocate()).pipeline.pipeline_id == former
    await pass_rounds(harness, 2, "dn1", "dn2")
    assert states(harness)[former] is PipelineState.CLOSING
    assert (await harness.allocate()).pipeline.pipeline_id == replacement


@scm_test(
    replication=RATIS_THREE,
    racks=RackTable.parse({"dn1": "/r1", "dn2": "/r1", "dn3": "/r1", "dn4": "/r1", "dn5": "/r2"}),
)
async def test_node_that_comes_when_the_others_are_in_as_many_rings_as_they_may_be_gets_one(
    harness: ScmHarness,
) -> None:
    await harness.join("dn5", "dn1", "dn2")
    first = members(harness, PipelineState.ALLOCATED) + members(harness, PipelineState.OPEN)
    assert first == [["dn1", "dn2", "dn5"]] * 2
    await harness.join("dn3", "dn4")
    await pass_rounds(harness, 3, *FIVE)
    rings = members(harness, PipelineState.OPEN)
    assert set().union(*rings) == set(FIVE)
    assert rings[:2] == first and all("dn5" in ring for ring in rings)
    # That is all: nothing is closed for it, nothing more is made.
    before = states(harness)
    await pass_rounds(harness, 60, *FIVE)
    assert states(harness) == before


@scm_test()
async def test_replication_that_is_not_offered_is_refused(harness: ScmHarness) -> None:
    await harness.join("dn1")
    request = scm.AllocateBlocksRequest(count=1, block_bytes_max=1)
    request.replication.type, request.replication.parity = types_pb2.RATIS, 6
    with pytest.raises(InvalidRequest):
        await harness.client.allocate_blocks(request)


@scm_test()
async def test_nodes_that_a_writer_has_excluded_come_last(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    for _ in range(4):
        reply = await harness.allocate(excluded=("dn1",))
        assert reply.pipeline.datanodes[0].node_id == "dn2"
        assert reply.other_pipelines == 0
    # Better there than nowhere.
    assert (await harness.allocate(excluded=("dn1", "dn2"))).other_pipelines == 1


@scm_test(replication=RATIS_THREE)
async def test_node_that_leaves_service_takes_no_new_blocks_when_others_do(
    harness: ScmHarness,
) -> None:
    await harness.join(*FIVE[:4])
    txn = harness.store.begin()
    row = scm.NodeRow(node_id="dn1", address="dn1:9859", operation=scm.DECOMMISSIONING)
    NODES.put(txn, b"dn1", row)
    txn.commit()
    await pass_rounds(harness, 5, *FIVE[:4])
    for ids in members(harness, PipelineState.OPEN):
        assert ids == ["dn2", "dn3", "dn4"]
    assert "dn1" not in {each.node_id for each in (await harness.allocate()).pipeline.datanodes}


@scm_test(close_delay_ms=0)
async def test_rows_of_before_pipelines_had_states_go_on_and_are_closed(
    harness: ScmHarness,
) -> None:
    txn = harness.store.begin()
    NODES.put(txn, b"dn1", scm.NodeRow(node_id="dn1", address="dn1:9859"))
    row = scm.PipelineRow(pipeline_id=7, node_ids=["dn1"], open=True)
    PIPELINES.put(txn, id_key(7), row)
    PIPELINES.put(txn, id_key(6), scm.PipelineRow(pipeline_id=6, node_ids=["dn1"]))
    txn.commit()
    await harness.restart()
    harness.rings["dn1"] = {6, 7}
    await harness.join("dn1")
    reply = await harness.allocate()
    assert reply.pipeline.pipeline_id == 7
    assert reply.pipeline.replication == RATIS_ONE.proto
    await harness.pass_time(2_000)
    assert states(harness) == {6: PipelineState.CLOSED, 7: PipelineState.OPEN}
    assert await told_to_leave(harness, "dn1") == [6]
    await harness.manager.executor.execute(scm.ClosePipeline(pipeline_id=7))
    assert await harness.state_of(reply.blocks.container) == scm.CLOSING
    assert states(harness)[7] is PipelineState.CLOSING
