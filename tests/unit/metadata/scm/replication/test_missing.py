"""A container whose last replica has gone is named in the log, once."""

import pytest

from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.scm.replication.cluster_of_five import care_test, started
from tests.unit.metadata.scm.scm_harness import ScmHarness
from trioxygen.common.errors import InvalidRequest, NoSuchContainer
from trioxygen.metadata.scm.namespaces.keys import held_key
from trioxygen.metadata.scm.replication.missing import MissingLog
from trioxygen.metadata.scm.schema import ALL_TABLES, CONTAINERS, NAMESPACE_BLOCKS, id_key
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.namespaces_pb2 import NamespaceBlockRow


def lines(caplog: pytest.LogCaptureFixture, start: str) -> list[str]:
    logged = [record.getMessage() for record in caplog.records]
    return [line for line in logged if line.startswith(start)]


def test_it_is_named_with_its_bytes_and_blocks_and_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")

    @care_test()
    async def scenario(harness: ScmHarness) -> None:
        cluster = await started(harness)
        cluster.silent.update(cluster.members)
        await cluster.beat(10_000, times=40)
        [line] = lines(caplog, "container_missing")
        assert f"container={cluster.container}" in line
        assert "size_bytes=500" in line and "blocks=3" in line
        cluster.silent.clear()
        await cluster.beat(5_000, times=3)
        [line] = lines(caplog, "container_found_again")
        assert f"container={cluster.container}" in line

    scenario()


def test_of_very_many_most_are_only_counted(caplog: pytest.LogCaptureFixture) -> None:
    store, clock = MemoryStore(ALL_TABLES), ManualClock()
    txn = store.begin()
    for number in range(1, 301):
        CONTAINERS.put(txn, id_key(number), scm.ContainerRow(container_id=number))
    txn.commit()
    missing = MissingLog(clock)
    for number in range(1, 301):
        missing.lost(number)
    missing.lost(400)
    missing.back(400)
    with store.read() as txn_read:
        missing.tell(txn_read)
        assert lines(caplog, "container_missing") == []
        clock.advance(10_000)
        missing.tell(txn_read)
        missing.tell(txn_read)
    assert len(lines(caplog, "container_missing")) == 100
    [line] = lines(caplog, "more_containers_missing")
    assert "lost=200" in line


def forget(container_id: int) -> scm.ForgetContainerRequest:
    return scm.ForgetContainerRequest(container_id=container_id)


@care_test()
async def test_only_what_is_missing_at_all_nodes_that_live_is_forgotten(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    client = harness.client
    with pytest.raises(InvalidRequest, match="healthy"):
        await client.call(forget(cluster.container), scm.ForgetContainerReply)
    with pytest.raises(NoSuchContainer):
        await client.call(forget(4_711), scm.ForgetContainerReply)
    cluster.silent.update(cluster.members)
    await cluster.beat(10_000, times=40)
    await client.call(forget(cluster.container), scm.ForgetContainerReply)
    assert [row for row in cluster.rows() if row.container_id == cluster.container] == []
    described = await client.call(
        scm.DescribeReplicationRequest(samples_max=10), scm.DescribeReplicationReply
    )
    assert [each.health for each in described.health if each.health == "missing"] == []
    # A replica that comes back after all brings it back.
    cluster.silent.clear()
    await cluster.beat(5_000, times=3)
    assert cluster.row().state == scm.CLOSED


@care_test()
async def test_what_a_namespace_has_blocks_in_is_forgotten_by_force_alone(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    cluster.silent.update(cluster.members)
    await cluster.beat(10_000, times=40)
    row = cluster.row()
    row.namespace_id = 7
    txn = harness.store.begin()
    CONTAINERS.put(txn, id_key(cluster.container), row)
    NAMESPACE_BLOCKS.put(txn, held_key(7, cluster.container, 1), NamespaceBlockRow(length_bytes=5))
    txn.commit()
    request = forget(cluster.container)
    with pytest.raises(InvalidRequest, match="a namespace has blocks in it"):
        await harness.client.call(request, scm.ForgetContainerReply)
    request.force = True
    await harness.client.call(request, scm.ForgetContainerReply)
    assert [row for row in cluster.rows() if row.container_id == cluster.container] == []


@care_test()
async def test_dead_node_with_the_last_replica_is_removed_by_force_alone(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    cluster.silent.update(cluster.members)
    await cluster.beat(10_000, times=40)
    lost = cluster.members[0]
    request = scm.RemoveDataNodeRequest(node_id=lost)
    with pytest.raises(InvalidRequest, match="--force"):
        await harness.client.call(request, scm.RemoveDataNodeReply)
    request.force = True
    await harness.client.call(request, scm.RemoveDataNodeReply)
    assert lost not in {each.node.node_id for each in (await harness.describe()).nodes}
    # It is still known that something is missing.
    await cluster.beat(5_000, times=2)
    reply = await harness.client.call(
        scm.DescribeReplicationRequest(samples_max=10), scm.DescribeReplicationReply
    )
    assert [[*each.sample_ids] for each in reply.health if each.health == "missing"] == [
        [cluster.container]
    ]
