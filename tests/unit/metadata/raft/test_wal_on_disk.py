"""The log on a real file system and real threads."""

import asyncio
from pathlib import Path

from trioxygen.common.network_local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.raft.ports import Entry, GroupId
from trioxygen.metadata.raft.wal import WalConfig, WriteAheadLog

GROUPS = [GroupId(1), GroupId(2)]
CONFIG = WalConfig(segment_bytes=256 * 1024)


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
            while found := await wal.read(group, index, bytes_max=100_000):
                assert [entry.payload for entry in found] == [
                    payload(group, entry.index) for entry in found
                ]
                index = found[-1].index + 1
            assert index == 801
        await wal.close()
        await runtime.stop()

    asyncio.run(scenario())
