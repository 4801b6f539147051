"""Damaged segments are kept as they were, beside the log, and made whole in it. Blocks."""

from pathlib import Path
from typing import Final

from trioxygen.common.disk import Disk
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.log.format import RECORD_HEADER_BYTES, Kind, record_header
from trioxygen.metadata.raft.log.losses import Loss, left_over, replacement
from trioxygen.metadata.raft.log.segment import Segment
from trioxygen.metadata.raft.ports import GroupId

DAMAGED_SUFFIX: Final = ".damaged"
_COPY_BYTES: Final = 4 * MIB


def name_aside(disk: Disk, path: Path) -> Path:
    number = 0
    while disk.exists(aside := path.with_suffix(f"{DAMAGED_SUFFIX}{number or ''}")):
        number += 1
    return aside


def copy_aside(disk: Disk, segment: Segment) -> Path:
    aside = name_aside(disk, segment.path)
    file = disk.open(aside, create=True)
    try:
        for at in range(0, segment.header.size_bytes, _COPY_BYTES):
            size_bytes = min(_COPY_BYTES, segment.header.size_bytes - at)
            file.pwrite([segment.file.pread(size_bytes, at)], at)
        file.datasync()
    finally:
        file.close()
    disk.sync_directory(aside.parent)
    return aside


def fill(segment: Segment, loss: Loss) -> None:
    """Intact records in the place of the lost ones: what is obsolete, and nothing."""
    seed = segment.header.seed()
    synced = loss.offset
    end = loss.end
    tail = b""
    records = replacement(loss)
    if loss.end == segment.header.size_bytes:
        tail = record_header(Kind.SEGMENT_END, GroupId(0), synced_offset=synced, seed=seed)
        end = loss.start + RECORD_HEADER_BYTES * (1 + len(records))
    else:
        records = records or [(Kind.SYNCED, GroupId(0), 0)]
    room = left_over(loss, end) if not tail else 0
    assert room >= 0, (segment.path, loss)
    data = b""
    for position, (kind, group, index) in enumerate(records):
        payload = bytes(room) if position == len(records) - 1 else b""
        data += record_header(
            kind, group, synced_offset=synced, index=index, payload=payload, seed=seed
        )
        data += payload
    segment.file.pwrite([data + tail], loss.start)
    segment.file.datasync()
