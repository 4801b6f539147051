import asyncio

import pytest

from tests.unit.metadata.raft.logs_for_tests import (
    DIRECTORY,
    GROUP,
    append_many,
    entries,
    open_log,
    read_all,
    segments,
)
from tests.unit.metadata.raft.memory_disk import MemoryDisk
from trioxygen.common.errors import LogCorrupt, UnknownFormat
from trioxygen.metadata.raft.log.format import RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES
from trioxygen.metadata.raft.ports import Entry

FIRST = DIRECTORY / "00000000000000000000.wal"


async def reopened(disk: MemoryDisk) -> list[Entry]:
    wal = await open_log(disk, seed=2)
    content = await read_all(wal)
    await wal.close()
    return content


def content(disk: MemoryDisk, name: str) -> bytearray:
    return disk.inodes[disk.names[DIRECTORY / name]]


async def log_of(payloads: list[bytes]) -> tuple[MemoryDisk, list[int]]:
    """A disk as it was before the log was closed, and where each record starts in its file."""
    disk = MemoryDisk()
    wal = await open_log(disk)
    starts = [SEGMENT_HEADER_BYTES]
    for number, payload in enumerate(payloads):
        await wal.append(GROUP, entries(1 + number, [payload]))
        starts.append(starts[-1] + RECORD_HEADER_BYTES + len(payload))
    copy = disk.copy()
    await wal.close()
    return copy, starts


def test_record_torn_at_any_byte_is_cut_and_the_log_goes_on() -> None:
    payloads = [b"first", b"second", b"the last one"]

    async def scenario() -> None:
        whole, starts = await log_of(payloads)
        for torn_at in range(starts[2], starts[3]):
            disk = whole.copy()
            data = content(disk, FIRST.name)
            data[torn_at : starts[3]] = bytes(starts[3] - torn_at)
            assert await reopened(disk) == entries(1, payloads[:2]), torn_at
            wal = await open_log(disk)
            await wal.append(GROUP, entries(3, [b"instead"], term=2))
            await wal.close()
            after = await reopened(disk)
            assert after == [*entries(1, payloads[:2]), *entries(3, [b"instead"], term=2)], torn_at

    asyncio.run(scenario())


def test_batch_torn_at_any_byte_is_cut_there() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        batch = entries(1, [b"one", b"two two", b"three"])
        await wal.append(GROUP, batch)
        whole = disk.copy()
        await wal.close()
        ends = [SEGMENT_HEADER_BYTES]
        for entry in batch:
            ends.append(ends[-1] + RECORD_HEADER_BYTES + len(entry.payload))
        for torn_at in range(ends[0], ends[-1]):
            torn = whole.copy()
            content(torn, FIRST.name)[torn_at] ^= 0xFF
            kept = sum(end <= torn_at for end in ends[1:])
            assert await reopened(torn) == batch[:kept], torn_at

    asyncio.run(scenario())


def test_records_after_a_torn_one_never_come_back() -> None:
    # Of an unsynced batch of three the second is torn. What replaces it has its size: without
    # erasing, the third would follow it.
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(GROUP, entries(1, [b"one", b"two", b"six"]))
        torn = disk.copy()
        await wal.close()
        second = SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + 3
        content(torn, FIRST.name)[second] ^= 1
        again = await open_log(torn)
        await again.append(GROUP, entries(2, [b"TWO"]))
        crashed = torn.copy()
        await again.close()
        assert await reopened(crashed) == entries(1, [b"one", b"TWO"])

    asyncio.run(scenario())


def test_flipped_bit_below_what_was_synced_is_an_error_with_file_and_offset() -> None:
    payloads = [b"first", b"second", b"third"]

    async def scenario() -> None:
        whole, starts = await log_of(payloads)
        for at in range(starts[0], starts[2]):
            disk = whole.copy()
            content(disk, FIRST.name)[at] ^= 4
            with pytest.raises(LogCorrupt) as raised:
                await open_log(disk)
            record = max(start for start in starts if start <= at)
            assert raised.value.facts["file"] == str(FIRST)
            assert raised.value.facts["offset_bytes"] == str(record)

    asyncio.run(scenario())


def test_closed_log_with_its_last_entry_damaged_is_corrupt() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(GROUP, entries(1, [b"the last one"]))
        await wal.close()
        content(disk, FIRST.name)[SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES] ^= 1
        with pytest.raises(LogCorrupt, match="synced"):
            await open_log(disk)

    asyncio.run(scenario())


async def many_segments() -> MemoryDisk:
    disk = MemoryDisk()
    wal = await open_log(disk)
    await append_many(wal, 60)
    await wal.close()
    return disk


def test_damage_in_an_earlier_segment_is_an_error() -> None:
    async def scenario() -> None:
        disk = await many_segments()
        name = segments(disk)[1]
        content(disk, name)[SEGMENT_HEADER_BYTES + 60] ^= 1
        with pytest.raises(LogCorrupt, match=name):
            await open_log(disk)

    asyncio.run(scenario())


@pytest.mark.parametrize("number", [1, 2, -2])
def test_missing_segment_in_the_middle_is_an_error(number: int) -> None:
    async def scenario() -> None:
        disk = await many_segments()
        name = segments(disk)[number]
        del disk.names[DIRECTORY / name]
        with pytest.raises(LogCorrupt, match=f"missing.*{name}"):
            await open_log(disk)

    asyncio.run(scenario())


def test_missing_oldest_segment_is_an_error() -> None:
    async def scenario() -> None:
        disk = await many_segments()
        del disk.names[FIRST]
        with pytest.raises(LogCorrupt, match="missing"):
            await open_log(disk)

    asyncio.run(scenario())


def test_segment_cut_short_is_an_error() -> None:
    async def scenario() -> None:
        disk = await many_segments()
        del content(disk, segments(disk)[1])[10_000:]
        with pytest.raises(LogCorrupt, match="size"):
            await open_log(disk)

    asyncio.run(scenario())


def test_segment_of_another_log_is_an_error() -> None:
    async def scenario() -> None:
        disk = await many_segments()
        other = MemoryDisk()
        wal = await open_log(other, seed=99)
        await append_many(wal, 60)
        await wal.close()
        name = segments(disk)[2]
        content(disk, name)[:] = content(other, name)
        with pytest.raises(LogCorrupt, match="another log"):
            await open_log(disk)

    asyncio.run(scenario())


def test_unknown_format_version_is_refused() -> None:
    async def scenario() -> None:
        disk = await many_segments()
        content(disk, segments(disk)[0])[8] = 9
        with pytest.raises(UnknownFormat, match="version=9"):
            await open_log(disk)

    asyncio.run(scenario())


def test_damaged_entry_is_an_error_when_it_is_read() -> None:
    async def scenario() -> None:
        disk = MemoryDisk()
        wal = await open_log(disk)
        await wal.append(GROUP, entries(1, [b"a", b"b"]))
        content(disk, FIRST.name)[SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES] ^= 1
        with pytest.raises(LogCorrupt, match="index=1"):
            await wal.read(GROUP, 1, bytes_max=1)
        await wal.close()

    asyncio.run(scenario())


def test_other_files_in_the_folder_are_left_alone() -> None:
    async def scenario() -> None:
        disk = await many_segments()
        disk.replace(DIRECTORY / "README", b"hello")
        assert len(await reopened(disk)) == 60
        assert disk.read(DIRECTORY / "README") == b"hello"

    asyncio.run(scenario())
