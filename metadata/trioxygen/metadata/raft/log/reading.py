"""Reading entries back from the segments of a log that is in use."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from trioxygen.common.blocking import Blocking
from trioxygen.common.errors import LogCorrupt
from trioxygen.common.finishing import joined
from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    Kind,
    entry_kind,
    is_intact,
    parse_record_header,
)
from trioxygen.metadata.raft.log.index import GroupIndex
from trioxygen.metadata.raft.log.segment import Segment
from trioxygen.metadata.raft.ports import Entry, GroupId

# Records of other groups in between are read along when there are at most so many bytes of them.
_GAP_BYTES_MAX: Final = 16 * 1024


class Reading:
    """Reads that are under way; the files they read may not be recycled meanwhile.

    Args:
        segments: of the log, oldest first.
        ended: called after each.
    """

    def __init__(
        self, blocking: Blocking, segments: Sequence[Segment], *, ended: Callable[[], None]
    ) -> None:
        self._blocking, self._segments, self._ended = blocking, segments, ended

    async def read(self, index: GroupIndex, first_index: int, *, bytes_max: int) -> list[Entry]:
        """As `WriteAheadLog.read`."""
        if first_index > index.last_index:
            return []
        places = place(self._segments, index.locate(first_index, bytes_max=bytes_max))
        used = list({at.segment.base_offset: at.segment for at in places}.values())
        for segment in used:
            segment.readers += 1
        reading = self._blocking.run(read_entries, index.group, first_index, places)
        # The thread reads on when the caller is cancelled: only its own end sets the files free.
        reading.add_done_callback(lambda _: self._read(used))
        return await joined(reading)

    def _read(self, used: Iterable[Segment]) -> None:
        for segment in used:
            segment.readers -= 1
        self._ended()


class Place(NamedTuple):
    segment: Segment
    offset: int
    payload_bytes: int

    @property
    def end_offset(self) -> int:
        return self.offset + RECORD_HEADER_BYTES + self.payload_bytes


def read_entries(group: GroupId, first_index: int, places: Sequence[Place]) -> list[Entry]:
    """The entries at those places, whose indexes rise by one. Blocks. Raises: LogCorrupt,
    OSError."""
    entries: list[Entry] = []
    for run in _runs(places):
        segment, start = run[0].segment, run[0].offset
        at = start - segment.base_offset
        data = memoryview(segment.file.pread(run[-1].end_offset - start, at))
        seed = segment.header.seed()
        for record_place in run:
            record = data[record_place.offset - start : record_place.end_offset - start]
            index = first_index + len(entries)
            entries.append(_entry(record, group, index, seed, record_place))
    return entries


def _entry(record: memoryview, group: GroupId, index: int, seed: int, at: Place) -> Entry:
    if len(record) == at.end_offset - at.offset:
        head, payload = record[:RECORD_HEADER_BYTES], record[RECORD_HEADER_BYTES:]
        header = parse_record_header(head, 0)
        expected = (len(payload), Kind.ENTRY, group, index)
        if (
            header is not None
            and (header.size_bytes, header.kind, header.group, header.at_index) == expected
            and is_intact(head, payload, seed=seed)
        ):
            return Entry(index, header.term, bytes(payload), entry_kind(header))
    raise LogCorrupt(
        "an entry is damaged",
        file=str(at.segment.path),
        offset_bytes=at.offset - at.segment.base_offset,
        group=group,
        index=index,
    )


def place(segments: Sequence[Segment], offsets: Sequence[tuple[int, int]]) -> list[Place]:
    """Says which segment each (offset, payload size) stands in."""
    bases = [segment.base_offset for segment in segments]
    return [
        Place(segments[bisect_right(bases, offset) - 1], offset, payload_bytes)
        for offset, payload_bytes in offsets
    ]


def _runs(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """Neighbours that one read can fetch."""
    start = 0
    for number in range(1, len(places)):
        before, after = places[number - 1], places[number]
        if after.segment is not before.segment or after.offset - before.end_offset > _GAP_BYTES_MAX:
            yield places[start:number]
            start = number
    yield places[start:]
