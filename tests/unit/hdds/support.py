"""A DataNode on a real disk and a real store, with a ring's log in memory that outlives it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.clock import SystemClock
from trioxygen.common.disk import Buffer, Disk, File
from trioxygen.common.errors import Internal, TrioxygenError
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.worker import Tasks
from trioxygen.hdds.client.block_stream import BlockStream, SoleStream
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.ports import ScmClient
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.ring import Ring
from trioxygen.metadata.raft.ports import Entry, GroupId, Replica, ReplicatedStateMachine
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1.datanode_pb2 import RingRow, WriteStreamReply
from trioxygen.proto.v1.scm_pb2 import (
    ContainerLocation,
    ContainerReplica,
    DeleteBlocksCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, BlockSlice, DataNodeAddress, Pipeline

ADDRESS = "datanode-1"
RING = 7
PIPELINE = Pipeline(
    pipeline_id=RING, datanodes=[DataNodeAddress(node_id="node-1", address=ADDRESS)]
)
LOCATED = [ContainerReplica(datanode=member) for member in PIPELINE.datanodes]


@dataclass
class ListRing:
    """The log and the member of a ring of one, in a list: it survives the DataNodes that use it.
    Implements `SharedLog` and `Replica`."""

    entries: list[Entry] = field(default_factory=list)
    durable_index: int = 0
    machine: ReplicatedStateMachine | None = None
    is_short: bool = False
    failure: TrioxygenError | None = None
    term: int = 1
    entry_bytes_max: int = 16 << 20
    # Members of other rings than RING, over the same log.
    others: "dict[int, ListRing]" = field(default_factory=dict)
    forgotten: set[int] = field(default_factory=set)

    def member(self, row: RingRow) -> Replica:
        if row.pipeline_id == RING:
            return self
        return self.others.setdefault(row.pipeline_id, ListRing())

    def groups(self) -> Sequence[GroupId]:
        return [GroupId(ring) for ring in (RING, *self.others) if ring not in self.forgotten]

    async def forget(self, group: GroupId) -> None:
        self.forgotten.add(group)

    def watch_pressure(self, watcher: Callable[[], None]) -> None:
        """It has room for everything."""

    async def start(self, machine: ReplicatedStateMachine) -> None:
        self.machine = machine
        applied_index = machine.applied().index
        assert self.durable_index <= applied_index
        lacking = [entry for entry in self.entries if entry.index > applied_index]
        if lacking:
            await machine.apply(lacking)

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        assert self.machine is not None
        entry = Entry(len(self.entries) + 1, self.term, payload)
        self.entries.append(entry)
        await self.machine.apply([entry])
        return entry.index

    def is_leader(self) -> bool:
        return True

    @property
    def has_caught_up(self) -> bool:
        return True

    def leader_address(self) -> str:
        return ""

    def watch_leadership(self, watcher: Callable[[], None]) -> None:
        """It leads for ever."""

    def hand_over(self) -> bool:
        return False

    async def read_barrier(self) -> None:
        return

    async def read_log(self, first_index: int, *, bytes_max: int) -> Sequence[Entry]:
        return self.entries[first_index - 1 :]

    def fail(self, error: BaseException) -> TrioxygenError:
        return Internal(str(error))

    def state_is_durable_through(self, index: int) -> None:
        assert self.durable_index <= index <= len(self.entries)
        self.durable_index = index

    async def stop(self) -> None:
        self.machine = None


class CrashedDisk(OSError):
    """The process would have ended here."""


class FragileDisk(SystemDisk):
    """The machine's disk, which fails from its n-th change on (`changes_left`)."""

    def __init__(self) -> None:
        self.changes_left: int | None = None
        self.failure: Callable[[], Exception] = CrashedDisk

    def change(self) -> None:
        if self.changes_left is None:
            return
        if self.changes_left == 0:
            raise self.failure()
        self.changes_left -= 1

    def open(self, path: Path, *, create: bool = False) -> "FragileFile":  # type: ignore[override]
        if create and not path.exists():
            self.change()
        return FragileFile(super().open(path, create=create), self)

    def rename(self, source: Path, target: Path) -> None:
        self.change()
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        if self.failure is CrashedDisk:
            self.change()
        super().remove(path)

    def sync_directory(self, path: Path) -> None:
        self.change()
        super().sync_directory(path)


class FragileFile:
    def __init__(self, file: File, disk: FragileDisk) -> None:
        self._file, self._disk = file, disk
        self.pread = file.pread
        self.pread_nowait = file.pread_nowait
        self.size_bytes = file.size_bytes
        self.close = file.close

    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        self._disk.change()
        return self._file.pwrite(buffers, offset_bytes)

    def datasync(self) -> None:
        self._disk.change()
        self._file.datasync()

    def allocate(self, offset_bytes: int, size_bytes: int, *, keep_size: bool = False) -> None:
        self._disk.change()
        self._file.allocate(offset_bytes, size_bytes, keep_size=keep_size)

    def punch_hole(self, offset_bytes: int, size_bytes: int) -> None:
        self._disk.change()
        self._file.punch_hole(offset_bytes, size_bytes)

    def truncate(self, size_bytes: int) -> None:
        self._disk.change()
        self._file.truncate(size_bytes)


async def received(stream: BlockStream, timeout_ms: float) -> WriteStreamReply:
    """All was sent; nobody puts the block."""
    assert isinstance(stream, SoleStream)
    reply: WriteStreamReply = await stream.upload.finish(timeout_ms)
    return reply


@dataclass
class Node:
    """A running DataNode and a client of it."""

    root: Path
    runtime: Runtime
    datanode: DataNode
    ring: ListRing
    disk: Disk
    writer: BlockWriter
    reader: BlockReader

    @property
    def work(self) -> VolumeWork:
        return self.datanode.works[0]

    @property
    def pipeline(self) -> Ring:
        actual = self.work.rings.get(RING)
        assert actual is not None
        return actual

    def container(self, container_id: int = 1) -> Container:
        return self.work.volume.containers[container_id]

    async def write(self, local: int, data: bytes, *, container: int = 1) -> None:
        """By the way that a gateway would take for this size."""
        block = BlockId(container=container, local=local)
        if len(data) <= 64 * 1024:
            await self.writer.write_small(block, PIPELINE, data)
        else:
            await self.stream(local, [data], len(data), container=container)

    async def stream(
        self, local: int, pieces: Iterable[Buffer], size_bytes_max: int, *, container: int = 1
    ) -> int:
        block = BlockId(container=container, local=local)
        stream = await self.writer.open(block, PIPELINE, size_bytes_max)
        try:
            for piece in pieces:
                await stream.send(piece)
            return await stream.finish()
        finally:
            await stream.cancel()

    async def read(self, local: int, offset: int, length: int, *, container: int = 1) -> bytes:
        if length <= 1024 * 1024:
            wanted = BlockSlice(
                container=container, local=local, offset_bytes=offset, length_bytes=length
            )
            return await self.reader.read_small(wanted)
        return await self.read_stream(local, offset, length, container=container)

    async def read_stream(
        self, local: int, offset: int, length: int, *, container: int = 1
    ) -> bytes:
        wanted = BlockSlice(
            container=container, local=local, offset_bytes=offset, length_bytes=length
        )
        pieces = self.reader.stream(wanted)
        return b"".join([bytes(piece) async for piece in pieces])

    async def delete(self, *ranges: tuple[int, int]) -> None:
        """(first local, count) each, in container 1."""
        blocks = [
            BlockRange(container=1, first_local=first, count=count) for first, count in ranges
        ]
        await self.pipeline.delete_blocks(DeleteBlocksCommand(blocks=blocks))

    async def flush(self) -> None:
        await self.work.flusher.flush_all()

    def files(self, container: int = 1) -> list[str]:
        return list(self.disk.list(self.root / "containers" / str(container)))

    def allocated_bytes(self, container: int = 1) -> int:
        folder = self.root / "containers" / str(container)
        return sum(self.disk.allocated_bytes(folder / name) for name in self.files(container))


def config(**changed: int | float) -> DataNodeConfig:
    settings: dict[str, int | float] = {
        "flush_interval_ms": 5,
        "compaction_interval_ms": 3_600_000,
        "space_reserve_bytes": 0,
    }
    return DataNodeConfig(node_id="node-1", address=ADDRESS, **(settings | changed))  # type: ignore[arg-type]


POOL_THREADS: Final = 2


def new_runtime(disk: Disk, network: LocalNetwork | None = None) -> Runtime:
    clock = SystemClock()
    registry = CollectorRegistry()
    return Runtime(
        clock=clock,
        rng=random.Random(1),
        disk=disk,
        network=network or LocalNetwork(encode=True),
        blocking=ThreadBlocking(pool_threads=POOL_THREADS),
        registry=registry,
        tasks=Tasks(clock, registry),
    )


@asynccontextmanager
async def node(
    root: Path,
    *,
    ring: ListRing | None = None,
    disk: Disk | None = None,
    settings: DataNodeConfig | None = None,
    scm: ScmClient | None = None,
    crash: bool = False,
) -> AsyncIterator[Node]:
    """Args: crash: at the end nothing is flushed; only what the store committed stays."""
    ring = ring or ListRing()
    disk = disk or SystemDisk()
    runtime = new_runtime(disk)
    opened: list[Store] = []
    if crash:
        asyncio.get_running_loop().set_exception_handler(_tell_what_no_crash_is)

    def stores(name: str, tables: Iterable[Table]) -> Store:
        opened.append(LmdbStore(root / name, tables, reserve_bytes=8 << 20))
        return opened[-1]

    datanode = DataNode(
        runtime,
        settings or config(),
        [VolumeParts(root, stores, ring, ring.member)],
        [] if scm is None else [scm],
    )

    async def locate(container_ids: list[int]) -> list[ContainerLocation]:
        return [
            ContainerLocation(container_id=container_id, replicas=LOCATED)
            for container_id in container_ids
        ]

    pool = DataNodePool(runtime.network, runtime.clock, locate)
    try:
        await datanode.start()
        await datanode.homes.join(PIPELINE)
        yield Node(root, runtime, datanode, ring, disk, BlockWriter(pool), BlockReader(pool))
        if not crash:
            await datanode.stop()
    finally:
        await runtime.tasks.stop()
        for work in datanode.works:
            await broken_off(work)
            work.volume.files.close()
        runtime.blocking.close()
        for store in opened:
            store.close()


def _tell_what_no_crash_is(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A process that has ended says nothing of what it was at."""
    if not isinstance(context.get("exception"), CrashedDisk):
        loop.default_exception_handler(context)


async def broken_off(work: VolumeWork) -> None:
    """What its workers had begun goes no further, as in a crash: of a removal, files may be gone
    whose rows are there. A flush is one step, which ends."""
    for task in work.removals._finishing._tasks:
        task.cancel()
    await work.removals.finished()
    await work.compactor.finished()
    await work.flusher.finished()


async def until(holds: Callable[[], object]) -> None:
    """For what threads do."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
