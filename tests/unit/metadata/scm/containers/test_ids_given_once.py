"""Ids that were handed out are not handed out again, whoever of OM, SCM and DataNodes is older."""

import pytest

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import SafeMode
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm

FAR = 2**40


def had(container_id: int, highest_local: int) -> scm.ContainerReport:
    actual = report(container_id, 5)
    actual.highest_local = highest_local
    return actual


async def lose_state(harness: ScmHarness) -> None:
    await harness.stop()
    harness.store, harness.replica = MemoryStore(ALL_TABLES), MemoryReplica()
    await harness.start()


@scm_test()
async def test_nothing_is_handed_out_before_the_last_page_of_a_report(harness: ScmHarness) -> None:
    await lose_state(harness)
    await harness.register()
    await harness.heartbeat("dn1", had(3, 10), full=True, more=True)
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.heartbeat("dn1", had(4, 20), more=True)
    with pytest.raises(SafeMode):
        await harness.allocate()
    assert (await harness.describe()).safe_mode
    # The node did not hear an answer, and begins again.
    await harness.heartbeat("dn1", had(3, 10), full=True, more=True)
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.heartbeat("dn1", had(900, 90_000))
    blocks = (await harness.allocate()).blocks
    assert blocks.container > 900 and blocks.first_local > 90_000


@scm_test()
async def test_report_that_comes_while_nodes_are_known_is_waited_for(harness: ScmHarness) -> None:
    """Of a node that comes back to an SCM that goes on: its own pipeline waits."""
    await harness.join("dn1")
    await harness.allocate()
    await harness.register("dn2")
    await harness.heartbeat("dn2", had(3, 10), full=True, more=True)
    nodes = {(await harness.allocate()).pipeline.datanodes[0].node_id for _ in range(8)}
    assert nodes == {"dn1"}
    await harness.heartbeat("dn2", had(4, 20))
    nodes = {(await harness.allocate()).pipeline.datanodes[0].node_id for _ in range(8)}
    assert nodes == {"dn1", "dn2"}


@scm_test()
async def test_large_report_is_taken_in_pieces(harness: ScmHarness) -> None:
    await harness.register()
    await harness.heartbeat("dn1", *(had(number, number) for number in range(1, 2_502)), full=True)
    assert len(await harness.client.locate(list(range(1, 2_600)))) == 2_501
    entries = len(harness.replica.entries)
    await harness.heartbeat(
        "dn1", *(report(number, 7, scm.CLOSED) for number in range(1, 2_502)), full=True
    )
    assert len(harness.replica.entries) == entries + 3


@scm_test()
async def test_lost_scm_goes_on_behind_what_the_om_has_been_given(harness: ScmHarness) -> None:
    """The node that has those containers is not there yet, and the one that is has none."""
    await harness.join("dn1", "dn2")
    given = [(await harness.allocate(100)).blocks for _ in range(20)]
    container = max(blocks.container for blocks in given)
    local = max(blocks.first_local + blocks.count - 1 for blocks in given)
    await lose_state(harness)
    await harness.join("dn1")
    blocks = (await harness.allocate(given=(container, local))).blocks
    assert blocks.container > container and blocks.first_local > local
    # Others may have been given more than it knows.
    assert blocks.container > FAR and blocks.first_local > FAR
    again = (await harness.allocate(given=(blocks.container, blocks.first_local))).blocks
    assert again.container == blocks.container and again.first_local == blocks.first_local + 1
    await harness.register("dn2")
    await harness.heartbeat("dn2", had(container, local), full=True)
    [located] = await harness.client.locate([container])
    assert located.replicas[0].datanode.node_id == "dn2"


@scm_test()
async def test_node_that_is_silent_may_have_had_what_is_handed_out(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    before = (await harness.allocate()).blocks
    await harness.restart()
    await harness.join("dn1")
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.pass_time(20_000)
    await harness.heartbeat("dn1")
    await harness.pass_time(10_000)
    await harness.heartbeat("dn1")
    after = (await harness.allocate()).blocks
    assert after.first_local > before.first_local + FAR
    assert (await harness.allocate()).blocks.first_local == after.first_local + 1
    await harness.join("dn2")
    assert (await harness.allocate()).blocks.first_local == after.first_local + 2


@scm_test()
async def test_ids_of_oms_are_noted_and_outlive_the_scm(harness: ScmHarness) -> None:
    await harness.join()
    assert (await harness.allocate(om_last_id=50)).om_last_id == 0
    entries = len(harness.replica.entries)
    for last_id in range(51, 80):
        assert (await harness.allocate(om_last_id=last_id)).om_last_id > 80
    # Few are entries of the log.
    assert len(harness.replica.entries) <= entries + 1
    far = (await harness.allocate(om_last_id=5_000_000)).om_last_id
    assert far < 5_000_000
    await harness.restart()
    await harness.join()
    assert (await harness.allocate(om_last_id=50)).om_last_id > 5_000_000
    # What cannot be an id leaves no ids.
    assert (await harness.allocate(om_last_id=2**62)).om_last_id < 2**61
    assert (await harness.allocate(om_last_id=50)).om_last_id < 2**61
