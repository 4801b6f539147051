import asyncio

import pytest

from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import (
    InvalidRequest,
    NoSpace,
    NotEnoughDataNodes,
    PipelineNotReady,
    SafeMode,
)
from trioxygen.common.replication import RATIS_THREE
from trioxygen.proto.v1 import scm_pb2 as scm


def ids(reply: scm.AllocateBlocksReply) -> set[int]:
    first = reply.blocks.first_local
    return set(range(first, first + reply.blocks.count))


@scm_test()
async def test_nothing_is_allocated_before_the_known_nodes_have_reported(
    harness: ScmHarness,
) -> None:
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.register()
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.heartbeat()
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.heartbeat(full=True)
    await harness.allocate()
    await harness.restart()
    assert (await harness.describe()).safe_mode
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.join()
    assert not (await harness.describe()).safe_mode
    await harness.allocate()


@scm_test()
async def test_safe_mode_ends_without_a_node_that_stays_silent(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    await harness.restart()
    await harness.join("dn2")
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.pass_time(30_000)
    await harness.heartbeat("dn2")
    for _ in range(4):
        assert (await harness.allocate()).pipeline.datanodes[0].node_id == "dn2"


@scm_test()
async def test_safe_mode_is_not_entered_again(harness: ScmHarness) -> None:
    await harness.join()
    await harness.allocate()
    await harness.register("dn2")
    await harness.register("dn1")
    assert not (await harness.describe()).safe_mode


@scm_test()
async def test_allocation_names_blocks_container_and_pipeline(harness: ScmHarness) -> None:
    await harness.join()
    reply = await harness.allocate(5)
    assert reply.blocks.count == 5
    [datanode] = reply.pipeline.datanodes
    assert (datanode.node_id, datanode.address) == ("dn1", "dn1:9859")
    [container] = (await harness.describe()).containers
    assert container.container_id == reply.blocks.container
    assert (container.state, container.pipeline_id) == (scm.OPEN, reply.pipeline.pipeline_id)


@scm_test()
async def test_nothing_is_allocated_without_a_healthy_pipeline(harness: ScmHarness) -> None:
    await harness.join()
    harness.clock.advance(30_000)
    with pytest.raises(NotEnoughDataNodes):
        await harness.allocate()
    await harness.heartbeat()
    await harness.allocate()


@scm_test(replication=RATIS_THREE)
async def test_error_says_how_many_datanodes_are_needed_and_how_many_there_are(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    with pytest.raises(NotEnoughDataNodes) as refused:
        await harness.allocate()
    facts = refused.value.facts
    assert (facts["replication"], facts["needed"], facts["healthy"]) == ("RATIS/THREE", "3", "2")
    await harness.join("dn3")
    reply = await harness.allocate()
    assert [datanode.node_id for datanode in reply.pipeline.datanodes] == ["dn1", "dn2", "dn3"]
    assert reply.pipeline.replication == RATIS_THREE.proto


@scm_test(replication=RATIS_THREE, nodes_come_ms=3_000)
async def test_datanodes_that_a_lost_scm_does_not_know_yet_are_waited_for(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    with pytest.raises(PipelineNotReady, match="there are 2 yet"):
        await harness.allocate()
    harness.clock.advance(3_000)
    with pytest.raises(NotEnoughDataNodes):
        await harness.allocate()


@scm_test(replication=RATIS_THREE)
async def test_pipeline_goes_on_through_its_majority(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2", "dn3")
    harness.clock.advance(29_999)
    for node_id in ("dn1", "dn3"):
        await harness.heartbeat(node_id)
    harness.clock.advance(1)
    assert (await harness.allocate()).pipeline.datanodes[1].node_id == "dn2"
    harness.clock.advance(29_999)
    await harness.heartbeat("dn3")
    with pytest.raises(NotEnoughDataNodes):
        await harness.allocate()


@scm_test(replication=RATIS_THREE, pipelines_per_node_max=1)
async def test_nodes_that_report_at_once_are_each_in_one_pipeline(harness: ScmHarness) -> None:
    names = ["dn4", "dn1", "dn3", "dn2", "dn0", "dn5"]
    await asyncio.gather(*(harness.join(name) for name in names))
    pipelines = (await harness.describe()).pipelines
    members = [node_id for pipeline in pipelines for node_id in pipeline.node_ids]
    assert len(members) == len(set(members)) == 6


@scm_test()
async def test_block_ids_never_repeat_also_after_a_restart(harness: ScmHarness) -> None:
    seen: set[int] = set()
    for _ in range(3):
        await harness.join()
        for count in (1, 7, 10_000):
            actual = ids(await harness.allocate(count, block_bytes_max=0))
            assert len(actual) == count
            assert seen.isdisjoint(actual)
            seen |= actual
        await harness.restart()


@scm_test()
async def test_allocations_at_once_do_not_share_blocks(harness: ScmHarness) -> None:
    await harness.join()
    replies = await asyncio.gather(*(harness.allocate(10_000, 0) for _ in range(250)))
    assert len(set().union(*map(ids, replies))) == 2_500_000


@scm_test()
async def test_count_is_checked(harness: ScmHarness) -> None:
    await harness.join()
    for count in (0, 10_001):
        with pytest.raises(InvalidRequest):
            await harness.allocate(count)


@scm_test(container_bytes_max=1_000, open_containers_max=2)
async def test_container_that_is_promised_full_gets_no_more_blocks(harness: ScmHarness) -> None:
    await harness.join()
    containers = [(await harness.allocate(4, 100)).blocks.container for _ in range(4)]
    first, second = containers[0], containers[2]
    assert containers == [first, first, second, second]
    # All are promised to the brim: the emptiest takes more, no third is opened.
    assert (await harness.allocate(4, 100)).blocks.container in (first, second)
    assert len((await harness.describe()).containers) == 2


@scm_test(container_bytes_max=1_000)
async def test_promises_end_when_reports_tell_better(harness: ScmHarness) -> None:
    await harness.join()
    first = (await harness.allocate(10, 100)).blocks.container
    other = (await harness.allocate(5, 100)).blocks.container
    assert other != first
    await harness.heartbeat("dn1", report(first, 100))
    await harness.heartbeat("dn1", report(first, 120))
    # 120 of the 1,000 promised bytes were written: there is room for 800, not in the other.
    assert (await harness.allocate(8, 100)).blocks.container == first


@scm_test(container_bytes_max=1_000, replication=RATIS_THREE)
async def test_promises_live_as_long_however_many_replicas_report(harness: ScmHarness) -> None:
    names = ("dn1", "dn2", "dn3")
    await harness.join(*names)
    reply = await harness.allocate(10, 100)
    first, told = reply.blocks.container, report(reply.blocks.container, 100)
    told.pipeline_id = reply.pipeline.pipeline_id
    for name in names:
        await harness.heartbeat(name, told)
    # One round: what was promised may still come.
    assert (await harness.allocate(8, 100)).blocks.container != first
    for name in names:
        await harness.heartbeat(name, told)
    assert (await harness.allocate(8, 100)).blocks.container == first


@scm_test(container_bytes_max=1_000, close_delay_ms=60_000)
async def test_full_container_closes_after_the_delay_and_another_is_opened(
    harness: ScmHarness,
) -> None:
    await harness.join()
    full = (await harness.allocate(1, 100)).blocks.container
    reply = await harness.heartbeat("dn1", report(full, 900))
    assert list(reply.commands) == []
    assert await harness.state_of(full) == scm.CLOSING
    another = (await harness.allocate(1, 100)).blocks.container
    assert another != full
    harness.clock.advance(20_000)
    assert list((await harness.heartbeat()).commands) == []
    harness.clock.advance(40_000)
    [command] = (await harness.heartbeat("dn1", report(full, 950))).commands
    assert command.close_container.container_id == full
    assert command.term == harness.replica.term
    assert command.valid_ms == 60_000
    # Until a report says that it has happened.
    [command] = (await harness.heartbeat()).commands
    assert command.close_container.container_id == full
    assert await harness.state_of(full) == scm.CLOSING
    reply = await harness.heartbeat("dn1", report(full, 950, scm.CLOSED))
    assert list(reply.commands) == []
    assert await harness.state_of(full) == scm.CLOSED
    assert list((await harness.heartbeat()).commands) == []


@scm_test()
async def test_open_containers_are_taken_over_after_a_restart(harness: ScmHarness) -> None:
    await harness.join()
    before = (await harness.allocate()).blocks.container
    await harness.restart()
    await harness.join()
    assert (await harness.allocate()).blocks.container == before
    await harness.heartbeat("dn1", report(before, 999))
    await harness.restart()
    await harness.join()
    assert (await harness.allocate()).blocks.container != before


@scm_test(replication=RATIS_THREE, missing_replicas_max=1, close_delay_ms=1_000)
async def test_every_replica_is_closed_also_after_the_first_one_has(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    full = (await harness.allocate()).blocks.container
    for node_id in ("dn1", "dn2"):
        await harness.heartbeat(node_id, report(full, 950))
    harness.clock.advance(1_000)
    assert len((await harness.heartbeat("dn1")).commands) == 1
    await harness.heartbeat("dn1", report(full, 950, scm.CLOSED))
    assert await harness.state_of(full) == scm.CLOSED
    [command] = (await harness.heartbeat("dn2")).commands
    assert command.close_container.container_id == full
    await harness.heartbeat("dn2", report(full, 950, scm.CLOSED))
    assert list((await harness.heartbeat("dn2")).commands) == []


@scm_test()
async def test_allocations_take_turns_between_the_nodes(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2", "dn3")
    replies = [await harness.allocate() for _ in range(6)]
    nodes = [reply.pipeline.datanodes[0].node_id for reply in replies]
    assert nodes == ["dn1", "dn2", "dn3"] * 2
    assert len({reply.blocks.container for reply in replies}) == 3


def volume(free_bytes: int, *, reserved_bytes: int = 0) -> scm.VolumeReport:
    return scm.VolumeReport(
        volume_id="v",
        capacity_bytes=1 << 30,
        free_bytes=free_bytes,
        reserved_bytes=reserved_bytes,
        full=free_bytes <= reserved_bytes,
    )


@scm_test()
async def test_full_datanode_gets_no_blocks_while_another_has_room(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    await harness.heartbeat("dn1", volumes=(volume(100, reserved_bytes=100),))
    await harness.heartbeat("dn2", volumes=(volume(1_000, reserved_bytes=100),))
    for _ in range(6):
        assert (await harness.allocate()).pipeline.datanodes[0].node_id == "dn2"
    assert not (await harness.describe()).full


@scm_test()
async def test_nothing_is_allocated_while_every_datanode_is_full(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    for node in ("dn1", "dn2"):
        await harness.heartbeat(node, volumes=(volume(5, reserved_bytes=100),))
    with pytest.raises(NoSpace):
        await harness.allocate()
    assert (await harness.describe()).full
    # No restart, and nothing but the report that says so.
    await harness.heartbeat("dn1", volumes=(volume(500, reserved_bytes=100),))
    assert (await harness.allocate()).pipeline.datanodes[0].node_id == "dn1"
    assert not (await harness.describe()).full


@scm_test(replication=RATIS_THREE)
async def test_lost_disk_is_no_full_one(harness: ScmHarness) -> None:
    nodes = ("dn1", "dn2", "dn3")
    await harness.join(*nodes)
    for node in nodes:
        await harness.heartbeat(node, volumes=(volume(1_000),))
    await harness.allocate()
    lost = scm.VolumeReport(volume_id="v", capacity_bytes=1 << 30, failed=True)
    await harness.heartbeat("dn3", volumes=(lost,))
    # Two of the three members of a ring go on, as when one has died.
    await harness.allocate()
    await harness.heartbeat("dn2", volumes=(lost,))
    with pytest.raises(NotEnoughDataNodes) as refused:
        await harness.allocate()
    assert refused.value.facts["healthy"] == "1"
    assert not (await harness.describe()).full


@scm_test()
async def test_store_is_not_full_while_a_pipeline_with_room_is_not_ready_yet(
    harness: ScmHarness,
) -> None:
    async def taking() -> set[str]:
        nodes = (await harness.describe()).nodes
        return {each.node.node_id for each in nodes if each.takes_new_data}

    await harness.join("dn1", "dn2")
    assert await taking() == {"dn1", "dn2"}
    await harness.heartbeat("dn1", volumes=(volume(100, reserved_bytes=100),))
    roomy = [volume(1_000, reserved_bytes=100)]
    await harness.client.heartbeat(scm.HeartbeatRequest(node_id="dn2", volumes=roomy))
    assert await taking() == set()
    with pytest.raises(PipelineNotReady):
        await harness.allocate()
    assert not (await harness.describe()).full
    await harness.heartbeat("dn2")
    assert (await harness.allocate()).pipeline.datanodes[0].node_id == "dn2"
    assert await taking() == {"dn2"}
    await harness.restart()
    await harness.register("dn2")
    assert await taking() == set()


@scm_test()
async def test_what_was_promised_since_the_report_makes_others_come_first(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    await harness.heartbeat("dn1", volumes=(volume(100),))
    await harness.heartbeat("dn2", volumes=(volume(1_000),))
    nodes = [(await harness.allocate(5)).pipeline.datanodes[0].node_id for _ in range(6)]
    assert nodes.count("dn1") == 1
    # A promise is no reservation: what comes of it decides.
    await harness.heartbeat("dn2", volumes=(volume(5, reserved_bytes=5),))
    for _ in range(3):
        assert (await harness.allocate(5)).pipeline.datanodes[0].node_id == "dn1"


@scm_test()
async def test_container_that_an_operator_closes_gets_no_more_blocks_at_once(
    harness: ScmHarness,
) -> None:
    await harness.join()
    container = (await harness.allocate()).blocks.container
    await harness.heartbeat("dn1", report(container, 5))
    request = scm.CloseOpenContainerRequest(container_id=container)
    await harness.client.call(request, scm.CloseOpenContainerReply)
    assert (await harness.allocate()).blocks.container != container
    # Its replica is closed when writers have finished, and says that it is open until then.
    await harness.heartbeat("dn1", report(container, 6))
    assert (await harness.allocate()).blocks.container != container
