"""The OM leader's background work: leases that ended, garbage for the SCM, answers and history
that aged out.

Each worker looks in a read transaction and changes things by commands, in bounded pieces.
"""

from itertools import islice
from typing import Final, Protocol

from trioxygen.common.clock import Clock
from trioxygen.metadata.execution import Executor
from trioxygen.metadata.om.blocks import unreferenced
from trioxygen.metadata.om.schema import (
    BUCKETS,
    DELETED_BUCKETS,
    GC,
    HISTORY,
    LEASES,
    S3_VOLUME,
    VOLUMES,
)
from trioxygen.metadata.retries import AnswerAges
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksRequest
from trioxygen.proto.v1.types_pb2 import BlockRange

ROWS_AT_ONCE_MAX: Final = 1_000


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

    def __init__(self, executor: Executor, clock: Clock, *, interval_ms: float) -> None:
        self._executor, self._clock, self.interval_ms = executor, clock, interval_ms

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        now_ms = self._clock.wall_ms()
        with self._executor.store.read() as txn:
            ended = [
                int.from_bytes(key, "big")
                for key, lease in LEASES.scan(txn, prefix=b"")
                if lease.expires_ms <= now_ms
            ][:ROWS_AT_ONCE_MAX]
        if ended:
            await self._executor.execute(om.ExpireLeases(lease_ids=ended))
        return len(ended) == ROWS_AT_ONCE_MAX


class GarbageCollection:
    """Hands blocks that nobody holds to the SCM, then forgets them."""

    name = "om-garbage-collection"

    def __init__(
        self, executor: Executor, clock: Clock, scm: BlockDeleter, *, interval_ms: float
    ) -> None:
        self._executor, self._clock, self._scm, self.interval_ms = executor, clock, scm, interval_ms

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        now_ms = self._clock.wall_ms()
        row_keys: list[bytes] = []
        ranges: list[BlockRange] = []
        with self._executor.store.read() as txn:
            for key, row in islice(GC.scan(txn, prefix=b""), ROWS_AT_ONCE_MAX):
                if row.not_before_ms > now_ms:
                    break
                row_keys.append(key)
                blocks = row.blocks
                # A block that is held is never deleted, whatever put it in the queue.
                for first, count in unreferenced(
                    txn, blocks.container, blocks.first_local, blocks.count
                ):
                    ranges.append(
                        BlockRange(container=blocks.container, first_local=first, count=count)
                    )
        if row_keys:
            if ranges:
                await self._scm.delete_blocks(DeleteBlocksRequest(blocks=ranges))
            await self._executor.execute(om.CollectGarbage(row_keys=row_keys))
        return len(row_keys) == ROWS_AT_ONCE_MAX


class Expiry:
    """Answers and completed uploads that are old enough, history past its bucket's window."""

    name = "om-expiry"

    def __init__(
        self,
        executor: Executor,
        clock: Clock,
        *,
        answers_kept_ms: int,
        completed_uploads_kept_ms: int,
        interval_ms: float,
    ) -> None:
        self._executor, self._clock, self.interval_ms = executor, clock, interval_ms
        self._ages = AnswerAges(answers_kept_ms)
        self._completed_uploads_kept_ms = completed_uploads_kept_ms
        self._history_after: bytes | None = None

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        now_ms = self._clock.wall_ms()
        more = False
        answered_before_ms = self._ages.answered_before_ms(
            term=self._executor.replica.term,
            monotonic_ms=self._clock.monotonic_ms(),
            wall_ms=self._executor.last_wall_ms,
        )
        reply = await self._executor.execute(
            om.ExpireRetries(answered_before_ms=answered_before_ms, rows_max=10 * ROWS_AT_ONCE_MAX)
        )
        more |= isinstance(reply, om.WorkReply) and reply.more
        reply = await self._executor.execute(
            om.ExpireCompletedUploads(
                completed_before_ms=now_ms - self._completed_uploads_kept_ms,
                rows_max=ROWS_AT_ONCE_MAX,
            )
        )
        more |= isinstance(reply, om.WorkReply) and reply.more
        return await self._expire_history(now_ms) or more

    async def _expire_history(self, now_ms: int) -> bool:
        # Rows stand by bucket and key, not by age: each run looks at the next ones, in turn.
        with self._executor.store.read() as txn:
            rows = HISTORY.scan(txn, prefix=b"", after=self._history_after)
            looked_at = list(islice(rows, ROWS_AT_ONCE_MAX))
            self._history_after = looked_at[-1][0] if len(looked_at) == ROWS_AT_ONCE_MAX else None
            if not looked_at:
                return False
            retention_ms = {
                row.bucket_id: row.history_retention_ms for _, row in BUCKETS.scan(txn, prefix=b"")
            }
        old = [
            key
            for key, row in looked_at
            if row.superseded_ms + retention_ms.get(int.from_bytes(key[:8], "big"), 0) <= now_ms
        ]
        if old:
            await self._executor.execute(om.ExpireHistory(row_keys=old))
        return bool(old) and self._history_after is not None


class BucketPurge:
    """Removes the uploads and history of deleted buckets."""

    name = "om-bucket-purge"

    def __init__(self, executor: Executor, *, interval_ms: float) -> None:
        self._executor, self.interval_ms = executor, interval_ms

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        with self._executor.store.read() as txn:
            first = next(txn.scan(DELETED_BUCKETS.table, prefix=b""), None)
        if first is None:
            return False
        bucket_id = int.from_bytes(first[0], "big")
        await self._executor.execute(om.PurgeBucket(bucket_id=bucket_id, rows_max=ROWS_AT_ONCE_MAX))
        return True
