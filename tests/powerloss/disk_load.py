"""A DataNode under load, in a process of its own, so that all that it does to its disk can be
recorded: `python -m tests.powerloss.disk_load DISK OTHER NOTES SEED LIFE`.

Blocks of all kinds come by rings and streams, of whole replicas and of an erasure code; blocks and
containers are deleted, containers closed, and copied from a DataNode whose disk is OTHER. NOTES
gets a line when something begins, and one when it is acknowledged. Each LIFE has containers of its
own."""

import asyncio
import itertools
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.crash.model import Content
from tests.unit.hdds.ring.three import Member
from trioxygen.common.container_state import ContainerState
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.units import KIB
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.proto.v1.datanode_pb2 import (
    PutBlockReply,
    PutBlockRequest,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
)
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    DataNodeCommand,
    DeleteBlocksCommand,
    DeleteContainerCommand,
    ReplicateContainerCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, DataNodeAddress, Pipeline

NODE, SOURCE = "dn1", "dn2"
WHOLE_RING, CODED_RING, SOURCE_RING, INDEX = 9, 70, 11, 2
# Ids of containers: so many for each life, the last ones of those that are copied.
LIFE_IDS, COPIED_FIRST = 10_000, 5_000
_SMALL_BYTES_MAX: Final = 2 * KIB
_SIZES: Final = ((1, 2_000), (1, 2_000), (2_100, 16_000), (17_000, 60_000))
_CALL_MS: Final = 60_000.0
_WRITERS: Final = 2
_LOOKED_S: Final = 0.005
_REST_S: Final = 0.004


def settings(name: str) -> DataNodeConfig:
    """Small, so that segments fill and are rewritten, and containers close, within a second."""
    return DataNodeConfig(
        node_id=name,
        address=name,
        block_bytes_max=64 * KIB,
        small_block_bytes_max=_SMALL_BYTES_MAX,
        packed_block_bytes_max=16 * KIB,
        container_bytes_max=4096 * KIB,
        segment_bytes_max=64 * KIB,
        space_reserve_bytes=0,
        pending_bytes_max=128 * KIB,
        flush_bytes=16 * KIB,
        flush_interval_ms=20,
        store_sync_interval_ms=200,
        store_sync_log_bytes=64 * KIB,
        write_piece_bytes=16 * KIB,
        compaction_interval_ms=100,
    )


def member(name: str, root: Path, network: LocalNetwork) -> Member:
    wal = WalConfig(segment_bytes=128 * KIB)
    return Member(name, root, network, wal_config=wal, settings=settings(name))


def pipeline(ring: int) -> Pipeline:
    name = SOURCE if ring == SOURCE_RING else NODE
    index = INDEX if ring == CODED_RING else 0
    address = DataNodeAddress(node_id=name, address=name, replica_index=index)
    return Pipeline(pipeline_id=ring, datanodes=[address])


class Notes:
    """What was begun, and what was acknowledged."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._numbers = itertools.count()

    def begin(self, key: str, content: Content | None) -> int:
        number = next(self._numbers)
        value = [content.seed, content.size_bytes] if content is not None else None
        self._line([number, key, value])
        return number

    def acknowledge(self, *numbers: int) -> None:
        for number in numbers:
            self._line([number])

    def closed(self, container: int) -> None:
        self._line(["closed", container])

    def removed(self, container: int) -> None:
        self._line(["removed", container])

    def _line(self, values: list[Any]) -> None:
        self._file.write(json.dumps([time.monotonic_ns(), *values]) + "\n")
        self._file.flush()


class Blocks:
    """Of one ring, put by its DataNode's service."""

    def __init__(self, at: Member, ring: int) -> None:
        self._at, self._ring = at, ring
        [self._address] = pipeline(ring).datanodes

    async def put(self, container: int, local: int, data: bytes) -> None:
        block = BlockId(container=container, local=local)
        index = self._address.replica_index
        group = BlockGroup(local, len(data) * 3, 3).message if index else None
        channel = self._at.runtime.network.channel(self._address.address)
        if len(data) <= _SMALL_BYTES_MAX:
            small = WriteSmallBlockRequest(
                block=block, data=data, pipeline_id=self._ring, replica_index=index, group=group
            )
            await channel.call(
                "DataNode/WriteSmallBlock", small, WriteSmallBlockReply, timeout_ms=_CALL_MS
            )
            return
        header = WriteStreamHeader(
            block=block, pipeline_id=self._ring, size_bytes_max=len(data), replica_index=index
        )
        upload = await channel.upload("DataNode/WriteStream", header)
        for at in range(0, len(data), 8 * KIB):
            await upload.send(data[at : at + 8 * KIB])
        await upload.finish(_CALL_MS)
        put = PutBlockRequest(
            block=block,
            pipeline_id=self._ring,
            size_bytes=len(data),
            checksums=checksums_of(data),
            replica_index=index,
            group=group,
        )
        await channel.call("DataNode/PutBlock", put, PutBlockReply, timeout_ms=_CALL_MS)


class Writer:
    """Writes to containers of its own, one after the other. Args: first: their ids."""

    def __init__(self, at: Member, ring: int, first: int, rng: random.Random, notes: Notes) -> None:
        self._at, self._rng, self._notes = at, rng, notes
        self._blocks = Blocks(at, ring)
        self._index = pipeline(ring).datanodes[0].replica_index
        self._commands = commands(at)
        self._container = first
        self._seeds = itertools.count(first * 1_000_000)
        self._local = 0
        self._there: list[int] = []
        self._closed: list[tuple[int, list[int]]] = []

    async def run(self) -> None:
        deeds: list[tuple[int, Callable[[], Any]]] = [
            (30, self._put),
            (8, self._delete),
            (2, self._close),
            (1, self._delete_container),
        ]
        weights, choices = zip(*deeds, strict=True)
        while True:
            [deed] = self._rng.choices(choices, weights)
            await deed()
            await asyncio.sleep(self._rng.random() * _REST_S)

    async def _put(self) -> None:
        self._local += 1
        content = Content(next(self._seeds), self._rng.randint(*self._rng.choice(_SIZES)))
        number = self._notes.begin(f"{self._container}/{self._local}", content)
        await self._blocks.put(self._container, self._local, content.body)
        self._notes.acknowledge(number)
        self._there.append(self._local)

    async def _delete(self) -> None:
        if len(self._there) < 4:
            return
        gone = self._rng.sample(self._there, len(self._there) // 2)
        self._there = [local for local in self._there if local not in gone]
        numbers = [self._notes.begin(f"{self._container}/{local}", None) for local in gone]
        blocks = [
            BlockRange(container=self._container, first_local=local, count=1) for local in gone
        ]
        transaction = next(self._seeds)
        command = DeleteBlocksCommand(transaction_id=transaction, blocks=blocks)
        await self._tell(DataNodeCommand(delete_blocks=command))
        assert transaction in self._commands.deleted_transaction_ids
        self._notes.acknowledge(*numbers)

    async def _close(self) -> None:
        if not self._there:
            return
        container = self._container
        command = CloseContainerCommand(container_id=container)
        await self._tell(DataNodeCommand(close_container=command))
        await until(lambda: self._at.container_state(container) is ContainerState.CLOSED)
        self._notes.closed(container)
        self._closed.append((container, self._there))
        self._container, self._local, self._there = container + 1, 0, []

    async def _delete_container(self) -> None:
        if not self._closed:
            return
        container, locals_there = self._closed.pop(0)
        numbers = [self._notes.begin(f"{container}/{local}", None) for local in locals_there]
        command = DeleteContainerCommand(
            container_id=container, replica_index=self._index, force=True
        )
        await self._tell(DataNodeCommand(delete_container=command))
        await until(lambda: container not in self._at.work.volume.containers)
        self._notes.acknowledge(*numbers)
        # Its files have gone before it.
        self._notes.removed(container)

    async def _tell(self, command: DataNodeCommand) -> None:
        asked_ms = self._at.runtime.clock.monotonic_ms()
        await self._commands.execute(command, asked_ms=asked_ms)


class Copying:
    """Containers of the other DataNode are copied to the one that is recorded."""

    def __init__(self, source: Member, at: Member, rng: random.Random, notes: Notes) -> None:
        self._source, self._at, self._rng, self._notes = source, at, rng, notes
        self._blocks = Blocks(source, SOURCE_RING)
        self._commands = commands(source)

    async def run(self, first: int) -> None:
        for container in itertools.count(first):
            await self._copy(container)

    async def _copy(self, container: int) -> None:
        contents = {
            local: Content(container * 1_000 + local, self._rng.randint(*self._rng.choice(_SIZES)))
            for local in range(1, 8)
        }
        for local, content in contents.items():
            await self._blocks.put(container, local, content.body)
        close = CloseContainerCommand(container_id=container)
        await self._tell(DataNodeCommand(close_container=close))
        await until(lambda: self._source.container_state(container) is ContainerState.CLOSED)
        numbers = [
            self._notes.begin(f"{container}/{local}", content)
            for local, content in contents.items()
        ]
        copy = ReplicateContainerCommand(
            container_id=container, target=DataNodeAddress(node_id=NODE, address=NODE)
        )
        await self._tell(DataNodeCommand(replicate_container=copy))
        containers = self._at.work.volume.containers
        await until(
            lambda: container in containers and containers[container].state is ContainerState.CLOSED
        )
        self._notes.acknowledge(*numbers)
        self._notes.closed(container)

    async def _tell(self, command: DataNodeCommand) -> None:
        asked_ms = self._source.runtime.clock.monotonic_ms()
        await self._commands.execute(command, asked_ms=asked_ms)


def commands(at: Member) -> Commands:
    node = at.datanode
    return Commands(at.runtime.clock, node.homes, node.copies, node.rebuilds)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_CALL_MS / 1_000):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(_LOOKED_S)


async def load(disk: Path, other: Path, notes: Notes, rng: random.Random, life: int) -> None:
    """Until the process is killed."""
    network = LocalNetwork(encode=True)
    at, source = member(NODE, disk, network), member(SOURCE, other, network)
    await at.start()
    await source.start()
    for ring in (WHOLE_RING, CODED_RING):
        await at.datanode.homes.join(pipeline(ring))
    await source.datanode.homes.join(pipeline(SOURCE_RING))
    async with asyncio.TaskGroup() as group:
        for number in range(_WRITERS):
            for ring, first in ((WHOLE_RING, 1), (CODED_RING, 1_000)):
                own = random.Random(rng.random())
                own_first = first + 100 * number + LIFE_IDS * life
                group.create_task(Writer(at, ring, own_first, own, notes).run())
        copying = Copying(source, at, random.Random(rng.random()), notes)
        group.create_task(copying.run(COPIED_FIRST + LIFE_IDS * life))


def main(arguments: list[str]) -> None:
    disk, other, notes, seed, life = arguments
    rng = random.Random(seed)
    asyncio.run(load(Path(disk), Path(other), Notes(Path(notes)), rng, int(life)))


if __name__ == "__main__":
    main(sys.argv[1:])
