"""Taking a container's replica off its volume: files, then rows. Everything here blocks.

Its state is DELETING by the log before anything goes, so that a start goes on with it. Files first:
what no row names would be taken for a container of its own at the next start, and its rows, which
still say DELETING, are what keeps it from that. Its own row is the last."""

from collections.abc import Callable
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container.blocks import (
    BLOCKS,
    CONTAINERS,
    SEGMENTS,
    container_key,
)
from trioxygen.hdds.container.gone import put_gone
from trioxygen.hdds.container.identity import delete_identity
from trioxygen.hdds.container.layout import VolumeLayout
from trioxygen.metadata.store.ports import Store, WriteTxn

log = logs.get(__name__)

# In one transaction: others wait for it.
_ROWS_AT_ONCE: Final = 20_000


def remove_files(disk: Disk, layout: VolumeLayout, container_id: int) -> None:
    directory = layout.container(container_id)
    if not disk.exists(directory):
        return
    for name in disk.list(directory):
        disk.remove(directory / name)
    disk.remove_directory(directory)
    disk.sync_directory(layout.containers)


def delete_some_blocks(store: Store, container_id: int) -> bool:
    """Rows of its first blocks, damaged ones too; whether there may be more."""
    txn = store.begin()
    try:
        first = container_key(container_id)
        end = _key_after(txn, first, container_key(container_id + 1))
        txn.delete_range(BLOCKS.table, first, end or container_key(container_id + 1))
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    return end is not None


def _key_after(txn: WriteTxn, first: bytes, end: bytes) -> bytes | None:
    """Of the row that so many others come before; None: there are not that many."""
    cursor = txn.cursor(BLOCKS.table)
    move: Callable[[], tuple[bytes, bytes] | None] = partial(cursor.seek, first)
    key = first
    for _ in range(_ROWS_AT_ONCE):
        try:
            row = move()
        except DamagedRow as error:
            log.error("damaged_row_passed", reason=error)
            row = (bytes.fromhex(error.facts["key_hex"]), b"")
        if row is None or row[0] >= end:
            return None
        key, move = row[0], cursor.next
    return key


def delete_container_rows(
    store: Store,
    container_id: int,
    *,
    ring: int | None,
    also: Callable[[WriteTxn, bytes, bytes], None],
) -> None:
    """The rest of it.

    Args:
        ring: that is here, and may still bring entries for it; None: none does.
        also: deletes what others keep of it: from the one key up to before the other."""
    txn = store.begin()
    try:
        first, end = container_key(container_id), container_key(container_id + 1)
        txn.delete_range(SEGMENTS.table, first, end)
        CONTAINERS.delete(txn, first)
        delete_identity(txn, container_id)
        also(txn, first, end)
        if ring is not None:
            put_gone(txn, container_id, ring)
    except BaseException:
        txn.abort()
        raise
    txn.commit()
