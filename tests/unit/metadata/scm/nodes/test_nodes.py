import pytest

from tests.unit.metadata.scm.scm_harness import CLUSTER, ScmHarness, report, scm_test
from trioxygen.common.errors import InvalidRequest, WrongIdentity
from trioxygen.common.replication import RATIS_THREE
from trioxygen.common.rpc.call import Role
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.metadata.scm.schema import CONTAINERS, NODES
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId


async def node(harness: ScmHarness, node_id: str = "dn1") -> scm.NodeDescription:
    nodes = {node.node.node_id: node for node in (await harness.describe()).nodes}
    return nodes[node_id]


@scm_test(stale_after_ms=30_000, dead_after_ms=300_000)
async def test_health_is_the_age_of_the_last_heartbeat(harness: ScmHarness) -> None:
    await harness.join()
    for advance_ms, health, age_ms in (
        (29_999, scm.HEALTHY, 29_999),
        (1, scm.STALE, 30_000),
        (269_999, scm.STALE, 299_999),
        (1, scm.DEAD, 300_000),
    ):
        harness.clock.advance(advance_ms)
        actual = await node(harness)
        assert (actual.health, actual.last_heartbeat_age_ms) == (health, age_ms)
    await harness.heartbeat()
    assert (await node(harness)).health == scm.HEALTHY


@scm_test()
async def test_node_that_has_not_been_heard_since_the_start_has_its_time_and_registers_again(
    harness: ScmHarness,
) -> None:
    await harness.join()
    await harness.restart()
    actual = await node(harness)
    assert (actual.health, actual.last_heartbeat_age_ms) == (scm.STALE, -1)
    harness.clock.advance(harness.config.dead_after_ms)
    assert (await node(harness)).health == scm.DEAD
    assert (await harness.heartbeat()).register_again
    await harness.register()
    assert not (await harness.heartbeat()).register_again


@scm_test()
async def test_node_of_another_cluster_is_refused(harness: ScmHarness) -> None:
    reply = await harness.register("new", cluster_id="")
    assert reply.cluster_id == CLUSTER
    with pytest.raises(InvalidRequest) as refused:
        await harness.register("stranger", cluster_id="cluster-2")
    assert refused.value.facts["cluster_id"] == "cluster-2"
    assert [node.node.node_id for node in (await harness.describe()).nodes] == ["new"]


@scm_test()
async def test_registering_again_keeps_what_operators_decided(harness: ScmHarness) -> None:
    await harness.join()
    txn = harness.store.begin()
    row = scm.NodeRow(node_id="dn1", address="before", operation=scm.DECOMMISSIONING)
    NODES.put(txn, b"dn1", row)
    txn.commit()
    await harness.join()
    actual = (await node(harness)).node
    assert (actual.operation, actual.address) == (scm.DECOMMISSIONING, "dn1:9859")


@scm_test()
async def test_disks_and_corrupt_blocks_are_shown(harness: ScmHarness) -> None:
    await harness.join()
    volume = scm.VolumeReport(volume_id="v1", capacity_bytes=10, used_bytes=3, free_bytes=7)
    await harness.client.heartbeat(scm.HeartbeatRequest(node_id="dn1", volumes=[volume]))
    corrupt = scm.CorruptBlock(block=BlockId(container=1, local=2), reason="checksum")
    await harness.heartbeat(corrupt=(corrupt,))
    await harness.heartbeat(corrupt=(corrupt,))
    assert list((await node(harness)).volumes) == [volume]
    assert list((await harness.describe()).corrupt_blocks) == [corrupt]


@scm_test()
async def test_corrupt_blocks_are_those_that_nodes_have_now(harness: ScmHarness) -> None:
    async def listed() -> list[int]:
        return [each.block.local for each in (await harness.describe()).corrupt_blocks]

    await harness.join("dn1", "dn2")
    one, two, three = (
        scm.CorruptBlock(block=BlockId(container=1, local=local), reason="checksum")
        for local in (1, 2, 3)
    )
    await harness.heartbeat("dn1", corrupt=(one, two))
    await harness.heartbeat("dn2", corrupt=(two, three))
    assert await listed() == [1, 2, 3]
    mended = scm.HeartbeatRequest(node_id="dn1", mended_blocks=[one.block, two.block])
    await harness.client.heartbeat(mended)
    # The other one still has its replica of the second so.
    assert await listed() == [2, 3]
    await harness.heartbeat("dn2", full=True, corrupt=(three,))
    assert await listed() == [3]
    # A node that begins anew tells it anew.
    await harness.join("dn2")
    assert await listed() == []


@scm_test()
async def test_report_that_says_nothing_new_is_not_written(harness: ScmHarness) -> None:
    await harness.join()
    container = (await harness.allocate()).blocks.container
    await harness.heartbeat("dn1", report(container, 950))
    entries = len(harness.replica.entries)
    rows = harness.rows(CONTAINERS.table)
    for _ in range(3):
        # Still open there, closing here: an old state, nothing to write down.
        await harness.heartbeat("dn1", report(container, 950))
    assert len(harness.replica.entries) == entries
    assert harness.rows(CONTAINERS.table) == rows


@scm_test()
async def test_containers_that_nobody_has_reported_yet_are_located_where_their_pipeline_is(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    container = (await harness.allocate()).blocks.container
    [location] = await harness.client.locate([container, 4_711])
    assert (location.container_id, location.state) == (container, scm.OPEN)
    assert [replica.datanode.address for replica in location.replicas] == ["dn1:9859"]
    assert await harness.client.locate([]) == []


@scm_test(replication=RATIS_THREE)
async def test_members_that_have_not_told_what_they_have_are_located_behind_those_that_did(
    harness: ScmHarness,
) -> None:
    async def located() -> list[str]:
        [location] = await harness.client.locate([container])
        return [replica.datanode.node_id for replica in location.replicas]

    await harness.join("dn1", "dn2", "dn3")
    reply = await harness.allocate()
    container, own = reply.blocks.container, report(reply.blocks.container, 5)
    own.pipeline_id = reply.pipeline.pipeline_id
    # Also in safe mode, and before any report.
    await harness.restart()
    assert await located() == ["dn1", "dn2", "dn3"]
    await harness.register("dn2")
    await harness.heartbeat("dn2", own, full=True)
    assert harness.manager.safe_mode()
    assert await located() == ["dn2", "dn1", "dn3"]
    # It has not got it, or not yet: the ring may be about to bring it.
    await harness.register("dn1")
    await harness.heartbeat("dn1", full=True)
    assert await located() == ["dn2", "dn1", "dn3"]
    own.state = scm.CLOSED
    await harness.heartbeat("dn2", own)
    assert await located() == ["dn2", "dn3"]


@scm_test(answers_kept_ms=60_000, worker_interval_ms=1_000)
async def test_answers_are_forgotten(harness: ScmHarness) -> None:
    await harness.join()
    for _ in range(3):
        # It changes nothing but for the answer that is kept.
        await harness.client.delete_blocks(scm.DeleteBlocksRequest())
    for _ in range(4):
        await harness.pass_time(10_000)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest())
    assert len(harness.rows(RETRIES.table)) == 4
    for _ in range(4):
        await harness.pass_time(10_000)
    assert len(harness.rows(RETRIES.table)) == 1


@scm_test()
async def test_node_that_is_verified_registers_and_reports_for_itself_alone(
    harness: ScmHarness,
) -> None:
    channel = harness.network.as_role(Role.DATANODE, "dn2").channel("scm1")
    register = scm.RegisterDataNodeRequest(node_id="dn1", address="dn1:1", cluster_id=CLUSTER)
    with pytest.raises(WrongIdentity):
        await channel.call(
            "StorageContainerManager/RegisterDataNode",
            register,
            scm.RegisterDataNodeReply,
            timeout_ms=1_000,
        )
    with pytest.raises(WrongIdentity):
        await channel.call(
            "StorageContainerManager/Heartbeat",
            scm.HeartbeatRequest(node_id="dn1"),
            scm.HeartbeatReply,
            timeout_ms=1_000,
        )
    assert (await harness.describe()).nodes == []
