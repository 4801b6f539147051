"""The rows of a volume's rings: who takes part in each, and how far the index is with its log.

Each is there twice: where a log is to be replayed from nothing else tells."""

from typing import Final

from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container.blocks import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.metadata.store.twice import get_either, put_twice
from trioxygen.proto.v1.datanode_pb2 import RingRow

# The ring of a volume of before pipelines had numbers: it was the log's only one. Containers that
# name no pipeline are of it.
FORMER_RING: Final = 1

# The volume's own ring, of this node alone: for containers that have no other one here. A group of
# the log has 64 bits; no cluster gives ids from `NUMBER_MAX` (2^62) on, and no request brings one,
# so it is never a pipeline's.
LOCAL_RING: Final = 2**63

_PREFIX: Final = b"ring/"
_KEY_BYTES: Final = len(_PREFIX) + 8
_FORMER_APPLIED: Final = (b"applied", b"applied.copy")


def _keys(pipeline_id: int) -> tuple[bytes, bytes]:
    key = _PREFIX + pipeline_id.to_bytes(8, "big")
    return key, key + b".copy"


def put_ring(txn: WriteTxn, row: RingRow) -> None:
    put_twice(txn, META, _keys(row.pipeline_id), row.SerializeToString())


def delete_ring(txn: WriteTxn, pipeline_id: int) -> None:
    for key in _keys(pipeline_id):
        txn.delete(META, key)


def ring_rows(txn: ReadTxn) -> dict[int, RingRow]:
    """By pipeline. Raises: DamagedRow: of one, neither is whole."""
    rows: dict[int, RingRow] = {}
    damaged: dict[int, DamagedRow] = {}
    cursor, is_begun = txn.cursor(META), False
    while True:
        try:
            at = cursor.next() if is_begun else cursor.seek(_PREFIX)
        except DamagedRow as error:
            is_begun = True
            key = bytes.fromhex(error.facts["key_hex"])
            if key.startswith(_PREFIX):
                damaged[int.from_bytes(key[len(_PREFIX) : _KEY_BYTES], "big")] = error
            continue
        if at is None:
            break
        is_begun = True
        key, value = at
        if key.startswith(_PREFIX):
            row = RingRow.FromString(value)
            rows[row.pipeline_id] = row
    for pipeline_id, damage in damaged.items():
        if pipeline_id not in rows:
            raise damage
    if FORMER_RING not in rows:
        applied = get_either(txn, META, _FORMER_APPLIED)
        if applied is not None:
            index = int.from_bytes(applied, "big")
            rows[FORMER_RING] = RingRow(pipeline_id=FORMER_RING, applied_index=index)
    return rows
