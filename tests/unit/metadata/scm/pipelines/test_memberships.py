import asyncio

import pytest

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.scm.held_replica import HeldReplica, start_held, turns
from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.common.errors import NotLeader, Overloaded
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.scm.nodes.nodes import NodeReport
from trioxygen.metadata.scm.schema import ALL_TABLES, PIPELINES
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm


async def heartbeat(harness: ScmHarness, node_id: str, *, full: bool) -> scm.HeartbeatReply:
    """Once, and without what the harness does with its answer."""
    request = scm.HeartbeatRequest(node_id=node_id, full_report=full)
    channel = harness.network.channel("scm1")
    method = "StorageContainerManager/Heartbeat"
    return await channel.call(method, request, scm.HeartbeatReply, timeout_ms=20_000)


@scm_test()
async def test_node_is_told_its_pipeline_though_the_heartbeat_that_made_it_was_cancelled(
    harness: ScmHarness,
) -> None:
    replica = await start_held(harness)
    for node_id in ("dn1", "dn2"):
        await harness.register(node_id)
    # No pipeline is made before each that is known has told all.
    await heartbeat(harness, "dn2", full=True)
    replica.goes_on.clear()
    cancelled = asyncio.ensure_future(heartbeat(harness, "dn1", full=True))
    await replica.until_held()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    # While what it proposed is on its way: these look up who is where, or would make another.
    others = [
        asyncio.ensure_future(heartbeat(harness, name, full=False)) for name in ("dn1", "dn2")
    ]
    await turns()
    replica.goes_on.set()
    await asyncio.gather(*others)
    with harness.store.read() as txn:
        rows = {row.pipeline_id: list(row.node_ids) for _, row in PIPELINES.scan(txn, prefix=b"")}
    assert sorted(rows.values()) == [["dn1"], ["dn2"]]
    for node_id in ("dn1", "dn2"):
        [command] = (await heartbeat(harness, node_id, full=False)).commands
        assert rows[command.create_pipeline.pipeline.pipeline_id] == [node_id]


async def without_pipelines(harness: ScmHarness) -> HeldReplica:
    """An SCM that knows dn1, and whose proposals wait from here on."""
    replica = await start_held(harness)
    await harness.register("dn1")
    replica.goes_on.clear()
    return replica


async def cancelled_heartbeat(harness: ScmHarness, replica: HeldReplica) -> None:
    waiting = asyncio.ensure_future(heartbeat(harness, "dn1", full=True))
    await replica.until_held()
    await turns()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await turns()


@scm_test()
async def test_heartbeats_that_wait_in_vain_leave_no_work_of_their_own_behind(
    harness: ScmHarness,
) -> None:
    replica = await without_pipelines(harness)
    await cancelled_heartbeat(harness, replica)
    after_first = len(asyncio.all_tasks())
    for _ in range(20):
        await cancelled_heartbeat(harness, replica)
    after_others = len(asyncio.all_tasks())
    replica.goes_on.set()
    assert after_others == after_first
    [command] = (await heartbeat(harness, "dn1", full=True)).commands
    assert command.HasField("create_pipeline")


def test_a_pipeline_that_could_not_be_made_is_logged_though_nobody_waits_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @scm_test()
    async def scenario(harness: ScmHarness) -> None:
        replica = await without_pipelines(harness)
        await cancelled_heartbeat(harness, replica)
        replica.error = Overloaded("too many proposals wait")
        replica.goes_on.set()
        await turns()
        logged = [record.getMessage() for record in caplog.records]
        [line] = [line for line in logged if line.startswith("memberships_not_changed")]
        assert "too many proposals wait" in line
        replica.error = None
        [command] = (await heartbeat(harness, "dn1", full=True)).commands
        assert command.HasField("create_pipeline")

    scenario()


@scm_test()
async def test_heartbeats_of_a_node_are_wanted_soon_while_its_ring_is_being_formed(
    harness: ScmHarness,
) -> None:
    async def is_wanted_soon(pipelines: list[scm.PipelineReport]) -> bool:
        request = scm.HeartbeatRequest(node_id="dn1", full_report=True, pipelines=pipelines)
        reply = await harness.client.heartbeat(request)
        ids.update(each.create_pipeline.pipeline.pipeline_id for each in reply.commands)
        return reply.again_after_ms > 0

    ids: set[int] = set()
    await harness.register("dn1")
    assert await is_wanted_soon([])
    # It has joined; nobody leads yet.
    harness.clock.advance(40_000)
    assert await is_wanted_soon([scm.PipelineReport(pipeline_id=ring) for ring in ids])
    led = [scm.PipelineReport(pipeline_id=ring, leader=True, term=1) for ring in ids]
    assert not await is_wanted_soon(led)


@scm_test(replication=RATIS_THREE)
async def test_new_node_that_no_ring_can_be_formed_of_is_wanted_soon_for_a_while(
    harness: ScmHarness,
) -> None:
    await harness.register("dn1")
    request = scm.HeartbeatRequest(node_id="dn1", full_report=True)
    assert (await harness.client.heartbeat(request)).again_after_ms
    harness.clock.advance(30_000)
    assert not (await harness.client.heartbeat(request)).again_after_ms


class DeposableReplica(MemoryReplica):
    def __init__(self) -> None:
        super().__init__()
        self.leads = True

    def is_leader(self) -> bool:
        return self.leads and super().is_leader()


def test_plan_that_waits_is_not_made_by_who_leads_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @scm_test()
    async def scenario(harness: ScmHarness) -> None:
        await harness.stop()
        harness.store, replica = MemoryStore(ALL_TABLES), DeposableReplica()
        harness.replica = replica
        await harness.start()
        await harness.join()
        memberships = harness.manager._memberships
        memberships._next_plan_ms = harness.clock.monotonic_ms() + 1_000
        [ring] = harness.rings["dn1"]
        failed = scm.PipelineReport(pipeline_id=ring, failed=True)
        request = scm.HeartbeatRequest(node_id="dn1", full_report=True, pipelines=[failed])
        waiting = asyncio.ensure_future(memberships.look_after("dn1", reported(harness, request)))
        await turns()
        assert not waiting.done()
        replica.leads = False
        harness.clock.advance(1_000)
        with pytest.raises(NotLeader):
            await waiting
        # Nobody closes it.
        assert not any("pipeline_closing" in each.getMessage() for each in caplog.records)

    scenario()


def reported(harness: ScmHarness, request: scm.HeartbeatRequest) -> NodeReport:
    nodes = harness.manager._nodes
    report = nodes.heard(request)
    nodes.taken(request, report)
    return report
