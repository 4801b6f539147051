import asyncio

import pytest

from tests.unit.metadata.scm.held_replica import start_held, turns
from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.safe_mode.safe_mode import SafeModeWatch
from trioxygen.proto.v1 import scm_pb2 as scm

SILENT_AFTER_MS = 1_000


def watch_of(harness: ScmHarness) -> SafeModeWatch:
    """It was left while a node was silent."""
    nodes = Nodes(harness.clock, stale_after_ms=SILENT_AFTER_MS, dead_after_ms=SILENT_AFTER_MS)
    nodes.registered("dn2")
    heartbeat = scm.HeartbeatRequest(node_id="dn2", full_report=True)
    nodes.taken(heartbeat, nodes.heard(heartbeat))
    executor = harness.manager.executor
    allocator = harness.manager._allocator
    watch = SafeModeWatch(executor, nodes, allocator, silent_after_ms=SILENT_AFTER_MS)
    watch.begin()
    harness.clock.advance(SILENT_AFTER_MS)
    return watch


@scm_test()
async def test_ids_are_given_only_when_those_of_silent_nodes_are_behind(
    harness: ScmHarness,
) -> None:
    replica = await start_held(harness)
    await harness.register("dn1")
    await harness.register("dn2")
    watch = watch_of(harness)
    replica.goes_on.clear()
    cancelled = asyncio.ensure_future(watch.may_give_ids())
    await replica.until_held()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    waiting = asyncio.ensure_future(watch.may_give_ids())
    await turns()
    try:
        assert not waiting.done()
    finally:
        replica.goes_on.set()
    assert await waiting
    entries = len(replica.entries)
    # Once is enough.
    assert await watch.may_give_ids() and len(replica.entries) == entries
