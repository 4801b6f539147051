"""Segment files of the write-ahead log: making, recycling and writing them. Everything here blocks.

Segments are filled with zeros before use, and full ones are used again. Measured on ext4 and a
virtual disk: an append of 5 KB with its fdatasync takes 0.10 ms in blocks that were written before,
0.16 ms in blocks that were only allocated (each sync must journal that they hold data now), 0.17 ms
when the file grows. Filling 64 MiB takes 30 to 120 ms, off the path of appends.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from trioxygen.common.disk import Disk, File
from trioxygen.common.errors import Internal, NoSpace
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Buffer,
    Kind,
    SegmentHeader,
    frame_entries,
    record_header,
)
from trioxygen.metadata.raft.log.index import NOWHERE, GroupIndex, GroupLog
from trioxygen.metadata.raft.ports import Entry, EntryKind, GroupId

SEGMENT_SUFFIX: Final = ".wal"
SPARE_SUFFIX: Final = ".spare"
UNFINISHED_NAME: Final = "next.unfinished"
_FILL_BYTES: Final = 4 * MIB
# Kept free of entries in each segment: a full disk must not keep the log from being compacted.
_RESERVE_BYTES_MAX: Final = 64 * 1024


class LogFailed(Internal):
    """A write or a sync failed: what is on the disk is unknown, so the log takes nothing more."""


@dataclass(slots=True, eq=False)
class Segment:
    """Attributes:
    last_index: of each group that has entries here.
    readers: reads that are under way; the file may not be recycled.
    base_offset, end_offset: in the log; the end is the base of the next segment.
    reserve_bytes: of it, for housekeeping alone.
    """

    path: Path
    file: File
    header: SegmentHeader
    last_index: dict[GroupId, int] = field(default_factory=dict)
    readers: int = 0
    base_offset: int = field(init=False)
    end_offset: int = field(init=False)
    reserve_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        header = self.header
        self.base_offset = header.base_offset
        self.end_offset = header.base_offset + header.size_bytes
        self.reserve_bytes = reserve_bytes(header.size_bytes)


@dataclass(slots=True, eq=False)
class Append:
    """Records of one group that go into one segment.

    In this order: truncate, compacted, hard state, entries.

    Attributes:
    is_mark: only tells what is synced; no group.
    is_housekeeping: may use what is reserved in a segment, and is never too much.
    size_bytes: of all records.
    entry_offsets, compacted_offset, hard_state_offset: where they were written; set by the writer.
    done: for whoever waits until it is on stable storage; set when it is queued.
    written: called with `done`, see `WriteAheadLog.append`.
    """

    group: GroupId
    entries: Sequence[Entry] = ()
    truncate_from: int | None = None
    compacted: tuple[int, int] | None = None
    hard_state: bytes | None = None
    is_mark: bool = False
    is_housekeeping: bool = False
    size_bytes: int = 0
    entry_offsets: list[int] = field(default_factory=list)
    compacted_offset: int = NOWHERE
    hard_state_offset: int = NOWHERE
    written: "Callable[[asyncio.Future[None]], None] | None" = None
    done: "asyncio.Future[None]" = field(init=False)

    def __post_init__(self) -> None:
        entries = self.entries
        # A hard state, and a leader's first entry, must find their place on a full disk too: a
        # replica starts with them.
        self.is_housekeeping |= not entries or entries[0].kind is EntryKind.NO_OP
        size_bytes = RECORD_HEADER_BYTES * len(entries)
        for entry in entries:
            size_bytes += len(entry.payload)
        if self.truncate_from is not None:
            size_bytes += RECORD_HEADER_BYTES
        if self.compacted is not None:
            size_bytes += RECORD_HEADER_BYTES
        if self.hard_state is not None:
            size_bytes += RECORD_HEADER_BYTES + len(self.hard_state)
        if self.is_mark:
            size_bytes += RECORD_HEADER_BYTES
        self.size_bytes = size_bytes

    def note_queued(self, log: GroupLog) -> None:
        """What the group will be once this and all before it is written."""
        if self.compacted is not None:
            floor = self.compacted[0]
            dropped = self.truncate_from is not None
            log.last_index_queued = floor if dropped else max(floor, log.last_index_queued)
        if self.entries:
            log.last_index_queued = self.entries[-1].index
        if self.hard_state is not None:
            log.hard_state_queued = self.hard_state

    def note_durable(self, index: GroupIndex, segment: Segment) -> None:
        """Takes what was written to `segment` into the index."""
        if self.truncate_from is not None:
            index.truncate(self.truncate_from)
        if self.compacted is not None:
            index.compact(*self.compacted, offset=self.compacted_offset)
        if self.hard_state is not None:
            index.note_hard_state(self.hard_state, offset=self.hard_state_offset)
        if self.entries:
            index.extend(self.entry_offsets, self.entries)
            last = segment.last_index.get(self.group, 0)
            segment.last_index[self.group] = max(index.last_index, last)


def segment_name(base_offset: int) -> str:
    return f"{base_offset:020d}{SEGMENT_SUFFIX}"


def reserve_bytes(segment_bytes: int) -> int:
    return min(_RESERVE_BYTES_MAX, segment_bytes // 16)


def append_bytes_max(segment_bytes: int) -> int:
    """How much one append may hold."""
    return segment_bytes - SEGMENT_HEADER_BYTES - RECORD_HEADER_BYTES - reserve_bytes(segment_bytes)


def make_segment(disk: Disk, directory: Path, header: SegmentHeader) -> Segment:
    """A segment file, durable under its name. Takes a spare one if there is one of the right size.

    Raises: NoSpace: nothing is left behind.
    """
    unfinished = directory / UNFINISHED_NAME
    spares = [name for name in disk.list(directory) if name.endswith(SPARE_SUFFIX)]
    # What a crash left of one is as good as a spare: nothing else may be had on a full disk.
    if spares and not disk.exists(unfinished):
        disk.rename(directory / spares[0], unfinished)
    file = disk.open(unfinished, create=True)
    try:
        if file.size_bytes() != header.size_bytes:
            file.truncate(0)
            _fill(file, 0, header.size_bytes)
        file.pwrite([header.page()], 0)
        file.datasync()
    except OSError:
        file.close()
        raise
    except NoSpace:
        file.close()
        disk.remove(unfinished)
        raise
    path = directory / segment_name(header.base_offset)
    disk.rename(unfinished, path)
    disk.sync_directory(directory)
    return Segment(path, file, header)


def _fill(file: File, offset: int, size_bytes: int) -> None:
    # In pieces, each synced: appends to the segment in use sync in between.
    file.allocate(offset, size_bytes)
    zeros = memoryview(bytes(_FILL_BYTES))
    end = offset + size_bytes
    while offset < end:
        piece = zeros[: min(_FILL_BYTES, end - offset)]
        file.pwrite([piece], offset)
        file.datasync()
        offset += len(piece)


def retire_segment(disk: Disk, segment: Segment, *, spares_max: int) -> None:
    """Takes a segment out of the log, durably; keeps the file for a later one if few are kept."""
    directory = segment.path.parent
    segment.file.close()
    spares = sum(name.endswith(SPARE_SUFFIX) for name in disk.list(directory))
    if spares < spares_max:
        disk.rename(segment.path, segment.path.with_suffix(SPARE_SUFFIX))
    else:
        disk.remove(segment.path)
    # Before the file gets another header: it must not come back under its old name.
    disk.sync_directory(directory)


class SegmentWriter:
    """Writes appends to the segment in use. One call at a time; in between anyone may look at it.

    Attributes:
    segment: the one in use.
    offset: in the log, of the next record.
    synced_offset: everything before is on stable storage.
    """

    __slots__ = ("_seed", "offset", "segment", "synced_offset")

    def __init__(self, segment: Segment, offset: int) -> None:
        self.segment, self.offset, self.synced_offset = segment, offset, offset
        self._seed = segment.header.seed()

    def room_bytes(self, segment: Segment | None = None, *, housekeeping: bool = False) -> int:
        """What an append may still take of the segment in use, or of another that is empty."""
        current = self.segment
        if segment is None or segment is current:
            segment, left = current, current.end_offset - self.offset
        else:
            left = segment.header.size_bytes - SEGMENT_HEADER_BYTES
        return left - RECORD_HEADER_BYTES - (0 if housekeeping else segment.reserve_bytes)

    def write(self, batch: Sequence[Append], following: Segment | None) -> None:
        """Writes and syncs; goes on to the segment `following` first, if given.

        Raises:
            NoSpace: nothing of the batch is in the log, and none of it will appear.
            LogFailed: unknown what is; the log is dead.
        """
        try:
            if following is not None:
                self._move_on(following)
            buffers: list[Buffer] = []
            end = self.offset
            for append in batch:
                end = self._frame(buffers, append, end)
            assert end <= self.segment.end_offset, (end, self.segment.path)
            file, position = self.segment.file, self.offset - self.segment.base_offset
            try:
                file.pwrite(buffers, position)
            except NoSpace:
                # Only file systems that write elsewhere (copy on write) get here. What was written
                # may reach the disk one day and look like records that were acknowledged.
                _erase(file, position, end - self.offset)
                raise
            _sync(file)
        except OSError as error:
            file_name = str(self.segment.path)
            raise LogFailed("writing failed", file=file_name, cause=str(error)) from error
        self.offset = self.synced_offset = end

    def _move_on(self, following: Segment) -> None:
        end = record_header(
            Kind.SEGMENT_END, GroupId(0), synced_offset=self.synced_offset, seed=self._seed
        )
        file, position = self.segment.file, self.offset - self.segment.base_offset
        try:
            file.pwrite([end], position)
        except NoSpace:
            _erase(file, position, len(end))
            raise
        # Before anything goes into the next segment: recovery goes there only through this record.
        _sync(file)
        assert following.base_offset == self.segment.end_offset, following.path
        self.segment = following
        self.offset = self.synced_offset = following.base_offset + SEGMENT_HEADER_BYTES
        self._seed = following.header.seed()

    def _frame(self, buffers: list[Buffer], append: Append, offset: int) -> int:
        synced, seed, group = self.synced_offset, self._seed, append.group
        if append.truncate_from is not None:
            index = append.truncate_from
            buffers.append(
                record_header(Kind.TRUNCATE, group, synced_offset=synced, index=index, seed=seed)
            )
            offset += RECORD_HEADER_BYTES
        if append.compacted is not None:
            index, term = append.compacted
            buffers.append(
                record_header(
                    Kind.COMPACTED, group, synced_offset=synced, index=index, term=term, seed=seed
                )
            )
            append.compacted_offset = offset
            offset += RECORD_HEADER_BYTES
        if append.hard_state is not None:
            state = append.hard_state
            buffers.append(
                record_header(
                    Kind.HARD_STATE, group, synced_offset=synced, payload=state, seed=seed
                )
            )
            buffers.append(state)
            append.hard_state_offset = offset
            offset += RECORD_HEADER_BYTES + len(state)
        if append.is_mark:
            buffers.append(record_header(Kind.SYNCED, group, synced_offset=synced, seed=seed))
            offset += RECORD_HEADER_BYTES
        if append.entries:
            offset = frame_entries(
                buffers,
                append.entry_offsets,
                append.entries,
                group,
                offset=offset,
                synced_offset=synced,
                seed=seed,
            )
        return offset


def _sync(file: File) -> None:
    """Raises: LogFailed, OSError: unknown what is on the disk."""
    try:
        file.datasync()
    except NoSpace as error:
        raise LogFailed("the disk is full, and a write was not synced") from error


def _erase(file: File, position: int, size_bytes: int) -> None:
    """Zeros, durably. Raises LogFailed when that fails too."""
    try:
        file.pwrite([bytes(size_bytes)], position)
        file.datasync()
    except (NoSpace, OSError) as error:
        raise LogFailed("the disk is full, and a torn write could not be erased") from error


def erase_tail(file: File, position: int, end: int) -> None:
    """Makes a range of a file zeros, durably. Raises: NoSpace, OSError."""
    zeros = bytes(_FILL_BYTES)
    while position < end:
        size_bytes = min(_FILL_BYTES, end - position)
        if file.pread(size_bytes, position) != zeros[:size_bytes]:
            file.pwrite([memoryview(zeros)[:size_bytes]], position)
        position += size_bytes
    file.datasync()
