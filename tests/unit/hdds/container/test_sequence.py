"""A container's commit sequence: which of two replicas has more of what its ring committed."""

import asyncio
from pathlib import Path

from tests.unit.hdds.support import RING, ListRing, node
from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.hdds.container.sequence import sequence_of


def test_a_later_term_counts_more_than_any_index() -> None:
    # What the leader of term 2 alone had written up to 12, a majority has overwritten from 10 on.
    assert sequence_of(3, 10) > sequence_of(2, 12)
    assert sequence_of(3, 11) > sequence_of(3, 10)
    assert sequence_of(2**63, 2**63) < NUMBER_MAX


def test_a_container_keeps_the_sequence_of_its_last_block_over_a_start(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing(term=4)
        async with node(tmp_path, ring=ring) as first:
            await first.write(1, b"one")
            await first.write(2, b"two", container=2)
            await first.delete((1, 1))
            actual = first.container().report("node-1")
            # Behind the entry that made the container.
            assert actual.commit_sequence == sequence_of(4, 2)
            assert actual.origin_node_id == "node-1"
            assert first.container(2).commit_sequence == sequence_of(4, 4)
        async with node(tmp_path, ring=ring) as again:
            assert again.work.rings.get(RING) is not None
            assert again.container().commit_sequence == sequence_of(4, 2)
            assert again.container(2).commit_sequence == sequence_of(4, 4)

    asyncio.run(run())
