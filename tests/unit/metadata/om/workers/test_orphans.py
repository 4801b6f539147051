"""Blocks that nothing refers to: noted when they are first met, kept, then given to what goes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.om.om_harness import (
    CONFIG,
    Block,
    OmHarness,
    blocks_of,
    om_test,
    slices_of,
)
from trioxygen.common.errors import Unreachable
from trioxygen.metadata.om.state.schema import GC, ORPHANS
from trioxygen.metadata.om.workers.orphans import OrphanSearch, are_too_many
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.datanode_pb2 import ListBlocksReply, StoredBlock
from trioxygen.proto.v1.om_pb2 import OrphanSearchRow
from trioxygen.proto.v1.scm_pb2 import NodeRow
from trioxygen.proto.v1.types_pb2 import BlockId

HOUR_MS = 3_600_000
KEEP_MS = 10 * HOUR_MS
OF_OTHERS = 99


@dataclass
class DataNodes:
    """What each has."""

    blocks: dict[str, set[Block]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    pages: int = 0

    async def nodes(self) -> Sequence[NodeRow]:
        return [NodeRow(node_id=node_id) for node_id in self.blocks]

    async def page(self, node: NodeRow, after: bytes, count_max: int) -> ListBlocksReply:
        if node.node_id in self.silent:
            raise Unreachable(node=node.node_id)
        self.pages += 1
        first = int(after or b"0")
        held = sorted(self.blocks[node.node_id])
        # Small pages: the look goes on where it was.
        page = held[first : first + 2]
        return ListBlocksReply(
            blocks=[
                StoredBlock(block=BlockId(container=container, local=local), size_bytes=9)
                for container, local in page
            ],
            next=b"%d" % (first + 2) if first + 2 < len(held) else b"",
        )

    async def of_om(self, container_ids: Sequence[int]) -> set[int]:
        return {each for each in container_ids if each != OF_OTHERS}


def orphan_test(
    scenario: Callable[[OmHarness, DataNodes], Awaitable[None]],
) -> Callable[[], None]:
    async def with_om() -> None:
        config = replace(CONFIG, orphan_keep_ms=KEEP_MS, orphan_search_ms=HOUR_MS)
        harness = OmHarness(None, config, MemoryReplica())
        nodes = harness.stored = DataNodes()
        await harness.start()
        try:
            await scenario(harness, nodes)
        finally:
            await harness.stop()

    def run() -> None:
        asyncio.run(with_om())

    run.__name__ = run.__qualname__ = getattr(scenario, "__name__", "scenario")
    run.__module__, run.__doc__ = scenario.__module__, scenario.__doc__
    return run


async def hours(harness: OmHarness, count: int) -> None:
    """In which all is looked at; each page takes a turn of the worker."""
    for _ in range(count):
        harness.clock.advance(HOUR_MS)
        for _ in range(12):
            await harness.pass_time(1_000)


def rows_of(harness: OmHarness) -> list[om.OrphanBlockRow]:
    return [om.OrphanBlockRow.FromString(value) for _, value in harness.rows(ORPHANS.table)]


def noted(harness: OmHarness) -> set[Block]:
    return {(row.block.container, row.block.local) for row in rows_of(harness)}


@orphan_test
async def test_block_that_nothing_refers_to_is_noted_kept_and_deleted(
    harness: OmHarness, nodes: DataNodes
) -> None:
    bucket = await harness.bucket()
    slices = slices_of(await harness.lease(2), 4)
    await harness.put(bucket, b"key", blocks=slices)
    leased = (slices[0].container, slices[0].local + 1)
    asked = om.FindOrphansRequest(blocks=[BlockId(container=leased[0], local=leased[1])])
    assert not (await harness.client.find_orphans(asked)).orphans
    nodes.blocks = {
        "dn1": {*blocks_of(slices), (500, 1), (OF_OTHERS, 1)},
        "dn2": {(500, 1), (500, 2)},
    }
    await hours(harness, 1)
    assert noted(harness) == {(500, 1), (500, 2)}
    blocks = [BlockId(container=500, local=1), BlockId(container=501, local=1)]
    reply = await harness.client.find_orphans(om.FindOrphansRequest(blocks=blocks))
    assert (reply.keep_ms, reply.too_many, reply.ages_ms[1]) == (KEEP_MS, False, -1)
    await hours(harness, 8)
    assert harness.scm.deleted == [leased]
    age_ms = (await harness.client.find_orphans(om.FindOrphansRequest(blocks=blocks))).ages_ms[0]
    assert 7 * HOUR_MS < age_ms < KEEP_MS
    await hours(harness, 4)
    assert sorted({*harness.scm.deleted} - {leased}) == [(500, 1), (500, 2)]
    nodes.blocks["dn1"] -= {(500, 1)}
    nodes.blocks["dn2"] = set()
    await hours(harness, 2)
    assert noted(harness) == set() == {*harness.rows(GC.table)}


@orphan_test
async def test_what_is_not_met_again_is_none_unless_somebody_was_silent(
    harness: OmHarness, nodes: DataNodes
) -> None:
    nodes.blocks = {"dn1": {(500, 1)}, "dn2": {(500, 2)}}
    await hours(harness, 1)
    assert noted(harness) == {(500, 1), (500, 2)}
    nodes.silent.add("dn2")
    nodes.blocks["dn1"] = set()
    await hours(harness, 2)
    assert noted(harness) == {(500, 1), (500, 2)}
    nodes.silent.clear()
    await hours(harness, 2)
    assert noted(harness) == {(500, 2)}


@orphan_test
async def test_another_leader_goes_on_and_knows_since_when(
    harness: OmHarness, nodes: DataNodes
) -> None:
    nodes.blocks = {"dn1": {(500, 1)}}
    await hours(harness, 6)
    await harness.restart()
    await hours(harness, 6)
    assert (500, 1) in harness.scm.deleted


@orphan_test
async def test_nothing_goes_where_most_of_what_there_is_would(
    harness: OmHarness, nodes: DataNodes
) -> None:
    """The OM's state is another store's, or an early one."""
    few = OrphanSearchRow(examined=900, orphans=900)
    assert not are_too_many(few)
    assert are_too_many(OrphanSearchRow(examined=2_000, orphans=1_001))
    assert not are_too_many(OrphanSearchRow(examined=2_000, orphans=1_000))
    search = OrphanSearchRow(
        began_ms=1, node_id="dn0", examined=2_000, orphans=2_000, keep_ms=KEEP_MS
    )
    await harness.executor.execute(om.NoteOrphanBlocks(search=search))
    nodes.blocks = {"dn1": {(500, 1)}}
    await harness.restart()
    await harness.settle()
    for _ in range(12):
        await harness.pass_time(1_000)
    asked = om.FindOrphansRequest(blocks=[BlockId(container=500, local=1)])
    assert (await harness.client.find_orphans(asked)).too_many


@om_test()
async def test_orphans_that_are_known_keep_their_age_when_no_more_are_noted(
    harness: OmHarness,
) -> None:
    nodes = DataNodes({"dn1": {(500, 1), (500, 2)}})
    search = OrphanSearch(
        harness.executor, nodes, keep_ms=KEEP_MS, every_ms=HOUR_MS, interval_ms=1, noted_max=2
    )

    async def look_at_all() -> None:
        harness.clock.advance(HOUR_MS)
        for _ in range(6):
            await search.work()

    await search.work()
    await look_at_all()
    assert noted(harness) == {(500, 1), (500, 2)}
    since_ms = {row.since_ms for row in rows_of(harness)}
    nodes.blocks["dn1"] |= {(500, 3)}
    await look_at_all()
    assert noted(harness) == {(500, 1), (500, 2)}
    assert {row.since_ms for row in rows_of(harness)} == since_ms
    nodes.blocks["dn1"] -= {(500, 1)}
    await look_at_all()
    await look_at_all()
    assert noted(harness) == {(500, 2), (500, 3)}
