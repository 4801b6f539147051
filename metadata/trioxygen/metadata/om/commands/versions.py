"""Commands on what a version carries beside its bytes: tags, retention, legal hold."""

from typing import Protocol

from trioxygen.metadata.om.commands.buckets import InBucket, live_bucket
from trioxygen.metadata.om.state import locks
from trioxygen.metadata.om.state.versions import Found, Versions, find, newest, version_id
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    SetObjectLockReply,
    SetObjectLockRequest,
    SetTagsReply,
    SetTagsRequest,
    VersionId,
)


class OfVersion(InBucket, Protocol):
    """A command as far as it says which version it is about."""

    key: bytes

    @property
    def version(self) -> VersionId: ...

    def HasField(self, field_name: str, /) -> bool: ...


class VersionCommands:
    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.SetTagsRequest: self.set_tags,
            om_pb2.SetObjectLockRequest: self.set_lock,
        }

    def set_tags(
        self, txn: CapturingTxn, command: SetTagsRequest, now: Now
    ) -> SetTagsReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        found = _object(txn, bucket, command)
        if isinstance(found, Refusal):
            return found
        found.row.ClearField("tags")
        found.row.tags.extend(command.tags)
        self._versions.write(txn, bucket, command.key, found)
        return SetTagsReply(version=version_id(bucket, found.row))

    def set_lock(
        self, txn: CapturingTxn, command: SetObjectLockRequest, now: Now
    ) -> SetObjectLockReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        if not bucket.HasField("object_lock"):
            return locks.needs_lock()
        found = _object(txn, bucket, command)
        if isinstance(found, Refusal):
            return found
        lock = found.row.lock
        if command.HasField("retention"):
            refusal = locks.check_retention(
                lock, command.retention, now, bypasses_governance=command.bypasses_governance
            )
            if refusal is not None:
                return refusal
            locks.retain(lock, command.retention, now)
        if command.HasField("legal_hold"):
            lock.legal_hold = command.legal_hold
        self._versions.write(txn, bucket, command.key, found)
        return SetObjectLockReply(version=version_id(bucket, found.row))


def _object(txn: ReadTxn, bucket: BucketRow, command: OfVersion) -> Found | Refusal:
    """The version that a command names, which is no marker."""
    if command.HasField("version"):
        found = find(txn, bucket, command.key, command.version)
        if found is None:
            return Refusal(types_pb2.NO_SUCH_KEY_VERSION)
        return found if not found.row.is_marker else Refusal(types_pb2.VERSION_IS_MARKER)
    found = newest(txn, bucket, command.key)
    if found is None or not found.is_current:
        return Refusal(types_pb2.NO_SUCH_KEY)
    return found
