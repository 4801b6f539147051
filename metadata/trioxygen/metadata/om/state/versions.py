"""The versions of a key: which is current, which is newest, what becomes of the one before.

A key's row is in KEYS if its newest version is an object; all other versions, and all delete
markers, are in its history, newest first. So listings of current versions never meet the others,
and each operation here costs a few rows, however many versions there are: the newest version's row
says where the null version is, which is the only one that is looked for by anything but its id.

Source: S3 user guide, "How S3 Versioning works", "Deleting object versions from a
versioning-enabled bucket", "Working with objects in a versioning-suspended bucket".
"""

from itertools import islice
from typing import NamedTuple

from trioxygen.common.units import DAY_MS
from trioxygen.metadata.om.state import times
from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.schema import (
    HISTORY,
    KEYS,
    REMOVED,
    VISIBLE,
    history_key,
    key_key,
    versions_prefix,
)
from trioxygen.metadata.om.state.times import TimeKind
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.om_pb2 import BucketRow, HistoryRow, KeyRow, VersionId


class Placed(NamedTuple):
    """A version, and whether its row is its key's in KEYS."""

    row: KeyRow
    is_current: bool


def version_id(bucket: BucketRow, row: KeyRow) -> VersionId | None:
    """As S3 shows it; None: the bucket never kept versions."""
    if bucket.versioning == om_pb2.NEVER_VERSIONED:
        return None
    return VersionId(object_id=row.object_id if row.is_versioned else 0)


def newest(txn: ReadTxn, bucket: BucketRow, key: bytes) -> Placed | None:
    """The current version, or the marker that hides the others."""
    row = KEYS.get(txn, key_key(bucket.bucket_id, key))
    if row is not None:
        return Placed(row, True)
    if bucket.versioning == om_pb2.NEVER_VERSIONED:
        return None
    return _newest_of_history(txn, bucket.bucket_id, key)


def find(txn: ReadTxn, bucket: BucketRow, key: bytes, wanted: VersionId) -> Placed | None:
    current = KEYS.get(txn, key_key(bucket.bucket_id, key))
    if current is not None and _is(current, wanted):
        return Placed(current, True)
    if bucket.versioning == om_pb2.NEVER_VERSIONED:
        return None
    object_id = wanted.object_id
    if not object_id:
        top = current or newest_row(txn, bucket, key)
        if top is None:
            return None
        object_id = top.null_object_id or top.object_id
    history = HISTORY.get(txn, history_key(bucket.bucket_id, VISIBLE, key, object_id))
    if history is None or not _is(history.row, wanted):
        return None
    return Placed(history.row, False)


def object_of_id(txn: ReadTxn, bucket_id: int, key: bytes, object_id: int) -> Placed | None:
    """Current or not, null version or not; no marker."""
    row = KEYS.get(txn, key_key(bucket_id, key))
    if row is not None and row.object_id == object_id:
        return Placed(row, True)
    history = HISTORY.get(txn, history_key(bucket_id, VISIBLE, key, object_id))
    if history is None or history.row.is_marker:
        return None
    return Placed(history.row, False)


def newest_row(txn: ReadTxn, bucket: BucketRow, key: bytes) -> KeyRow | None:
    top = newest(txn, bucket, key)
    return None if top is None else top.row


def _is(row: KeyRow, wanted: VersionId) -> bool:
    if wanted.object_id:
        return row.is_versioned and row.object_id == wanted.object_id
    return not row.is_versioned


def _first_of_history(txn: ReadTxn, bucket_id: int, key: bytes) -> HistoryRow | None:
    rows = HISTORY.scan(txn, prefix=versions_prefix(bucket_id, VISIBLE, key))
    _, history = next(rows, (b"", None))
    return history


def _newest_of_history(txn: ReadTxn, bucket_id: int, key: bytes) -> Placed | None:
    history = _first_of_history(txn, bucket_id, key)
    return None if history is None else Placed(history.row, False)


def hides_nothing(txn: ReadTxn, bucket: BucketRow, key: bytes) -> bool:
    """Of a key whose newest version is a marker: it has no others."""
    rows = txn.scan(HISTORY.table, prefix=versions_prefix(bucket.bucket_id, VISIBLE, key))
    return sum(1 for _ in islice(rows, 2)) < 2


def _modified_ms(before: Placed | None, now: Now) -> int:
    """Of the new version of a key. It does not go back with a clock that is set back: a client that
    asks If-Modified-Since would be told that nothing has changed. It may when the former one was
    more than a day ahead, which only a clock that was wrong explains."""
    if before is not None and now.wall_ms < before.row.modified_ms <= now.wall_ms + DAY_MS:
        return before.row.modified_ms
    return now.wall_ms


class Versions:
    def __init__(self, blocks: BlockKeeper) -> None:
        self._blocks = blocks

    def put(
        self,
        txn: WriteTxn,
        bucket: BucketRow,
        key: bytes,
        row: KeyRow,
        before: Placed | None,
        now: Now,
    ) -> None:
        """`row` becomes the newest version; its id and time are chosen here.

        Args:
            before: the newest one, as `newest` has it.
        """
        self._put_on_top(txn, bucket, key, row, before, now)
        KEYS.put(txn, key_key(bucket.bucket_id, key), row)
        times.note_version(txn, bucket, TimeKind.CURRENT, row.modified_ms, row, key)

    def extend(
        self, txn: WriteTxn, bucket: BucketRow, key: bytes, row: KeyRow, before: Placed, now: Now
    ) -> None:
        """`row` becomes the newest version: that which was current, with more bytes at its end.
        Nobody refers for it to the blocks that both have."""
        if bucket.versioning == om_pb2.NEVER_VERSIONED and not bucket.history_retention_ms:
            # They go over to it, however many there are.
            old = KeyRow()
            old.CopyFrom(before.row)
            old.ClearField("blocks")
            before = Placed(old, before.is_current)
        else:
            self._blocks.reference(txn, before.row.blocks)
        self.put(txn, bucket, key, row, before, now)

    def delete(
        self, txn: WriteTxn, bucket: BucketRow, key: bytes, before: Placed | None, now: Now
    ) -> KeyRow | None:
        """A key: the marker that hides it, where versions are kept."""
        if bucket.versioning == om_pb2.NEVER_VERSIONED:
            if before is not None:
                KEYS.delete(txn, key_key(bucket.bucket_id, key))
                times.forget_top(txn, bucket, before.row)
                self._let_go(txn, bucket, key, before.row, now)
            return None
        marker = KeyRow(is_marker=True, account_id=bucket.account_id)
        self._put_on_top(txn, bucket, key, marker, before, now)
        if before is not None and before.is_current:
            KEYS.delete(txn, key_key(bucket.bucket_id, key))
        place = history_key(bucket.bucket_id, VISIBLE, key, marker.object_id)
        HISTORY.put(txn, place, HistoryRow(row=marker))
        times.note_version(txn, bucket, TimeKind.MARKER, marker.modified_ms, marker, key)
        return marker

    def rename(
        self, txn: WriteTxn, bucket: BucketRow, source: bytes, key: bytes, moved: KeyRow, now: Now
    ) -> None:
        """The current version of one key becomes another's; nothing of it changes but its id. In
        buckets that keep no versions."""
        row = KeyRow()
        row.CopyFrom(moved)
        self._put_on_top(txn, bucket, key, row, newest(txn, bucket, key), now)
        row.modified_ms = moved.modified_ms
        KEYS.put(txn, key_key(bucket.bucket_id, key), row)
        times.note_version(txn, bucket, TimeKind.CURRENT, row.modified_ms, row, key)
        # Others of its age have been looked at, and other rules may be about its new key.
        times.look_at_once(txn, bucket, row, key)
        KEYS.delete(txn, key_key(bucket.bucket_id, source))
        times.forget_top(txn, bucket, moved)
        if bucket.history_retention_ms:
            # A restore to a time before finds it under its former key.
            self._blocks.reference(txn, moved.blocks)
            self._let_go(txn, bucket, source, moved, now)

    def _put_on_top(
        self,
        txn: WriteTxn,
        bucket: BucketRow,
        key: bytes,
        row: KeyRow,
        before: Placed | None,
        now: Now,
    ) -> None:
        """All but where the new version's row is put."""
        row.object_id = now.next_id()
        row.modified_ms = _modified_ms(before, now)
        row.is_versioned = bucket.versioning == om_pb2.VERSIONED
        row.null_object_id = 0
        if before is None:
            return
        old, is_current = before
        times.forget_top(txn, bucket, old)
        null_id = old.null_object_id if old.is_versioned else old.object_id
        if row.is_versioned:
            row.null_object_id = null_id
        elif null_id == old.object_id and is_current:
            # The new one is the null version: there is no other.
            self._let_go(txn, bucket, key, old, now)
            return
        elif null_id:
            self._take_from_history(txn, bucket, key, null_id, now)
            if null_id == old.object_id:
                return
        self._shelve(txn, bucket, key, old, now)

    def remove(self, txn: WriteTxn, bucket: BucketRow, key: bytes, gone: Placed, now: Now) -> None:
        """One version, for good. The newest one uncovers the one before."""
        row, bucket_id = gone.row, bucket.bucket_id
        if gone.is_current:
            KEYS.delete(txn, key_key(bucket_id, key))
            times.forget_top(txn, bucket, row)
            self._let_go(txn, bucket, key, row, now)
            if bucket.versioning != om_pb2.NEVER_VERSIONED:
                self._uncover(txn, bucket, key, row.null_object_id)
            return
        top = newest(txn, bucket, key)
        assert top is not None, "a version has none above it and is not the newest"
        self._take_from_history(txn, bucket, key, row.object_id, now)
        if top.row.object_id == row.object_id:
            self._uncover(txn, bucket, key, row.null_object_id)
            return
        if top.row.null_object_id == row.object_id:
            top.row.null_object_id = 0
            self._write(txn, bucket, key, top)
        if bucket.lifecycle_revision and top.row.is_marker and hides_nothing(txn, bucket, key):
            times.look_at_once(txn, bucket, top.row, key)

    def _uncover(self, txn: WriteTxn, bucket: BucketRow, key: bytes, null_object_id: int) -> None:
        """The newest one that is left becomes the key's, unless it is a marker."""
        history = _first_of_history(txn, bucket.bucket_id, key)
        if history is None:
            return
        row = history.row
        kind = TimeKind.MARKER if row.is_marker else TimeKind.CURRENT
        times.forget_version(txn, bucket, TimeKind.NONCURRENT, history.superseded_ms, row)
        times.note_version(txn, bucket, kind, row.modified_ms, row, key)
        # Others of its age have been looked at.
        times.look_at_once(txn, bucket, row, key)
        null_id = 0 if row.object_id == null_object_id else null_object_id
        row.null_object_id = null_id
        place = history_key(bucket.bucket_id, VISIBLE, key, row.object_id)
        if not row.is_marker:
            HISTORY.delete(txn, place)
            KEYS.put(txn, key_key(bucket.bucket_id, key), row)
        else:
            HISTORY.put(txn, place, HistoryRow(row=row))

    def write(self, txn: WriteTxn, bucket: BucketRow, key: bytes, version: Placed) -> None:
        """A version's row again, changed in what is no part of its bytes: its tags, its lock."""
        self._write(txn, bucket, key, version)
        # What is due by that, may be so since long.
        times.look_at_once(txn, bucket, version.row, key)

    def _write(self, txn: WriteTxn, bucket: BucketRow, key: bytes, version: Placed) -> None:
        if version.is_current:
            KEYS.put(txn, key_key(bucket.bucket_id, key), version.row)
            return
        place = history_key(bucket.bucket_id, VISIBLE, key, version.row.object_id)
        history = HISTORY.get(txn, place)
        assert history is not None
        history.row.CopyFrom(version.row)
        HISTORY.put(txn, place, history)

    def _shelve(self, txn: WriteTxn, bucket: BucketRow, key: bytes, old: KeyRow, now: Now) -> None:
        """The newest version becomes a noncurrent one."""
        old.null_object_id = 0
        HISTORY.put(
            txn,
            history_key(bucket.bucket_id, VISIBLE, key, old.object_id),
            HistoryRow(row=old, superseded_ms=now.wall_ms, superseded_group_ms=now.group_ms),
        )
        times.note_version(txn, bucket, TimeKind.NONCURRENT, now.wall_ms, old, key)

    def _take_from_history(
        self, txn: WriteTxn, bucket: BucketRow, key: bytes, object_id: int, now: Now
    ) -> None:
        place = history_key(bucket.bucket_id, VISIBLE, key, object_id)
        history = HISTORY.get(txn, place)
        assert history is not None
        HISTORY.delete(txn, place)
        times.forget_history(txn, bucket, history)
        self._let_go(txn, bucket, key, history.row, now, history)

    def _let_go(
        self,
        txn: WriteTxn,
        bucket: BucketRow,
        key: bytes,
        row: KeyRow,
        now: Now,
        history: HistoryRow | None = None,
    ) -> None:
        """S3 does not know it any more. A marker is kept as well: until now it hid the others.
        Args: history: of one that was in the history."""
        if not bucket.history_retention_ms:
            self._blocks.release(txn, row.blocks, now)
            return
        kept = history or HistoryRow(row=row)
        if times.is_top(kept):
            kept.superseded_ms, kept.superseded_group_ms = now.wall_ms, now.group_ms
        kept.removed_group_ms = now.group_ms
        HISTORY.put(txn, history_key(bucket.bucket_id, REMOVED, key, row.object_id), kept)
