"""Commands on the settings of buckets. What a document says is nothing to the OM."""

from trioxygen.metadata.om.commands.buckets import live_bucket
from trioxygen.metadata.om.state.schema import (
    BUCKET_SETTINGS,
    BUCKETS,
    bucket_key,
    bucket_prefix,
)
from trioxygen.metadata.om.state.settings import kind_prefix, setting_key
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketSetting,
    DeleteBucketSettingReply,
    DeleteBucketSettingRequest,
    PutBucketSettingReply,
    PutBucketSettingRequest,
)


class SettingCommands:
    """Args:
    bytes_max: of one document.
    bucket_bytes_max: of all rows of a bucket together, so that they come in one reply.
    ids_max: settings of one kind.
    """

    def __init__(self, *, bytes_max: int, bucket_bytes_max: int, ids_max: int) -> None:
        self._bytes_max, self._bucket_bytes_max = bytes_max, bucket_bytes_max
        self._ids_max = ids_max

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.PutBucketSettingRequest: self.put_setting,
            om_pb2.DeleteBucketSettingRequest: self.delete_setting,
        }

    def put_setting(
        self, txn: CapturingTxn, command: PutBucketSettingRequest, now: Now
    ) -> PutBucketSettingReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        # A copy: the command may run again, with its batch or when its client tries again.
        row = BucketSetting()
        row.CopyFrom(command.setting)
        key = setting_key(bucket.bucket_id, row.kind, row.id)
        old = BUCKET_SETTINGS.get(txn, key)
        refusal = _check_replaced(command, old) or self._check_room(txn, bucket.bucket_id, key, row)
        if refusal is not None:
            return refusal
        row.revision, row.modified_ms = now.next_id(), now.wall_ms
        BUCKET_SETTINGS.put(txn, key, row)
        if not bucket.setting_kinds >> row.kind & 1:
            bucket.setting_kinds |= 1 << row.kind
            BUCKETS.put(txn, bucket_key(command.volume, command.bucket), bucket)
        return PutBucketSettingReply(revision=row.revision)

    def _check_room(
        self, txn: ReadTxn, bucket_id: int, key: bytes, row: BucketSetting
    ) -> Refusal | None:
        if len(row.document) > self._bytes_max:
            return _too_much("document_bytes", len(row.document), self._bytes_max)
        prefix = kind_prefix(bucket_id, row.kind)
        total_bytes, count = row.ByteSize(), 1
        for other, value in txn.scan(BUCKET_SETTINGS.table, prefix=bucket_prefix(bucket_id)):
            if other != key:
                total_bytes += len(value)
                count += other.startswith(prefix)
        if count > self._ids_max:
            return _too_much("settings_of_kind", count, self._ids_max)
        if total_bytes > self._bucket_bytes_max:
            return _too_much("bucket_bytes", total_bytes, self._bucket_bytes_max)
        return None

    def delete_setting(
        self, txn: CapturingTxn, command: DeleteBucketSettingRequest, now: Now
    ) -> DeleteBucketSettingReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        kind = command.kind
        key = setting_key(bucket.bucket_id, kind, command.id)
        old = BUCKET_SETTINGS.get(txn, key)
        refusal = _check_replaced(command, old)
        if refusal is not None:
            return refusal
        if old is None:
            return DeleteBucketSettingReply(deleted=False)
        BUCKET_SETTINGS.delete(txn, key)
        prefix = kind_prefix(bucket.bucket_id, kind)
        if next(txn.scan(BUCKET_SETTINGS.table, prefix=prefix), None) is None:
            bucket.setting_kinds &= ~(1 << kind)
            BUCKETS.put(txn, bucket_key(command.volume, command.bucket), bucket)
        return DeleteBucketSettingReply(deleted=True)


def _check_replaced(
    command: PutBucketSettingRequest | DeleteBucketSettingRequest, old: BucketSetting | None
) -> Refusal | None:
    revision = 0 if old is None else old.revision
    if not command.HasField("replaces") or command.replaces == revision:
        return None
    return Refusal(
        types_pb2.CONDITION_CONFLICT,
        "the setting has changed",
        {"revision": str(revision), "replaces": str(command.replaces)},
    )


def _too_much(what: str, amount: int, most: int) -> Refusal:
    return Refusal(
        types_pb2.INVALID_REQUEST,
        "more than a bucket's settings may have",
        {what: str(amount), "most": str(most)},
    )
