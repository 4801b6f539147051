"""What deleted buckets left behind."""

from trioxygen.metadata.om.state.schema import DELETED_BUCKETS
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, Round
from trioxygen.proto.v1 import om_pb2 as om


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
