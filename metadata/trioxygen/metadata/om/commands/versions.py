"""Commands on what a version carries beside its bytes: tags, its ACL, retention, legal hold."""

from typing import Protocol

from trioxygen.metadata.om.commands.buckets import InBucket, live_bucket
from trioxygen.metadata.om.state import locks
from trioxygen.metadata.om.state.versions import Placed, Versions, find, newest, version_id
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    SetObjectAclReply,
    SetObjectAclRequest,
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
            om_pb2.SetObjectAclRequest: self.set_acl,
            om_pb2.SetObjectLockRequest: self.set_lock,
        }

    def set_tags(
        self, txn: CapturingTxn, command: SetTagsRequest, now: Now
    ) -> SetTagsReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        version = _object(txn, bucket, command)
        if isinstance(version, Refusal):
            return version
        version.row.ClearField("tags")
        version.row.tags.extend(command.tags)
        self._versions.write(txn, bucket, command.key, version)
        return SetTagsReply(version=version_id(bucket, version.row))

    def set_acl(
        self, txn: CapturingTxn, command: SetObjectAclRequest, now: Now
    ) -> SetObjectAclReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        version = _object(txn, bucket, command)
        if isinstance(version, Refusal):
            return version
        if version.row.object_id != command.object_id:
            return Refusal(types_pb2.CONDITION_CONFLICT, "the object is not the one that was read")
        version.row.acl = command.acl
        self._versions.write(txn, bucket, command.key, version)
        return SetObjectAclReply(version=version_id(bucket, version.row))

    def set_lock(
        self, txn: CapturingTxn, command: SetObjectLockRequest, now: Now
    ) -> SetObjectLockReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        if not bucket.HasField("object_lock"):
            return locks.needs_lock()
        version = _object(txn, bucket, command)
        if isinstance(version, Refusal):
            return version
        lock = version.row.lock
        if command.HasField("retention"):
            refusal = locks.check_retention(
                lock, command.retention, now, bypasses_governance=command.bypasses_governance
            )
            if refusal is not None:
                return refusal
            locks.retain(lock, command.retention, now, asked_ms=command.asked_ms)
        if command.HasField("legal_hold"):
            lock.legal_hold = command.legal_hold
        self._versions.write(txn, bucket, command.key, version)
        return SetObjectLockReply(version=version_id(bucket, version.row))


def _object(txn: ReadTxn, bucket: BucketRow, command: OfVersion) -> Placed | Refusal:
    """The version that a command names, which is no marker."""
    if command.HasField("version"):
        version = find(txn, bucket, command.key, command.version)
        if version is None:
            return Refusal(types_pb2.NO_SUCH_KEY_VERSION)
        if version.row.is_marker:
            facts = {
                "modified_ms": str(version.row.modified_ms),
                "object_id": str(command.version.object_id),
            }
            return Refusal(types_pb2.VERSION_IS_MARKER, facts=facts)
        return version
    version = newest(txn, bucket, command.key)
    if version is None or not version.is_current:
        return Refusal(types_pb2.NO_SUCH_KEY)
    return version
