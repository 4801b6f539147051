"""An SCM has DataNodes mend what containers lack, when it knows what there is."""

from tests.unit.metadata.scm.held_replica import start_held
from tests.unit.metadata.scm.replication.cluster_of_five import (
    COPY,
    NODES,
    Cluster,
    care_test,
    closed,
    disk,
    started,
)
from tests.unit.metadata.scm.scm_harness import ScmHarness
from trioxygen.common.errors import Overloaded
from trioxygen.metadata.scm.replication.findings import Health
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockRange


@care_test()
async def test_copy_of_a_dead_node_is_made_again_from_another(harness: ScmHarness) -> None:
    cluster = await started(harness)
    lost, *kept = cluster.members
    cluster.silent.add(lost)
    await cluster.beat(10_000, times=29)
    assert cluster.asked("replicate_container") == []
    await cluster.beat(5_000, times=4)
    [(source, command)] = cluster.asked("replicate_container")
    copy = command.replicate_container
    assert source in kept and copy.container_id == cluster.container
    assert copy.target.node_id in cluster.others
    assert copy.target.address == f"{copy.target.node_id}:9859"
    assert command.term == harness.replica.term and 0 < command.valid_ms <= 600_000
    # It is not asked for twice while it may be on its way.
    cluster.held[copy.target.node_id][cluster.container] = closed(cluster.container, cluster.ring)
    cluster.forget()
    await cluster.beat(10_000, times=20)
    assert cluster.asked("replicate_container") == []
    # The lost one is back: there is one too many.
    cluster.silent.clear()
    await cluster.beat(5_000, times=3)
    [(holder, removal)] = cluster.asked("delete_container")
    assert removal.delete_container.force
    del cluster.held[holder][cluster.container]
    cluster.forget()
    await cluster.beat(5_000, times=30)
    assert cluster.asked("delete_container") == [] == cluster.asked("replicate_container")


@care_test()
async def test_copy_that_does_not_come_is_given_up_and_made_anew(harness: ScmHarness) -> None:
    cluster = await started(harness)
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=32)
    [(_, first)] = cluster.asked("replicate_container")
    # The command may have been lost: it is given again, the same.
    cluster.forget()
    await cluster.beat(10_000, times=6)
    again = {each.replicate_container.target.node_id for _, each in cluster.asked(COPY)}
    assert again == {first.replicate_container.target.node_id}
    cluster.forget()
    await cluster.beat(10_000, times=60)
    assert any(each.valid_ms > 590_000 for _, each in cluster.asked(COPY))


@care_test()
async def test_new_leader_copies_nothing_before_nodes_have_had_time_to_report(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    cluster.silent.add(cluster.members[0])
    await harness.restart()
    await harness.join(*(node for node in NODES if node not in cluster.silent))
    await cluster.beat(10_000, times=27)
    assert cluster.asked(COPY) == []
    await cluster.beat(10_000, times=6)
    assert len(cluster.asked(COPY)) >= 1


@care_test()
async def test_deletion_waits_for_a_copy_that_is_on_its_way(harness: ScmHarness) -> None:
    """What was deleted while it was copied does not come back with the copy."""
    cluster = await started(harness)
    block = BlockRange(container=cluster.container, first_local=1, count=1)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[block]))
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=31)
    while not cluster.asked(COPY):
        await cluster.beat(1_000)
    [(_, command)] = cluster.asked(COPY)
    target = command.replicate_container.target.node_id
    later = BlockRange(container=cluster.container, first_local=2, count=1)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[later]))
    await cluster.beat(10_000)
    assert "delete_blocks" not in {each.WhichOneof("command") for each in cluster.commands[target]}
    cluster.held[target][cluster.container] = closed(cluster.container, cluster.ring)
    await cluster.beat(1_000, times=2)
    deleted = [
        each.delete_blocks.blocks[0].first_local
        for each in cluster.commands[target]
        if each.HasField("delete_blocks")
    ]
    assert deleted == [1, 2]


@care_test()
async def test_copy_that_could_not_be_begun_is_begun_with_the_next_turn(
    harness: ScmHarness,
) -> None:
    """Not when its time is up: it counts as under way from its plan on."""
    replica = await start_held(harness)
    cluster = await started(harness)
    block = BlockRange(container=cluster.container, first_local=1, count=1)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[block]))
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=28)
    # That its target is waited for as well has to be stored first.
    replica.error = Overloaded("too many proposals wait")
    await cluster.beat(10_000, times=4)
    assert cluster.asked(COPY) == []
    replica.error = None
    await cluster.beat(10_000, times=10)
    assert {each.replicate_container.container_id for _, each in cluster.asked(COPY)} == {
        cluster.container
    }


@care_test()
async def test_replica_that_is_gone_is_no_more_told_to_close(harness: ScmHarness) -> None:
    cluster = await started(harness)
    other = cluster.others[0]
    cluster.held[other][cluster.container] = closed(
        cluster.container, cluster.ring, state=scm.QUASI_CLOSED
    )
    await cluster.beat(1_000, times=2)
    assert {node for node, _ in cluster.asked("close_container")} == {other}
    del cluster.held[other][cluster.container]
    await cluster.beat(1_000)
    cluster.forget()
    await cluster.beat(1_000)
    assert cluster.asked("close_container") == []


@care_test(empty_delay_ms=60_000)
async def test_container_without_blocks_is_deleted_everywhere(harness: ScmHarness) -> None:
    cluster = await started(harness)
    for node in cluster.members:
        report = closed(cluster.container, cluster.ring, block_count=0, used_bytes=0)
        cluster.held[node][cluster.container] = report
    await cluster.beat(10_000, times=4)
    assert cluster.row().state == scm.CLOSED
    await cluster.beat(10_000, times=35)
    assert cluster.row().state == scm.DELETING
    removals = cluster.asked("delete_container")
    assert {node for node, _ in removals} == {*cluster.members}
    assert not any(each.delete_container.force for _, each in removals)
    for node in cluster.members:
        del cluster.held[node][cluster.container]
    await cluster.beat(10_000, times=4)
    assert cluster.container not in {row.container_id for row in cluster.rows()}


@care_test()
async def test_best_of_quasi_closed_replicas_is_closed_and_the_others_replaced(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    reply = await harness.allocate()
    container, ring = reply.blocks.container, reply.pipeline.pipeline_id
    members = [node.node_id for node in reply.pipeline.datanodes]
    for node, sequence in zip(members, (7, 8, 8), strict=True):
        cluster.held[node][container] = closed(
            container, ring, state=scm.QUASI_CLOSED, commit_sequence=sequence
        )
    await cluster.beat(1_000)
    closes = {
        node
        for node, each in cluster.asked("close_container")
        if each.close_container.container_id == container and each.close_container.force
    }
    # As soon as all three have told.
    assert closes <= {*members[1:]}
    await cluster.beat(1_000)
    for node in members[1:]:
        cluster.held[node][container] = closed(container, ring, commit_sequence=8)
    await cluster.beat(10_000, times=4)
    [(source, copy)] = cluster.asked(COPY)
    assert source in members[1:]
    cluster.held[copy.replicate_container.target.node_id][container] = closed(
        container, ring, commit_sequence=8
    )
    await cluster.beat(10_000, times=2)
    assert [node for node, _ in cluster.asked("delete_container")] == [members[0]]


async def without_place(harness: ScmHarness) -> Cluster:
    """A member is dead, and no other node has room for the container's 500 bytes."""
    cluster = await started(harness)
    cluster.disks |= dict.fromkeys(cluster.others, disk(free_bytes=499))
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=36)
    assert cluster.asked(COPY) == []
    return cluster


@care_test(check_interval_ms=86_400_000)
async def test_what_had_no_place_gets_one_where_a_node_has_more_room(harness: ScmHarness) -> None:
    """Soon: no node is new among those that take replicas, and not all containers are looked at."""
    cluster = await without_place(harness)
    roomier = cluster.others[0]
    cluster.disks[roomier] = disk(free_bytes=500)
    await cluster.beat(1_000, times=5)
    assert [each.replicate_container.target.node_id for _, each in cluster.asked(COPY)] == [roomier]


@care_test()
async def test_what_may_mend_by_itself_does_not_wait_for_a_place(harness: ScmHarness) -> None:
    cluster = await without_place(harness)
    lost = cluster.members[0]
    watch = harness.manager._care.watch
    assert watch.has_no_place(cluster.container)
    # It is back, and about to have what it has missed.
    cluster.held[lost][cluster.container] = closed(
        cluster.container, cluster.ring, state=scm.CLOSING, commit_sequence=5
    )
    cluster.silent.clear()
    await cluster.beat(1_000, times=2)
    assert watch.health(cluster.container) is Health.UNDER_REPLICATED
    assert not watch.has_no_place(cluster.container)


@care_test(check_interval_ms=86_400_000)
async def test_what_had_no_place_gets_one_when_it_has_shrunk(harness: ScmHarness) -> None:
    cluster = await without_place(harness)
    smaller = closed(cluster.container, cluster.ring, used_bytes=400)
    for node in cluster.members:
        cluster.held[node][cluster.container] = smaller
    await cluster.beat(1_000, times=5)
    [(_, command)] = cluster.asked(COPY)
    assert command.replicate_container.target.node_id in cluster.others


@care_test()
async def test_copy_that_a_node_has_failed_at_is_planned_anew_soon_from_another_one(
    harness: ScmHarness,
) -> None:
    cluster = await started(harness)
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=30)
    while not cluster.asked(COPY):
        await cluster.beat(1_000)
    sources: list[str] = []
    for wait_ms in (10_000, 20_000, 40_000, 60_000, 60_000):
        [(source, command)] = cluster.asked(COPY)
        cluster.forget()
        sources.append(source)
        target = command.replicate_container.target.node_id
        cluster.failed[source] = scm.FailedRepair(
            container_id=cluster.container, target_node_id=target, reason="the disk is full"
        )
        # Not at once: nodes say meanwhile what room they have. Longer after each failure.
        await cluster.beat(1_000, times=wait_ms // 1_000 - 1)
        assert cluster.asked(COPY) == []
        await cluster.beat(1_000, times=4)
    assert sources == [*(sources[:2] * 3)][:5] and {*sources} == {*cluster.members[1:]}


@care_test()
async def test_failure_that_is_not_known_of_changes_nothing(harness: ScmHarness) -> None:
    cluster = await started(harness)
    for number, target in ((cluster.container, "dn9"), (cluster.container, ""), (77, "dn1")):
        cluster.failed[cluster.members[0]] = scm.FailedRepair(
            container_id=number, target_node_id=target, reason="a test"
        )
        await cluster.beat(1_000, times=3)
    assert cluster.asked(COPY) == []
