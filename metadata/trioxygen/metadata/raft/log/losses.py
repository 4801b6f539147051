"""A part of the log that is lost, and what takes its place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trioxygen.common.disk import File
from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    Kind,
    RecordHeader,
    raw_record_header,
)
from trioxygen.metadata.raft.log.segment import Segment
from trioxygen.metadata.raft.ports import GroupId


@dataclass(slots=True)
class Loss:
    """Attributes:
    offset: of the log, where it begins.
    segment: None: all that stood before the oldest segment that is used.
    start, end: in the segment's file; `end` is its size when another segment follows.
    records: headers of what was lost, or None: not known.
    count: how many records, or None.
    path: of the last segment that is lost as a whole.
    last_before: last index of each group before the loss.
    first_after: index of the first entry of each group after it.
    """

    offset: int
    segment: Segment | None
    start: int = 0
    end: int = 0
    records: Sequence[RecordHeader] | None = None
    count: int | None = None
    path: Path | None = None
    last_before: dict[GroupId, int] = field(default_factory=dict)
    first_after: dict[GroupId, int] = field(default_factory=dict)


def chain(file: File, start: int, end: int) -> list[RecordHeader] | None:
    """Headers of the records that fill a range, not checked; None: they do not fill it."""
    headers: list[RecordHeader] = []
    at = start
    while at + RECORD_HEADER_BYTES <= end:
        header = raw_record_header(file.pread(RECORD_HEADER_BYTES, at))
        after = at + RECORD_HEADER_BYTES + header.size_bytes
        if after > end:
            break
        headers.append(header)
        at = after
    return headers if at == end and headers else None


def left_over(loss: Loss, end: int) -> int:
    return end - loss.start - RECORD_HEADER_BYTES * max(1, len(replacement(loss)))


def replacement(loss: Loss) -> list[tuple[Kind, GroupId, int]]:
    """Of each group whose entries do not follow each other over the loss, where they go on. They
    may go back: what stood in between belongs elsewhere."""
    records: list[tuple[Kind, GroupId, int]] = []
    for group, first in sorted(loss.first_after.items()):
        last = loss.last_before.get(group, 0)
        if first <= last:
            records.append((Kind.TRUNCATE, group, first))
        if first != last + 1:
            records.append((Kind.COMPACTED, group, first - 1))
    return records
