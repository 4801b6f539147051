"""The way of garbage to the SCM."""

from typing import Final, Protocol

from trioxygen.common import logs
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.metadata.leases.garbage import unheld
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, GC, LINEAGE
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, Round, execute_rows
from trioxygen.metadata.replication.state import get_integer
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksRequest
from trioxygen.proto.v1.types_pb2 import BlockRange

log = logs.get(__name__)

# Of one call; a row may be of many.
_RANGES_AT_ONCE_MAX: Final = 10_000


class BlockDeleter(Protocol):
    """The SCM, as the garbage collector sees it."""

    async def delete_blocks(self, request: DeleteBlocksRequest) -> None: ...


class GarbageCollection:
    """Hands blocks that nobody holds to the SCM, then forgets them."""

    name = "om-garbage-collection"

    def __init__(self, executor: Executor, scm: BlockDeleter, *, interval_ms: float) -> None:
        self._executor, self._scm, self.interval_ms = executor, scm, interval_ms
        self._lineage_sent_in_term = -1
        self._round = Round()

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        term = self._executor.replica.term
        with self._executor.store.read() as txn:
            lineage = get_integer(txn, LINEAGE)
        if lineage and term != self._lineage_sent_in_term:
            # Before anything is deleted that a former self of this state has let go.
            await self._scm.delete_blocks(DeleteBlocksRequest(om_lineage=lineage))
            self._lineage_sent_in_term = term
        row_keys, ranges, is_full = self._page(self._executor.group_ms())
        self._round.went_to(row_keys[-1] if is_full else None)
        if row_keys:
            if ranges:
                await self._scm.delete_blocks(
                    DeleteBlocksRequest(blocks=ranges, om_lineage=lineage)
                )
            await execute_rows(
                self._executor, row_keys, lambda keys: om.CollectGarbage(row_keys=keys)
            )
        return is_full

    def _page(self, now_ms: int) -> tuple[list[bytes], list[BlockRange], bool]:
        """Rows that are due, what of them nobody holds, and whether there may be more."""
        row_keys: list[bytes] = []
        ranges: list[BlockRange] = []
        with self._executor.store.read() as txn:
            for key, row in GC.scan(txn, prefix=b"", after=self._round.after):
                if row.not_before_ms > now_ms:
                    return row_keys, ranges, False
                row_keys.append(key)
                ranges += _unheld(txn, key, row.blocks)
                if len(row_keys) == ROWS_AT_ONCE_MAX or len(ranges) >= _RANGES_AT_ONCE_MAX:
                    return row_keys, ranges, True
        return row_keys, ranges, False


def _unheld(txn: ReadTxn, key: bytes, blocks: BlockRange) -> list[BlockRange]:
    """What of a row of the queue may be deleted."""
    fault = RULES.fault(blocks)
    if fault is not None:
        # No block has such an id; the SCM would refuse all that goes with it.
        log.error("garbage_refused", row=key.hex(), reason=fault)
        return []
    return unheld(txn, BLOCK_REFERENCES.table, blocks)
