"""What is alerted on: containers by how they are, and their repair."""

from tests.unit.metadata.scm.replication.cluster_of_five import care_test, started
from tests.unit.metadata.scm.scm_harness import ScmHarness


def value(harness: ScmHarness, name: str, **labels: str) -> float | None:
    return harness.runtime.registry.get_sample_value(f"trioxygen_scm_{name}", labels)


@care_test()
async def test_missing_containers_are_counted_until_one_is_back(harness: ScmHarness) -> None:
    cluster = await started(harness)
    assert value(harness, "containers", health="missing") == 0
    assert value(harness, "known_containers") == len(cluster.rows())
    cluster.silent.update(cluster.members)
    await cluster.beat(10_000, times=33)
    assert value(harness, "containers", health="missing") == 1
    assert value(harness, "containers", health="under_replicated") == 0
    cluster.silent.clear()
    await cluster.beat(5_000, times=3)
    assert value(harness, "containers", health="missing") == 0


@care_test()
async def test_repairs_are_counted_while_they_wait_and_are_under_way(harness: ScmHarness) -> None:
    cluster = await started(harness)
    cluster.silent.add(cluster.members[0])
    await cluster.beat(10_000, times=33)
    assert value(harness, "containers", health="under_replicated") == 1
    assert value(harness, "repairs", kind="copy") == 1
    assert value(harness, "queued_repairs") == 0 == value(harness, "unplaced_containers")
    assert value(harness, "repairs_waiting") == 0


@care_test()
async def test_scm_that_does_not_lead_shows_none(harness: ScmHarness) -> None:
    await started(harness)
    await harness.replica.stop()
    assert value(harness, "containers", health="missing") is None
