"""The container checks are asked for each node that reports."""

from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.replication import RATIS_THREE
from trioxygen.proto.v1 import scm_pb2 as scm

# More than are looked at in one heartbeat.
MANY = 4_500


@scm_test(close_delay_ms=0)
async def test_containers_of_a_node_with_very_many_take_turns(harness: ScmHarness) -> None:
    await harness.join()
    output: list[int] = []
    ids = range(1_001, 1_001 + MANY)
    reports = [report(number) for number in ids]
    answers = [await harness.heartbeat("dn1", *reports, full=True)]
    for _ in range(2):
        answers.append(await harness.heartbeat("dn1"))
    for answer in answers:
        assert len(answer.commands) <= 2_000
        output += [command.close_container.container_id for command in answer.commands]
    assert set(output) == set(ids)


@scm_test(close_delay_ms=0)
async def test_replica_that_failed_has_the_others_closed(harness: ScmHarness) -> None:
    await harness.join("dn1")
    reply = await harness.allocate()
    container, ring = reply.blocks.container, reply.pipeline.pipeline_id
    await harness.join("dn2")
    failed, whole = report(container, 5, scm.UNHEALTHY), report(container, 5)
    for each in (failed, whole):
        each.pipeline_id = ring
    await harness.heartbeat("dn2", whole)
    [close] = (await harness.heartbeat("dn1", failed)).commands
    assert close.close_container.container_id == container
    [close] = (await harness.heartbeat("dn2")).commands
    assert close.close_container.container_id == container
    assert await harness.state_of(container) == scm.CLOSING
    whole.state = scm.CLOSED
    assert list((await harness.heartbeat("dn2", whole)).commands) == []
    assert list((await harness.heartbeat("dn1")).commands) == []
    # What one of them could not write is in the other.
    assert await harness.state_of(container) == scm.CLOSED


@scm_test(replication=RATIS_THREE, missing_replicas_max=1)
async def test_container_is_unhealthy_when_none_of_its_replicas_can_be_written(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    reply = await harness.allocate()
    container = reply.blocks.container
    failed = report(container, 5, scm.UNHEALTHY)
    failed.pipeline_id = reply.pipeline.pipeline_id
    # The other has not reported it yet.
    await harness.heartbeat("dn1", failed)
    assert await harness.state_of(container) == scm.CLOSING
    await harness.heartbeat("dn2", failed)
    assert await harness.state_of(container) == scm.UNHEALTHY
