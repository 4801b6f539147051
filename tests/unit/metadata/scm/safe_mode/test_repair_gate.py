"""Nothing is repaired before reports have shown what there is."""

from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.schema import CONTAINERS, PIPELINES, id_key
from trioxygen.proto.v1 import scm_pb2 as scm

PIPELINE = 7


async def safe_mode(harness: ScmHarness) -> scm.DescribeSafeModeReply:
    return await harness.client.call(scm.DescribeSafeModeRequest(), scm.DescribeSafeModeReply)


async def waits(harness: ScmHarness) -> dict[str, str]:
    """What each rule that has not passed waits for."""
    reply = await safe_mode(harness)
    return {rule.name: rule.waits_for for rule in reply.rules if not rule.passed}


def put_containers(harness: ScmHarness, *rows: scm.ContainerRow) -> None:
    txn = harness.store.begin()
    PIPELINES.put(txn, id_key(PIPELINE), scm.PipelineRow(pipeline_id=PIPELINE))
    for row in rows:
        row.pipeline_id = PIPELINE
        CONTAINERS.put(txn, id_key(row.container_id), row)
    txn.commit()


def closed(container_id: int, block_count: int = 1) -> scm.ContainerRow:
    return scm.ContainerRow(container_id=container_id, state=scm.CLOSED, block_count=block_count)


def held(container_id: int, replica_index: int = 0) -> scm.ContainerReport:
    actual = report(container_id, 5, scm.CLOSED)
    actual.pipeline_id, actual.replica_index = PIPELINE, replica_index
    return actual


@scm_test()
async def test_gate_opens_when_every_rule_has_passed_and_stays_open(harness: ScmHarness) -> None:
    gate = harness.manager.repair_gate
    assert await waits(harness) == {"blocks": "no DataNode has registered yet"}
    assert not gate.may_replicate()
    await harness.join("dn1", "dn2")
    await harness.pass_time(2_000)
    assert await waits(harness) == {} and gate.may_replicate()
    reply = await safe_mode(harness)
    assert (reply.on, reply.gives_blocks, reply.forced, reply.node_id) == (
        False,
        True,
        False,
        "scm1",
    )
    # That a node falls silent later is what repair is for.
    harness.clock.advance(300_000)
    assert gate.may_replicate()


@scm_test(stale_after_ms=30_000)
async def test_containers_with_blocks_have_to_be_reported_and_empty_ones_do_not(
    harness: ScmHarness,
) -> None:
    await with_two_of_three(harness)
    gate = harness.manager.repair_gate
    assert await waits(harness) == {
        "containers": "1 of 2 closed containers have replicas enough to be read; waits for 99 %, "
        "or for all DataNodes (not dn3)"
    }
    assert not gate.may_replicate()
    await harness.heartbeat("dn2", held(2))
    await harness.pass_time(1_000)
    assert gate.may_replicate()


@scm_test(stale_after_ms=30_000)
async def test_containers_that_no_node_has_hold_nothing_up(harness: ScmHarness) -> None:
    await with_two_of_three(harness)
    gate = harness.manager.repair_gate
    assert not gate.may_replicate()
    await harness.join("dn3")
    await harness.pass_time(1_000)
    assert await waits(harness) == {} and gate.may_replicate()


@scm_test(stale_after_ms=30_000, dead_after_ms=100_000)
async def test_what_a_dead_node_alone_had_holds_nothing_up(harness: ScmHarness) -> None:
    await with_two_of_three(harness)
    gate = harness.manager.repair_gate
    await harness.pass_time(60_000)
    for node_id in ("dn1", "dn2"):
        await harness.heartbeat(node_id)
    assert "containers" in await waits(harness) and not gate.may_replicate()
    await harness.pass_time(10_000)
    assert await waits(harness) == {} and gate.may_replicate()


async def with_two_of_three(harness: ScmHarness) -> None:
    """Of two containers with blocks they have reported one; the third node has long been silent."""
    await harness.join("dn1", "dn2", "dn3")
    put_containers(
        harness,
        closed(1),
        closed(2),
        closed(3, 0),
        scm.ContainerRow(container_id=4, state=scm.OPEN),
    )
    await harness.restart()
    for node_id in ("dn1", "dn2"):
        await harness.register(node_id)
        await harness.heartbeat(node_id, held(1), full=True)
    await harness.pass_time(30_000)
    for node_id in ("dn1", "dn2"):
        await harness.heartbeat(node_id)
    await harness.pass_time(2_000)


@scm_test()
async def test_erasure_coded_containers_need_as_many_indexes_as_there_are_of_data(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2", "dn3", "dn4")
    row = closed(1)
    row.replication.CopyFrom(Replication.parse("EC/rs-3-2-1024k").proto)
    put_containers(harness, row)
    await harness.restart()
    gate = harness.manager.repair_gate
    for index, node_id in ((1, "dn1"), (2, "dn2"), (2, "dn3")):
        await harness.register(node_id)
        await harness.heartbeat(node_id, held(1, index), full=True)
    await harness.pass_time(2_000)
    assert "containers" in await waits(harness) and not gate.may_replicate()
    await harness.heartbeat("dn3", held(1, 5))
    await harness.pass_time(30_000)
    assert gate.may_replicate()


@scm_test(stale_after_ms=30_000)
async def test_silent_nodes_are_waited_for_and_most_suffice_then(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2", "dn3")
    await harness.restart()
    gate = harness.manager.repair_gate
    await harness.join("dn1")
    await harness.pass_time(30_000)
    await harness.heartbeat("dn1")
    assert (await waits(harness))["datanodes"] == (
        "1 of 3 DataNodes have reported all they hold (not dn2, dn3); waits for 60 %"
    )
    # Blocks are given all the same.
    assert (await safe_mode(harness)).gives_blocks
    await harness.join("dn2")
    await harness.pass_time(1_000)
    assert gate.may_replicate()


@scm_test()
async def test_operator_ends_safe_mode_and_the_next_leader_begins_it_anew(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    put_containers(harness, closed(1))
    await harness.restart()
    await harness.join("dn1")
    assert not harness.manager.repair_gate.may_replicate()
    reply = await harness.client.call(scm.ExitSafeModeRequest(), scm.DescribeSafeModeReply)
    assert (reply.on, reply.forced) == (False, True)
    assert harness.manager.repair_gate.may_replicate()
    # What would be lost is said all the same.
    assert {rule.name for rule in reply.rules if not rule.passed} >= {"datanodes", "containers"}
    await harness.restart()
    assert (await safe_mode(harness)).on
