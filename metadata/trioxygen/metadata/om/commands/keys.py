"""Commands on keys: commit, copy, delete. Conditions and locks are decided here, atomically."""

from collections.abc import Mapping
from typing import Final, Literal

from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.om.commands.buckets import live_bucket
from trioxygen.metadata.om.state import locks
from trioxygen.metadata.om.state.appending import extended_row
from trioxygen.metadata.om.state.blocks import BlockKeeper, check_row
from trioxygen.metadata.om.state.schema import KEY_BYTES_MAX
from trioxygen.metadata.om.state.sources import has_moved, source_row
from trioxygen.metadata.om.state.versions import Placed, Versions, find, newest, version_id
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    CommitKeyReply,
    CommitKeyRequest,
    CopySource,
    DeletedVersion,
    DeleteKeysReply,
    DeleteKeysRequest,
    KeyRow,
    KeyToDelete,
    WriteCondition,
)

_EQUAL: Final[Mapping[Literal["if_size_bytes", "if_modified_s"], str]] = {
    "if_size_bytes": "x-amz-if-match-size",
    "if_modified_s": "x-amz-if-match-last-modified-time",
}


def check_condition(condition: WriteCondition, old: KeyRow | None) -> Refusal | None:
    """If-None-Match and If-Match against the current version.

    Source: S3 API, PutObject: 412 when the condition is false, 404 for If-Match on a missing key.
    """
    if condition.if_none_match and old is not None and condition.if_none_match in ("*", old.etag):
        return Refusal(types_pb2.CONDITION_FAILED, facts={"condition": "If-None-Match"})
    if condition.if_match:
        if old is None:
            return Refusal(types_pb2.NO_SUCH_KEY)
        if condition.if_match not in ("*", old.etag):
            return Refusal(types_pb2.CONDITION_FAILED, facts={"condition": "If-Match"})
    return None


def current(top: Placed | None) -> KeyRow | None:
    """Of the newest version, unless it is a marker."""
    return top.row if top is not None and top.is_current else None


def check_key(key: bytes) -> Refusal | None:
    if 0 < len(key) <= KEY_BYTES_MAX:
        return None
    return Refusal(
        types_pb2.INVALID_REQUEST,
        "a key has 1 to 1,024 bytes",
        {"size_bytes": str(len(key))},
    )


def _has_own_blocks(command: CommitKeyRequest) -> bool:
    return not command.HasField("copy_source") or command.copy_source.rewritten


def _check_deletion(wanted: KeyToDelete, old: KeyRow | None) -> Refusal | None:
    """Conditions on the version that is named, or on the current one."""
    if wanted.if_match:
        refusal = check_condition(WriteCondition(if_match=wanted.if_match), old)
        if refusal is not None:
            return refusal
    for field, header in _EQUAL.items():
        if not wanted.HasField(field):
            continue
        if old is None:
            return Refusal(types_pb2.NO_SUCH_KEY)
        has = old.size_bytes if field == "if_size_bytes" else old.modified_ms // SECOND_MS
        if has != getattr(wanted, field):
            return Refusal(types_pb2.CONDITION_FAILED, facts={"condition": header})
    return None


class KeyCommands:
    def __init__(self, blocks: BlockKeeper, versions: Versions) -> None:
        self._blocks, self._versions = blocks, versions

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.CommitKeyRequest: self.commit_key,
            om_pb2.DeleteKeysRequest: self.delete_keys,
        }

    def commit_key(
        self, txn: CapturingTxn, command: CommitKeyRequest, now: Now
    ) -> CommitKeyReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        before = newest(txn, bucket, command.key)
        # A copy: the command may run again, with its batch or when its client tries again.
        row = KeyRow()
        row.CopyFrom(command.row)
        refusal = check_key(command.key) or check_condition(command.condition, current(before))
        if refusal is None:
            if command.HasField("copy_source"):
                refusal = self._take_source(txn, command.copy_source, row)
            if refusal is None and _has_own_blocks(command):
                refusal = self._blocks.check_leased(txn, row.blocks)
        if refusal is None and command.appends_to:
            extended = extended_row(command, current(before))
            if isinstance(extended, Refusal):
                return extended
            row = extended
        refusal = refusal or check_row(row)
        refusal = refusal or locks.lock_new(bucket, row, now, asked_ms=command.asked_ms)
        if refusal is not None:
            return refusal
        self._blocks.reference(txn, command.row.blocks if command.appends_to else row.blocks)
        if command.appends_to:
            assert before is not None
            self._versions.extend(txn, bucket, command.key, row, before, now)
        else:
            self._versions.put(txn, bucket, command.key, row, before, now)
        return CommitKeyReply(
            object_id=row.object_id,
            modified_ms=row.modified_ms,
            version=version_id(bucket, row),
        )

    def _take_source(self, txn: ReadTxn, source: CopySource, row: KeyRow) -> Refusal | None:
        """A copy shares all its source's blocks, whatever the client says they are; one that wrote
        the bytes again only asks that the source is what was read."""
        shared = source_row(txn, source)
        if isinstance(shared, Refusal):
            return shared
        if not source.rewritten:
            if has_moved(shared, row):
                return Refusal(types_pb2.CONDITION_CONFLICT, "the source is kept in another way")
            row.ClearField("blocks")
            row.blocks.extend(shared.blocks)
            if not row.pieces:
                row.pieces.extend(shared.pieces)
            row.ClearField("replication")
            if shared.HasField("replication"):
                row.replication.CopyFrom(shared.replication)
        return None

    def delete_keys(
        self, txn: CapturingTxn, command: DeleteKeysRequest, now: Now
    ) -> DeleteKeysReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        reply = DeleteKeysReply()
        bytes_before = txn.size_bytes
        for wanted in command.keys:
            done = self._delete(
                txn, bucket, wanted, now, bypasses_governance=command.bypasses_governance
            )
            if isinstance(done, Refusal):
                reply.results.append(done.code)
                reply.versions.add(failed_condition=(done.facts or {}).get("condition", ""))
            else:
                reply.results.append(types_pb2.ERROR_CODE_UNSPECIFIED)
                reply.versions.append(done)
            # 1,000 objects of 10,000 parts each are no single log entry: the caller goes on.
            if txn.size_bytes - bytes_before >= CHANGED_AT_ONCE_BYTES:
                break
        return reply

    def _delete(
        self,
        txn: CapturingTxn,
        bucket: BucketRow,
        wanted: KeyToDelete,
        now: Now,
        *,
        bypasses_governance: bool,
    ) -> DeletedVersion | Refusal:
        names_version = wanted.HasField("version")
        if names_version:
            version = find(txn, bucket, wanted.key, wanted.version)
        else:
            version = newest(txn, bucket, wanted.key)
        refusal = _check_deletion(
            wanted, current(version) if not names_version else version and version.row
        )
        if refusal is not None:
            return refusal
        if not names_version:
            marker = self._versions.delete(txn, bucket, wanted.key, version, now)
            if marker is None:
                return DeletedVersion()
            return DeletedVersion(version=version_id(bucket, marker), is_marker=True)
        if version is None:
            return DeletedVersion()
        refusal = locks.check_removal(version.row, now, bypasses_governance=bypasses_governance)
        if refusal is not None:
            return refusal
        self._versions.remove(txn, bucket, wanted.key, version, now)
        return DeletedVersion(
            version=version_id(bucket, version.row), is_marker=version.row.is_marker
        )
