"""Damage in what is applied already is set aside and the log goes on; anything else is refused."""

import asyncio
import random
from collections.abc import Callable, Mapping

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
from trioxygen.common.errors import LogCorrupt
from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Kind,
    parse_record_header,
)
from trioxygen.metadata.raft.log.mending import StateHeld
from trioxygen.metadata.raft.log.recovery import recover
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId

Held = Mapping[GroupId, StateHeld]


async def mended(disk: MemoryDisk, held: Held) -> WriteAheadLog:
    runtime = inline_runtime(disk, 2)
    return await WriteAheadLog.open(DIRECTORY, runtime, SMALL, states=lambda: held)


def flip(disk: MemoryDisk, name: str, position: int, mask: int = 0x10) -> None:
    file = disk.open(DIRECTORY / name)
    [byte] = file.pread(1, position)
    file.pwrite([bytes([byte ^ mask])], position)
    file.datasync()
    file.close()


def records(disk: MemoryDisk, name: str) -> list[tuple[int, int, int]]:
    """(position, size, kind)"""
    file = disk.open(DIRECTORY / name)
    data = file.pread(file.size_bytes(), 0)
    file.close()
    actual, at = [], SEGMENT_HEADER_BYTES
    while at + RECORD_HEADER_BYTES <= len(data):
        header = parse_record_header(data, at)
        if header is None:
            break
        size = RECORD_HEADER_BYTES + header.size_bytes
        actual.append((at, size, header.kind))
        at += size
    return actual


async def fill(disk: MemoryDisk, count: int = 40) -> None:
    wal = await open_log(disk)
    for number in range(count):
        if number % 10 == 0:
            await wal.append(GROUP, hard_state=b"state %d" % number)
        await append_many(wal, 1, size_bytes=700)
    await wal.append(GROUP, hard_state=b"last state")
    await append_many(wal, 1)
    await wal.close()


def used(disk: MemoryDisk) -> list[str]:
    """Segments with records; the next one may have been made already."""
    return [name for name in segments(disk) if records(disk, name)]


def at_of(disk: MemoryDisk, name: str, which: Callable[[int], bool]) -> tuple[int, int]:
    at, size, _ = next(record for record in records(disk, name) if which(record[2]))
    return at, size


@pytest.mark.parametrize("seed", range(60))
def test_any_damaged_byte_of_an_applied_record_is_set_aside(seed: int) -> None:
    async def scenario() -> None:
        rng = random.Random(seed)
        disk = MemoryDisk()
        await fill(disk)
        name = rng.choice(used(disk))
        actual = records(disk, name)
        # The last records of the log, and its end, are the newest: not that part.
        choice = [each for each in actual if name != used(disk)[-1] or each[0] < actual[-4][0]]
        at, size, _ = rng.choice(choice)
        position = at + rng.randrange(size)
        flip(disk, name, position, rng.choice((0xFF, 1 << rng.randrange(8))))
        damaged = disk.read(DIRECTORY / name)
        with pytest.raises(LogCorrupt):
            await open_log(disk)
        held = {GROUP: StateHeld(41, 1, is_only_voter=False)}
        wal = await mended(disk, held)
        assert wal.hard_state(GROUP) == b"last state"
        assert (wal.compacted(GROUP), wal.last_index(GROUP)) == ((41, 1), 41)
        [aside] = [each for each in disk.list(DIRECTORY) if "damaged" in each]
        assert disk.read(DIRECTORY / aside) == damaged
        await wal.append(GROUP, entries(42, [b"new"]))
        await wal.close()
        # It is whole now: nobody has to be asked again.
        again = await open_log(disk, seed=3)
        assert [each.payload for each in await read_all(again)] == [b"new"]
        assert again.hard_state(GROUP) == b"last state"
        await again.close()

    asyncio.run(scenario())


def test_mending_whose_end_a_loss_of_power_took_is_ended_at_the_next_start() -> None:
    """What took the place of the lost records does not say their term."""

    async def scenario() -> None:
        disk = MemoryDisk()
        log = await open_log(disk)
        await append_many(log, 7)
        await log.append(GROUP, hard_state=b"after it")
        await log.close()
        [name] = used(disk)
        last = max(at for at, _, kind in records(disk, name) if kind == Kind.ENTRY)
        flip(disk, name, last + RECORD_HEADER_BYTES)
        held = {GROUP: StateHeld(7, 1, is_only_voter=False)}
        for segment in recover(disk, DIRECTORY, spares_max=2, states=lambda: held).segments:
            segment.file.close()
        wal = await mended(disk, held)
        assert (wal.compacted(GROUP), wal.last_index(GROUP)) == ((7, 1), 7)
        await wal.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("applied", [41, 30, 21, 20, 19, 3])
def test_what_the_state_may_lack_is_never_given_up(applied: int) -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        await fill(disk)
        # The record of entry 20.
        number, where = 0, None
        for name in segments(disk):
            for at, size, kind in records(disk, name):
                if kind == Kind.ENTRY:
                    number += 1
                    if number == 20:
                        where = (name, at + size // 2)
        assert where is not None
        flip(disk, *where)
        files = {each: disk.read(DIRECTORY / each) for each in disk.list(DIRECTORY)}
        held = {GROUP: StateHeld(applied, 1, is_only_voter=True)}
        if applied < 20:
            with pytest.raises(LogCorrupt):
                await mended(disk, held)
            assert files == {each: disk.read(DIRECTORY / each) for each in disk.list(DIRECTORY)}
            return
        wal = await mended(disk, held)
        assert wal.compacted(GROUP) == (applied, 1)
        assert [each.index for each in await read_all(wal)] == list(range(applied + 1, 42))
        await wal.close()

    asyncio.run(scenario())


def test_vote_that_was_not_given_again_is_missed_where_there_are_others() -> None:
    async def scenario(is_only_voter: bool) -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await append_many(wal, 3)
        await wal.append(GROUP, hard_state=b"a vote")
        await append_many(wal, 3)
        await wal.close()
        [name] = used(disk)
        at, size = at_of(disk, name, lambda kind: kind == Kind.HARD_STATE)
        flip(disk, name, at + size - 1)
        held = {GROUP: StateHeld(6, 1, is_only_voter)}
        if not is_only_voter:
            with pytest.raises(LogCorrupt):
                await mended(disk, held)
            return
        wal = await mended(disk, held)
        assert (wal.hard_state(GROUP), wal.last_index(GROUP)) == (b"", 6)
        await wal.close()

    asyncio.run(scenario(True))
    asyncio.run(scenario(False))


@pytest.mark.parametrize("applied_of_other", [2, 3])
@pytest.mark.parametrize("part", ["payload", "group"])
def test_group_that_wrote_nothing_later_must_have_applied_what_was_lost(
    applied_of_other: int, part: str
) -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await append_many(wal, 4, 500)
        await append_many(wal, 3, 500, group=OTHER)
        await append_many(wal, 4, 500)
        await wal.close()
        [name] = used(disk)
        at, size, _ = records(disk, name)[6]
        flip(disk, name, at + (size - 1 if part == "payload" else 19), 0xFF)
        held = {
            GROUP: StateHeld(8, 1, is_only_voter=True),
            OTHER: StateHeld(applied_of_other, 1, is_only_voter=True),
        }
        if applied_of_other < 3:
            with pytest.raises(LogCorrupt):
                await mended(disk, held)
            return
        wal = await mended(disk, held)
        assert (wal.last_index(GROUP), wal.last_index(OTHER)) == (8, 3)
        await wal.append(OTHER, entries(4, [b"on"]))
        await wal.close()
        again = await open_log(disk, seed=3)
        assert [each.index for each in await read_all(again, OTHER)] == [4]
        await again.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("how", ["missing", "header", "cut", "garbage"])
@pytest.mark.parametrize("number", [0, 1])
def test_whole_segment_that_is_obsolete_may_be_lost(how: str, number: int) -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        await fill(disk, 60)
        name = segments(disk)[number]
        assert number + 1 < len(used(disk))
        if how == "missing":
            disk.remove(DIRECTORY / name)
        elif how == "header":
            flip(disk, name, 20)
        elif how == "cut":
            file = disk.open(DIRECTORY / name)
            file.truncate(5_000)
            file.close()
        else:
            disk.replace(DIRECTORY / name, b"garbage")
        with pytest.raises(LogCorrupt):
            await open_log(disk)
        with pytest.raises(LogCorrupt):
            await mended(disk, {GROUP: StateHeld(5, 1, is_only_voter=False)})
        wal = await mended(disk, {GROUP: StateHeld(61, 1, is_only_voter=False)})
        assert wal.hard_state(GROUP) == b"last state"
        await wal.append(GROUP, entries(62, [b"new"]))
        await wal.close()
        again = await open_log(disk, seed=3)
        assert [each.payload for each in await read_all(again)] == [b"new"]
        await again.close()

    asyncio.run(scenario())


def test_records_of_which_nothing_can_be_read_are_not_counted_as_one() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await append_many(wal, 3, size_bytes=100)
        # It says that what stands before it was synced.
        await wal.append(OTHER, entries(1, [b"other"]))
        await wal.append(OTHER, entries(2, [b"other"]))
        await wal.close()
        [name] = used(disk)
        second, third = [record for record in records(disk, name) if record[2] == Kind.ENTRY][1:3]
        file = disk.open(DIRECTORY / name)
        file.pwrite([b"\xee" * (second[1] + third[1])], second[0])
        file.datasync()
        file.close()
        # One of the two is applied, and one entry more than the log has: which is not said.
        held = {each: StateHeld(2, 1, is_only_voter=True) for each in (GROUP, OTHER)}
        with pytest.raises(LogCorrupt):
            await mended(disk, held)

    asyncio.run(scenario())
