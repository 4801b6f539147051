"""The SCM puts three DataNodes together: their ring takes writes, is closed, and deletes."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from tests.unit.hdds.ring.three import NAMES, until
from tests.unit.hdds.scm_cluster import ScmCluster
from trioxygen.common.replication import Replication
from trioxygen.hdds.container.blocks import block_key
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.schema import DELETED_BLOCKS
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, BlockSlice

CONFIG = ScmConfig(
    cluster_id="cluster-1",
    pipelines_per_node_max=1,
    container_bytes_max=1 << 20,
    close_delay_ms=0,
    heartbeat_interval_ms=20,
)
SIZE = 2 << 20
DATA = bytes(range(256)) * (SIZE // 256)


class Cluster(ScmCluster):
    def holders(self, container: int, local: int) -> set[str]:
        key = block_key(container, local)
        return {member.name for member in self.members if member.work.blocks.find(key) is not None}

    async def location(self, container: int) -> scm.ContainerLocation:
        [location] = await self.client.locate([container])
        return location


def with_cluster(
    root: Path, scenario: Callable[[Cluster], Awaitable[None]], config: ScmConfig = CONFIG
) -> None:
    async def run() -> None:
        cluster = Cluster(root, config, NAMES)
        await cluster.start()
        try:
            await scenario(cluster)
        finally:
            await cluster.end()

    asyncio.run(run())


async def live(cluster: Cluster) -> None:
    reply = await cluster.allocated()
    pipeline, container, first = reply.pipeline, reply.blocks.container, reply.blocks.first_local
    assert [member.node_id for member in pipeline.datanodes] == list(NAMES)
    small = BlockId(container=container, local=first)
    await cluster.writer.write_small(small, pipeline, b"small")
    stream = await cluster.writer.open(
        BlockId(container=container, local=first + 1), pipeline, SIZE
    )
    await stream.send(DATA)
    await stream.finish()
    # It is full: closed at all of them, by the log.
    async with asyncio.timeout(90):
        while True:
            location = await cluster.location(container)
            actual = {(replica.datanode.node_id, replica.state) for replica in location.replicas}
            # What they report comes before what the SCM concludes of it.
            if actual == {(name, scm.CLOSED) for name in NAMES} and location.state == scm.CLOSED:
                break
            await asyncio.sleep(0.02)
    whole = BlockSlice(container=container, local=first + 1, length_bytes=SIZE)
    pieces = cluster.reader.stream(whole)
    assert b"".join([bytes(piece) async for piece in pieces]) == DATA
    # Another container takes what comes now, through the same ring.
    again = await cluster.allocated()
    assert again.blocks.container != container
    assert again.pipeline.pipeline_id == pipeline.pipeline_id
    gone = BlockRange(container=container, first_local=first + 1, count=1)
    await cluster.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[gone]))
    await until(lambda: cluster.holders(container, first + 1) == set())
    await until(lambda: cluster.store.count(DELETED_BLOCKS.table) == 0)
    assert cluster.holders(container, first) == set(NAMES)


async def lose_a_disk(cluster: Cluster) -> None:
    before = await cluster.allocated()
    block = BlockId(container=before.blocks.container, local=before.blocks.first_local)
    await cluster.writer.write_small(block, before.pipeline, b"before")
    lost = cluster.members[1]
    await lost.end()
    shutil.rmtree(lost.root)
    await lost.start()
    pipeline_id = before.pipeline.pipeline_id
    after = before
    async with asyncio.timeout(90):
        while after.pipeline.pipeline_id == pipeline_id:
            after = await cluster.allocated()
            await asyncio.sleep(0.02)
    assert after.pipeline.pipeline_id > pipeline_id
    assert after.blocks.container != block.container
    # An empty disk has no part in the ring that it would have forgotten all about.
    assert [ring.pipeline_id for ring in lost.work.rings] == [after.pipeline.pipeline_id]
    block = BlockId(container=after.blocks.container, local=after.blocks.first_local)
    await cluster.writer.write_small(block, after.pipeline, b"after")
    await until(lambda: cluster.holders(block.container, block.local) == set(NAMES))


def test_pipeline_that_lost_a_disk_is_replaced_and_its_ring_is_not_joined_again(
    tmp_path: Path,
) -> None:
    with_cluster(tmp_path, lose_a_disk)


def test_pipeline_of_three_takes_writes_closes_and_deletes(tmp_path: Path) -> None:
    with_cluster(tmp_path, live)


async def code(cluster: Cluster) -> None:
    replication = Replication.parse("EC/3-2").proto
    request = scm.AllocateBlocksRequest(count=1, block_bytes_max=SIZE, replication=replication)
    pipeline = (await cluster.client.allocate_blocks(request)).pipeline
    assert sorted(member.node_id for member in pipeline.datanodes) == list(NAMES)
    assert [member.replica_index for member in pipeline.datanodes] == [1, 2, 3]
    for member in cluster.members:
        [ring] = [each for each in member.work.rings if each.pipeline_id == pipeline.pipeline_id]
        assert ring.replica.is_leader()


def test_each_member_of_an_erasure_coded_pipeline_has_a_ring_of_its_own(tmp_path: Path) -> None:
    with_cluster(tmp_path, code, replace(CONFIG, missing_replicas_max=2))
