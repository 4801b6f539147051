"""Replicas that nobody knows: said, kept for a time, then removed. What another state may know is
adopted."""

from collections.abc import Callable

import pytest

from tests.unit.metadata.scm.scm_harness import Scenario, ScmHarness, scm_test
from tests.unit.metadata.scm.test_put_back import dump, put_back
from trioxygen.common.errors import NoSuchContainer
from trioxygen.metadata.scm.orphans.config import OrphanConfig
from trioxygen.metadata.scm.schema import ORPHANS
from trioxygen.proto.v1 import scm_pb2 as scm

KEEP_MS = 3_600_000


def orphan_test(keep_ms: int) -> Callable[[Scenario], Callable[[], None]]:
    return scm_test(orphans=OrphanConfig(keep_ms=keep_ms, resend_after_ms=10_000))


def replica(
    container_id: int, state: scm.ContainerState = scm.CLOSED, ring: int = 77
) -> scm.ContainerReport:
    return scm.ContainerReport(
        container_id=container_id, state=state, used_bytes=9, block_count=1, pipeline_id=ring
    )


async def listed(harness: ScmHarness) -> list[scm.OrphanReplica]:
    request = scm.ListOrphanReplicasRequest()
    return [*(await harness.client.call(request, scm.ListOrphanReplicasReply)).orphans]


async def unknown_id(harness: ScmHarness) -> int:
    """That was given, of no container."""
    await harness.pass_time(6_000)
    await harness.join("dn1", "dn2")
    reply = await harness.allocate()
    return reply.pipeline.pipeline_id


async def kinds(harness: ScmHarness, *reports: scm.ContainerReport) -> list[str | None]:
    """What the node is told, that says all that it has."""
    reply = await harness.heartbeat("dn2", *reports, full=True)
    kinds = [command.WhichOneof("command") for command in reply.commands]
    return [kind for kind in kinds if kind in ("close_container", "delete_container")]


@orphan_test(KEEP_MS)
async def test_replica_of_no_container_is_said_kept_and_removed(harness: ScmHarness) -> None:
    unknown = await unknown_id(harness)
    assert await kinds(harness, replica(unknown)) == []
    await harness.pass_time(6_000)
    [orphan] = await listed(harness)
    assert (orphan.node_id, orphan.report.container_id) == ("dn2", unknown)
    assert "deleted" in orphan.reason and orphan.goes
    assert KEEP_MS - 60_000 < orphan.left_ms <= KEEP_MS
    assert unknown not in {row.container_id for row in (await harness.describe()).containers}
    for _ in range(59):
        await harness.pass_time(60_000)
        assert await kinds(harness, replica(unknown)) == []
        await harness.heartbeat("dn1", full=True)
    await harness.pass_time(90_000)
    assert await kinds(harness, replica(unknown)) == ["delete_container"]
    # It is told again only when it may have been lost.
    assert await kinds(harness, replica(unknown)) == []
    assert await kinds(harness) == []
    await harness.pass_time(6_000)
    assert await listed(harness) == [] == harness.rows(ORPHANS.table)


@orphan_test(KEEP_MS)
async def test_another_leader_knows_since_when_it_has_been_there(harness: ScmHarness) -> None:
    unknown = await unknown_id(harness)
    await kinds(harness, replica(unknown))
    await harness.pass_time(6_000)
    for _ in range(30):
        await harness.pass_time(60_000)
        await kinds(harness, replica(unknown))
    harness.rings.clear()
    await harness.restart()
    await harness.join("dn1")
    await harness.register("dn2")
    await kinds(harness, replica(unknown))
    [orphan] = await listed(harness)
    # The group's time stands still between its last entry and the other leader's first one.
    assert orphan.age_ms >= 4 * 60_000


@orphan_test(0)
async def test_without_a_time_it_stays_until_an_operator_wants_it_to_go(
    harness: ScmHarness,
) -> None:
    unknown = await unknown_id(harness)
    await kinds(harness, replica(unknown))
    for _ in range(100):
        await harness.pass_time(60_000)
        await harness.heartbeat("dn1", full=True)
        assert await kinds(harness, replica(unknown)) == []
    [orphan] = await listed(harness)
    assert not orphan.goes
    with pytest.raises(NoSuchContainer):
        await harness.client.call(
            scm.RemoveOrphanReplicasRequest(container_id=unknown, node_id="dn1"),
            scm.RemoveOrphanReplicasReply,
        )
    reply = await harness.client.call(
        scm.RemoveOrphanReplicasRequest(container_id=unknown), scm.RemoveOrphanReplicasReply
    )
    assert reply.count == 1
    await harness.pass_time(6_000)
    assert await kinds(harness, replica(unknown)) == ["delete_container"]


@orphan_test(1_000)
async def test_one_that_takes_blocks_is_closed_first(harness: ScmHarness) -> None:
    unknown = await unknown_id(harness)
    await kinds(harness, replica(unknown, scm.OPEN))
    for _ in range(3):
        await harness.pass_time(6_000)
    assert await kinds(harness, replica(unknown, scm.OPEN)) == ["close_container"]
    await harness.pass_time(11_000)
    assert await kinds(harness, replica(unknown, scm.QUASI_CLOSED)) == ["delete_container"]


@orphan_test(1_000)
async def test_another_container_of_the_same_id_is_said_and_left(harness: ScmHarness) -> None:
    await unknown_id(harness)
    container = (await harness.allocate()).blocks.container
    for _ in range(5):
        commands = await kinds(harness, replica(container))
        assert "delete_container" not in commands
        await harness.pass_time(6_000)
    [orphan] = await listed(harness)
    assert "another container" in orphan.reason and not orphan.goes


@orphan_test(1_000)
async def test_what_came_after_a_dump_is_adopted_and_what_was_deleted_before_is_not(
    harness: ScmHarness,
) -> None:
    unknown = await unknown_id(harness)
    pieces = dump(harness)
    later = (await harness.allocate()).blocks.container
    later = max(later, unknown) + 5
    await put_back(harness, pieces)
    await harness.pass_time(6_000)
    await harness.join("dn1")
    await harness.register("dn2")
    await kinds(harness, replica(unknown), replica(later))
    await harness.pass_time(6_000)
    assert await harness.state_of(later) == scm.CLOSED
    assert [orphan.report.container_id for orphan in await listed(harness)] == [unknown]


@orphan_test(1_000)
async def test_all_that_a_lost_scm_hears_of_is_adopted(harness: ScmHarness) -> None:
    """Also what nodes report that come later, with ids below those that were skipped."""
    await harness.pass_time(6_000)
    await harness.register("dn1")
    await harness.heartbeat("dn1", replica(900), full=True)
    await harness.register("dn2")
    await kinds(harness, replica(3), replica(2_000))
    await harness.pass_time(6_000)
    assert [await harness.state_of(each) for each in (900, 3, 2_000)] == [scm.CLOSED] * 3
    assert await listed(harness) == []
