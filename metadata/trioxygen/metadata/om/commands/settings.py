"""Commands on the settings of buckets. What a document says is nothing to the OM, but for lifecycle
rules, which its worker reads."""

from trioxygen.metadata.om.commands.buckets import live_bucket
from trioxygen.metadata.om.state import lifecycles
from trioxygen.metadata.om.state.schema import (
    BUCKET_SETTINGS,
    BUCKETS,
    bucket_key,
)
from trioxygen.metadata.om.state.settings import (
    ACCESS_KINDS,
    SettingLimits,
    check_room,
    kind_prefix,
    put_setting,
    setting_key,
)
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketSetting,
    DeleteBucketSettingReply,
    DeleteBucketSettingRequest,
    PutBucketSettingReply,
    PutBucketSettingRequest,
)


class SettingCommands:
    def __init__(self, limits: SettingLimits) -> None:
        self._limits = limits

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
        refusal = _check_replaced(command, old)
        refusal = refusal or check_room(txn, bucket.bucket_id, row, self._limits)
        if refusal is not None:
            return refusal
        has_changed = put_setting(txn, bucket, row, now)
        if row.kind == BucketSetting.LIFECYCLE:
            lifecycles.begin(txn, bucket, command.volume, row.revision)
            has_changed = True
        if has_changed:
            BUCKETS.put(txn, bucket_key(command.volume, command.bucket), bucket)
        return PutBucketSettingReply(revision=row.revision)

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
        if kind == BucketSetting.LIFECYCLE:
            lifecycles.end(txn, bucket)
        prefix = kind_prefix(bucket.bucket_id, kind)
        if next(txn.scan(BUCKET_SETTINGS.table, prefix=prefix), None) is None:
            bucket.setting_kinds &= ~(1 << kind)
            if kind in ACCESS_KINDS:
                bucket.access_revision = now.next_id()
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
