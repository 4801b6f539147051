"""Commands on keys: commit, copy, delete. Conditions are decided here, atomically."""

from trioxygen.common.units import DAY_MS
from trioxygen.metadata.om.commands.buckets import live_bucket
from trioxygen.metadata.om.state.blocks import BlockKeeper, check_row
from trioxygen.metadata.om.state.schema import KEY_BYTES_MAX, KEYS, key_key
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    CommitKeyReply,
    CommitKeyRequest,
    DeleteKeysReply,
    DeleteKeysRequest,
    KeyRow,
    WriteCondition,
)


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


def modified_ms(old: KeyRow | None, now: Now) -> int:
    """Of the new version of a key. It does not go back with a clock that is set back: a client that
    asks If-Modified-Since would be told that nothing has changed. It may when the former one was
    more than a day ahead, which only a clock that was wrong explains."""
    if old is not None and now.wall_ms < old.modified_ms <= now.wall_ms + DAY_MS:
        return old.modified_ms
    return now.wall_ms


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


class KeyCommands:
    def __init__(self, blocks: BlockKeeper) -> None:
        self._blocks = blocks

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
        key = key_key(bucket.bucket_id, command.key)
        old = KEYS.get(txn, key)
        # A copy: the command may run again, with its batch or when its client tries again.
        row = KeyRow()
        row.CopyFrom(command.row)
        refusal = check_key(command.key) or check_condition(command.condition, old)
        if refusal is None:
            if command.HasField("copy_source"):
                refusal = self._take_source(txn, command, row)
            if refusal is None and _has_own_blocks(command):
                refusal = self._blocks.check_leased(txn, row.blocks)
        refusal = refusal or check_row(row)
        if refusal is not None:
            return refusal
        row.object_id = now.next_id()
        row.modified_ms = modified_ms(old, now)
        self._blocks.reference(txn, row.blocks)
        KEYS.put(txn, key, row)
        if old is not None:
            self._blocks.supersede(txn, bucket, command.key, old, now)
        return CommitKeyReply(object_id=row.object_id, modified_ms=row.modified_ms)

    def _take_source(
        self, txn: CapturingTxn, command: CommitKeyRequest, row: KeyRow
    ) -> Refusal | None:
        """A copy shares all its source's blocks, whatever the client says they are; one that wrote
        the bytes again only asks that the source is what was read."""
        source = command.copy_source
        current = KEYS.get(txn, key_key(source.bucket_id, source.key))
        if current is None or current.object_id != source.object_id:
            return Refusal(types_pb2.CONDITION_CONFLICT, "the copy's source has changed")
        if not source.rewritten:
            row.ClearField("blocks")
            row.blocks.extend(current.blocks)
            row.ClearField("replication")
            if current.HasField("replication"):
                row.replication.CopyFrom(current.replication)
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
            key = key_key(bucket.bucket_id, wanted.key)
            old = KEYS.get(txn, key)
            if wanted.if_match:
                refusal = check_condition(WriteCondition(if_match=wanted.if_match), old)
                if refusal is not None:
                    reply.results.append(refusal.code)
                    continue
            if old is not None:
                KEYS.delete(txn, key)
                self._blocks.supersede(txn, bucket, wanted.key, old, now)
            reply.results.append(types_pb2.ERROR_CODE_UNSPECIFIED)
            # 1,000 objects of 10,000 parts each are no single log entry: the caller goes on.
            if txn.size_bytes - bytes_before >= CHANGED_AT_ONCE_BYTES:
                break
        return reply
