"""Disks that are not there when a DataNode starts."""

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.hdds.datanode.disk_node import DATA, Node, both_used, two_disks
from tests.unit.hdds.support import FragileDisk, new_runtime
from trioxygen.common.errors import StoreDamaged
from trioxygen.common.units import DAY_MS
from trioxygen.hdds.datanode.disk_watch import DiskWatch
from trioxygen.hdds.datanode.disks import DiskState
from trioxygen.hdds.datanode.mounts import Mounts


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


class HungDisk(MountedDisk):
    """Attributes: hung: of this folder it does not say what is mounted there, until it goes on."""

    def __init__(self, mounted: Iterable[Path], hung: Path) -> None:
        super().__init__(mounted)
        self.hung, self.is_asked, self.goes_on = hung, threading.Event(), threading.Event()

    def device(self, path: Path) -> int:
        if path == self.hung:
            self.is_asked.set()
            assert self.goes_on.wait(60)
        return super().device(path)


def test_disk_that_does_not_answer_keeps_no_other_from_being_taken_in(tmp_path: Path) -> None:
    async def run() -> None:
        paths = [tmp_path / "disk1", tmp_path / "disk2"]
        for path in paths:
            path.mkdir()
        disk = HungDisk(paths, paths[0])
        runtime = new_runtime(disk)
        mounts = Mounts(runtime, tmp_path / "mounts.json")
        slow = asyncio.create_task(mounts.learn(paths[0]))
        try:
            assert await asyncio.to_thread(disk.is_asked.wait, 60)
            async with asyncio.timeout(30):
                await mounts.learn(paths[1])
                await mounts.check(paths[1])
        finally:
            disk.goes_on.set()
            await slow
        disk.mounted = frozenset()
        for path in paths:
            # Noted, both of them.
            with pytest.raises(StoreDamaged):
                await Mounts(runtime, tmp_path / "mounts.json").check(path)
        await runtime.stop()

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
