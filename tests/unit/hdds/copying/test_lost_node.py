"""A node is lost: its replicas are made again on another, and are the same."""

import asyncio
from pathlib import Path

from tests.unit.hdds.ring.three import until
from tests.unit.hdds.scm_cluster import ScmCluster
from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

NAMES = ("dn1", "dn2", "dn3", "dn4")
CONFIG = ScmConfig(
    cluster_id="cluster-1",
    pipelines_per_node_max=1,
    pipeline_interval_ms=50,
    pipeline_drain_ms_max=500,
    container_bytes_max=1 << 30,
    close_delay_ms=0,
    heartbeat_interval_ms=20,
    stale_after_ms=1_000,
    dead_after_ms=2_000,
    worker_interval_ms=50,
    containers=ReplicationConfig(grace_ms=100, lost_close_delay_ms=100, settle_ms=100),
)
LARGE = bytes(range(256)) * (2 << 12)


class Cluster(ScmCluster):
    def holders(self, container: int) -> dict[str, ContainerState]:
        return {
            member.name: member.work.volume.containers[container].state
            for member in self.members
            if member.is_up and container in member.work.volume.containers
        }


def test_replicas_of_a_lost_node_are_made_again_and_it_comes_back(tmp_path: Path) -> None:
    async def run() -> None:
        cluster = Cluster(tmp_path, CONFIG, NAMES)
        await cluster.start()
        try:
            reply = await cluster.allocated()
            pipeline, container = reply.pipeline, reply.blocks.container
            first = reply.blocks.first_local
            small = BlockId(container=container, local=first)
            await cluster.writer.write_small(small, pipeline, b"small")
            large = BlockId(container=container, local=first + 1)
            stream = await cluster.writer.open(large, pipeline, len(LARGE))
            await stream.send(LARGE)
            await stream.finish()
            lost_name = pipeline.datanodes[0].node_id
            lost = next(member for member in cluster.members if member.name == lost_name)
            others = {name for name in NAMES if name != lost_name}
            await lost.end(crash=True)

            def is_whole() -> bool:
                holders = cluster.holders(container)
                return holders == dict.fromkeys(others, ContainerState.CLOSED)

            await until(is_whole)
            for member in cluster.members:
                if member.is_up:
                    reads = member.work.reads
                    assert await reads.read(container, first, 0, 5) == b"small"
                    pieces = reads.stream(container, first + 1, 0, len(LARGE))
                    assert b"".join([bytes(piece) async for piece in pieces]) == LARGE

            def is_left() -> bool:
                """The ring that took the writes."""
                rings = [member.work.rings for member in cluster.members if member.is_up]
                return all(ring.get(pipeline.pipeline_id) is None for ring in rings)

            await until(is_left)
            wanted = BlockSlice(container=container, local=first, length_bytes=5)
            assert await cluster.reader.read_small(wanted) == b"small"
            # It comes back, with a replica that nobody needs any more.
            await lost.start()
            await until(lambda: lost.work.rings.has_left(pipeline.pipeline_id))

            def is_enough() -> bool:
                states = list(cluster.holders(container).values())
                return states == [ContainerState.CLOSED] * 3

            await until(is_enough)
            assert await cluster.reader.read_small(wanted) == b"small"
        finally:
            await cluster.end()

    asyncio.run(run())
