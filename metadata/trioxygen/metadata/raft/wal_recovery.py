"""Reading the log back at start: what is in it, where it ends, and whether it is whole. It blocks.

The first record that does not check is the end of the log, unless an intact record after it says
that the log was synced beyond that place: then stored bytes have gone bad, which is an error and
never skipped. What stands after the end is erased: otherwise records that were never acknowledged
could come back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import Disk, File
from trioxygen.common.errors import LogCorrupt
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.wal_format import (
    MAGIC,
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Kind,
    RecordHeader,
    check_kind,
    entry_kind,
    is_intact,
    parse_record_header,
    parse_segment_header,
)
from trioxygen.metadata.raft.wal_index import GroupIndex
from trioxygen.metadata.raft.wal_segment import (
    SEGMENT_SUFFIX,
    UNFINISHED_NAME,
    Segment,
    erase_tail,
    retire_segment,
    segment_name,
)

log = logs.get(__name__)

_WINDOW_BYTES: Final = MIB


@dataclass(frozen=True, slots=True)
class Recovered:
    """Attributes:
    segments: in order; the last is the one in use. Empty: a new log.
    end_offset: where the next record goes.
    """

    segments: list[Segment]
    groups: dict[GroupId, GroupIndex]
    end_offset: int


class _Window:
    """A file read in pieces that are larger than what is asked for."""

    def __init__(self, file: File, size_bytes: int) -> None:
        self._file, self._size_bytes = file, size_bytes
        self._data = b""
        self._start = 0

    def view(self, at: int, size_bytes: int) -> memoryview | None:
        """Bytes of the file; None when it does not have as many."""
        if at + size_bytes > self._size_bytes:
            return None
        start = at - self._start
        if start < 0 or start + size_bytes > len(self._data):
            self._data = self._file.pread(max(size_bytes, _WINDOW_BYTES), at)
            self._start, start = at, 0
            if len(self._data) < size_bytes:
                return None
        return memoryview(self._data)[start : start + size_bytes]


def _record(window: _Window, at: int, *, seed: int) -> tuple[RecordHeader, memoryview] | None:
    """The intact record at a position of a file, or None."""
    head = window.view(at, RECORD_HEADER_BYTES)
    header = None if head is None else parse_record_header(head, 0)
    if head is None or header is None:
        return None
    payload = window.view(at + RECORD_HEADER_BYTES, header.size_bytes)
    if payload is None or not is_intact(head, payload, seed=seed):
        return None
    return header, payload


def recover(disk: Disk, directory: Path, *, spares_max: int) -> Recovered:
    """Raises: LogCorrupt, naming file and offset; UnknownFormat."""
    disk.remove(directory / UNFINISHED_NAME)
    segments = _open_segments(disk, directory)
    try:
        return _recover(disk, segments, spares_max=spares_max)
    except BaseException:
        for segment in segments:
            segment.file.close()
        raise


def _recover(disk: Disk, segments: list[Segment], *, spares_max: int) -> Recovered:
    groups: dict[GroupId, GroupIndex] = {}
    synced_offset = 0
    for number, segment in enumerate(segments):
        end, ended, synced = _replay(segment, groups)
        synced_offset = max(synced_offset, synced)
        if ended:
            if number + 1 == len(segments):
                missing = segment.path.with_name(segment_name(segment.end_offset))
                raise LogCorrupt("a segment is missing", file=str(missing), offset_bytes=0)
            continue
        rest = segments[number + 1 :]
        _check_torn(segment, end, rest)
        _check_groups(groups, segments[0])
        del segments[number + 1 :]
        for later in rest:
            retire_segment(disk, later, spares_max=spares_max)
        # Also what was there already: a killed process may have left it without a sync.
        disk.sync_directory(segment.path.parent)
        for one in segments:
            _write_again(one, synced_offset, segment.base_offset + end)
        for earlier in segments[:-1]:
            earlier.file.datasync()
        erase_tail(segment.file, end, segment.header.size_bytes)
        log.info("log_recovered", file=segment.path, offset_bytes=end, groups=len(groups))
        return Recovered(segments, groups, segment.base_offset + end)
    return Recovered([], groups, 0)


def _write_again(segment: Segment, start_offset: int, end_offset: int) -> None:
    """What is not known to be synced: it may have been read from memory only. After a sync that
    failed Linux takes the pages for clean, and a later sync leaves them alone (Rebello et al., "Can
    Applications Recover from fsync Failures?", ATC 2020)."""
    at = max(0, start_offset - segment.base_offset)
    end = min(end_offset - segment.base_offset, segment.header.size_bytes)
    while at < end:
        piece = segment.file.pread(min(_WINDOW_BYTES, end - at), at)
        segment.file.pwrite([piece], at)
        at += len(piece)


def _open_segments(disk: Disk, directory: Path) -> list[Segment]:
    segments: list[Segment] = []
    try:
        for name in disk.list(directory):
            if not name.endswith(SEGMENT_SUFFIX):
                continue
            path = directory / name
            file = disk.open(path)
            try:
                header = parse_segment_header(file.pread(SEGMENT_HEADER_BYTES, 0), file=str(path))
                if name != segment_name(header.base_offset):
                    raise LogCorrupt(
                        "a segment has another one's name", file=str(path), offset_bytes=0
                    )
                if file.size_bytes() != header.size_bytes:
                    raise LogCorrupt(
                        "a segment has the wrong size",
                        file=str(path),
                        offset_bytes=file.size_bytes(),
                    )
            except BaseException:
                file.close()
                raise
            segments.append(Segment(path, file, header))
        _check_sequence(segments)
    except BaseException:
        for segment in segments:
            segment.file.close()
        raise
    return segments


def _check_sequence(segments: Sequence[Segment]) -> None:
    for before, after in zip(segments, segments[1:], strict=False):
        if after.header.log_id != before.header.log_id:
            raise LogCorrupt("a segment of another log", file=str(after.path), offset_bytes=0)
        if after.base_offset != before.end_offset:
            missing = before.path.with_name(segment_name(before.end_offset))
            raise LogCorrupt("a segment is missing", file=str(missing), offset_bytes=0)


def _replay(segment: Segment, groups: dict[GroupId, GroupIndex]) -> tuple[int, bool, int]:
    """Takes a segment's records into the index: where they end, whether another segment follows,
    and the highest offset that they say was synced."""
    window = _Window(segment.file, segment.header.size_bytes)
    seed = segment.header.seed()
    file = str(segment.path)
    at, synced_offset = SEGMENT_HEADER_BYTES, 0
    while (found := _record(window, at, seed=seed)) is not None:
        header, payload = found
        synced_offset = max(synced_offset, header.synced_offset)
        check_kind(header, file=file, at=at)
        if header.kind == Kind.SEGMENT_END:
            return at, True, synced_offset
        if header.kind != Kind.SYNCED:
            index = groups.get(header.group)
            if index is None:
                index = groups[header.group] = GroupIndex(header.group)
            _take(index, header, payload, segment, at)
        at += RECORD_HEADER_BYTES + header.size_bytes
    return at, False, synced_offset


def _take(
    index: GroupIndex, header: RecordHeader, payload: memoryview, segment: Segment, at: int
) -> None:
    offset = segment.base_offset + at
    if header.kind == Kind.ENTRY:
        if len(index) and header.at_index != index.last_index + 1:
            raise LogCorrupt(
                "an entry is out of order",
                file=str(segment.path),
                offset_bytes=at,
                group=header.group,
                index=header.at_index,
                expected=index.last_index + 1,
            )
        index.add(
            header.at_index,
            header.term,
            entry_kind(header),
            offset=offset,
            size_bytes=header.size_bytes,
        )
        segment.last_index[header.group] = max(
            header.at_index, segment.last_index.get(header.group, 0)
        )
    elif header.kind == Kind.HARD_STATE:
        index.note_hard_state(bytes(payload), offset=offset)
    elif header.kind == Kind.TRUNCATE:
        index.truncate(header.at_index)
    else:
        assert header.kind == Kind.COMPACTED, header
        index.compact(header.at_index, header.term, offset=offset)


def _check_groups(groups: dict[GroupId, GroupIndex], oldest: Segment) -> None:
    """Entries may be missing at the front only where the log says that they are obsolete."""
    for index in groups.values():
        if index.first_index > index.compacted_index + 1:
            raise LogCorrupt(
                "entries are missing before the oldest segment",
                file=str(oldest.path),
                offset_bytes=SEGMENT_HEADER_BYTES,
                group=index.group,
                index=index.compacted_index + 1,
            )
        index.compact(index.compacted_index, index.compacted_term, offset=index.compacted_offset)


def _check_torn(segment: Segment, at: int, rest: Sequence[Segment]) -> None:
    """Raises LogCorrupt when a record after a bad one says that the log was synced beyond it."""
    offset = segment.base_offset + at
    for candidate, start in ((segment, at), *((later, SEGMENT_HEADER_BYTES) for later in rest)):
        for synced_offset in _synced_offsets(candidate, start):
            if synced_offset > offset:
                raise LogCorrupt(
                    "a record is damaged that was synced",
                    file=str(segment.path),
                    offset_bytes=at,
                    synced_offset=synced_offset,
                )


def _synced_offsets(segment: Segment, start: int) -> Iterator[int]:
    """What intact records at or after a position say. The position may be in the middle of one."""
    size_bytes, seed = segment.header.size_bytes, segment.header.seed()
    window = _Window(segment.file, size_bytes)
    while start < size_bytes:
        piece = segment.file.pread(min(_WINDOW_BYTES, size_bytes - start), start)
        found = piece.find(MAGIC)
        after = 0
        while found >= 0:
            record = _record(window, start + found, seed=seed)
            if record is not None:
                yield record[0].synced_offset
                after = found + RECORD_HEADER_BYTES + record[0].size_bytes
            found = piece.find(MAGIC, max(found + 1, after))
        # The next piece begins where a magic number cut in two would.
        start += (
            max(len(piece) - len(MAGIC) + 1, after) if len(piece) == _WINDOW_BYTES else size_bytes
        )
