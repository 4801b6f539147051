"""Several disks in one DataNode: each fails, and comes back, alone."""

import asyncio
import errno
import shutil
from pathlib import Path

import pytest

from tests.unit.hdds.datanode.disk_node import DATA, FailingStore, Node, both_used, two_disks
from tests.unit.hdds.support import FragileDisk, FragileFile, until
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import (
    ChecksumMismatch,
    NoSpace,
    NoSuchBlock,
    NoSuchContainer,
    TrioxygenError,
)
from trioxygen.common.units import DAY_MS
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.disks import DiskState
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockRange


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


def test_deletion_is_not_confirmed_while_a_disk_is_out_that_may_have_the_block(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with two_disks(tmp_path) as node:
            await both_used(node)
            datanode = node.datanode
            commands = Commands(
                node.runtime.clock, datanode.homes, datanode.copies, datanode.rebuilds
            )

            async def delete(transaction_id: int, *containers: int) -> bool:
                """Whether it is confirmed."""
                blocks = [BlockRange(container=each, first_local=1, count=1) for each in containers]
                delete = DeleteBlocksCommand(transaction_id=transaction_id, blocks=blocks)
                command = DataNodeCommand(delete_blocks=delete)
                await commands.execute(command, asked_ms=node.runtime.clock.monotonic_ms())
                return transaction_id in commands.deleted_transaction_ids

            away = tmp_path / "away"
            node.paths[0].rename(away)
            await node.until_state(0, DiskState.OUT)
            assert not await delete(1, 10, 11)
            with pytest.raises(NoSuchBlock):
                await node.read(11, 1)
            await node.write(11, 4)
            assert await delete(2, 11)
            away.rename(node.paths[0])
            await node.until_state(0, DiskState.SERVING)
            assert await node.read(10, 1) == DATA
            assert await delete(1, 10, 11)
            with pytest.raises(NoSuchBlock):
                await node.read(10, 1)
            assert await delete(3, 4_711)

    asyncio.run(run())


def test_disk_that_comes_in_counts_as_out_until_its_log_is_replayed(tmp_path: Path) -> None:
    async def run() -> None:
        async with two_disks(tmp_path, disk_probe_ms=DAY_MS) as node:
            disks = node.datanode.disks
            assert not node.datanode.homes.may_come_back()
            await disks.take_out(disks.disks[0], NoSpace("as a test wants it"))
            await node.until_state(0, DiskState.OUT)
            seen: set[tuple[int, bool]] = set()
            coming = asyncio.create_task(disks.take_in(disks.disks[0]))
            while not coming.done():
                in_service = len(node.datanode.works)
                assert len(disks.failed_reports()) == 2 - in_service
                seen.add((in_service, node.datanode.homes.may_come_back()))
                await asyncio.sleep(0)
            await coming
            assert {(1, True), (2, True)} <= seen and (1, False) not in seen
            assert not node.datanode.homes.may_come_back()

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
