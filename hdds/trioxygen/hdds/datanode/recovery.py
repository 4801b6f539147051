"""What a volume finds on its disk at start, before and after the ring's log is replayed.

Streamed blocks are not in the log, only their PutBlock is: their places are found again by file
name or by record header. Files that neither index nor log knows are removed.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import DamagedRow, UnknownFormat
from trioxygen.hdds.container import layout
from trioxygen.hdds.container.blocks import (
    CONTAINERS,
    OWN_FILE,
    SEGMENTS,
    block_key,
    container_key,
    container_of_key,
    get_block,
    highest_local,
    segment_of_key,
)
from trioxygen.hdds.container.container import Container, Place
from trioxygen.hdds.container.packed_segment import (
    RECORD_HEADER_BYTES,
    Record,
    find_record,
    scan_records,
)
from trioxygen.hdds.container.state import PROTO_OF
from trioxygen.hdds.container.volume import Volume
from trioxygen.metadata.store.ports import ReadTxn, Table
from trioxygen.proto.v1.datanode_pb2 import DataNodeContainerRow, PutBlockRequest, SegmentRow

log = logs.get(__name__)

_ROWS_AT_ONCE: Final = 4_096
_STATE_OF = {proto: state for state, proto in PROTO_OF.items()}


@dataclass(slots=True)
class Recovered:
    """Streamed blocks in packed segments that the index may not know yet, by block key."""

    records: dict[bytes, list[Record]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundPlace:
    segment: int
    offset_bytes: int
    record: Place | None


def load(volume: Volume) -> Recovered:
    """Fills `volume.containers` from rows and from files. Blocks: for the blocking pool."""
    recovered = Recovered()
    recovery, damaged = _load_rows(volume)
    # A process that was killed may have left names without a sync; what is there already is not
    # synced again when blocks are put into it.
    volume.disk.sync_directory(volume.layout.containers)
    for name in volume.disk.list(volume.layout.containers):
        container_id = layout.container_of(name)
        if container_id is None:
            raise UnknownFormat("not a container", path=str(volume.layout.containers / name))
        container = volume.containers.get(container_id)
        if container is None:
            container = volume.containers[container_id] = Container(container_id)
        volume.disk.sync_directory(volume.layout.container(container_id))
        known = set(container.segments)
        _load_files(volume, container, recovery.get(container_id, Place(0, 0)), recovered)
        if container.block_count and container.segments.keys() - known:
            # Of a flush that did not end; or its row was damaged, and has been removed.
            damaged.add(container_id)
    for container_id in sorted(damaged & volume.containers.keys()):
        _count_again(volume, volume.containers[container_id])
    return recovered


def _load_rows(volume: Volume) -> tuple[dict[int, Place], set[int]]:
    """The places from which streamed blocks may lie that the index does not know; and containers
    whose own rows, or those of their segments, are damaged."""
    recovery: dict[int, Place] = {}
    damaged: set[int] = set()
    with volume.store.read() as txn:
        for key, value in _whole_rows(txn, CONTAINERS.table, damaged):
            row = DataNodeContainerRow.FromString(value)
            assert container_key(row.container_id) == key, row
            state = _STATE_OF[row.state]
            volume.containers[row.container_id] = Container(
                row.container_id,
                state=state,
                committed_state=state,
                pipeline_id=row.pipeline_id,
                current_segment=row.current_segment,
                used_bytes=row.used_bytes,
                block_count=row.block_count,
                highest_local=row.highest_local or highest_local(txn, row.container_id),
            )
            recovery[row.container_id] = Place(row.recovery_segment, row.recovery_offset_bytes)
        for key, value in _whole_rows(txn, SEGMENTS.table, damaged):
            container_id, number = segment_of_key(key)
            if container_id not in volume.containers:
                volume.containers[container_id] = Container(container_id)
                damaged.add(container_id)
            segment_row = SegmentRow.FromString(value)
            segment = volume.containers[container_id].segment(number)
            segment.size_bytes = segment_row.size_bytes
            segment.live_bytes = segment_row.live_bytes
            segment.punched_bytes = segment_row.punched_bytes
    return recovery, damaged


def _whole_rows(txn: ReadTxn, table: Table, damaged: set[int]) -> Iterator[tuple[bytes, bytes]]:
    """Past damaged rows; the containers that their keys name go into `damaged`."""
    cursor = txn.cursor(table)
    move: Callable[[], tuple[bytes, bytes] | None] = partial(cursor.seek, b"")
    while True:
        try:
            row = move()
        except DamagedRow as error:
            log.error("damaged_row_rebuilt", reason=error)
            damaged.add(container_of_key(bytes.fromhex(error.facts["key_hex"])))
        else:
            if row is None:
                return
            yield row
        move = cursor.next


def _count_again(volume: Volume, container: Container) -> None:
    """From the rows of its blocks. It is taken for open: what the log holds for it must find it so,
    and the SCM closes it again."""
    container.used_bytes = container.block_count = 0
    for segment in container.segments.values():
        segment.live_bytes = 0
    after, end = container_key(container.container_id), container_key(container.container_id + 1)
    while rows := volume.index.whole_after(after, count_max=_ROWS_AT_ONCE):
        for key, block in rows:
            if key >= end:
                break
            container.used_bytes += block.size_bytes
            container.block_count += 1
            if block.segment != OWN_FILE:
                container.segment(block.segment).live_bytes += block.size_bytes
        after = rows[-1][0]
        if after >= end:
            break
    container.dirty_segments |= container.segments.keys()
    container.current_segment = max([container.current_segment, *container.segments])
    # What was deleted since is not known: an id that is given again then finds no other content.
    with volume.store.read() as txn:
        found = highest_local(txn, container.container_id)
    container.highest_local = max(container.highest_local, found)
    log.error("container_counted_again", container=container.container_id)


def _load_files(
    volume: Volume, container: Container, recovery: Place, recovered: Recovered
) -> None:
    directory = volume.layout.container(container.container_id)
    for name in volume.disk.list(directory):
        if layout.is_receiving(name):
            volume.disk.remove(directory / name)
            continue
        number = layout.segment_of(name)
        if number is None:
            continue
        file = volume.disk.open(directory / name)
        try:
            segment = container.segment(number)
            # Bytes beyond the row's size were written by a flush or a stream that did not end.
            segment.size_bytes = max(segment.size_bytes, file.size_bytes())
            container.dirty_segments.add(number)
            container.current_segment = max(container.current_segment, number)
            if number < recovery.segment:
                continue
            from_bytes = recovery.offset_bytes if number == recovery.segment else 0
            for record in scan_records(
                file, segment=number, container=container.container_id, from_bytes=from_bytes
            ):
                key = block_key(record.container, record.local)
                recovered.records.setdefault(key, []).append(record)
        finally:
            file.close()


async def place_of(volume: Volume, recovered: Recovered, request: PutBlockRequest) -> FoundPlace:
    """Where the bytes of a replayed PutBlock lie.

    When they are gone, the block was deleted later in the log; should the log not say so, the block
    is named as missing by every read and by the scrubber.
    """
    container_id, local = request.block.container, request.block.local
    known = None
    try:
        with volume.store.read() as txn:
            known = get_block(txn, block_key(container_id, local))
    except DamagedRow as error:
        # It will be written anew, from the log.
        log.error("damaged_row_replaced", reason=error)
    if known is not None and known.is_same_content(request.size_bytes, request.checksums):
        return FoundPlace(known.segment, known.offset_bytes, None)
    records = recovered.records.get(block_key(container_id, local), [])
    records = [record for record in records if record.size_bytes == request.size_bytes]
    if records:
        record = await volume.blocking.run(_find_record, volume, records, request.checksums)
        if record is not None:
            place = Place(record.segment, record.offset_bytes - RECORD_HEADER_BYTES)
            container = volume.containers[container_id]
            container.streamed.add(place)
            container.segment(record.segment).unindexed += 1
            return FoundPlace(record.segment, record.offset_bytes, place)
    return FoundPlace(OWN_FILE, 0, None)


def _find_record(volume: Volume, records: list[Record], checksums: bytes) -> Record | None:
    for record in records:
        file = volume.disk.open(volume.layout.segment(record.container, record.segment))
        try:
            found = find_record(file, [record], checksums)
        finally:
            file.close()
        if found is not None:
            return found
    return None


def remove_orphans(volume: Volume, pending: Set[bytes]) -> int:
    """Removes large blocks' files that nobody names; how many. Blocks.

    Args: pending: keys of what the log has applied and the index does not hold yet.
    """
    removed = 0
    for container_id in volume.containers:
        directory = volume.layout.container(container_id)
        for name in volume.disk.list(directory):
            local = layout.block_of(name)
            if local is None:
                continue
            if block_key(container_id, local) in pending:
                continue
            try:
                with volume.store.read() as txn:
                    block = get_block(txn, block_key(container_id, local))
            except DamagedRow as error:
                log.error("file_of_damaged_row_kept", file=directory / name, reason=error)
                continue
            if block is None or block.segment != OWN_FILE:
                volume.disk.remove(directory / name)
                removed += 1
                log.info("orphan_removed", container=container_id, local=local)
    return removed
