from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.nodes.states import Health
from trioxygen.proto.v1 import scm_pb2 as scm


def watched(harness: ScmHarness) -> list[tuple[str, Health]]:
    told: list[tuple[str, Health]] = []
    harness.manager.health_watch.watch(lambda node_id, health: told.append((node_id, health)))
    return told


@scm_test(stale_after_ms=30_000, dead_after_ms=300_000)
async def test_silence_and_return_of_a_node_are_told_once_each(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    told = watched(harness)
    for _ in range(6):
        await harness.pass_time(10_000)
        await harness.heartbeat("dn2")
    assert told == [("dn1", Health.STALE)]
    await harness.heartbeat("dn1")
    await harness.pass_time(2_000)
    assert told == [("dn1", Health.STALE), ("dn1", Health.HEALTHY)]
    told.clear()
    for _ in range(31):
        await harness.pass_time(10_000)
        await harness.heartbeat("dn2")
    assert told == [("dn1", Health.STALE), ("dn1", Health.DEAD)]


@scm_test(stale_after_ms=30_000, dead_after_ms=300_000)
async def test_new_leader_gives_every_node_its_time_before_it_misses_it(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    await harness.restart()
    told = watched(harness)
    await harness.pass_time(25_000)
    await harness.join("dn2")
    assert told == []
    await harness.pass_time(5_000)
    assert told == [("dn1", Health.STALE)]


@scm_test(stale_after_ms=30_000, dead_after_ms=300_000, stood_still_ms=60_000)
async def test_dead_node_that_is_heard_once_and_not_again_is_silent(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    told = watched(harness)
    for _ in range(31):
        await harness.pass_time(10_000)
        await harness.heartbeat("dn2")
    await harness.heartbeat("dn1")
    # Between two looks that are not so far apart that the SCM itself stood still.
    await harness.pass_time(30_500)
    healths = [health for node_id, health in told if node_id == "dn1"]
    assert healths == [Health.STALE, Health.DEAD, Health.STALE]


@scm_test(stood_still_ms=60_000)
async def test_scm_that_stood_still_does_not_take_it_for_silence(harness: ScmHarness) -> None:
    await harness.join("dn1")
    told = watched(harness)
    await harness.pass_time(400_000)
    [node] = (await harness.describe()).nodes
    assert (node.health, told) == (scm.HEALTHY, [])


def test_node_that_was_heard_after_the_stand_still_is_not_heard_in_the_future() -> None:
    clock = ManualClock()
    nodes = Nodes(clock, stale_after_ms=30_000, dead_after_ms=300_000)
    for node_id in ("dn1", "dn2"):
        nodes.registered(node_id)
    clock.advance(100_000)
    nodes.heard(scm.HeartbeatRequest(node_id="dn1"))
    clock.advance(10)
    nodes.stood_still(100_000)
    assert (nodes.age_ms("dn1"), nodes.age_ms("dn2")) == (0, 10)
