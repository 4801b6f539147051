"""What aged out: answers, clients' tokens, completed uploads, history."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from google.protobuf.message import Message

from trioxygen.metadata.om.state.schema import (
    BUCKETS,
    COMPLETED_UPLOADS,
    HISTORY,
    REMOVED,
    RENAMES,
    history_key_parts,
    history_prefix,
)
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, Round, execute_rows
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.metadata.store.table import Row, RowTable
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import replication_pb2 as replication


class Expiry:
    """Answers, clients' tokens and completed uploads that are old enough, history past its bucket's
    window."""

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
        self._completed, self._renames, self._history = Round(), Round(), Round()

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        now_ms = self._executor.group_ms()
        more = False
        reply = await self._executor.execute(
            replication.ExpireRetries(
                answered_before_ms=now_ms - self._answers_kept_ms, rows_max=10 * ROWS_AT_ONCE_MAX
            )
        )
        more |= isinstance(reply, replication.WorkReply) and reply.more
        more |= await self._expire_completed(now_ms - self._completed_uploads_kept_ms)
        more |= await self._expire_renames(now_ms - self._answers_kept_ms)
        return await self._expire_history(now_ms) or more

    async def _expire_completed(self, before_ms: int) -> bool:
        # Rows stand by when the upload was begun, not by when it was completed.
        return await self._expire_rows(
            COMPLETED_UPLOADS,
            self._completed,
            lambda row: row.completed_ms < before_ms,
            lambda keys: om.ExpireCompletedUploads(row_keys=keys, completed_before_ms=before_ms),
        )

    async def _expire_renames(self, before_ms: int) -> bool:
        return await self._expire_rows(
            RENAMES,
            self._renames,
            lambda row: row.done_ms < before_ms,
            lambda keys: om.ExpireRenames(row_keys=keys, done_before_ms=before_ms),
        )

    async def _expire_rows(
        self,
        table: RowTable[Row],
        place: Round,
        is_old: Callable[[Row], bool],
        command: Callable[[Sequence[bytes]], Message],
    ) -> bool:
        """Of the next page of a table; whether there may be more at once."""
        with self._executor.store.read() as txn:
            page = list(islice(table.scan(txn, prefix=b"", after=place.after), ROWS_AT_ONCE_MAX))
        is_full = len(page) == ROWS_AT_ONCE_MAX
        place.went_to(page[-1][0] if is_full else None)
        old = [key for key, row in page if is_old(row)]
        if old:
            await execute_rows(self._executor, old, command)
        return bool(old) and is_full

    async def _expire_history(self, now_ms: int) -> bool:
        # Rows stand by bucket and key, not by age: each run looks at the next ones, in turn.
        with self._executor.store.read() as txn:
            page = removed_page(txn, self._history.after, ROWS_AT_ONCE_MAX)
            self._history.went_to(page.last)
            if not page.rows:
                return False
            retention_ms = {
                row.bucket_id: row.history_retention_ms for _, row in BUCKETS.scan(txn, prefix=b"")
            }
        old = [
            key
            for key, row in page.rows
            if row.removed_group_ms + retention_ms.get(int.from_bytes(key[:8], "big"), 0) <= now_ms
        ]
        if old:
            await execute_rows(self._executor, old, lambda keys: om.ExpireHistory(row_keys=keys))
        return bool(old) and page.last is not None


class RemovedPage(NamedTuple):
    """last: where the next one goes on; None: at the start again."""

    rows: list[tuple[bytes, om.HistoryRow]]
    last: bytes | None


def removed_page(txn: ReadTxn, after: bytes | None, steps_max: int) -> RemovedPage:
    """Of all buckets what S3 does not show any more. What it shows of a bucket costs a step,
    however much it is: so does a row."""
    rows: list[tuple[bytes, om.HistoryRow]] = []
    last = after
    cursor = txn.cursor(HISTORY.table)
    item = cursor.seek(after + b"\0" if after else b"")
    for _ in range(steps_max):
        if item is None:
            return RemovedPage(rows, None)
        last, value = item
        if history_key_parts(last)[0] == REMOVED:
            rows.append((last, om.HistoryRow.FromString(value)))
            item = cursor.next()
        else:
            last = history_prefix(int.from_bytes(last[:8], "big"), REMOVED)
            item = cursor.seek(last)
    return RemovedPage(rows, last)
