"""Commands on volumes and buckets."""

from itertools import islice

from trioxygen.metadata.execution import Handler, Now, Refusal
from trioxygen.metadata.om.blocks import BlockKeeper
from trioxygen.metadata.om.schema import (
    ACCOUNT_BUCKETS,
    BUCKETS,
    DELETED_BUCKETS,
    HISTORY,
    KEYS,
    PARTS,
    S3_VOLUME,
    UPLOADS,
    VOLUMES,
    account_bucket_key,
    bucket_key,
    bucket_prefix,
)
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    CreateBucketReply,
    CreateBucketRequest,
    DeleteBucketReply,
    DeleteBucketRequest,
    DeletedBucketRow,
    InitializeOm,
    PurgeBucket,
    VolumeRow,
    WorkReply,
)


def live_bucket(txn: ReadTxn, name: str, bucket_id: int) -> BucketRow | Refusal:
    """The bucket that the caller was authorised for: same name and same id."""
    bucket = BUCKETS.get(txn, bucket_key(name))
    if bucket is None or bucket.bucket_id != bucket_id:
        return Refusal(types_pb2.NO_SUCH_BUCKET, facts={"bucket": name})
    return bucket


class BucketCommands:
    def __init__(self, blocks: BlockKeeper, *, buckets_max: int) -> None:
        self._blocks, self._buckets_max = blocks, buckets_max

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.InitializeOm: self.initialize,
            om_pb2.CreateBucketRequest: self.create_bucket,
            om_pb2.DeleteBucketRequest: self.delete_bucket,
            om_pb2.PurgeBucket: self.purge_bucket,
        }

    def initialize(self, txn: CapturingTxn, command: InitializeOm, now: Now) -> WorkReply:
        if not VOLUMES.exists(txn, S3_VOLUME.encode()):
            VOLUMES.put(txn, S3_VOLUME.encode(), VolumeRow(name=S3_VOLUME, created_ms=now.wall_ms))
        return WorkReply()

    def create_bucket(
        self, txn: CapturingTxn, command: CreateBucketRequest, now: Now
    ) -> CreateBucketReply | Refusal:
        existing = BUCKETS.get(txn, bucket_key(command.bucket))
        if existing is not None:
            own = existing.account_id == command.account_id
            code = types_pb2.BUCKET_ALREADY_OWNED if own else types_pb2.BUCKET_ALREADY_EXISTS
            return Refusal(code, facts={"bucket": command.bucket})
        prefix = account_bucket_key(command.account_id, "")
        if sum(1 for _ in txn.scan(ACCOUNT_BUCKETS, prefix=prefix)) >= self._buckets_max:
            return Refusal(
                types_pb2.TOO_MANY_BUCKETS, facts={"buckets_max": str(self._buckets_max)}
            )
        bucket = BucketRow(
            bucket_id=now.next_id(),
            name=command.bucket,
            account_id=command.account_id,
            created_ms=now.wall_ms,
            location=command.location,
        )
        BUCKETS.put(txn, bucket_key(command.bucket), bucket)
        txn.put(ACCOUNT_BUCKETS, account_bucket_key(command.account_id, command.bucket), b"")
        return CreateBucketReply(bucket=bucket)

    def delete_bucket(
        self, txn: CapturingTxn, command: DeleteBucketRequest, now: Now
    ) -> DeleteBucketReply | Refusal:
        bucket = live_bucket(txn, command.bucket, command.bucket_id)
        if isinstance(bucket, Refusal):
            return bucket
        if next(txn.scan(KEYS.table, prefix=bucket_prefix(bucket.bucket_id)), None) is not None:
            return Refusal(types_pb2.BUCKET_NOT_EMPTY, facts={"bucket": command.bucket})
        BUCKETS.delete(txn, bucket_key(command.bucket))
        txn.delete(ACCOUNT_BUCKETS, account_bucket_key(bucket.account_id, command.bucket))
        # Its uploads and history may be many: a worker removes them in pieces.
        DELETED_BUCKETS.put(
            txn,
            bucket_prefix(bucket.bucket_id),
            DeletedBucketRow(name=command.bucket, deleted_ms=now.wall_ms),
        )
        return DeleteBucketReply()

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
        if left <= 0:
            return WorkReply(more=True)
        DELETED_BUCKETS.delete(txn, prefix)
        return WorkReply(more=False)
