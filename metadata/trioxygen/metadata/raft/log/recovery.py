"""Reading the log back at start: what is in it, where it ends, and whether it is whole. It blocks.

The first record that does not check is the end of the log, unless an intact record after it says
that the log was synced beyond that place: then stored bytes have gone bad, which is an error,
except where all that was lost is applied already (`mending`). What stands after the end is
erased: otherwise records that were never acknowledged could come back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import LogCorrupt
from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Kind,
    RecordHeader,
    check_kind,
    entry_kind,
    parse_segment_header,
    record_header,
)
from trioxygen.metadata.raft.log.index import GroupIndex
from trioxygen.metadata.raft.log.mending import Mender, StatesHeld
from trioxygen.metadata.raft.log.scanning import (
    WINDOW_BYTES,
    Window,
    next_intact,
    record_at,
    synced_beyond,
)
from trioxygen.metadata.raft.log.segment import (
    SEGMENT_SUFFIX,
    Segment,
    erase_tail,
    retire_segment,
    segment_name,
)
from trioxygen.metadata.raft.ports import GroupId

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """Attributes:
    segments: in order; the last is the one in use. Empty: a new log.
    end_offset: where the next record goes.
    obsolete_through: (index, term) of each group after a loss: to be written.
    """

    segments: list[Segment]
    groups: dict[GroupId, GroupIndex]
    end_offset: int
    obsolete_through: dict[GroupId, tuple[int, int]] = field(default_factory=dict)


def recover(
    disk: Disk, directory: Path, *, spares_max: int, states: StatesHeld | None = None
) -> Recovered:
    """Args:
        states: what the groups' states hold; None: not known, so nothing may be lost.
    Raises: LogCorrupt, naming file and offset; UnknownFormat.
    """
    mender = None if states is None else Mender(disk, states)
    segments = _open_segments(disk, directory, mender)
    try:
        return _recover(disk, segments, spares_max=spares_max, mender=mender)
    except BaseException:
        for segment in segments:
            segment.file.close()
        raise


def _recover(
    disk: Disk, segments: list[Segment], *, spares_max: int, mender: Mender | None
) -> Recovered:
    groups: dict[GroupId, GroupIndex] = {}
    synced_offset = 0
    for number, segment in enumerate(segments):
        rest = segments[number + 1 :]
        end, ended, synced = _replay(segment, groups, rest, mender)
        synced_offset = max(synced_offset, synced)
        if ended:
            if number + 1 == len(segments):
                missing = segment.path.with_name(segment_name(segment.end_offset))
                raise LogCorrupt("a segment is missing", file=str(missing), offset_bytes=0)
            continue
        _check_torn(segment, end, rest)
        obsolete_through: dict[GroupId, tuple[int, int]] = {}
        if mender is not None:
            mender.look_for_lost_front(groups, segments[0])
            obsolete_through = mender.finish(groups)
        _check_groups(groups, segments[0])
        if mender is not None:
            mender.set_aside()
            end = _say_obsolete(segment, end, synced_offset, obsolete_through)
            mender.fill()
        del segments[number + 1 :]
        for later in rest:
            retire_segment(disk, later, spares_max=spares_max)
        # Also what was there already: a killed process may have left it without a sync.
        disk.sync_directory(segment.path.parent)
        for opened in segments:
            _write_again(opened, synced_offset, segment.base_offset + end)
        for earlier in segments[:-1]:
            earlier.file.datasync()
        erase_tail(segment.file, end, segment.header.size_bytes)
        log.info("log_recovered", file=segment.path, offset_bytes=end, groups=len(groups))
        return Recovered(segments, groups, segment.base_offset + end, obsolete_through)
    return Recovered([], groups, 0)


def _say_obsolete(
    segment: Segment, end: int, synced_offset: int, through: Mapping[GroupId, tuple[int, int]]
) -> int:
    """Where the log ends then. Without room for it whoever opens the log says it alone."""
    records = b"".join(
        record_header(
            Kind.COMPACTED,
            group,
            synced_offset=synced_offset,
            index=index,
            term=term,
            seed=segment.header.seed(),
        )
        for group, (index, term) in through.items()
    )
    if not records or end + len(records) + RECORD_HEADER_BYTES > segment.header.size_bytes:
        return end
    segment.file.pwrite([records], end)
    segment.file.datasync()
    return end + len(records)


def _write_again(segment: Segment, start_offset: int, end_offset: int) -> None:
    """What is not known to be synced: it may have been read from memory only. After a sync that
    failed Linux takes the pages for clean, and a later sync leaves them alone (Rebello et al., "Can
    Applications Recover from fsync Failures?", ATC 2020)."""
    at = max(0, start_offset - segment.base_offset)
    end = min(end_offset - segment.base_offset, segment.header.size_bytes)
    while at < end:
        piece = segment.file.pread(min(WINDOW_BYTES, end - at), at)
        segment.file.pwrite([piece], at)
        at += len(piece)


def _open_segments(disk: Disk, directory: Path, mender: Mender | None) -> list[Segment]:
    """In order. Where whole ones are damaged or missing, only those that follow, if that may be."""
    segments: list[Segment] = []
    unused: list[Path] = []
    damaged: LogCorrupt | None = None
    try:
        for name in sorted(disk.list(directory)):
            if not name.endswith(SEGMENT_SUFFIX):
                continue
            try:
                segment = _open_segment(disk, directory / name)
                segments.append(segment)
                _check_sequence(segments[-2:])
                continue
            except LogCorrupt as error:
                if mender is None:
                    raise
                damaged = error
            # Either the segment just opened follows a gap, or the one named cannot be used.
            is_opened = bool(segments) and segments[-1].path == directory / name
            last = [segments.pop()] if is_opened else []
            for before in segments:
                before.file.close()
            unused += [before.path for before in segments]
            if not is_opened:
                unused.append(directory / name)
            segments = last
        if damaged is not None and not segments:
            raise damaged
    except BaseException:
        for segment in segments:
            segment.file.close()
        raise
    if damaged is not None and mender is not None:
        mender.lost_front(unused, segments[0].base_offset)
    return segments


def _open_segment(disk: Disk, path: Path) -> Segment:
    file = disk.open(path)
    try:
        header = parse_segment_header(file.pread(SEGMENT_HEADER_BYTES, 0), file=str(path))
        if path.name != segment_name(header.base_offset):
            raise LogCorrupt("a segment has another one's name", file=str(path), offset_bytes=0)
        size_bytes = file.size_bytes()
        if size_bytes != header.size_bytes:
            raise LogCorrupt(
                "a segment has the wrong size", file=str(path), offset_bytes=size_bytes
            )
    except BaseException:
        file.close()
        raise
    return Segment(path, file, header)


def _check_sequence(segments: Sequence[Segment]) -> None:
    for before, after in zip(segments, segments[1:], strict=False):
        if after.header.log_id != before.header.log_id:
            raise LogCorrupt("a segment of another log", file=str(after.path), offset_bytes=0)
        if after.base_offset != before.end_offset:
            missing = before.path.with_name(segment_name(before.end_offset))
            raise LogCorrupt("a segment is missing", file=str(missing), offset_bytes=0)


def _replay(
    segment: Segment,
    groups: dict[GroupId, GroupIndex],
    rest: Sequence[Segment],
    mender: Mender | None,
) -> tuple[int, bool, int]:
    """Takes a segment's records into the index: where they end, whether another segment follows,
    and the highest offset that they say was synced."""
    window = Window(segment.file, segment.header.size_bytes)
    seed = segment.header.seed()
    file = str(segment.path)
    at, synced_offset = SEGMENT_HEADER_BYTES, 0
    while True:
        record = record_at(window, at, seed=seed)
        if record is None:
            if mender is None or synced_beyond(segment, at, rest) is None:
                return at, False, synced_offset
            after = next_intact(segment, at)
            if after is None and not rest:
                return at, False, synced_offset
            mender.lost(segment, at, after or segment.header.size_bytes, groups)
            if after is None:
                return at, True, synced_offset
            at = after
            continue
        header, payload = record
        synced_offset = max(synced_offset, header.synced_offset)
        check_kind(header, file=file, at=at)
        if header.kind == Kind.SEGMENT_END:
            return at, True, synced_offset
        if header.kind != Kind.SYNCED:
            index = groups.get(header.group)
            if index is None:
                index = groups[header.group] = GroupIndex(header.group)
            if mender is not None and header.kind == Kind.ENTRY:
                mender.entry_follows(index, header.at_index, header.term)
            _take(index, header, payload, segment, at)
        at += RECORD_HEADER_BYTES + header.size_bytes


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
        index.add_recovered(
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
    if oldest.base_offset and not groups:
        # What a segment says that others still need is carried on before it goes.
        raise LogCorrupt(
            "segments are missing before this one", file=str(oldest.path), offset_bytes=0
        )
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
    synced_offset = synced_beyond(segment, at, rest)
    if synced_offset is not None:
        raise LogCorrupt(
            "a record is damaged that was synced",
            file=str(segment.path),
            offset_bytes=at,
            synced_offset=synced_offset,
        )
