from collections.abc import Iterable

from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.metadata.scm.schema import DELETED_BLOCKS
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockRange


def deletions(reply: scm.HeartbeatReply) -> list[scm.DeleteBlocksCommand]:
    return [one.delete_blocks for one in reply.commands if one.HasField("delete_blocks")]


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


@scm_test(replication_factor=2)
async def test_deletion_waits_for_every_node_of_the_pipeline(harness: ScmHarness) -> None:
    await harness.join("dn1", "dn2", "dn3")
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
    [one] = deletions(await harness.heartbeat("dn1"))
    [other] = deletions(await harness.heartbeat("dn2"))
    sent = sorted([list(one.blocks), list(other.blocks)], key=len)
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
