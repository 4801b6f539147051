"""The index by time: what is in buckets with lifecycle rules, in the order in which it becomes due.

A row says of a version or an upload since when it is what it is, and of which key. Rules are gone
through in this order, each time from where the last look ended, so that nothing is met that is not
due. What may be due although others of its age have been looked at (its tags have changed, its lock
is over, it is current again) has a row that says when to look at it once more.

Buckets without rules have no such rows, and nobody keeps any for them.
"""

from enum import IntEnum, unique
from itertools import islice
from typing import Final, NamedTuple

from trioxygen.metadata.om.state.schema import TIMES, bucket_prefix
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1.om_pb2 import BucketRow, HistoryRow, KeyRow, UploadRow


@unique
class TimeKind(IntEnum):
    """Since when: it is its key's current version; it is noncurrent; it is the marker that hides
    all others; it was begun. Or: when to look at a version again."""

    CURRENT = 1
    NONCURRENT = 2
    MARKER = 3
    UPLOAD = 4
    AGAIN = 5


class TimeRow(NamedTuple):
    """subject: the id of a version or an upload."""

    kind: TimeKind
    time_ms: int
    subject: bytes

    @property
    def object_id(self) -> int:
        return int.from_bytes(self.subject, "big")


_KIND_AT: Final = 8
_TIME_AT: Final = 9
_SUBJECT_AT: Final = 17


def kind_prefix(bucket_id: int, kind: TimeKind) -> bytes:
    return bucket_prefix(bucket_id) + bytes((kind,))


def time_prefix(bucket_id: int, kind: TimeKind, time_ms: int) -> bytes:
    return kind_prefix(bucket_id, kind) + max(0, time_ms).to_bytes(8, "big")


def read_time_key(row_key: bytes) -> TimeRow:
    return TimeRow(
        TimeKind(row_key[_KIND_AT]),
        int.from_bytes(row_key[_TIME_AT:_SUBJECT_AT], "big"),
        row_key[_SUBJECT_AT:],
    )


def _version_key(bucket: BucketRow, kind: TimeKind, time_ms: int, row: KeyRow) -> bytes:
    return time_prefix(bucket.bucket_id, kind, time_ms) + row.object_id.to_bytes(8, "big")


def note_version(
    txn: WriteTxn, bucket: BucketRow, kind: TimeKind, time_ms: int, row: KeyRow, key: bytes
) -> None:
    if bucket.lifecycle_revision:
        txn.put(TIMES, _version_key(bucket, kind, time_ms, row), key)


def forget_version(
    txn: WriteTxn, bucket: BucketRow, kind: TimeKind, time_ms: int, row: KeyRow
) -> None:
    if bucket.lifecycle_revision:
        txn.delete(TIMES, _version_key(bucket, kind, time_ms, row))


def look_again(txn: WriteTxn, bucket: BucketRow, at_ms: int, row: KeyRow, key: bytes) -> None:
    note_version(txn, bucket, TimeKind.AGAIN, at_ms, row, key)


def look_at_once(txn: WriteTxn, bucket: BucketRow, row: KeyRow, key: bytes) -> None:
    """At no time of a clock: one that has leapt ahead would put it off for as long."""
    look_again(txn, bucket, 0, row, key)


def forget_top(txn: WriteTxn, bucket: BucketRow, row: KeyRow) -> None:
    """Of a key's newest version, which is it no more."""
    kind = TimeKind.MARKER if row.is_marker else TimeKind.CURRENT
    forget_version(txn, bucket, kind, row.modified_ms, row)


def forget_history(txn: WriteTxn, bucket: BucketRow, history: HistoryRow) -> None:
    """Of a version in the history, where a marker may be the newest."""
    if is_top(history):
        forget_top(txn, bucket, history.row)
    else:
        forget_version(txn, bucket, TimeKind.NONCURRENT, history.superseded_ms, history.row)


def is_top(history: HistoryRow) -> bool:
    """A marker that is its key's newest version."""
    return not history.superseded_ms


def note_history(txn: WriteTxn, bucket: BucketRow, history: HistoryRow, key: bytes) -> None:
    """Of one that S3 shows."""
    row = history.row
    if is_top(history):
        note_version(txn, bucket, TimeKind.MARKER, row.modified_ms, row, key)
    else:
        note_version(txn, bucket, TimeKind.NONCURRENT, history.superseded_ms, row, key)


def _upload_key(bucket: BucketRow, upload: UploadRow) -> bytes:
    prefix = time_prefix(bucket.bucket_id, TimeKind.UPLOAD, upload.created_ms)
    return prefix + upload.upload_id


def note_upload(txn: WriteTxn, bucket: BucketRow, upload: UploadRow) -> None:
    if bucket.lifecycle_revision:
        txn.put(TIMES, _upload_key(bucket, upload), upload.key)


def forget_upload(txn: WriteTxn, bucket: BucketRow, upload: UploadRow) -> None:
    if bucket.lifecycle_revision:
        txn.delete(TIMES, _upload_key(bucket, upload))


def clear_times(txn: WriteTxn, bucket_id: int, rows_max: int) -> list[bytes]:
    """So many rows of a bucket, or all; which they were."""
    rows = islice(txn.scan(TIMES, prefix=bucket_prefix(bucket_id)), rows_max)
    row_keys = [row_key for row_key, _ in rows]
    for row_key in row_keys:
        txn.delete(TIMES, row_key)
    return row_keys
