"""Containers that were taken off a volume while their ring stays: what the ring's log still says of
one must not bring it back, nor may a writer that comes late."""

from collections.abc import Callable
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container.blocks import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn

log = logs.get(__name__)

_PREFIX: Final = b"gone/"


def _key(container_id: int) -> bytes:
    return _PREFIX + container_id.to_bytes(8, "big")


def put_gone(txn: WriteTxn, container_id: int, ring: int) -> None:
    txn.put(META, _key(container_id), ring.to_bytes(8, "big"))


def forget_gone(txn: WriteTxn, container_ids: list[int]) -> None:
    """Their ring has gone too."""
    for container_id in container_ids:
        txn.delete(META, _key(container_id))


def gone_containers(txn: ReadTxn) -> dict[int, int]:
    """Their rings, by container; those whose rows are whole."""
    rings: dict[int, int] = {}
    cursor = txn.cursor(META)
    move: Callable[[], tuple[bytes, bytes] | None] = partial(cursor.seek, _PREFIX)
    while True:
        try:
            row = move()
        except DamagedRow as error:
            log.error("damaged_row_passed", reason=error)
        else:
            if row is None or not row[0].startswith(_PREFIX):
                return rings
            rings[int.from_bytes(row[0][len(_PREFIX) :], "big")] = int.from_bytes(row[1], "big")
        move = cursor.next
