"""DataNodes leave service, or pause, when what they hold is elsewhere."""

from tests.unit.metadata.scm.replication.cluster_of_five import (
    COPY,
    NODES,
    care_test,
    closed,
    started,
)
from tests.unit.metadata.scm.replication.observing import (
    CLOSED,
    CLOSING,
    DELETING,
    OPEN,
    QUASI_CLOSED,
    container,
    leaving,
    pausing,
    replica,
)
from tests.unit.metadata.scm.scm_harness import ScmHarness
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.metadata.scm import schema
from trioxygen.metadata.scm.replication.departures import (
    IS_DEAD_UNHEARD,
    REPAIRS_WAIT,
    Holds,
    holds,
)
from trioxygen.metadata.scm.replication.observed import Pending
from trioxygen.proto.v1 import scm_pb2 as scm

A, B, C = replica("dn1"), replica("dn2"), replica("dn3")
EC = Replication.parse("EC/3-2")


def test_container_keeps_its_node_while_it_is_not_elsewhere() -> None:
    assert holds(container(CLOSED, A, B, leaving("dn3"))) is Holds.IS_LACKING
    assert holds(container(CLOSED, A, B, C, leaving("dn4"))) is None
    # What is under way is not there yet.
    pending = Pending(copies=(("dn4", 0),))
    assert holds(container(CLOSED, A, B, leaving("dn3"), pending=pending)) is Holds.IS_LACKING
    for state in (OPEN, CLOSING):
        assert holds(container(state, A, B, C, leaving("dn4"))) is Holds.IS_WRITTEN
    assert holds(container(QUASI_CLOSED, A, B, C, leaving("dn4"))) is Holds.IS_UNDECIDED
    assert holds(container(DELETING, leaving("dn4"))) is None


def test_node_may_pause_while_enough_others_are_online() -> None:
    assert holds(container(CLOSED, A, B, pausing("dn3"), online_min=2)) is None
    assert holds(container(CLOSED, A, pausing("dn3"), online_min=2)) is Holds.IS_LACKING
    one = container(CLOSED, pausing("dn3"), online_min=2, replication=RATIS_ONE)
    assert holds(one) is Holds.IS_LACKING


def test_index_keeps_its_node_until_another_has_it() -> None:
    four = [replica(f"dn{index}", replica_index=index) for index in (1, 2, 3, 4)]
    fifth = leaving("dn5", replica_index=5)
    assert holds(container(CLOSED, *four, fifth, replication=EC)) is Holds.IS_LACKING
    other = replica("dn6", replica_index=5)
    assert holds(container(CLOSED, *four, fifth, other, replication=EC)) is None


def operation(harness: ScmHarness, node_id: str) -> scm.NodeOperation:
    rows = dict(harness.rows(schema.NODES.table))
    return scm.NodeRow.FromString(rows[node_id.encode()]).operation


async def move(harness: ScmHarness, node_id: str, to: scm.NodeOperation) -> None:
    request = scm.SetNodeOperationRequest(node_id=node_id, operation=to)
    await harness.client.call(request, scm.SetNodeOperationReply)


async def described(harness: ScmHarness) -> scm.DescribeReplicationReply:
    request = scm.DescribeReplicationRequest(samples_max=10)
    return await harness.client.call(request, scm.DescribeReplicationReply)


@care_test()
async def test_decommissioned_node_has_gone_when_its_containers_are_elsewhere(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    node = cluster.members[0]
    await move(harness, node, scm.DECOMMISSIONING)
    await cluster.beat(1_000, times=10)
    [(source, command)] = cluster.asked(COPY)
    assert source in cluster.members
    assert operation(harness, node) == scm.DECOMMISSIONING
    [progress] = (await described(harness)).departures
    assert progress.node_id == node and progress.counted and progress.containers_left == 1
    assert progress.bytes_left == 500
    assert [each.container_id for each in progress.waiting] == [cluster.container]
    assert progress.waiting[0].reason == Holds.IS_LACKING.value
    target = command.replicate_container.target.node_id
    cluster.held[target][cluster.container] = closed(cluster.container, cluster.ring)
    await cluster.beat(1_000, times=80)
    assert operation(harness, node) == scm.DECOMMISSIONED
    assert not (await described(harness)).departures
    # Its replica stays where it is until the node is taken away.
    assert cluster.asked("delete_container") == []


@care_test()
async def test_node_in_maintenance_comes_back_with_what_it_holds(harness: ScmHarness) -> None:
    cluster = await started(harness)
    node = cluster.members[0]
    await move(harness, node, scm.ENTERING_MAINTENANCE)
    await cluster.beat(1_000, times=80)
    assert operation(harness, node) == scm.IN_MAINTENANCE
    cluster.silent.add(node)
    await cluster.beat(10_000, times=40)
    assert cluster.asked(COPY) == []
    cluster.silent.clear()
    await harness.join(node)
    await move(harness, node, scm.IN_SERVICE)
    await cluster.beat(10_000, times=10)
    assert cluster.asked(COPY) == [] == cluster.asked("delete_container")


@care_test()
async def test_node_that_a_new_leader_never_heard_says_what_it_waits_for(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    node = cluster.members[0]
    await move(harness, node, scm.DECOMMISSIONING)
    cluster.silent.add(node)
    await harness.restart()
    await harness.join(*(each for each in NODES if each != node))
    await cluster.beat(10_000, times=3)
    [progress] = (await described(harness)).departures
    assert (progress.counted, progress.waits_for) == (False, REPAIRS_WAIT)
    await cluster.beat(10_000, times=31)
    [progress] = (await described(harness)).departures
    assert (progress.counted, progress.waits_for) == (True, IS_DEAD_UNHEARD)
    assert operation(harness, node) == scm.DECOMMISSIONING
    # It tells what it has, and has gone when that is elsewhere.
    [(_, command)] = cluster.asked(COPY)
    target = command.replicate_container.target.node_id
    cluster.held[target][cluster.container] = closed(cluster.container, cluster.ring)
    cluster.silent.clear()
    await harness.join(node)
    await cluster.beat(5_000, times=4)
    assert operation(harness, node) == scm.DECOMMISSIONED


@care_test()
async def test_container_without_a_whole_replica_keeps_its_node_and_is_named(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    leaves, *others = cluster.members
    await move(harness, leaves, scm.DECOMMISSIONING)
    bad = closed(cluster.container, cluster.ring, state=scm.UNHEALTHY)
    cluster.held[leaves][cluster.container] = bad
    for node in others:
        del cluster.held[node][cluster.container]
    await cluster.beat(5_000, times=6)
    [progress] = (await described(harness)).departures
    assert [each.reason for each in progress.waiting] == [Holds.IS_MISSING.value]
    assert (progress.estimated_ms, progress.unplaced) == (0, 0)


@care_test()
async def test_what_no_other_node_can_take_is_said(harness: ScmHarness) -> None:
    cluster = await started(harness)
    cluster.silent.update(cluster.others)
    await cluster.beat(10_000, times=32)
    leaves = cluster.members[0]
    await harness.client.call(
        scm.SetNodeOperationRequest(node_id=leaves, operation=scm.DECOMMISSIONING, force=True),
        scm.SetNodeOperationReply,
    )
    await cluster.beat(5_000, times=6)
    reply = await described(harness)
    assert reply.unplaced == 1
    [departure] = reply.departures
    assert (departure.unplaced, departure.estimated_ms) == (1, 0)
    assert [(each.container_id, each.reason) for each in departure.waiting] == [
        (cluster.container, Holds.HAS_NO_PLACE.value)
    ]
    cluster.silent.clear()
    await cluster.beat(5_000, times=6)
    assert (await described(harness)).unplaced == 0 and cluster.asked(COPY) != []
