"""Disks that fail at any place: what was acknowledged is there, or the log says that it is not."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.metadata.raft.logs_for_tests import (
    GROUP,
    OTHER,
    append_many,
    entries,
    open_log,
    read_all,
    segments,
)
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import LogCorrupt, UnknownFormat
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry


class SyncCountingDisk(MemoryDisk):
    sync_attempts = 0

    def before_sync(self) -> None:
        self.sync_attempts += 1
        super().before_sync()


async def append_until_it_fails(wal: WriteAheadLog) -> list[Entry]:
    """What was acknowledged; at most as much as makes several segments."""
    written: list[Entry] = []
    with pytest.raises(LogFailed):
        for _ in range(60):
            written += await append_many(wal, 1)
    return written


@pytest.mark.parametrize("syncs", range(0, 40))
def test_any_failed_sync_ends_the_log_and_is_never_tried_again(syncs: int) -> None:
    async def scenario() -> None:
        disk = SyncCountingDisk()
        wal = await open_log(disk)
        disk.syncs_until_failure = syncs
        written = await append_until_it_fails(wal)
        # The next sync of a file whose sync has failed may say that all is well, and be wrong.
        disk.syncs_until_failure = None
        attempts, steps = disk.sync_attempts, len(disk.journal)
        for group in (GROUP, OTHER):
            with pytest.raises(LogFailed):
                wal.append(group, entries(wal.last_index_queued(group) + 1, [b"x"]))
        assert wal.last_index(GROUP) == len(written)
        await wal.close()
        assert (disk.sync_attempts, len(disk.journal)) == (attempts, steps)

        for seed in range(3):
            again = await open_log(disk.image(steps, random.Random(seed)))
            assert (await read_all(again))[: len(written)] == written
            await again.close()

    asyncio.run(scenario())


def test_failed_sync_during_recovery_fails_the_start_and_loses_nothing() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        written = await append_many(wal, 40)
        whole = disk.copy()
        await wal.close()
        for syncs in range(2):
            whole.syncs_until_failure = syncs
            with pytest.raises(OSError, match="Input/output error"):
                await open_log(whole)
        whole.syncs_until_failure = None
        again = await open_log(whole)
        assert await read_all(again) == written
        await again.close()

    asyncio.run(scenario())


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_flipped_bit_anywhere_is_an_error_or_changes_nothing(data: st.DataObject) -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        written = await append_many(wal, 40, size_bytes=data.draw(st.sampled_from((10, 1_000))))
        await wal.close()
        name = data.draw(st.sampled_from(segments(disk)))
        [content] = [disk.inodes[inode] for path, inode in disk.names.items() if path.name == name]
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= 1 << data.draw(st.integers(0, 7))
        try:
            again = await open_log(disk)
        except (LogCorrupt, UnknownFormat):
            return
        assert await read_all(again) == written
        await again.close()

    asyncio.run(scenario())
