"""Pages of a log that were swapped, written elsewhere, zeroed or garbled: a log that is mended is
whole afterwards, for every later start."""

import asyncio
import random

import pytest

from tests.unit.metadata.raft.inline import inline_runtime
from tests.unit.metadata.raft.logs_for_tests import (
    DIRECTORY,
    GROUP,
    OTHER,
    SMALL,
    append_many,
    entries,
    open_log,
    read_all,
    segments,
)
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import Corrupt
from trioxygen.metadata.raft.log.mending import StateHeld
from trioxygen.metadata.raft.log.wal import WriteAheadLog

_PAGE_BYTES = 512
_ENTRIES = 60


async def filled(rng: random.Random) -> MemoryDisk:
    disk = MemoryDisk()
    wal = await open_log(disk)
    for _ in range(_ENTRIES):
        await append_many(wal, 1, size_bytes=rng.choice((0, 10, 100, 700)))
        index = wal.last_index(OTHER)
        await wal.append(OTHER, entries(index + 1, [rng.randbytes(rng.choice((0, 20)))]))
    await wal.close()
    return disk


def damage(disk: MemoryDisk, rng: random.Random) -> str:
    file = disk.open(DIRECTORY / segments(disk)[0])
    pages = (file.size_bytes() - 1) // _PAGE_BYTES
    each, other = (rng.randrange(1, pages) * _PAGE_BYTES for _ in range(2))
    first, second = file.pread(_PAGE_BYTES, each), file.pread(_PAGE_BYTES, other)
    way = rng.choice(("swapped", "copied", "zeroed", "garbled"))
    if way in ("swapped", "copied"):
        file.pwrite([second], each)
    if way == "swapped":
        file.pwrite([first], other)
    if way == "zeroed":
        file.pwrite([bytes(len(first))], each)
    if way == "garbled":
        file.pwrite([rng.randbytes(len(first))], each)
    file.datasync()
    file.close()
    return f"{way} {each} {other}"


@pytest.mark.parametrize("seed", range(120))
def test_log_that_was_mended_stays_whole(seed: int) -> None:
    async def scenario() -> None:
        rng = random.Random(seed)
        disk = await filled(rng)
        for _ in range(rng.randint(1, 3)):
            damage(disk, rng)
        held = {group: StateHeld(_ENTRIES, 1, is_only_voter=True) for group in (GROUP, OTHER)}
        try:
            wal = await WriteAheadLog.open(
                DIRECTORY, inline_runtime(disk, 2), SMALL, states=lambda: held
            )
        except Corrupt:
            return
        for group in held:
            assert wal.last_index(group) <= _ENTRIES
            if wal.last_index(group) < _ENTRIES:
                await wal.reset(group, _ENTRIES, 1)
            await wal.append(group, entries(_ENTRIES + 1, [b"new"]))
        await wal.close()
        for _ in range(2):
            wal = await open_log(disk)
            for group in held:
                assert wal.last_index(group) == _ENTRIES + 1
                assert (await read_all(wal, group))[-1].payload == b"new"
            await wal.close()

    asyncio.run(scenario())
