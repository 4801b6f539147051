"""Renaming keys: of an object in one transaction, of a prefix some keys at a time.

Source: S3 API, RenameObject; S3 user guide, "Renaming objects in directory buckets".
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.om.commands.buckets import live_bucket
from trioxygen.metadata.om.commands.keys import check_key
from trioxygen.metadata.om.state.schema import KEYS, RENAMES, key_key
from trioxygen.metadata.om.state.versions import Versions
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    HttpCondition,
    KeyRow,
    RenameKeyReply,
    RenameKeyRequest,
    RenameRow,
)

KEYS_AT_ONCE_MAX: Final = 1_000
_SOURCE_PREFIX: Final = "x-amz-rename-source-"


def failed_condition(wanted: HttpCondition, row: KeyRow | None) -> str | None:
    """The first that does not hold, by its header's name. Args: row: None: there is no object."""
    if wanted.if_match and not _matches(wanted.if_match, row):
        return "If-Match"
    if wanted.if_none_match and _matches(wanted.if_none_match, row):
        return "If-None-Match"
    modified_s = None if row is None else row.modified_ms // SECOND_MS
    if wanted.HasField("if_modified_since_s") and (
        modified_s is None or modified_s <= wanted.if_modified_since_s
    ):
        return "If-Modified-Since"
    if (
        wanted.HasField("if_unmodified_since_s")
        and modified_s is not None
        and modified_s > wanted.if_unmodified_since_s
    ):
        return "If-Unmodified-Since"
    return None


def _matches(tags: Iterable[str], row: KeyRow | None) -> bool:
    return row is not None and any(tag in ("*", row.etag) for tag in tags)


def _arguments_digest(command: RenameKeyRequest) -> bytes:
    """Tells a repeated rename from another one with the same token."""
    said = RenameKeyRequest(source=command.source, key=command.key, is_prefix=command.is_prefix)
    said.condition.CopyFrom(command.condition)
    said.source_condition.CopyFrom(command.source_condition)
    return hashlib.sha256(said.SerializeToString(deterministic=True)).digest()


def _token_key(command: RenameKeyRequest) -> bytes:
    return command.bucket_id.to_bytes(8, "big") + command.token


def _token_refusal(command: RenameKeyRequest) -> Refusal:
    return Refusal(
        types_pb2.INVALID_REQUEST,
        "the token came with other arguments before",
        {"token": command.token.decode("ascii", "replace")},
    )


def _prefix_refusal(txn: ReadTxn, bucket: BucketRow, command: RenameKeyRequest) -> Refusal | None:
    if command.key.startswith(command.source) or command.source.startswith(command.key):
        return Refusal(
            types_pb2.INVALID_REQUEST,
            "one of the prefixes begins with the other",
            {"source": command.source.decode(), "key": command.key.decode()},
        )
    if command.is_new_prefix:
        rows = txn.scan(KEYS.table, prefix=key_key(bucket.bucket_id, command.key))
        if next(iter(rows), None) is not None:
            return Refusal(types_pb2.CONDITION_FAILED, facts={"condition": "If-None-Match"})
    return None


class RenameCommands:
    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def handlers(self) -> dict[type, Handler]:
        return {om_pb2.RenameKeyRequest: self.rename_key}

    def rename_key(
        self, txn: CapturingTxn, command: RenameKeyRequest, now: Now
    ) -> RenameKeyReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        if bucket.versioning != om_pb2.NEVER_VERSIONED:
            return Refusal(
                types_pb2.BUCKET_STATE, "the bucket keeps versions", {"needs": "no versions"}
            )
        if command.token:
            before = RENAMES.get(txn, _token_key(command))
            if before is not None:
                is_same = before.arguments_digest == _arguments_digest(command)
                return RenameKeyReply() if is_same else _token_refusal(command)
        rename = self._rename_prefix if command.is_prefix else self._rename_object
        reply = rename(txn, bucket, command, now)
        if isinstance(reply, RenameKeyReply) and command.token and not reply.more:
            done = RenameRow(arguments_digest=_arguments_digest(command), done_ms=now.group_ms)
            RENAMES.put(txn, _token_key(command), done)
        return reply

    def _rename_object(
        self, txn: CapturingTxn, bucket: BucketRow, command: RenameKeyRequest, now: Now
    ) -> RenameKeyReply | Refusal:
        refusal = check_key(command.key)
        if refusal is not None:
            return refusal
        moved = KEYS.get(txn, key_key(bucket.bucket_id, command.source))
        if moved is None:
            return Refusal(types_pb2.NO_SUCH_KEY, facts={"key": command.source.decode()})
        failed = failed_condition(command.source_condition, moved)
        if failed is not None:
            return Refusal(types_pb2.CONDITION_FAILED, facts={"condition": _SOURCE_PREFIX + failed})
        there = KEYS.get(txn, key_key(bucket.bucket_id, command.key))
        failed = failed_condition(command.condition, there)
        if failed is not None:
            return Refusal(types_pb2.CONDITION_FAILED, facts={"condition": failed})
        if command.source != command.key:
            self._versions.rename(txn, bucket, command.source, command.key, moved, now)
        return RenameKeyReply(keys=1)

    def _rename_prefix(
        self, txn: CapturingTxn, bucket: BucketRow, command: RenameKeyRequest, now: Now
    ) -> RenameKeyReply | Refusal:
        refusal = _prefix_refusal(txn, bucket, command)
        if refusal is not None:
            return refusal
        bytes_before, count = txn.size_bytes, 0
        prefix = key_key(bucket.bucket_id, command.source)
        # 1,000 objects of 10,000 parts each are no single log entry: the caller goes on. Nor are
        # they read at once: each is the first that is left.
        while count < KEYS_AT_ONCE_MAX and txn.size_bytes - bytes_before < CHANGED_AT_ONCE_BYTES:
            first = next(KEYS.scan(txn, prefix=prefix), None)
            if first is None:
                return RenameKeyReply(keys=count)
            row_key, moved = first
            source = row_key[8:]
            key = command.key + source[len(command.source) :]
            refusal = check_key(key)
            if refusal is not None:
                # A refused command has changed nothing; those before it are another one's.
                return RenameKeyReply(keys=count, more=True) if count else refusal
            self._versions.rename(txn, bucket, source, key, moved, now)
            count += 1
        left = txn.scan(KEYS.table, prefix=prefix)
        return RenameKeyReply(keys=count, more=next(left, None) is not None)
