"""Commands on buckets."""

from typing import Protocol

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.replication import Replication
from trioxygen.metadata.om.commands.volumes import check_volume
from trioxygen.metadata.om.state import account_buckets, lifecycles
from trioxygen.metadata.om.state.schema import (
    BUCKET_SETTINGS,
    BUCKETS,
    DELETED_BUCKETS,
    HISTORY,
    KEYS,
    LIFECYCLES,
    VISIBLE,
    bucket_key,
    bucket_prefix,
    history_prefix,
)
from trioxygen.metadata.om.state.settings import SettingLimits, check_first, put_setting
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    BucketSetting,
    CreateBucketReply,
    CreateBucketRequest,
    DeleteBucketReply,
    DeleteBucketRequest,
    DeletedBucketRow,
    SetBucketEncryptionReply,
    SetBucketEncryptionRequest,
    SetBucketLockReply,
    SetBucketLockRequest,
    SetBucketReplicationReply,
    SetBucketReplicationRequest,
    SetBucketVersioningReply,
    SetBucketVersioningRequest,
)


class InBucket(Protocol):
    """A command as far as it says in which bucket."""

    volume: str
    bucket: str
    bucket_id: int


def live_bucket(txn: ReadTxn, command: InBucket) -> BucketRow | Refusal:
    """The bucket that the caller was authorised for: same name and same id."""
    bucket = BUCKETS.get(txn, bucket_key(command.volume, command.bucket))
    if bucket is None or bucket.bucket_id != command.bucket_id:
        return check_volume(txn, command.volume, command.bucket) or Refusal(
            types_pb2.NO_SUCH_BUCKET, facts={"bucket": command.bucket}
        )
    return bucket


class BucketCommands:
    def __init__(self, *, buckets_max: int, limits: SettingLimits) -> None:
        self._buckets_max, self._limits = buckets_max, limits

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.CreateBucketRequest: self.create_bucket,
            om_pb2.DeleteBucketRequest: self.delete_bucket,
            om_pb2.SetBucketReplicationRequest: self.set_replication,
            om_pb2.SetBucketVersioningRequest: self.set_versioning,
            om_pb2.SetBucketLockRequest: self.set_lock,
            om_pb2.SetBucketEncryptionRequest: self.set_encryption,
        }

    def create_bucket(
        self, txn: CapturingTxn, command: CreateBucketRequest, now: Now
    ) -> CreateBucketReply | Refusal:
        volume, name, account_id = command.volume, command.bucket, command.account_id
        refusal = check_volume(txn, volume, name)
        if refusal is not None:
            return refusal
        existing = BUCKETS.get(txn, bucket_key(volume, name))
        if existing is not None:
            own = existing.account_id == account_id
            code = types_pb2.BUCKET_ALREADY_OWNED if own else types_pb2.BUCKET_ALREADY_EXISTS
            return Refusal(code, facts={"bucket": name})
        refusal = check_first(command.settings, self._limits)
        if refusal is not None:
            return refusal
        owned = account_buckets.names_of(txn, volume, account_id)
        if sum(1 for _ in owned) >= self._buckets_max:
            return Refusal(
                types_pb2.TOO_MANY_BUCKETS, facts={"buckets_max": str(self._buckets_max)}
            )
        bucket = BucketRow(
            bucket_id=now.next_id(),
            name=name,
            account_id=account_id,
            created_ms=now.wall_ms,
            location=command.location,
        )
        if command.object_lock:
            bucket.versioning = om_pb2.VERSIONED
            bucket.object_lock.SetInParent()
        for setting in command.settings:
            # A copy: the command may run again.
            row = BucketSetting()
            row.CopyFrom(setting)
            put_setting(txn, bucket, row, now)
            if row.kind == BucketSetting.LIFECYCLE:
                lifecycles.begin(txn, bucket, volume, row.revision)
        BUCKETS.put(txn, bucket_key(volume, name), bucket)
        account_buckets.add(txn, volume, account_id, name)
        return CreateBucketReply(bucket=bucket)

    def delete_bucket(
        self, txn: CapturingTxn, command: DeleteBucketRequest, now: Now
    ) -> DeleteBucketReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        prefix = bucket_prefix(bucket.bucket_id)
        visible = history_prefix(bucket.bucket_id, VISIBLE)
        for table, rows in ((KEYS.table, prefix), (HISTORY.table, visible)):
            if next(txn.scan(table, prefix=rows), None) is not None:
                facts = {"bucket": bucket.name}
                if bucket.versioning != om_pb2.NEVER_VERSIONED:
                    facts["versioned"] = "true"
                return Refusal(types_pb2.BUCKET_NOT_EMPTY, facts=facts)
        volume, name = command.volume, command.bucket
        BUCKETS.delete(txn, bucket_key(volume, name))
        account_buckets.remove(txn, volume, bucket.account_id, name)
        if bucket.setting_kinds:
            txn.delete_range(BUCKET_SETTINGS.table, prefix, bucket_prefix(bucket.bucket_id + 1))
        LIFECYCLES.delete(txn, prefix)
        # Its uploads and history may be many: a worker removes them in pieces.
        DELETED_BUCKETS.put(
            txn,
            prefix,
            DeletedBucketRow(name=name, deleted_ms=now.wall_ms),
        )
        return DeleteBucketReply()

    def set_replication(
        self, txn: CapturingTxn, command: SetBucketReplicationRequest, now: Now
    ) -> SetBucketReplicationReply | Refusal:
        """What is written already stays as it is."""
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        bucket.ClearField("replication")
        if command.HasField("replication"):
            try:
                Replication.of_proto(command.replication)
            except InvalidRequest as error:
                return Refusal(error.code, error.message, error.facts)
            bucket.replication.CopyFrom(command.replication)
        BUCKETS.put(txn, bucket_key(command.volume, command.bucket), bucket)
        return SetBucketReplicationReply(bucket=bucket)

    def set_versioning(
        self, txn: CapturingTxn, command: SetBucketVersioningRequest, now: Now
    ) -> SetBucketVersioningReply | Refusal:
        """What is written already stays as it is."""
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        if command.versioning != om_pb2.VERSIONED and bucket.HasField("object_lock"):
            return Refusal(
                types_pb2.BUCKET_STATE, "Object Lock needs versions", {"needs": "versioning"}
            )
        bucket.versioning = command.versioning
        BUCKETS.put(txn, bucket_key(command.volume, command.bucket), bucket)
        return SetBucketVersioningReply()

    def set_lock(
        self, txn: CapturingTxn, command: SetBucketLockRequest, now: Now
    ) -> SetBucketLockReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        if bucket.versioning != om_pb2.VERSIONED:
            return Refusal(
                types_pb2.BUCKET_STATE, "Object Lock needs versions", {"needs": "versioning"}
            )
        bucket.object_lock.CopyFrom(command.lock)
        BUCKETS.put(txn, bucket_key(command.volume, command.bucket), bucket)
        return SetBucketLockReply()

    def set_encryption(
        self, txn: CapturingTxn, command: SetBucketEncryptionRequest, now: Now
    ) -> SetBucketEncryptionReply | Refusal:
        """What is written already stays as it is."""
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        bucket.ClearField("encryption")
        if command.HasField("encryption"):
            bucket.encryption.CopyFrom(command.encryption)
        bucket.blocks_customer_keys = command.blocks_customer_keys
        BUCKETS.put(txn, bucket_key(command.volume, command.bucket), bucket)
        return SetBucketEncryptionReply()
