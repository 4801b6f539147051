"""What the core reads of the durable log, and when what was read is out of date."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.metadata.raft.inline import inline_runtime
from tests.unit.metadata.raft.logs_for_tests import DIRECTORY, GROUP, SMALL
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.metadata.raft.core.errors import EntriesNotLoaded
from trioxygen.metadata.raft.core.types import Entry
from trioxygen.metadata.raft.log.reader import LogReader
from trioxygen.metadata.raft.log.wal import WriteAheadLog


def entries_of(term: int, first: int, last: int) -> list[Entry]:
    return [Entry(index, term, b"%d of %d" % (index, term)) for index in range(first, last + 1)]


async def read(reader: LogReader, loaded: asyncio.Event, first: int, last: int) -> Sequence[Entry]:
    while True:
        loaded.clear()
        try:
            return reader.entries(first, last, bytes_max=1 << 20)
        except EntriesNotLoaded:
            await asyncio.wait_for(loaded.wait(), 10)


def test_entries_that_were_replaced_after_they_were_read_are_read_again() -> None:
    """Found by the simulator: they were read from the disk after the core had replaced them, and
    before the disk had the new ones; a follower applied what was never committed."""

    async def scenario() -> None:
        runtime = inline_runtime(MemoryDisk())
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        await wal.append(GROUP, entries_of(1, 1, 5))
        loaded = asyncio.Event()
        failures: list[BaseException] = []
        reader = LogReader(
            wal,
            GROUP,
            runtime.tasks,
            snapshot=lambda: None,
            loaded=loaded.set,
            failed=failures.append,
        )
        assert list(await read(reader, loaded, 2, 5)) == entries_of(1, 2, 5)
        reader.forget()
        assert list(await read(reader, loaded, 2, 5)) == entries_of(1, 2, 5)
        await wal.append(GROUP, entries_of(2, 4, 6))
        wanted = [*entries_of(1, 2, 3), *entries_of(2, 4, 6)]
        assert list(await read(reader, loaded, 2, 6)) == wanted
        assert list(await read(reader, loaded, 5, 6)) == wanted[3:]
        assert not failures
        await wal.close()

    asyncio.run(scenario())


def test_entries_that_are_not_in_memory_are_said_to_be_missing_once_and_then_come() -> None:
    async def scenario() -> None:
        runtime = inline_runtime(MemoryDisk())
        wal = await WriteAheadLog.open(DIRECTORY, runtime, SMALL)
        await wal.append(GROUP, entries_of(1, 1, 3))
        loaded = asyncio.Event()
        reader = LogReader(
            wal,
            GROUP,
            runtime.tasks,
            snapshot=lambda: None,
            loaded=loaded.set,
            failed=lambda error: None,
        )
        with pytest.raises(EntriesNotLoaded):
            reader.entries(1, 3, bytes_max=1 << 20)
        await asyncio.wait_for(loaded.wait(), 10)
        assert list(reader.entries(1, 3, bytes_max=1 << 20)) == entries_of(1, 1, 3)
        # At least one, however small the bound.
        assert list(reader.entries(2, 3, bytes_max=1)) == entries_of(1, 2, 2)
        await wal.close()

    asyncio.run(scenario())
