"""The OM leader's background work: leases that ended, garbage for the SCM, answers and history
that aged out.

Each worker looks in a read transaction and changes things by commands, in bounded pieces.
"""

from itertools import islice
from typing import Final, Protocol

from trioxygen.common import logs
from trioxygen.common.rules.network import RULES
from trioxygen.metadata.execution import Executor
from trioxygen.metadata.om.blocks import unreferenced
from trioxygen.metadata.om.rounds import Round, execute_rows
from trioxygen.metadata.om.schema import (
    BUCKETS,
    COMPLETED_UPLOADS,
    DELETED_BUCKETS,
    GC,
    HISTORY,
    LEASES,
    LINEAGE,
    S3_VOLUME,
    VOLUMES,
)
from trioxygen.metadata.replicated_state import get_integer
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksRequest
from trioxygen.proto.v1.types_pb2 import BlockRange

log = logs.get(__name__)

ROWS_AT_ONCE_MAX: Final = 1_000
# Of one call; a row may be of many.
_RANGES_AT_ONCE_MAX: Final = 10_000


class BlockDeleter(Protocol):
    """The SCM, as the garbage collector sees it."""

    async def delete_blocks(self, request: DeleteBlocksRequest) -> None: ...


class Initialization:
    """The first rows of a new state, by its first leader."""

    name = "om-initialization"

    def __init__(self, executor: Executor, *, interval_ms: float) -> None:
        self._executor, self.interval_ms = executor, interval_ms

    async def work(self) -> bool:
        if self._executor.replica.is_leader():
            with self._executor.store.read() as txn:
                is_done = VOLUMES.exists(txn, S3_VOLUME.encode())
            if not is_done:
                await self._executor.execute(om.InitializeOm())
        return False


class LeaseExpiry:
    name = "om-lease-expiry"

    def __init__(self, executor: Executor, *, interval_ms: float) -> None:
        self._executor, self.interval_ms = executor, interval_ms
        self._round = Round()

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        now_ms = self._executor.group_ms()
        with self._executor.store.read() as txn:
            rows = LEASES.scan(txn, prefix=b"", after=self._round.after)
            page = list(
                islice((key for key, row in rows if row.expires_ms <= now_ms), ROWS_AT_ONCE_MAX)
            )
        is_full = len(page) == ROWS_AT_ONCE_MAX
        self._round.went_to(page[-1] if is_full else None)
        if not page:
            return False
        more = await execute_rows(
            self._executor,
            [int.from_bytes(key, "big") for key in page],
            lambda ids: om.ExpireLeases(lease_ids=ids),
        )
        return is_full or more


class GarbageCollection:
    """Hands blocks that nobody holds to the SCM, then forgets them."""

    name = "om-garbage-collection"

    def __init__(self, executor: Executor, scm: BlockDeleter, *, interval_ms: float) -> None:
        self._executor, self._scm, self.interval_ms = executor, scm, interval_ms
        self._told_in_term = -1
        self._round = Round()

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        term = self._executor.replica.term
        with self._executor.store.read() as txn:
            lineage = get_integer(txn, LINEAGE)
        if lineage and term != self._told_in_term:
            # Before anything is deleted that a former self of this state has let go.
            await self._scm.delete_blocks(DeleteBlocksRequest(om_lineage=lineage))
            self._told_in_term = term
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
    """What of a row of the queue may be deleted. A block that is held is never deleted, whatever
    put it in the queue."""
    fault = RULES.fault(blocks)
    if fault is not None:
        # No block has such an id; the SCM would refuse all that goes with it.
        log.error("garbage_refused", row=key.hex(), reason=fault)
        return []
    container = blocks.container
    return [
        BlockRange(container=container, first_local=first, count=count)
        for first, count in unreferenced(txn, container, blocks.first_local, blocks.count)
    ]


class Expiry:
    """Answers and completed uploads that are old enough, history past its bucket's window."""

    name = "om-expiry"

    def __init__(
        self,
        executor: Executor,
        *,
        answers_kept_ms: int,
        completed_uploads_kept_ms: int,
        interval_ms: float,
    ) -> None:
        self._executor, self.interval_ms = executor, interval_ms
        self._answers_kept_ms = answers_kept_ms
        self._completed_uploads_kept_ms = completed_uploads_kept_ms
        self._completed, self._history = Round(), Round()

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        now_ms = self._executor.group_ms()
        more = False
        reply = await self._executor.execute(
            om.ExpireRetries(
                answered_before_ms=now_ms - self._answers_kept_ms, rows_max=10 * ROWS_AT_ONCE_MAX
            )
        )
        more |= isinstance(reply, om.WorkReply) and reply.more
        more |= await self._expire_completed(now_ms - self._completed_uploads_kept_ms)
        return await self._expire_history(now_ms) or more

    async def _expire_completed(self, before_ms: int) -> bool:
        # Rows stand by when the upload was begun, not by when it was completed.
        with self._executor.store.read() as txn:
            rows = COMPLETED_UPLOADS.scan(txn, prefix=b"", after=self._completed.after)
            looked_at = list(islice(rows, ROWS_AT_ONCE_MAX))
        is_full = len(looked_at) == ROWS_AT_ONCE_MAX
        self._completed.went_to(looked_at[-1][0] if is_full else None)
        old = [key for key, row in looked_at if row.completed_ms < before_ms]
        if old:
            await execute_rows(
                self._executor,
                old,
                lambda keys: om.ExpireCompletedUploads(
                    row_keys=keys, completed_before_ms=before_ms
                ),
            )
        return bool(old) and is_full

    async def _expire_history(self, now_ms: int) -> bool:
        # Rows stand by bucket and key, not by age: each run looks at the next ones, in turn.
        with self._executor.store.read() as txn:
            rows = HISTORY.scan(txn, prefix=b"", after=self._history.after)
            looked_at = list(islice(rows, ROWS_AT_ONCE_MAX))
            is_full = len(looked_at) == ROWS_AT_ONCE_MAX
            self._history.went_to(looked_at[-1][0] if is_full else None)
            if not looked_at:
                return False
            retention_ms = {
                row.bucket_id: row.history_retention_ms for _, row in BUCKETS.scan(txn, prefix=b"")
            }
        old = [
            key
            for key, row in looked_at
            if _superseded_ms(row) + retention_ms.get(int.from_bytes(key[:8], "big"), 0) <= now_ms
        ]
        if old:
            await execute_rows(self._executor, old, lambda keys: om.ExpireHistory(row_keys=keys))
        return bool(old) and is_full


def _superseded_ms(row: om.HistoryRow) -> int:
    """The group's time; it began as wall time, which older rows have instead."""
    return row.superseded_group_ms or row.superseded_ms


class BucketPurge:
    """Removes the uploads and history of deleted buckets."""

    name = "om-bucket-purge"

    def __init__(self, executor: Executor, *, interval_ms: float) -> None:
        self._executor, self.interval_ms = executor, interval_ms
        self._round = Round()

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        with self._executor.store.read() as txn:
            rows = txn.scan(DELETED_BUCKETS.table, prefix=b"", after=self._round.after)
            first = next(rows, None)
        was_at, self._round.after = self._round.after, first[0] if first is not None else None
        if first is None:
            # Those before, if there were any, were not done or could not be.
            return False
        bucket_id = int.from_bytes(first[0], "big")
        await self._executor.execute(om.PurgeBucket(bucket_id=bucket_id, rows_max=ROWS_AT_ONCE_MAX))
        # Again, until nothing is left of it.
        self._round.went_to(was_at)
        return True
