"""Bit rot in a write-ahead log: one bit of what was known to be stored flips.

Only below the last offset that the log itself says was synced. A damaged record after it cannot be
told from a torn one by any reader of a single disk; see docs/internals/simulator.md.
"""

import random
from collections.abc import Iterator

from trioxygen.metadata.raft.log.format import (
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    parse_record_header,
    parse_segment_header,
)
from trioxygen.metadata.raft.log.segment import SEGMENT_SUFFIX
from trioxygen.sim.platter import Inode, Platter


def flip_bit(platter: Platter, rng: random.Random, *, last: int = 0) -> str:
    """Where: `file:offset`. Empty: nothing is stored yet.

    Args: last: in one of so many last records; 0: in any."""
    places: list[tuple[str, Inode, int, int]] = []
    synced_offset = 0
    for path, inode in sorted(platter.names.items()):
        if path.suffix != SEGMENT_SUFFIX:
            continue
        header = parse_segment_header(bytes(inode.data), file=str(path))
        for at, size_bytes, synced in _records(inode.data):
            synced_offset = max(synced_offset, synced)
            places.append((path.name, inode, at, header.base_offset + at + size_bytes))
    stored = [place for place in places if place[3] <= synced_offset]
    if not stored:
        return ""
    name, inode, at, end = rng.choice(stored[-last:])
    record = parse_record_header(inode.data, at)
    assert record is not None, (name, at)
    # The magic number included: a record that is not taken for one, too.
    position = at + rng.randrange(RECORD_HEADER_BYTES + record.size_bytes)
    inode.data[position] ^= 1 << rng.randrange(8)
    return f"{name}:{position}"


def _records(data: bytearray) -> Iterator[tuple[int, int, int]]:
    """Position, size and synced offset of a segment's records, as far as they look like records."""
    at = SEGMENT_HEADER_BYTES
    while at + RECORD_HEADER_BYTES <= len(data):
        record = parse_record_header(data, at)
        if record is None:
            return
        size_bytes = RECORD_HEADER_BYTES + record.size_bytes
        yield at, size_bytes, record.synced_offset
        at += size_bytes
