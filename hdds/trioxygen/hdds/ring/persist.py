"""Writing a generation of applied entries: data into segments, sync, then one store transaction.

Runs on the volume's store lane (it blocks). A crash at any step is safe: the log still has the
entries, and a row names a place only after its bytes are on stable storage.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from trioxygen.common import logs
from trioxygen.common.disk import File
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container.blocks import (
    BLOCKS,
    Block,
    block_of_key,
    block_of_row,
    get_block,
    put_block,
)
from trioxygen.hdds.container.container import Container, CounterChanges
from trioxygen.hdds.container.garbage import Freed
from trioxygen.hdds.container.marks import delete_mark, delete_marks, put_mark
from trioxygen.hdds.container.view import ContainerView
from trioxygen.hdds.ring.pending import DeletedRange, Generation, PendingBlock
from trioxygen.hdds.ring.rows import put_ring
from trioxygen.metadata.store.ports import Cursor, Store, WriteTxn
from trioxygen.proto.v1.datanode_pb2 import RingRow

log = logs.get(__name__)


@dataclass(slots=True)
class Run:
    """Small blocks of one container that are appended together."""

    container: Container
    file: File
    segment: int
    offset_bytes: int
    size_bytes: int
    blocks: list[tuple[bytes, PendingBlock]]


@dataclass(slots=True)
class Persisted:
    """What to do in memory once the transaction is committed."""

    changes: dict[int, CounterChanges] = field(default_factory=dict)
    freed: list[Freed] = field(default_factory=list)
    written_bytes: int = 0
    syncs: int = 0

    def of(self, container_id: int) -> CounterChanges:
        change = self.changes.get(container_id)
        if change is None:
            change = self.changes[container_id] = CounterChanges()
        return change


def persist(
    store: Store,
    generation: Generation,
    runs: list[Run],
    views: dict[int, ContainerView],
    *,
    applied: Sequence[RingRow],
) -> Persisted:
    """Args:
        applied: how far the index is with each ring then: a replay need not bring it again. None
            where this is not all of what they brought.
        views: of every container that any entry touches; a deletion elsewhere finds nothing.
    Raises:
        NoSpace: nothing has changed but bytes beyond what rows name.
    """
    done = Persisted()
    txn = store.begin()
    try:
        for blocks in generation.deleted:
            _delete(txn, blocks, done)
        files: dict[int, File] = {}
        for run in runs:
            if _append(txn, run, done):
                files[id(run.file)] = run.file
        for file in files.values():
            file.datasync()
            done.syncs += 1
        for key, pending in generation.puts.items():
            if pending.was_missing:
                delete_mark(txn, key)
            if pending.is_missing:
                put_mark(txn, key, pending.block, pending.sequence)
            elif pending.data is None:
                _put(txn, key, pending.block, done)
        _free_dropped(txn, generation, done)
        assert done.changes.keys() <= views.keys(), done.changes.keys() - views.keys()
        for container_id, seen in views.items():
            seen.put(txn, done.of(container_id))
        for row in applied:
            put_ring(txn, row)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    return done


def persist_deletions(
    store: Store, generation: Generation, views: dict[int, ContainerView]
) -> Persisted:
    """Only what frees space, ahead of the rest: the log has it all still, and replays it in order
    after a crash.

    Raises: NoSpace: nothing has changed.
    """
    done = Persisted()
    txn = store.begin()
    try:
        for blocks in generation.deleted:
            _delete(txn, blocks, done)
        for container_id, seen in views.items():
            seen.put(txn, done.of(container_id))
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    return done


def _delete(txn: WriteTxn, blocks: DeletedRange, done: Persisted) -> None:
    end = blocks.end_key
    cursor = txn.cursor(BLOCKS.table)
    row = _at(partial(cursor.seek, blocks.first_key), cursor)
    while row is not None and row[0] < end:
        key, value = row
        container, local = block_of_key(key)
        block = block_of_row(value)
        done.of(container).add(block, -1)
        done.freed.append(Freed(container, local, block))
        row = _at(cursor.next, cursor)
    # Damaged rows too: where their bytes lie is not known, so they stay until a start, or for ever.
    txn.delete_range(BLOCKS.table, blocks.first_key, end)
    delete_marks(txn, blocks.first_key, end)


def _at(
    move: Callable[[], tuple[bytes, bytes] | None], cursor: Cursor
) -> tuple[bytes, bytes] | None:
    """The next row that is whole."""
    while True:
        try:
            return move()
        except DamagedRow as error:
            log.error("damaged_row_passed", reason=error)
            move = cursor.next


def _former(txn: WriteTxn, key: bytes) -> Block | None:
    """A damaged row counts as none: what is in the log must reach the index."""
    try:
        return get_block(txn, key)
    except DamagedRow as error:
        log.error("damaged_row_replaced", reason=error)
        return None


def _append(txn: WriteTxn, run: Run, done: Persisted) -> bool:
    """Whether anything was written."""
    buffers: list[bytes] = []
    offset_bytes = run.offset_bytes
    for key, pending in run.blocks:
        data = pending.data
        assert data is not None
        former = _former(txn, key)
        block = pending.block
        size_bytes = block.size_bytes
        if former is not None and former.is_same_content(size_bytes, block.checksums):
            # A write that was retried, or replayed from the log: it is there already.
            continue
        block = block._replace(segment=run.segment, offset_bytes=offset_bytes)
        _replace(txn, key, former, block, done)
        buffers.append(data)
        offset_bytes += size_bytes
    if not buffers:
        return False
    done.written_bytes += run.file.pwrite(buffers, run.offset_bytes)
    return True


def _put(txn: WriteTxn, key: bytes, block: Block, done: Persisted) -> None:
    _replace(txn, key, _former(txn, key), block, done)


def _replace(
    txn: WriteTxn, key: bytes, former: Block | None, block: Block, done: Persisted
) -> None:
    container, local = block_of_key(key)
    changes = done.of(container)
    if former is not None:
        changes.add(former, -1)
        if (former.segment, former.offset_bytes) != (block.segment, block.offset_bytes):
            done.freed.append(Freed(container, local, former))
    changes.add(block)
    put_block(txn, key, block)


def _free_dropped(txn: WriteTxn, generation: Generation, done: Persisted) -> None:
    for key, dropped in zip(generation.dropped_keys, generation.dropped, strict=True):
        current = _former(txn, key)
        place = (dropped.block.segment, dropped.block.offset_bytes)
        if current is None or (current.segment, current.offset_bytes) != place:
            container, local = block_of_key(key)
            done.freed.append(Freed(container, local, dropped.block))
