"""A DataNode whose opening is broken off."""

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.hdds.ring.held_disk import HeldDisk
from tests.unit.hdds.support import ListRing, config, new_runtime, node, until
from tests.unit.open_files import open_files
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Store, Table


class Stores:
    """Each is opened by a thread that waits for `goes_on` if it is held then."""

    def __init__(self, root: Path, *, holds: bool) -> None:
        self._root = root
        self.held, self.goes_on = threading.Event(), threading.Event()
        if not holds:
            self.goes_on.set()

    def __call__(self, name: str, tables: Iterable[Table]) -> Store:
        store = LmdbStore(self._root / name, tables, reserve_bytes=8 << 20)
        self.held.set()
        assert self.goes_on.wait(60)
        return store


class Disk(HeldDisk):
    """Attributes: synced: folders, in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.synced: list[Path] = []

    def sync_directory(self, path: Path) -> None:
        self.synced.append(path)
        super().sync_directory(path)


@pytest.mark.parametrize("at", ["store", "rows and files"])
def test_node_whose_opening_is_broken_off_closes_its_volumes_once_its_thread_has_ended(
    tmp_path: Path, at: str
) -> None:
    async def run() -> None:
        ring, disk = ListRing(), Disk()
        async with node(tmp_path, ring=ring) as n:
            for container in (1, 2, 3):
                await n.write(1, b"12345", container=container)
        assert open_files(tmp_path) == []
        disk.holds_sync = at != "store"
        stores = Stores(tmp_path, holds=at == "store")
        held = stores if at == "store" else disk
        runtime = new_runtime(disk)
        parts = VolumeParts(tmp_path, stores, ring, ring.member)
        datanode = DataNode(runtime, config(), [parts], [])
        opening = asyncio.ensure_future(datanode.open())
        await until(held.held.is_set)
        opening.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not opening.done() and open_files(tmp_path)
        held.goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert open_files(tmp_path) == []
        # Nor does the thread go through all containers.
        assert disk.synced == ([] if at == "store" else [tmp_path / "containers"])
        await datanode.stop()  # may come again
        await runtime.stop()
        async with node(tmp_path, ring=ring) as n:
            assert await n.read(1, 0, 5) == b"12345"

    asyncio.run(run())
