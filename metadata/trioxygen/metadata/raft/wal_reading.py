"""Reading entries back from the segments of a log that is in use. Blocks; changes nothing."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from trioxygen.common.errors import LogCorrupt
from trioxygen.metadata.raft.ports import Entry, GroupId
from trioxygen.metadata.raft.wal_format import (
    RECORD_HEADER_BYTES,
    Kind,
    entry_kind,
    is_intact,
    parse_record_header,
)
from trioxygen.metadata.raft.wal_segment import Segment

# Records of other groups in between are read along when there are at most so many bytes of them.
_GAP_BYTES_MAX: Final = 16 * 1024


class Place(NamedTuple):
    segment: Segment
    offset: int
    payload_bytes: int

    @property
    def end_offset(self) -> int:
        return self.offset + RECORD_HEADER_BYTES + self.payload_bytes


def read_entries(group: GroupId, first_index: int, places: Sequence[Place]) -> list[Entry]:
    """The entries at those places, whose indexes rise by one. Raises: LogCorrupt, OSError."""
    entries: list[Entry] = []
    for run in _runs(places):
        segment, start = run[0].segment, run[0].offset
        at = start - segment.base_offset
        data = memoryview(segment.file.pread(run[-1].end_offset - start, at))
        seed = segment.header.seed()
        for one in run:
            record = data[one.offset - start : one.end_offset - start]
            index = first_index + len(entries)
            entries.append(_entry(record, group, index, seed, one))
    return entries


def _entry(record: memoryview, group: GroupId, index: int, seed: int, at: Place) -> Entry:
    if len(record) == at.end_offset - at.offset:
        head, payload = record[:RECORD_HEADER_BYTES], record[RECORD_HEADER_BYTES:]
        found = parse_record_header(head, 0)
        expected = (len(payload), Kind.ENTRY, group, index)
        if (
            found is not None
            and (found.size_bytes, found.kind, found.group, found.at_index) == expected
            and is_intact(head, payload, seed=seed)
        ):
            return Entry(index, found.term, bytes(payload), entry_kind(found))
    raise LogCorrupt(
        "an entry is damaged",
        file=str(at.segment.path),
        offset_bytes=at.offset - at.segment.base_offset,
        group=group,
        index=index,
    )


def place(segments: Sequence[Segment], found: Sequence[tuple[int, int]]) -> list[Place]:
    """Says which segment each (offset, payload size) stands in."""
    bases = [segment.base_offset for segment in segments]
    return [
        Place(segments[bisect_right(bases, offset) - 1], offset, payload_bytes)
        for offset, payload_bytes in found
    ]


def _runs(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """Neighbours that one read can fetch."""
    start = 0
    for number in range(1, len(places)):
        before, one = places[number - 1], places[number]
        if one.segment is not before.segment or one.offset - before.end_offset > _GAP_BYTES_MAX:
            yield places[start:number]
            start = number
    yield places[start:]
