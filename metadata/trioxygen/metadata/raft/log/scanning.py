"""Finding the intact records of a segment's file, wherever one may begin. Blocks."""

from collections.abc import Iterator, Sequence
from typing import Final

from trioxygen.common.disk import File
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.log.format import (
    MAGIC,
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    RecordHeader,
    is_intact,
    parse_record_header,
)
from trioxygen.metadata.raft.log.segment import Segment

WINDOW_BYTES: Final = MIB


class Window:
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
            self._data = self._file.pread(max(size_bytes, WINDOW_BYTES), at)
            self._start, start = at, 0
            if len(self._data) < size_bytes:
                return None
        return memoryview(self._data)[start : start + size_bytes]


def record_at(window: Window, at: int, *, seed: int) -> tuple[RecordHeader, memoryview] | None:
    """The intact record at a position of a file, or None."""
    head = window.view(at, RECORD_HEADER_BYTES)
    header = None if head is None else parse_record_header(head, 0)
    if head is None or header is None:
        return None
    payload = window.view(at + RECORD_HEADER_BYTES, header.size_bytes)
    if payload is None or not is_intact(head, payload, seed=seed):
        return None
    return header, payload


def synced_beyond(segment: Segment, at: int, rest: Sequence[Segment]) -> int | None:
    """An offset beyond a position that an intact record after it says was synced."""
    offset = segment.base_offset + at
    for candidate, start in ((segment, at), *((later, SEGMENT_HEADER_BYTES) for later in rest)):
        for _, synced_offset in intact_records(candidate, start):
            if synced_offset > offset:
                return synced_offset
    return None


def next_intact(segment: Segment, at: int) -> int | None:
    return next((position for position, _ in intact_records(segment, at)), None)


def intact_records(segment: Segment, start: int) -> Iterator[tuple[int, int]]:
    """(position, synced offset) of the intact records at or after a position, which may be in the
    middle of one."""
    size_bytes, seed = segment.header.size_bytes, segment.header.seed()
    window = Window(segment.file, size_bytes)
    while start < size_bytes:
        piece = segment.file.pread(min(WINDOW_BYTES, size_bytes - start), start)
        magic_at = piece.find(MAGIC)
        after = 0
        while magic_at >= 0:
            record = record_at(window, start + magic_at, seed=seed)
            if record is not None:
                yield start + magic_at, record[0].synced_offset
                after = magic_at + RECORD_HEADER_BYTES + record[0].size_bytes
            magic_at = piece.find(MAGIC, max(magic_at + 1, after))
        # The next piece begins where a magic number cut in two would.
        start += (
            max(len(piece) - len(MAGIC) + 1, after) if len(piece) == WINDOW_BYTES else size_bytes
        )
