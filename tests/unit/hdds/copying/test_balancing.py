"""An empty DataNode joins full ones: containers move there, while they are read."""

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.unit.hdds.copying.test_lost_node import CONFIG
from tests.unit.hdds.ring.three import Member, until
from tests.unit.hdds.scm_cluster import SCM, ScmCluster
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import DiskSpace
from trioxygen.common.system_disk import SystemDisk
from trioxygen.metadata.scm.balancer.balancer import WITHIN_THE_BAND
from trioxygen.metadata.scm.balancer.config import BalancerConfig
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

NAMES = ("dn1", "dn2", "dn3")
BLOCK = bytes(range(256)) * (1 << 12)
CONTAINERS = 4


class SizedDisk(SystemDisk):
    """Of a size of its own, whatever it lies on."""

    def space(self, path: Path) -> DiskSpace:
        return DiskSpace(64 << 20, 48 << 20)


async def write(cluster: ScmCluster) -> BlockSlice:
    """One block, in a container that takes no others then."""
    reply = await cluster.allocated()
    block = BlockId(container=reply.blocks.container, local=reply.blocks.first_local)
    stream = await cluster.writer.open(block, reply.pipeline, len(BLOCK))
    await stream.send(BLOCK)
    await stream.finish()
    close = scm.CloseOpenContainerRequest(container_id=block.container)
    await cluster.client.call(close, scm.CloseOpenContainerReply)
    return BlockSlice(container=block.container, local=block.local, length_bytes=len(BLOCK))


def holders(cluster: ScmCluster, container: int) -> list[ContainerState]:
    return [
        member.work.volume.containers[container].state
        for member in cluster.members
        if member.is_up and container in member.work.volume.containers
    ]


def test_containers_move_to_an_empty_node_while_they_are_read(tmp_path: Path) -> None:
    async def run() -> None:
        # On a busy machine nobody is silent.
        config = replace(
            CONFIG,
            heartbeat_interval_ms=100,
            stale_after_ms=10_000,
            dead_after_ms=60_000,
            balancer=BalancerConfig(settle_ms=300, idle_looks_max=100),
        )
        cluster = ScmCluster(tmp_path, config, NAMES)
        for member in cluster.members:
            member.disk = SizedDisk()
        await cluster.start()
        try:
            blocks = [await write(cluster) for _ in range(CONTAINERS)]
            closed = [ContainerState.CLOSED] * 3
            await until(lambda: all(holders(cluster, each.container) == closed for each in blocks))
            added = Member("dn4", tmp_path / "dn4", cluster.network, [SCM], disk=SizedDisk())
            cluster.members.append(added)
            await added.start()
            await cluster.client.call(
                scm.StartBalancerRequest(threshold_percent=1), scm.DescribeBalancerReply
            )
            async with asyncio.timeout(120):
                while True:
                    await asyncio.sleep(0.05)
                    for each in blocks:
                        assert await cluster.reader.read_small(each) == BLOCK
                    status = await cluster.client.call(
                        scm.DescribeBalancerRequest(), scm.DescribeBalancerReply
                    )
                    if not status.balancer.running:
                        break
            assert status.balancer.ended_why == WITHIN_THE_BAND and status.nodes_counted == 4
            assert status.moved and added.work.volume.containers.keys() & {
                each.container for each in blocks
            }
            for each in blocks:
                assert holders(cluster, each.container) == closed
                assert await cluster.reader.read_small(each) == BLOCK
        finally:
            await cluster.end()

    asyncio.run(run())
