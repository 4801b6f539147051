"""The OM's own commands: the removal of what time or nobody needs."""

from itertools import islice

from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.schema import (
    COMPLETED_UPLOADS,
    DELETED_BUCKETS,
    GARBAGE,
    HISTORY,
    PARTS,
    RENAMES,
    UPLOADS,
    bucket_prefix,
)
from trioxygen.metadata.om.state.times import clear_times
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.om_pb2 import (
    CollectGarbage,
    ExpireCompletedUploads,
    ExpireHistory,
    ExpireRenames,
    PurgeBucket,
)
from trioxygen.proto.v1.replication_pb2 import WorkReply


class ExpiryCommands:
    def __init__(self, blocks: BlockKeeper) -> None:
        self._blocks = blocks

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.CollectGarbage: self.collect_garbage,
            om_pb2.ExpireHistory: self.expire_history,
            om_pb2.ExpireCompletedUploads: self.expire_completed_uploads,
            om_pb2.ExpireRenames: self.expire_renames,
            om_pb2.PurgeBucket: self.purge_bucket,
        }

    def collect_garbage(self, txn: CapturingTxn, command: CollectGarbage, now: Now) -> WorkReply:
        for row_key in command.row_keys:
            GARBAGE.take(txn, row_key)
        return WorkReply()

    def expire_history(self, txn: CapturingTxn, command: ExpireHistory, now: Now) -> WorkReply:
        bytes_before = txn.size_bytes
        for row_key in command.row_keys:
            history = HISTORY.get(txn, row_key)
            if history is not None:
                HISTORY.delete(txn, row_key)
                self._blocks.release(txn, history.row.blocks, now)
            if txn.size_bytes - bytes_before >= CHANGED_AT_ONCE_BYTES:
                break
        return WorkReply()

    def expire_completed_uploads(
        self, txn: CapturingTxn, command: ExpireCompletedUploads, now: Now
    ) -> WorkReply:
        for row_key in command.row_keys:
            row = COMPLETED_UPLOADS.get(txn, row_key)
            if row is not None and row.completed_ms < command.completed_before_ms:
                COMPLETED_UPLOADS.delete(txn, row_key)
        return WorkReply()

    def expire_renames(self, txn: CapturingTxn, command: ExpireRenames, now: Now) -> WorkReply:
        for row_key in command.row_keys:
            row = RENAMES.get(txn, row_key)
            if row is not None and row.done_ms < command.done_before_ms:
                RENAMES.delete(txn, row_key)
        return WorkReply()

    def purge_bucket(self, txn: CapturingTxn, command: PurgeBucket, now: Now) -> WorkReply:
        """Removes up to rows_max rows of what a deleted bucket left behind."""
        prefix = bucket_prefix(command.bucket_id)
        left = command.rows_max
        for upload_key, upload in list(islice(UPLOADS.scan(txn, prefix=prefix), max(left, 0))):
            for part_key, part in list(
                islice(PARTS.scan(txn, prefix=upload.upload_id), max(left, 0))
            ):
                self._blocks.release(txn, part.blocks, now)
                PARTS.delete(txn, part_key)
                left -= 1 + len(part.blocks) // 10
                if left <= 0:
                    break
            if left <= 0:
                return WorkReply(more=True)
            UPLOADS.delete(txn, upload_key)
            left -= 1
        for history_key, history in list(islice(HISTORY.scan(txn, prefix=prefix), max(left, 0))):
            self._blocks.release(txn, history.row.blocks, now)
            HISTORY.delete(txn, history_key)
            left -= 1 + len(history.row.blocks)
            if left <= 0:
                break
        left -= len(clear_times(txn, command.bucket_id, max(left, 0)))
        if left <= 0:
            return WorkReply(more=True)
        DELETED_BUCKETS.delete(txn, prefix)
        return WorkReply(more=False)
