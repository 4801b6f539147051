"""Two DataNodes: the first has a container of a ring of its own, the second is to get a copy."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.unit.hdds.ring.three import Member, until
from tests.unit.hdds.support import new_runtime
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Disk
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    ContainerLocation,
    DataNodeCommand,
    ReplicateContainerCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

S = ContainerState
PIPELINE = Pipeline(pipeline_id=9, datanodes=[DataNodeAddress(node_id="source", address="source")])
ELSEWHERE = Pipeline(
    pipeline_id=10, datanodes=[DataNodeAddress(node_id="target", address="target")]
)
TARGET = DataNodeAddress(node_id="target", address="target")
CONTAINER = 5
# By local id: through the log, packed, and in files of their own.
BLOCKS = {
    **{local: b"%d" % local * 200 for local in range(1, 60)},
    60: bytes(range(256)) * 400,
    61: b"x" * 70_001,
    62: bytes(range(256)) * (9 << 10),
    63: b"y" * ((1 << 20) + 5),
    **{local: b"%d" % local for local in range(64, 80)},
}


class Two:
    def __init__(self, root: Path, target_disk: Disk) -> None:
        self.network = LocalNetwork(encode=True)
        self.source = Member("source", root / "source", self.network)
        self.target = Member("target", root / "target", self.network, disk=target_disk)
        self.runtime = new_runtime(SystemDisk(), self.network)
        self.writer = BlockWriter(DataNodePool(self.network, self.runtime.clock, self._locate))

    async def _locate(self, container_ids: list[int]) -> list[ContainerLocation]:
        return []

    async def start(self) -> None:
        await self.source.start()
        await self.target.start()
        await self.source.datanode.homes.join(PIPELINE)
        await self.target.datanode.homes.join(ELSEWHERE)
        for local, data in BLOCKS.items():
            await self.write(local, data)

    async def write(self, local: int, data: bytes) -> None:
        block = BlockId(container=CONTAINER, local=local)
        if len(data) <= 64 * 1024:
            await self.writer.write_small(block, PIPELINE, data)
            return
        stream = await self.writer.open(block, PIPELINE, len(data))
        await stream.send(data)
        await stream.finish()

    async def close(self) -> None:
        """The container, at its source."""
        command = CloseContainerCommand(container_id=CONTAINER)
        await tell(self.source, DataNodeCommand(close_container=command))
        await until(lambda: self.source.container_state(CONTAINER) is S.CLOSED)

    async def copy(self) -> None:
        command = ReplicateContainerCommand(container_id=CONTAINER, target=TARGET)
        await tell(self.source, DataNodeCommand(replicate_container=command))

    @property
    def copied(self) -> Container | None:
        return self.target.work.volume.containers.get(CONTAINER)

    def is_copied(self) -> bool:
        return self.copied is not None and self.copied.state is S.CLOSED

    async def end(self) -> None:
        await self.source.end(crash=True)
        await self.target.end(crash=True)
        await self.runtime.stop()


async def tell(member: Member, command: DataNodeCommand) -> None:
    commands = Commands(
        member.runtime.clock,
        member.datanode.homes,
        member.datanode.copies,
        member.datanode.rebuilds,
    )
    await commands.execute(command, asked_ms=member.runtime.clock.monotonic_ms())


async def contents(member: Member) -> dict[int, bytes]:
    """All blocks that can be read there."""
    await member.work.flusher.flush_all()
    rows = member.work.volume.index.whole_after(CONTAINER.to_bytes(8, "big"), count_max=1_000)
    read: dict[int, bytes] = {}
    for key, block in rows:
        local = int.from_bytes(key[8:], "big")
        pieces = member.work.reads.stream(CONTAINER, local, 0, block.size_bytes)
        read[local] = b"".join([bytes(piece) async for piece in pieces])
    return read


def with_two(
    root: Path, scenario: Callable[[Two], Awaitable[None]], *, target_disk: Disk | None = None
) -> None:
    async def run() -> None:
        two = Two(root, target_disk or SystemDisk())
        try:
            await two.start()
            async with asyncio.timeout(100):
                await scenario(two)
        finally:
            await two.end()

    asyncio.run(run())
