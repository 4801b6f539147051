"""The log on a real file system and real threads."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.open_files import open_files
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.system_disk import SystemDisk
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry, GroupId

GROUPS = [GroupId(1), GroupId(2)]
CONFIG = WalConfig(segment_bytes=256 * 1024)


class HeldDisk(SystemDisk):
    """Syncs of the log's folder wait for `goes_on`."""

    def __init__(self) -> None:
        self.held, self.goes_on = threading.Event(), threading.Event()

    def sync_directory(self, path: Path) -> None:
        if path.name == "log":
            self.held.set()
            assert self.goes_on.wait(60)
        super().sync_directory(path)


async def opened(directory: Path) -> tuple[Runtime, WriteAheadLog]:
    runtime = system_runtime(LocalNetwork())
    return runtime, await WriteAheadLog.open(directory, runtime, CONFIG)


def test_log_rolls_recycles_and_reads_while_it_is_written(tmp_path: Path) -> None:
    def payload(group: GroupId, index: int) -> bytes:
        return b"%d/%d " % (group, index) * 300

    async def write(wal: WriteAheadLog, group: GroupId, count: int) -> None:
        waiting = []
        for _ in range(count):
            index = wal.last_index_queued(group) + 1
            waiting.append(wal.append(group, [Entry(index, 1, payload(group, index))]))
            if len(waiting) == 8:
                await asyncio.gather(*waiting)
                waiting.clear()
                wal.release(group, wal.last_index(group) - 60)
                first = wal.first_index(group)
                for entry in await wal.read(group, first, bytes_max=10_000):
                    assert entry.payload == payload(group, entry.index)
        await asyncio.gather(*waiting)

    async def scenario() -> None:
        directory = tmp_path / "log"
        runtime, wal = await opened(directory)
        await asyncio.gather(*[write(wal, group, 800) for group in GROUPS])
        await wal.close()
        await runtime.stop()
        assert len(list(directory.iterdir())) <= 6

        runtime, wal = await opened(directory)
        for group in GROUPS:
            assert wal.last_index(group) == 800
            assert 400 < wal.first_index(group) <= 741
            index = wal.first_index(group)
            while content := await wal.read(group, index, bytes_max=100_000):
                assert [entry.payload for entry in content] == [
                    payload(group, entry.index) for entry in content
                ]
                index = content[-1].index + 1
            assert index == 801
        await wal.close()
        await runtime.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize("is_new", [False, True])
def test_log_whose_opening_is_broken_off_is_closed_once_its_thread_has_ended(
    tmp_path: Path, is_new: bool
) -> None:
    async def scenario() -> None:
        directory, disk = tmp_path / "log", HeldDisk()
        if not is_new:
            runtime, wal = await opened(directory)
            await wal.append(GROUPS[0], [Entry(1, 1, b"entry")])
            await wal.close()
            await runtime.stop()
        runtime = replace(system_runtime(LocalNetwork()), disk=disk)
        opening = asyncio.ensure_future(WriteAheadLog.open(directory, runtime, CONFIG))
        async with asyncio.timeout(60):
            while not disk.held.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        opening.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not opening.done() and open_files(directory)
        disk.goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert open_files(directory) == []
        await runtime.stop()
        runtime, wal = await opened(directory)
        assert wal.last_index(GROUPS[0]) == (0 if is_new else 1)
        await wal.close()
        await runtime.stop()

    asyncio.run(scenario())
