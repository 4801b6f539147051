"""Bytes of the write-ahead log: segment headers and record frames. Pure: no files, no state.

A segment is a header page, then records end to end, then zeros or the remains of an earlier use.
A record is a 48-byte header, then its payload; integers are little-endian:

    magic 4 | crc32c 4 | payload size 4 | kind 1 | entry's kind 1 | zero 2
    group 8 | synced offset 8 | index 8 | term 8

The CRC covers all that follows it, the payload too, and starts from the segment's seed, which
depends on the log, the segment's place in it and a salt: what an earlier use of the same file left
there never checks. Offsets are positions in the whole log: a segment's base plus the position in
its file.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Final, NamedTuple

from trioxygen.common.checksum import crc32c
from trioxygen.common.errors import LogCorrupt, UnknownFormat
from trioxygen.metadata.raft.ports import Entry, EntryKind, GroupId

Buffer = bytes | bytearray | memoryview

FORMAT_VERSION: Final = 1
_VERSION_MAX: Final = 1_000
# A page of its own: no write of records ever touches the sector that holds the header.
SEGMENT_HEADER_BYTES: Final = 4096
RECORD_HEADER_BYTES: Final = 48
MAGIC: Final = b"\xf6WR\x01"

_SEGMENT_MAGIC: Final = b"O3RAFTWL"
_SEGMENT: Final = struct.Struct("<8sIIQQQQ")
_SEGMENT_CRC: Final = struct.Struct("<I")
_CHECKED: Final = struct.Struct("<IBB2xQQQQ")
_FRONT: Final = struct.Struct("<4sI")
_RECORD: Final = struct.Struct("<4sIIBB2xQQQQ")
assert _RECORD.size == RECORD_HEADER_BYTES == _FRONT.size + _CHECKED.size
assert _SEGMENT.size + _SEGMENT_CRC.size <= SEGMENT_HEADER_BYTES


@unique
class Kind(IntEnum):
    """What a record says. Numbers are stored: never reuse one."""

    ENTRY = 1
    HARD_STATE = 2
    TRUNCATE = 3
    """Entries of the group from `index` on are gone."""
    COMPACTED = 4
    """Entries of the group up to `index`, whose term was `term`, are obsolete."""
    SEGMENT_END = 5
    """The log goes on in the next segment."""
    SYNCED = 6
    """Only tells its synced offset: written last when a log is closed."""


_KINDS: Final = frozenset(int(kind) for kind in Kind)
# Stored too. A log from before there were others says NORMAL, which is zero.
_ENTRY_KINDS: Final = {int(kind): kind for kind in EntryKind}


class RecordHeader(NamedTuple):
    crc: int
    size_bytes: int
    kind: int
    entry_kind: int
    group: GroupId
    synced_offset: int
    at_index: int
    term: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeader:
    """Attributes:
    log_id: the same in all segments of a log.
    size_bytes: of the file, header included; the next segment's base is `base_offset + size_bytes`.
    salt: drawn anew each time a file is made or used again.
    """

    log_id: int
    base_offset: int
    size_bytes: int
    salt: int

    def seed(self) -> int:
        """Where the CRC of the segment's records starts."""
        return crc32c(self._packed())

    def page(self) -> bytes:
        packed = self._packed()
        return (packed + _SEGMENT_CRC.pack(crc32c(packed))).ljust(SEGMENT_HEADER_BYTES, b"\0")

    def _packed(self) -> bytes:
        return _SEGMENT.pack(
            _SEGMENT_MAGIC,
            FORMAT_VERSION,
            0,
            self.log_id,
            self.base_offset,
            self.size_bytes,
            self.salt,
        )


def parse_segment_header(page: bytes, *, file: str) -> SegmentHeader:
    """Raises: UnknownFormat: another version; LogCorrupt: not a header."""
    if len(page) < SEGMENT_HEADER_BYTES or not page.startswith(_SEGMENT_MAGIC):
        raise LogCorrupt("not a segment of a write-ahead log", file=file, offset_bytes=0)
    _, version, _, log_id, base_offset, size_bytes, salt = _SEGMENT.unpack_from(page)
    # Whatever follows the version may be another version's; a damaged one is hardly a small number.
    if version != FORMAT_VERSION and version <= _VERSION_MAX:
        raise UnknownFormat(
            "a write-ahead log of another version", file=file, version=version, known=FORMAT_VERSION
        )
    [crc] = _SEGMENT_CRC.unpack_from(page, _SEGMENT.size)
    if crc != crc32c(page[: _SEGMENT.size]):
        raise LogCorrupt("the segment's header is damaged", file=file, offset_bytes=0)
    return SegmentHeader(log_id=log_id, base_offset=base_offset, size_bytes=size_bytes, salt=salt)


def record_header(
    kind: Kind,
    group: GroupId,
    *,
    synced_offset: int,
    index: int = 0,
    term: int = 0,
    payload: bytes = b"",
    seed: int,
) -> bytes:
    """The 48 bytes that stand before `payload`."""
    checked = _CHECKED.pack(len(payload), kind, 0, group, synced_offset, index, term)
    return _FRONT.pack(MAGIC, crc32c(payload, crc32c(checked, seed))) + checked


def frame_entries(
    buffers: list[Buffer],
    offsets: list[int],
    entries: Sequence[Entry],
    group: GroupId,
    *,
    offset: int,
    synced_offset: int,
    seed: int,
) -> int:
    """Adds header and payload of each entry to `buffers`, its offset to `offsets`.

    Returns the offset after them. The hot path: no payload is copied, and what is the same for all
    entries is done once.
    """
    kind = int(Kind.ENTRY)
    for entry in entries:
        payload = entry.payload
        size_bytes = len(payload)
        checked = _CHECKED.pack(
            size_bytes, kind, entry.kind, group, synced_offset, entry.index, entry.term
        )
        crc = crc32c(payload, crc32c(checked, seed))
        buffers.append(_FRONT.pack(MAGIC, crc) + checked)
        buffers.append(payload)
        offsets.append(offset)
        offset += RECORD_HEADER_BYTES + size_bytes
    return offset


def parse_record_header(data: Buffer, at: int) -> RecordHeader | None:
    """The header at a position of `data`, unchecked; None when none can be there."""
    magic, crc, size_bytes, kind, of_entry, group, synced, index, term = _RECORD.unpack_from(
        data, at
    )
    if magic != MAGIC:
        return None
    return RecordHeader(crc, size_bytes, kind, of_entry, GroupId(group), synced, index, term)


def raw_record_header(data: Buffer) -> RecordHeader:
    """What would be a record's header, whatever it is: for damaged ones."""
    _, crc, size_bytes, kind, of_entry, group, synced, index, term = _RECORD.unpack_from(data)
    return RecordHeader(crc, size_bytes, kind, of_entry, GroupId(group), synced, index, term)


def is_intact(header: Buffer, payload: Buffer, *, seed: int) -> bool:
    """Whether the CRC holds over the 48 bytes of a header and the payload that it announces."""
    assert len(header) == RECORD_HEADER_BYTES, len(header)
    _, crc = _FRONT.unpack_from(header)
    return bool(crc == crc32c(payload, crc32c(header[_FRONT.size :], seed)))


def check_kind(header: RecordHeader, *, file: str, at: int) -> None:
    """Raises: UnknownFormat: an intact record that this version cannot understand."""
    if header.kind not in _KINDS or header.entry_kind not in _ENTRY_KINDS:
        raise UnknownFormat(
            "the log holds a record of an unknown kind",
            file=file,
            offset_bytes=at,
            kind=header.kind,
            entry_kind=header.entry_kind,
        )


def entry_kind(header: RecordHeader) -> EntryKind:
    """Of a record that `check_kind` let pass."""
    return _ENTRY_KINDS[header.entry_kind]
