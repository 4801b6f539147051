"""An SCM whose state is an earlier one, or lost, while DataNodes hold what came after it."""

import random

import pytest

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import SafeMode
from trioxygen.metadata.replication.dump import dump_state, load_state
from trioxygen.metadata.scm.restore import forget_since_dump
from trioxygen.metadata.scm.schema import ALL_TABLES, CONTAINERS, DELETED_BLOCKS
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockRange


def had(
    container_id: int, highest_local: int, state: scm.ContainerState = scm.OPEN
) -> scm.ContainerReport:
    actual = report(container_id, 5, state)
    actual.highest_local = highest_local
    return actual


async def put_back(harness: ScmHarness, pieces: list[bytes], *, seed: int = 1) -> None:
    """Loads a dump in the place of state and log, as `o3 admin load` does, and starts."""
    await harness.stop()
    harness.store, harness.replica = MemoryStore(ALL_TABLES), MemoryReplica()
    load_state(harness.store, ALL_TABLES, pieces, random.Random(seed), forget_since_dump)
    await harness.start()


def dump(harness: ScmHarness) -> list[bytes]:
    return list(dump_state(harness.store, ALL_TABLES))


@scm_test()
async def test_ids_of_after_the_dump_are_not_given_again(harness: ScmHarness) -> None:
    """Also where the DataNode that has them is away, and however often the dump is loaded."""
    await harness.join()
    await harness.allocate()
    pieces = dump(harness)
    given: set[tuple[int, int]] = set()
    locals_given: set[int] = set()
    transactions: set[bytes] = set()
    blocks = BlockRange()
    for seed in range(30):
        for _ in range(3):
            blocks = (await harness.allocate(10)).blocks
            locals_ = range(blocks.first_local, blocks.first_local + blocks.count)
            assert not locals_given & set(locals_)
            locals_given |= set(locals_)
            given |= {(blocks.container, local) for local in locals_}
        await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[blocks]))
        [(key, _)] = harness.rows(DELETED_BLOCKS.table)
        assert key not in transactions
        transactions.add(key)
        await put_back(harness, pieces, seed=seed)
        await harness.join()
    assert len(given) == 30 * 30


@scm_test()
async def test_ids_go_on_behind_what_datanodes_have_had(harness: ScmHarness) -> None:
    """A copy of the folder was put back: nothing says so but the reports."""
    await harness.join()
    before = (await harness.allocate()).blocks
    await harness.restart()
    await harness.register()
    with pytest.raises(SafeMode):
        await harness.allocate()
    await harness.heartbeat(
        "dn1", had(before.container, 7_000_000_000), had(before.container + 40, 3), full=True
    )
    after = (await harness.allocate()).blocks
    assert after.first_local > 7_000_000_000
    await harness.heartbeat("dn1", had(before.container, 0, scm.CLOSED))
    assert (await harness.allocate()).blocks.container > before.container + 40
    # One that comes back later has had more.
    await harness.join("dn2")
    await harness.heartbeat("dn2", had(500, 9_000_000_000_000))
    for _ in range(3):
        blocks = (await harness.allocate()).blocks
        assert blocks.first_local > 9_000_000_000_000
    assert await harness.state_of(500) == scm.CLOSING


@scm_test()
async def test_reports_of_what_was_given_skip_nothing(harness: ScmHarness) -> None:
    await harness.join()
    blocks = (await harness.allocate(10)).blocks
    await harness.heartbeat("dn1", had(blocks.container, blocks.first_local + 9))
    assert (await harness.allocate()).blocks.first_local == blocks.first_local + 10


@scm_test(close_delay_ms=0)
async def test_lost_scm_finds_containers_again_and_adds_nothing_to_them(
    harness: ScmHarness,
) -> None:
    await harness.register()
    with pytest.raises(SafeMode):
        await harness.allocate()
    reports = (had(3, 10), had(9, 77, scm.CLOSED))
    reply = await harness.heartbeat("dn1", *reports, full=True)
    located = await harness.client.locate([3, 9])
    assert [(each.container_id, each.state) for each in located] == [
        (3, scm.CLOSING),
        (9, scm.CLOSED),
    ]
    assert all(each.replicas[0].datanode.node_id == "dn1" for each in located)
    assert [command.close_container.container_id for command in reply.commands] == [3]
    blocks = (await harness.allocate()).blocks
    assert blocks.container > 9 and blocks.first_local > 77
    rows = {row.container_id: row for _, row in _containers(harness)}
    assert (rows[3].used_bytes, rows[9].used_bytes) == (5, 5)


@scm_test()
async def test_container_of_another_node_by_the_same_id_counts_nothing(harness: ScmHarness) -> None:
    await harness.join("dn1")
    container = (await harness.allocate()).blocks.container
    await harness.join("dn2")
    await harness.heartbeat("dn2", had(container, 1, scm.CLOSED))
    assert await harness.state_of(container) == scm.OPEN
    [location] = await harness.client.locate([container])
    assert location.replicas[0].datanode.node_id == "dn1"


@scm_test()
async def test_deletions_of_an_om_that_was_put_back_are_forgotten(harness: ScmHarness) -> None:
    await harness.join()
    blocks = (await harness.allocate(4)).blocks
    first = BlockRange(container=blocks.container, first_local=blocks.first_local, count=1)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[first]))
    assert len(harness.rows(DELETED_BLOCKS.table)) == 1
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(om_lineage=7))
    assert list((await harness.heartbeat()).commands) == []
    two = BlockRange(container=blocks.container, first_local=blocks.first_local + 1, count=1)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[two], om_lineage=7))
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(om_lineage=7))
    [command] = (await harness.heartbeat()).commands
    assert list(command.delete_blocks.blocks) == [two]


@scm_test()
async def test_deletions_of_before_a_load_are_forgotten(harness: ScmHarness) -> None:
    await harness.join()
    blocks = (await harness.allocate(4)).blocks
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[blocks]))
    await put_back(harness, dump(harness))
    await harness.join()
    assert list((await harness.heartbeat()).commands) == []


def _containers(harness: ScmHarness) -> list[tuple[bytes, scm.ContainerRow]]:
    with harness.store.read() as txn:
        return list(CONTAINERS.scan(txn, prefix=b""))


@scm_test()
async def test_ids_that_nobody_was_given_do_not_use_up_all_ids(harness: ScmHarness) -> None:
    """A stranger wrote them to a DataNode. What comes after them would be refused everywhere."""
    await harness.join()
    before = (await harness.allocate()).blocks
    await harness.heartbeat("dn1", had(2**62, 2**62), had(before.container, 2**62 - 5), full=True)
    await harness.heartbeat("dn1", had(before.container, 0, scm.CLOSED))
    after = (await harness.allocate()).blocks
    assert before.container < after.container < before.container + 100
    assert before.first_local < after.first_local < 2**32
