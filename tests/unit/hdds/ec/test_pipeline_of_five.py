"""The SCM puts five DataNodes together for an erasure code: blocks are written to all and read from
any three, and the pipeline is replaced when members are lost."""

import asyncio
import random
from pathlib import Path

from tests.unit.hdds.ec.coded_cluster import CODING, NAMES, SIZES, CodedCluster, with_cluster
from trioxygen.common.replication import Replication


async def lose_two(cluster: CodedCluster) -> None:
    before = await cluster.allocated_coded()
    async with asyncio.timeout(60):
        # The first ones that came were put together without the others.
        while len(before.pipeline.datanodes) < len(NAMES):
            await asyncio.sleep(0.05)
            before = await cluster.allocated_coded()
    indexes = [member.replica_index for member in before.pipeline.datanodes]
    assert indexes == [1, 2, 3, 4, 5]
    assert Replication.of_proto(before.pipeline.replication) == CODING
    # There may be no more of them than hold data.
    assert before.pipeline.without_spare
    data = {size: random.Random(size).randbytes(size) for size in SIZES}
    pieces = [
        (size, await cluster.write(before, number, data[size])) for number, size in enumerate(SIZES)
    ]
    for lost in cluster.members[1:3]:
        cluster.faults.dead.add(lost.name)
        await lost.end()
    for size, piece in pieces:
        assert await cluster.read(piece) == data[size]
    # What is left of the pipeline goes on, until the SCM has missed them.
    size = SIZES[-1]
    piece = await cluster.write(before, len(SIZES), data[size])
    assert await cluster.read(piece) == data[size]
    # Then those that are there are put together, as the configuration allows.
    after = before
    async with asyncio.timeout(60):
        while after.pipeline.pipeline_id == before.pipeline.pipeline_id:
            after = await cluster.allocated_coded("dn2", "dn3")
            await asyncio.sleep(0.05)
    assert {member.node_id for member in after.pipeline.datanodes} == {"dn1", "dn4", "dn5"}
    piece = await cluster.write(after, 0, data[size])
    assert await cluster.read(piece) == data[size]


def test_two_of_five_nodes_die_and_all_is_read_and_more_is_written(tmp_path: Path) -> None:
    with_cluster(tmp_path, lose_two, missing_replicas_max=2)
