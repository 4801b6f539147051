"""What a volume finds on its disk at start, before and after its rings' log is replayed.

Streamed blocks are not in the log, only their PutBlock is: their places are found again by file
name or by record header. Files that neither index nor log knows are removed.
"""

from collections.abc import Callable, Iterator, Set
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import DamagedRow, Stopping, UnknownFormat
from trioxygen.hdds.container import layout
from trioxygen.hdds.container.blocks import (
    CONTAINERS,
    OWN_FILE,
    SEGMENTS,
    Block,
    block_key,
    container_key,
    container_of_key,
    get_block,
    highest_local,
    segment_of_key,
)
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.gone import gone_containers
from trioxygen.hdds.container.identity import identities
from trioxygen.hdds.container.packed_segment import scan_records
from trioxygen.hdds.container.segment import Place
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.places import Recovered
from trioxygen.metadata.store.ports import ReadTxn, Table
from trioxygen.proto.v1.datanode_pb2 import DataNodeContainerRow, SegmentRow

log = logs.get(__name__)

_ROWS_AT_ONCE: Final = 4_096


def load(volume: Volume, is_broken_off: Callable[[], bool]) -> Recovered:
    """Fills `volume.containers` from rows and from files. Blocks: for the blocking pool.

    Args: is_broken_off: asked before each container, of which there may be many.
    Raises: UnknownFormat; Stopping: broken off."""
    recovered = Recovered()
    recovery, kept, damaged = _load_rows(volume)
    # A process that was killed may have left names without a sync; what is there already is not
    # synced again when blocks are put into it.
    volume.disk.sync_directory(volume.layout.containers)
    for name in volume.disk.list(volume.layout.containers):
        container_id = layout.container_of(name)
        if container_id is None:
            raise UnknownFormat("not a container", path=str(volume.layout.containers / name))
        if is_broken_off():
            raise Stopping(path=str(volume.layout.root))
        container = volume.containers.get(container_id)
        if container is None:
            container = Container.of_identity(container_id, kept.get(container_id))
            volume.load_container(container)
        volume.disk.sync_directory(volume.layout.container(container_id))
        known = set(container.segments)
        _load_files(volume, container, recovery.get(container_id, Place(0, 0)), recovered)
        if container.block_count and container.segments.keys() - known:
            # Of a flush that did not end; or its row was damaged, and has been removed.
            damaged.add(container_id)
    for container_id in sorted(damaged & volume.containers.keys()):
        _count_again(volume, volume.containers[container_id])
    return recovered


def _load_rows(
    volume: Volume,
) -> tuple[dict[int, Place], dict[int, DataNodeContainerRow], set[int]]:
    """The places from which streamed blocks may lie that the index does not know; whose each
    container is; and those whose own rows, or those of their segments, are damaged."""
    recovery: dict[int, Place] = {}
    damaged: set[int] = set()
    with volume.store.read() as txn:
        kept = identities(txn)
        volume.load_gone(gone_containers(txn))
        for key, value in _whole_rows(txn, CONTAINERS.table, damaged):
            row = DataNodeContainerRow.FromString(value)
            assert container_key(row.container_id) == key, row
            volume.load_container(
                Container.of_row(
                    row,
                    highest_local=row.highest_local or highest_local(txn, row.container_id),
                    is_identity_kept=row.container_id in kept,
                )
            )
            recovery[row.container_id] = Place(row.recovery_segment, row.recovery_offset_bytes)
        for key, value in _whole_rows(txn, SEGMENTS.table, damaged):
            container_id, number = segment_of_key(key)
            if container_id not in volume.containers:
                volume.load_container(Container.of_identity(container_id, kept.get(container_id)))
                damaged.add(container_id)
            volume.containers[container_id].load_segment(number, SegmentRow.FromString(value))
    return recovery, kept, damaged


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
    with volume.store.read() as txn:
        highest = highest_local(txn, container.container_id)
    container.count_again(_blocks_of(volume, container.container_id), highest_local=highest)
    log.error("container_counted_again", container=container.container_id)


def _blocks_of(volume: Volume, container_id: int) -> Iterator[tuple[bytes, Block]]:
    """Past damaged rows."""
    after, end = container_key(container_id), container_key(container_id + 1)
    while rows := volume.index.whole_after(after, count_max=_ROWS_AT_ONCE):
        for key, block in rows:
            if key >= end:
                return
            yield key, block
        after = rows[-1][0]


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
            container.restore_segment(number, file.size_bytes())
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


def remove_orphans(volume: Volume, pending: Set[bytes], shared: Set[int]) -> list[bytes]:
    """Removes large blocks' files that nobody names; keys of those that stay. Blocks.

    Args:
        pending: keys of what the log has applied and the index does not hold yet.
        shared: containers of rings with other members: a writer that was told that its bytes are
            here may put them yet, through another member.
    """
    kept: list[bytes] = []
    # Rings run by now: they may make others.
    for container_id in list(volume.containers):
        directory = volume.layout.container(container_id)
        if not volume.disk.exists(directory):
            continue  # nothing was ever written into it
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
            if block is not None and block.segment == OWN_FILE:
                continue
            if block is None and container_id in shared:
                kept.append(block_key(container_id, local))
                continue
            volume.disk.remove(directory / name)
            log.info("orphan_removed", container=container_id, local=local)
    return kept
