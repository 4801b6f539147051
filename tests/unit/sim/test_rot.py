"""Bit rot hits only what the log knows was stored, and is always noticed."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.unit.metadata.raft.logs_for_tests import DIRECTORY, append_many, open_log
from trioxygen.common.errors import LogCorrupt
from trioxygen.sim.disk import DiskBehaviour, SimDisk
from trioxygen.sim.platter import Platter
from trioxygen.sim.rot import flip_bit


def disk_of(platter: Platter) -> SimDisk:
    return SimDisk(platter, DiskBehaviour(), random.Random(1), lambda: 0.0, lambda: None)


async def fill(platter: Platter, entries: int) -> None:
    wal = await open_log(disk_of(platter))
    await append_many(wal, entries, size_bytes=200)
    await wal.close()


async def reopen(platter: Platter) -> None:
    wal = await open_log(disk_of(platter))
    await wal.close()


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_is_noticed_at_the_next_start(seed: int) -> None:
    platter = Platter()
    asyncio.run(fill(platter, 100))
    segments = [name for name in platter.children(DIRECTORY) if name.endswith(".wal")]
    assert len(segments) > 1
    place = flip_bit(platter, random.Random(seed))
    assert Path(place.partition(":")[0]).name in segments
    with pytest.raises(LogCorrupt):
        asyncio.run(reopen(platter))


def test_an_empty_disk_has_nothing_to_go_bad() -> None:
    assert not flip_bit(Platter(), random.Random(1))
