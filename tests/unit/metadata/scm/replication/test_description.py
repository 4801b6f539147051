"""What operators are told of containers, their repair, and deletions."""

import pytest

from tests.unit.metadata.scm.held_replica import start_held
from tests.unit.metadata.scm.replication.cluster_of_five import care_test, closed, started
from tests.unit.metadata.scm.scm_harness import ScmHarness
from trioxygen.common.errors import InvalidRequest, NoSuchContainer, Overloaded
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockRange


async def described(harness: ScmHarness) -> scm.DescribeReplicationReply:
    request = scm.DescribeReplicationRequest(samples_max=10)
    return await harness.client.call(request, scm.DescribeReplicationReply)


async def deletion(harness: ScmHarness) -> scm.DescribeDeletionReply:
    return await harness.client.call(scm.DescribeDeletionRequest(), scm.DescribeDeletionReply)


@care_test()
async def test_repair_is_shown_while_it_lasts(harness: ScmHarness) -> None:
    cluster = await started(harness)
    reply = await described(harness)
    assert not reply.waiting and not reply.health and reply.node_id == "scm1"
    assert reply.looked_at_all_ms > 0 and reply.weight_max == 75
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=32)
    reply = await described(harness)
    assert (reply.copies, reply.weight, reply.made) == (1, 1, 0)
    [copy] = reply.in_flight
    assert copy.container_id == cluster.container and copy.size_bytes == 500
    [target] = copy.target_node_ids
    cluster.held[target][cluster.container] = closed(cluster.container, cluster.ring)
    await cluster.beat(1_000, times=2)
    reply = await described(harness)
    assert (reply.copies, reply.made, reply.made_bytes) == (0, 1, 500)


@care_test()
async def test_copy_counts_as_made_though_the_heartbeat_that_told_of_it_was_refused(
    harness: ScmHarness,
) -> None:
    replica = await start_held(harness)
    cluster = await started(harness)
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=32)
    [copy] = (await described(harness)).in_flight
    [target] = copy.target_node_ids
    # Larger than the row says: there is something to be written down.
    made = closed(cluster.container, cluster.ring, used_bytes=600)
    cluster.held[target][cluster.container] = made
    replica.error = Overloaded("too many proposals wait")
    request = scm.HeartbeatRequest(node_id=target, containers=[made])
    channel = harness.network.channel("scm1")
    with pytest.raises(Overloaded):
        method = "StorageContainerManager/Heartbeat"
        await channel.call(method, request, scm.HeartbeatReply, timeout_ms=1_000)
    replica.error = None
    await cluster.beat(1_000)
    reply = await described(harness)
    assert (reply.copies, reply.made) == (0, 1)


@care_test()
async def test_container_without_a_replica_that_lives_is_named(harness: ScmHarness) -> None:
    cluster = await started(harness)
    cluster.silent |= {*cluster.members}
    await cluster.beat(10_000, times=32)
    [missing] = (await described(harness)).health
    assert missing.health == "missing" and missing.count == 1
    assert list(missing.sample_ids) == [cluster.container]
    request = scm.DescribeContainerRequest(container_id=cluster.container)
    container = await harness.client.call(request, scm.DescribeContainerReply)
    assert container.health == "missing" and container.container.state == scm.CLOSED
    assert {each.node_id: each.health for each in container.replicas} == dict.fromkeys(
        cluster.members, scm.DEAD
    )
    with pytest.raises(NoSuchContainer):
        request = scm.DescribeContainerRequest(container_id=4_711)
        await harness.client.call(request, scm.DescribeContainerReply)


@care_test()
async def test_deletion_is_one_number_until_all_have_confirmed_it(harness: ScmHarness) -> None:
    cluster = await started(harness)
    assert (await deletion(harness)).counted
    blocks = BlockRange(container=cluster.container, first_local=1, count=2)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[blocks]))
    await cluster.beat(1_000, times=3)
    reply = await deletion(harness)
    # Three blocks of 500 bytes together.
    assert (reply.transactions, reply.blocks, reply.estimated_bytes) == (1, 2, 333)
    assert reply.oldest_ms >= 2_000
    assert list(reply.oldest_waits_for) == sorted(cluster.members)
    [number] = {each.delete_blocks.transaction_id for _, each in cluster.asked("delete_blocks")}
    for node in cluster.members:
        await harness.heartbeat(node, deleted=(number,))
    reply = await deletion(harness)
    assert (reply.transactions, reply.blocks, reply.estimated_bytes) == (0, 0, 0)
    assert reply.blocks_per_s > 0 and reply.bytes_per_s > 0


@care_test()
async def test_deletion_counts_the_bytes_that_it_was_told(harness: ScmHarness) -> None:
    cluster = await started(harness)
    known = BlockRange(container=cluster.container, first_local=1, count=2, size_bytes=470)
    unwritten = BlockRange(container=cluster.container, first_local=3, count=5, size_bytes=0)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[known, unwritten]))
    await cluster.beat(1_000, times=3)
    reply = await deletion(harness)
    assert (reply.blocks, reply.estimated_bytes) == (7, 470)


@care_test()
async def test_operators_close_containers_and_pipelines(harness: ScmHarness) -> None:
    cluster = await started(harness)
    reply = await harness.allocate()
    container, ring = reply.blocks.container, reply.pipeline.pipeline_id
    assert container != cluster.container
    request = scm.CloseOpenContainerRequest(container_id=container)
    for _ in range(2):
        await harness.client.call(request, scm.CloseOpenContainerReply)
    assert await harness.state_of(container) == scm.CLOSING
    await harness.client.call(
        scm.CloseOpenPipelineRequest(pipeline_id=ring), scm.CloseOpenPipelineReply
    )
    states = {row.pipeline_id: row.state for row in (await harness.describe()).pipelines}
    assert states[ring] == scm.PIPELINE_CLOSING
    with pytest.raises(InvalidRequest, match="no such pipeline"):
        await harness.client.call(
            scm.CloseOpenPipelineRequest(pipeline_id=4_711), scm.CloseOpenPipelineReply
        )
