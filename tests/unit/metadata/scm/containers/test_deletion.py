from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.scm.schema import ALL_TABLES, DELETED_BLOCKS
from trioxygen.metadata.store.memory_kv import MemoryStore, MemoryTxn
from trioxygen.metadata.store.ports import Table
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockRange


def deletions(reply: scm.HeartbeatReply) -> list[scm.DeleteBlocksCommand]:
    return [
        command.delete_blocks for command in reply.commands if command.HasField("delete_blocks")
    ]


async def delete(harness: ScmHarness, *blocks: BlockRange) -> None:
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=blocks))


def waiting(harness: ScmHarness) -> dict[int, list[str]]:
    rows = (scm.DeletedBlocksRow.FromString(value) for _, value in harness.rows(TABLE))
    return {row.transaction_id: list(row.waiting_node_ids) for row in rows}


TABLE = DELETED_BLOCKS.table


def numbers(commands: Iterable[scm.DeleteBlocksCommand]) -> list[int]:
    return [command.transaction_id for command in commands]


@scm_test(resend_after_ms=10_000)
async def test_deletion_is_sent_again_until_it_is_acknowledged_and_then_forgotten(
    harness: ScmHarness,
) -> None:
    await harness.join()
    blocks = (await harness.allocate(5)).blocks
    await delete(harness, blocks)
    [command] = deletions(await harness.heartbeat())
    assert list(command.blocks) == [blocks]
    assert deletions(await harness.heartbeat()) == []
    harness.clock.advance(9_999)
    assert deletions(await harness.heartbeat()) == []
    harness.clock.advance(1)
    assert deletions(await harness.heartbeat()) == [command]
    assert (await harness.describe()).waiting_delete_transactions == 1
    await harness.heartbeat(deleted=(command.transaction_id,))
    assert waiting(harness) == {}
    harness.clock.advance(20_000)
    assert deletions(await harness.heartbeat()) == []
    await harness.heartbeat(deleted=(command.transaction_id, 4_711))


@scm_test(replication=RATIS_THREE, missing_replicas_max=1)
async def test_deletion_waits_for_every_node_of_the_pipeline(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    # It has no part in their pipeline.
    await harness.register("dn3")
    blocks = (await harness.allocate(5)).blocks
    await delete(harness, blocks)
    assert deletions(await harness.heartbeat("dn3")) == []
    [command] = deletions(await harness.heartbeat("dn1"))
    assert deletions(await harness.heartbeat("dn2")) == [command]
    number = command.transaction_id
    await harness.heartbeat("dn3", deleted=(number,))
    assert waiting(harness) == {number: ["dn1", "dn2"]}
    await harness.heartbeat("dn1", deleted=(number,))
    assert waiting(harness) == {number: ["dn2"]}
    harness.clock.advance(60_000)
    assert deletions(await harness.heartbeat("dn1")) == []
    assert numbers(deletions(await harness.heartbeat("dn2"))) == [number]
    await harness.heartbeat("dn2", deleted=(number,))
    assert waiting(harness) == {}


@scm_test()
async def test_deletions_of_several_pipelines_go_to_their_nodes(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2")
    first = (await harness.allocate(2, 400)).blocks
    second = (await harness.allocate(2, 400)).blocks
    assert first.container != second.container
    unknown = BlockRange(container=4_711, first_local=1, count=1)
    await delete(harness, first, second, unknown, first)
    [each] = deletions(await harness.heartbeat("dn1"))
    [other] = deletions(await harness.heartbeat("dn2"))
    sent = sorted([list(each.blocks), list(other.blocks)], key=len)
    assert sent == [[second], [first, first]]


@scm_test()
async def test_deletions_survive_a_restart(harness: ScmHarness) -> None:
    await harness.join()
    await delete(harness, (await harness.allocate(1)).blocks)
    before = numbers(deletions(await harness.heartbeat()))
    await harness.restart()
    await harness.join()
    harness.clock.advance(60_000)
    assert numbers(deletions(await harness.heartbeat())) == before


@scm_test()
async def test_node_is_sent_so_many_deletions_as_it_confirms(harness: ScmHarness) -> None:
    await harness.join()
    block = (await harness.allocate(1)).blocks
    for _ in range(250):
        await delete(harness, block)
    first = numbers(deletions(await harness.heartbeat()))
    assert len(first) == 100
    assert deletions(await harness.heartbeat()) == []
    second = numbers(deletions(await harness.heartbeat(deleted=tuple(first[:60]))))
    assert len(second) == 60
    assert set(first).isdisjoint(second)
    harness.clock.advance(60_000)
    again = numbers(deletions(await harness.heartbeat()))
    assert again == [*first[60:], *second]
    rest = numbers(deletions(await harness.heartbeat(deleted=tuple(again))))
    assert len(rest) == 90
    await harness.heartbeat(deleted=tuple(rest))
    assert waiting(harness) == {}


@scm_test()
async def test_deletions_that_a_node_does_not_confirm_hold_up_no_others(
    harness: ScmHarness,
) -> None:
    await harness.join()
    block = (await harness.allocate(1)).blocks
    for _ in range(150):
        await delete(harness, block)
    held_up = numbers(deletions(await harness.heartbeat()))
    assert len(held_up) == 100
    harness.clock.advance(60_000)
    assert numbers(deletions(await harness.heartbeat())) == held_up
    others = numbers(deletions(await harness.heartbeat()))
    assert len(others) == 50
    assert set(others).isdisjoint(held_up)
    await harness.heartbeat(deleted=tuple(others))
    harness.clock.advance(60_000)
    assert numbers(deletions(await harness.heartbeat())) == held_up
    assert [*waiting(harness)] == held_up


class WatchedStore(MemoryStore):
    """Counts the rows of deletions that are looked at."""

    def __init__(self) -> None:
        super().__init__(ALL_TABLES)
        self.looked_at = 0

    @contextmanager
    def read(self) -> Iterator[MemoryTxn]:
        yield _WatchedTxn(self)


class _WatchedTxn(MemoryTxn):
    def __init__(self, store: WatchedStore) -> None:
        super().__init__(store.tables)
        self._store = store

    def scan(
        self, table: Table, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        for row in super().scan(table, prefix=prefix, after=after):
            self._store.looked_at += table == TABLE
            yield row


@scm_test()
async def test_deletions_that_wait_for_others_are_looked_at_once(harness: ScmHarness) -> None:
    await harness.stop()
    harness.store = store = WatchedStore()
    harness.replica = MemoryReplica()
    await harness.start()
    await harness.join("dn1")
    block = (await harness.allocate(1)).blocks
    await harness.join("dn2")
    for _ in range(50):
        await delete(harness, block)
    of_dn1 = numbers(deletions(await harness.heartbeat("dn1")))
    assert len(of_dn1) == 50 and deletions(await harness.heartbeat("dn2")) == []
    store.looked_at = 0
    for _ in range(10):
        assert deletions(await harness.heartbeat("dn2")) == []
    assert store.looked_at == 0
    # Its own come behind them, also before those are confirmed.
    other = (await harness.allocate(1)).blocks
    while other.container == block.container:
        other = (await harness.allocate(1)).blocks
    await delete(harness, other)
    [command] = deletions(await harness.heartbeat("dn2"))
    assert list(command.blocks) == [other]
    # Nor are they looked at while one of its own waits.
    store.looked_at = 0
    assert deletions(await harness.heartbeat("dn2")) == [] and store.looked_at == 0
    harness.clock.advance(60_000)
    assert numbers(deletions(await harness.heartbeat("dn1"))) == of_dn1
    assert deletions(await harness.heartbeat("dn2")) == [command]


@scm_test()
async def test_deletion_goes_to_all_who_report_the_container(harness: ScmHarness) -> None:
    """A copy, on a node that took none of its writes; not another container of the same id."""
    await harness.join("dn1")
    reply = await harness.allocate(5)
    blocks = reply.blocks
    await harness.join("dn2", "dn3")
    own, copy = (report(blocks.container, 5, scm.CLOSED) for _ in range(2))
    own.pipeline_id = copy.pipeline_id = reply.pipeline.pipeline_id
    stranger = report(blocks.container, 5)
    stranger.pipeline_id = reply.pipeline.pipeline_id + 1_000
    await harness.heartbeat("dn1", own)
    await harness.heartbeat("dn2", copy)
    await harness.heartbeat("dn3", stranger)
    await delete(harness, blocks)
    assert list(waiting(harness).values()) == [["dn1", "dn2"]]
    [command] = deletions(await harness.heartbeat("dn2"))
    assert list(command.blocks) == [blocks]
    assert deletions(await harness.heartbeat("dn3")) == []
    # It has moved: who wrote it has nothing left to delete.
    await harness.heartbeat("dn1", full=True)
    await delete(harness, blocks)
    assert list(waiting(harness).values()) == [["dn1", "dn2"], ["dn2"]]


@scm_test(replication=RATIS_THREE, missing_replicas_max=1)
async def test_deletion_waits_also_for_members_that_have_not_reported_yet(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    reply = await harness.allocate(5)
    first = report(reply.blocks.container, 5)
    first.pipeline_id = reply.pipeline.pipeline_id
    await harness.heartbeat("dn2", first)
    await delete(harness, reply.blocks)
    assert list(waiting(harness).values()) == [["dn1", "dn2"]]


@scm_test()
async def test_deletion_waits_for_a_node_whose_disk_that_had_the_container_is_out(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1")
    reply = await harness.allocate(5)
    blocks = reply.blocks
    await harness.join("dn2")
    own, copy = (report(blocks.container, 5, scm.CLOSED) for _ in range(2))
    own.pipeline_id = copy.pipeline_id = reply.pipeline.pipeline_id
    out = scm.VolumeReport(volume_id="disk", failed=True)
    await harness.heartbeat("dn1", own)
    await harness.heartbeat("dn2", copy)
    await harness.heartbeat("dn1", full=True, volumes=(out,))
    await harness.heartbeat("dn1", full=True, volumes=(out,))
    await delete(harness, blocks)
    assert list(waiting(harness).values()) == [["dn1", "dn2"]]
    # Another disk is in its place.
    await harness.heartbeat("dn1", full=True)
    await delete(harness, blocks)
    assert list(waiting(harness).values()) == [["dn1", "dn2"], ["dn2"]]


@scm_test(replication=RATIS_THREE, missing_replicas_max=1)
async def test_node_whose_disk_is_out_stands_for_no_member_that_has_not_reported_yet(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1", "dn2")
    reply = await harness.allocate(5)
    container_id = reply.blocks.container
    await harness.join("dn3")
    own, copy = (report(container_id, 5, scm.CLOSED) for _ in range(2))
    own.pipeline_id = copy.pipeline_id = reply.pipeline.pipeline_id
    out = scm.VolumeReport(volume_id="disk", failed=True)
    await harness.heartbeat("dn1", own)
    await harness.heartbeat("dn1", full=True, volumes=(out,))
    await harness.heartbeat("dn3", copy)
    await delete(harness, reply.blocks)
    assert list(waiting(harness).values()) == [["dn1", "dn2", "dn3"]]


@scm_test()
async def test_who_holds_blocks_is_not_for_callers_to_say(harness: ScmHarness) -> None:
    await harness.join()
    blocks = (await harness.allocate(5)).blocks
    holders = scm.ContainerHolders(container_id=blocks.container, node_ids=["dn9"])
    with pytest.raises(InvalidRequest):
        await harness.client.delete_blocks(
            scm.DeleteBlocksRequest(blocks=[blocks], holders=[holders])
        )
    assert waiting(harness) == {}
