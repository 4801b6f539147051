"""Several disks in one DataNode: each fails, and comes back, alone."""

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.hdds.support import ADDRESS, FragileDisk, FragileFile, new_runtime, until
from trioxygen.cli.wiring.rings import ring_members
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import (
    ChecksumMismatch,
    NoSpace,
    NoSuchContainer,
    StoreDamaged,
    TrioxygenError,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import DAY_MS
from trioxygen.hdds.container.layout import VolumeLayout, check_whole
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.disk_watch import DiskWatch
from trioxygen.hdds.datanode.disks import DiskState
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.lmdb_txn import LmdbTxn
from trioxygen.metadata.store.ports import Store, StoreFailed, Table
from trioxygen.proto.v1.datanode_pb2 import WriteSmallBlockRequest
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

MEMBER = DataNodeAddress(node_id="node-1", address=ADDRESS)
DATA = b"on one of the disks"


class FailingStore(LmdbStore):
    """Attributes: is_failing: its disk does not take what it writes."""

    is_failing = False

    def begin(self) -> LmdbTxn:
        if self.is_failing:
            raise StoreFailed(errno.EIO, os.strerror(errno.EIO))
        return super().begin()


class Folder:
    """A `VolumeFolder` over real logs and stores."""

    def __init__(self, runtime: Runtime, path: Path, transport: RaftTransport) -> None:
        self._runtime, self._path, self._transport = runtime, path, transport
        self._wal: WriteAheadLog | None = None

    @property
    def path(self) -> Path:
        return self._path

    async def open(self) -> VolumeParts:
        if not self._runtime.disk.exists(self._path):
            raise StoreDamaged("not mounted", path=str(self._path))
        check_whole(self._runtime.disk, VolumeLayout(self._path))
        config = WalConfig(segment_bytes=1 << 20)
        wal = self._wal = await WriteAheadLog.open(self._path / "log", self._runtime, config)
        members = ring_members(self._runtime, wal, self._transport)
        return VolumeParts(self._path, self._store, wal, members)

    def _store(self, name: str, tables: Iterable[Table]) -> Store:
        return FailingStore(self._path / name, tables, reserve_bytes=8 << 20)

    async def in_use(self) -> None:
        """Nobody mixes logs up here."""

    async def close(self) -> None:
        wal, self._wal = self._wal, None
        if wal is not None:
            await wal.close()


class Node:
    def __init__(
        self, root: Path, disk: FragileDisk, paths: list[Path], disk_probe_ms: float = 20
    ) -> None:
        self.runtime = new_runtime(disk)
        transport = RaftTransport(self.runtime, address=ADDRESS)
        config = DataNodeConfig(
            node_id="node-1",
            address=ADDRESS,
            space_reserve_bytes=0,
            flush_interval_ms=5,
            disk_probe_ms=disk_probe_ms,
        )
        self.paths = paths
        folders = [Folder(self.runtime, path, transport) for path in paths]
        mounts = root / "mounts.json"
        self.datanode = DataNode(self.runtime, config, folders, [], mounts_file=mounts)

    async def join(self, pipeline_id: int, volume: int) -> None:
        """On a disk of our choice. Container and pipeline have one number here."""
        volume_id = self.datanode.disks.disks[volume].volume_id
        pipeline = Pipeline(pipeline_id=pipeline_id, datanodes=[MEMBER])
        await self.datanode.homes.join(pipeline, volume_id)

    async def write(self, pipeline_id: int, local: int, data: bytes = DATA) -> None:
        _, ring = self.datanode.homes.writing(pipeline_id)
        block = BlockId(container=pipeline_id, local=local)
        await ring.write_small(
            WriteSmallBlockRequest(block=block, data=data, pipeline_id=pipeline_id)
        )

    async def read(self, container: int, local: int) -> bytes:
        reads = self.datanode.homes.replica(container, 0).reads
        return bytes(await reads.read(container, local, 0, len(DATA)))

    async def until_served(self, container: int) -> None:
        """What it has is read, and it is written to."""
        async with asyncio.timeout(60):
            while True:
                try:
                    await self.write(container, 3)
                    assert await self.read(container, 1) == DATA
                    return
                except TrioxygenError:
                    await asyncio.sleep(0.02)

    def state(self, volume: int) -> DiskState:
        return self.datanode.disks.disks[volume].state

    async def until_state(self, volume: int, state: DiskState) -> None:
        await until(lambda: self.state(volume) is state)


@asynccontextmanager
async def two_disks(
    root: Path, disk: FragileDisk | None = None, disk_probe_ms: float = 20
) -> AsyncIterator[Node]:
    paths = [root / "disk1", root / "disk2"]
    for path in paths:
        path.mkdir(exist_ok=True)
    node = Node(root, disk or FragileDisk(), paths, disk_probe_ms)
    try:
        await node.datanode.start()
        yield node
        await node.datanode.stop()
    finally:
        await node.runtime.stop()


async def both_used(node: Node) -> None:
    for number in (0, 1):
        await node.join(number + 10, number)
        await node.write(number + 10, 1)


async def delete_in_use(folder: Path) -> None:
    """As often as it takes: whoever writes in it may make a file meanwhile."""
    async with asyncio.timeout(30):
        while await asyncio.to_thread(folder.exists):
            shutil.rmtree(folder, ignore_errors=True)
            await asyncio.sleep(0)


def test_disk_whose_folder_is_deleted_takes_out_itself_alone(tmp_path: Path) -> None:
    async def run() -> None:
        async with two_disks(tmp_path) as node:
            await both_used(node)
            lost_id = node.datanode.disks.disks[0].volume_id
            await delete_in_use(node.paths[0])
            await node.until_state(0, DiskState.OUT)
            with pytest.raises(NoSuchContainer):
                await node.read(10, 1)
            assert await node.read(11, 1) == DATA
            await node.write(11, 2)
            assert node.datanode.takes_writes()
            [report] = node.datanode.disks.failed_reports()
            assert (report.volume_id, report.failed) == (lost_id, True)
            assert not node.paths[0].exists()

    asyncio.run(run())


def test_empty_disk_in_the_place_of_a_lost_one_is_taken_in_without_a_restart(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with two_disks(tmp_path) as node:
            await both_used(node)
            lost_id = node.datanode.disks.disks[0].volume_id
            await delete_in_use(node.paths[0])
            await node.until_state(0, DiskState.OUT)
            node.paths[0].mkdir()
            await node.until_state(0, DiskState.SERVING)
            assert node.datanode.disks.disks[0].volume_id != lost_id
            assert node.datanode.disks.failed_reports() == []
            await node.join(12, 0)
            await node.write(12, 1)
            assert await node.read(12, 1) == DATA

    asyncio.run(run())


def test_disk_that_comes_back_has_what_it_had(tmp_path: Path) -> None:
    async def run() -> None:
        async with two_disks(tmp_path) as node:
            await both_used(node)
            away = tmp_path / "away"
            node.paths[0].rename(away)
            await node.until_state(0, DiskState.OUT)
            away.rename(node.paths[0])
            await node.until_state(0, DiskState.SERVING)
            assert await node.read(10, 1) == DATA
            await node.write(10, 2)
            assert await node.read(10, 2) == DATA

    asyncio.run(run())


class OneBadDisk(FragileDisk):
    """Of which all below one folder fails while `is_bad`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.is_bad = path, False

    def replace(self, path: Path, data: bytes) -> None:
        if self.is_bad and path.is_relative_to(self.path):
            raise OSError(errno.EROFS, "Read-only file system")
        super().replace(path, data)

    def open(self, path: Path, *, create: bool = False) -> FragileFile:  # type: ignore[override]
        if self.is_bad and path.is_relative_to(self.path / "containers"):
            raise OSError(errno.EIO, "Input/output error")
        return super().open(path, create=create)


def test_disk_that_cannot_be_written_any_more_is_out_until_it_can(tmp_path: Path) -> None:
    async def run() -> None:
        disk = OneBadDisk(tmp_path / "disk1")
        async with two_disks(tmp_path, disk) as node:
            await both_used(node)
            disk.is_bad = True
            await node.until_state(0, DiskState.OUT)
            assert "Read-only" in node.datanode.disks.disks[0].reason
            assert node.runtime.registry.get_sample_value("trioxygen_datanode_failed_volumes") == 1
            await node.write(11, 2)
            disk.is_bad = False
            await node.until_state(0, DiskState.SERVING)
            assert await node.read(10, 1) == DATA
            assert node.runtime.registry.get_sample_value("trioxygen_datanode_failed_volumes") == 0

    asyncio.run(run())


def test_disk_that_reads_nothing_is_out_once_somebody_reads_from_it(tmp_path: Path) -> None:
    async def run() -> None:
        disk = OneBadDisk(tmp_path / "disk1")
        async with two_disks(tmp_path, disk, disk_probe_ms=DAY_MS) as node:
            await both_used(node)
            [bad, _] = node.datanode.works
            await bad.flusher.flush_all()
            bad.volume.files.drop_container(10)
            disk.is_bad = True
            with pytest.raises(ChecksumMismatch):
                await node.read(10, 1)
            await node.until_state(0, DiskState.OUT)
            # Whoever asks for it is sent to another replica.
            with pytest.raises(NoSuchContainer):
                await node.read(10, 1)
            assert await node.read(11, 1) == DATA

    asyncio.run(run())


def test_disk_whose_index_is_not_written_goes_out_with_its_containers_as_they_were(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with two_disks(tmp_path) as node:
            await both_used(node)
            failed = node.datanode.disks.disks[0]
            work, volume = failed.work, failed.volume
            assert work is not None and volume is not None
            await work.flusher.flush_all()
            assert isinstance(volume.store, FailingStore)
            volume.store.is_failing = True
            await node.write(10, 2)
            await until(lambda: failed.volume is not volume)
            assert volume.index_failure is not None
            assert volume.containers[10].state is ContainerState.OPEN
            assert not volume.corrupt
            # Its log has what the index has not.
            await node.until_state(0, DiskState.SERVING)
            assert await node.read(10, 2) == DATA
            await node.until_served(11)

    asyncio.run(run())


def test_only_disk_whose_index_is_not_written_takes_nothing_until_it_is(tmp_path: Path) -> None:
    async def run() -> None:
        node = Node(tmp_path, FragileDisk(), [tmp_path / "disk1"], disk_probe_ms=0)
        (tmp_path / "disk1").mkdir()
        await node.datanode.start()
        await node.join(10, 0)
        await node.write(10, 1)
        [work] = node.datanode.works
        store = work.volume.store
        assert isinstance(store, FailingStore)
        store.is_failing = True
        await node.write(10, 2)
        await until(lambda: work.volume.index_failure is not None)
        with pytest.raises(NoSpace):
            await node.write(10, 3)
        assert work.volume.room.is_full()
        assert await node.read(10, 2) == DATA
        store.is_failing = False
        await node.until_served(10)
        assert work.volume.containers[10].state is ContainerState.OPEN
        store.is_failing = True
        # The log has the rest.
        await node.write(10, 4)
        await node.datanode.stop()
        await node.runtime.stop()

    asyncio.run(run())


def test_disk_whose_log_fails_is_opened_anew(tmp_path: Path) -> None:
    async def run() -> None:
        disk = FragileDisk()
        async with two_disks(tmp_path, disk) as node:
            await both_used(node)
            out = node.datanode.disks.disks[0]
            before = out.work
            disk.failure, disk.changes_left = lambda: OSError(errno.EIO, "Input/output error"), 0
            with pytest.raises(TrioxygenError):
                await node.write(10, 2)
            disk.changes_left = None
            await until(lambda: out.work is not before and out.state is DiskState.SERVING)
            # The other one may have met it as well, and be on its way out yet.
            await node.until_served(10)
            await node.until_served(11)

    asyncio.run(run())


def test_node_starts_without_a_disk_that_is_not_there(tmp_path: Path) -> None:
    async def run() -> None:
        async with two_disks(tmp_path) as node:
            await both_used(node)
        away = tmp_path / "away"
        (tmp_path / "disk1").rename(away)
        node = Node(tmp_path, FragileDisk(), [tmp_path / "disk1", tmp_path / "disk2"])
        await node.datanode.start()
        assert await node.read(11, 1) == DATA
        assert node.state(0) is DiskState.OUT
        away.rename(tmp_path / "disk1")
        await node.until_state(0, DiskState.SERVING)
        assert await node.read(10, 1) == DATA
        await node.datanode.stop()
        await node.runtime.stop()

    asyncio.run(run())


class MountedDisk(FragileDisk):
    """Attributes: mounted: folders at which file systems of their own are."""

    def __init__(self, mounted: Iterable[Path]) -> None:
        super().__init__()
        self.mounted = frozenset(mounted)

    def device(self, path: Path) -> int:
        return 2 if path in self.mounted else 1


def test_disk_that_is_not_mounted_at_a_start_is_missed_and_nothing_is_put_in_its_place(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        paths = [tmp_path / "disk1", tmp_path / "disk2"]
        for path in paths:
            path.mkdir()
        node = Node(tmp_path, MountedDisk(paths), paths)
        await node.datanode.start()
        await both_used(node)
        await node.datanode.stop()
        await node.runtime.stop()
        mounted = tmp_path / "mounted"
        paths[0].rename(mounted)
        paths[0].mkdir()
        disk = MountedDisk([paths[1]])
        node = Node(tmp_path, disk, paths)
        await node.datanode.start()
        assert await node.read(11, 1) == DATA
        [report] = node.datanode.disks.failed_reports()
        assert (report.failed, report.path) == (True, str(paths[0]))
        watch = DiskWatch(
            node.runtime,
            node.datanode.disks,
            node.datanode.disks.disks[0],
            1,
            interval_ms=DAY_MS,
            answer_ms_max=DAY_MS,
        )
        await watch.look()
        assert node.state(0) is DiskState.OUT
        assert not any(paths[0].iterdir())
        paths[0].rmdir()
        mounted.rename(paths[0])
        disk.mounted = frozenset(paths)
        await node.until_state(0, DiskState.SERVING)
        assert await node.read(10, 1) == DATA
        await node.datanode.stop()
        await node.runtime.stop()

    asyncio.run(run())


def test_node_whose_note_of_mounted_disks_is_damaged_does_not_start(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "disk1").mkdir()
        (tmp_path / "mounts.json").write_text("{}")
        node = Node(tmp_path, FragileDisk(), [tmp_path / "disk1"])
        with pytest.raises(StoreDamaged):
            await node.datanode.start()
        await node.runtime.stop()

    asyncio.run(run())


def test_node_of_which_no_disk_can_be_opened_does_not_start(tmp_path: Path) -> None:
    async def run() -> None:
        node = Node(tmp_path, FragileDisk(), [tmp_path / "disk1", tmp_path / "disk2"])
        with pytest.raises(StoreDamaged):
            await node.datanode.start()
        await node.runtime.stop()

    asyncio.run(run())


def test_replica_that_was_made_on_another_disk_meanwhile_is_dropped_from_the_one_that_comes_back(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with two_disks(tmp_path) as node:
            await both_used(node)
            away = tmp_path / "away"
            node.paths[0].rename(away)
            await node.until_state(0, DiskState.OUT)
            await node.join(10, 1)
            await node.write(10, 1)
            away.rename(node.paths[0])
            await node.until_state(0, DiskState.SERVING)
            back = node.datanode.disks.disks[0].volume
            assert back is not None
            await until(lambda: 10 not in back.containers)
            other = node.datanode.disks.disks[1].volume
            assert other is not None
            assert other.containers[10].state is ContainerState.OPEN
            assert await node.read(10, 1) == DATA

    asyncio.run(run())
