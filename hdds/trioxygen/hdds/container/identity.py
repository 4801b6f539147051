"""Of which pipeline, and which replica, each container is: kept beside its row, since nothing else
on the disk tells where that is damaged."""

from collections.abc import Callable
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container.blocks import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.datanode_pb2 import DataNodeContainerRow

log = logs.get(__name__)

_PREFIX: Final = b"container/"


def put_identity(txn: WriteTxn, container_id: int, *, pipeline_id: int, replica_index: int) -> None:
    row = DataNodeContainerRow(
        container_id=container_id, pipeline_id=pipeline_id, replica_index=replica_index
    )
    txn.put(META, _PREFIX + container_id.to_bytes(8, "big"), row.SerializeToString())


def delete_identity(txn: WriteTxn, container_id: int) -> None:
    txn.delete(META, _PREFIX + container_id.to_bytes(8, "big"))


def identities(txn: ReadTxn) -> dict[int, DataNodeContainerRow]:
    """By container; those that are whole."""
    rows: dict[int, DataNodeContainerRow] = {}
    cursor = txn.cursor(META)
    move: Callable[[], tuple[bytes, bytes] | None] = partial(cursor.seek, _PREFIX)
    while True:
        try:
            at = move()
        except DamagedRow as error:
            log.error("damaged_row_passed", reason=error)
        else:
            if at is None:
                return rows
            key, value = at
            if key.startswith(_PREFIX):
                row = DataNodeContainerRow.FromString(value)
                rows[row.container_id] = row
            elif key > _PREFIX:
                return rows
        move = cursor.next
