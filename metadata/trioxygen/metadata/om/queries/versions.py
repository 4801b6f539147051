"""Listing versions: current ones and the history of a bucket side by side, in one order; a common
prefix costs two seeks.

Pure over a read transaction. Source: S3 API, ListObjectVersions.
"""

from dataclasses import dataclass

from trioxygen.common.paging import Room
from trioxygen.metadata.om.queries.listing import (
    LISTED_ROW_BYTES_MAX,
    listed,
    shorten,
    successor,
)
from trioxygen.metadata.om.state.schema import (
    HISTORY,
    KEYS,
    VISIBLE,
    bucket_prefix,
    history_key,
    history_key_parts,
    history_prefix,
    shifted,
    versions_prefix,
)
from trioxygen.metadata.om.state.versions import find, newest
from trioxygen.metadata.store.ports import Cursor, ReadTxn
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    HistoryRow,
    KeyRow,
    ListVersionsReply,
    ListVersionsRequest,
    VersionId,
)


@dataclass(slots=True)
class _Side:
    """One of the two tables, walked over in the order of keys.

    Attributes:
    key: of the row that the cursor is at; None: there is no more with the prefix.
    """

    cursor: Cursor
    wanted: bytes
    is_history: bool
    key: bytes | None = None
    value: bytes = b""
    _versions_of: bytes = b""

    def take(self, item: tuple[bytes, bytes] | None) -> None:
        if item is None or not item[0].startswith(self.wanted):
            self.key = None
            return
        row_key, self.value = item
        if not self.is_history:
            self.key = row_key[8:]
        elif self.key is None or row_key[:-8] != self._versions_of:
            self.key = history_key_parts(row_key)[1]
            self._versions_of = row_key[:-8]

    def seek(self, place: bytes) -> None:
        self.take(self.cursor.seek(place))

    def next(self) -> None:
        self.take(self.cursor.next())

    def row(self) -> KeyRow:
        if not self.is_history:
            return KeyRow.FromString(listed(self.value))
        row = HistoryRow.FromString(self.value).row
        if len(self.value) > LISTED_ROW_BYTES_MAX:
            shorten(row)
        return row


def list_versions(
    txn: ReadTxn, request: ListVersionsRequest, reply: ListVersionsReply, *, count_max: int
) -> None:
    """Fills in all but the bucket, which is in the reply already."""
    if count_max == 0:
        return
    walk = _Walk(txn, reply.bucket, request)
    delimiter, prefix = request.delimiter, request.prefix
    left, takes = count_max, Room().takes
    while (key := walk.key) is not None:
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        if at >= 0:
            rolled = key[: at + len(delimiter)]
            # A common prefix at or before the marker was on an earlier page.
            if rolled > request.key_marker:
                if not left or not takes(len(rolled)):
                    reply.truncated = True
                    return
                left -= 1
                reply.common_prefixes.append(rolled)
                reply.next_key_marker = rolled
                reply.ClearField("next_version_marker")
            walk.pass_prefix(rolled)
            continue
        row = walk.row()
        if not left or not takes(len(key) + row.ByteSize()):
            reply.truncated = True
            return
        left -= 1
        reply.versions.add(key=key, row=row, is_latest=walk.is_latest)
        reply.next_key_marker = key
        reply.next_version_marker.object_id = row.object_id if row.is_versioned else 0
        walk.next()


class _Walk:
    """Attributes:
    key: of the version that it is at; None: it is at the end.
    is_latest: whether that one is its key's newest.
    """

    def __init__(self, txn: ReadTxn, bucket: BucketRow, request: ListVersionsRequest) -> None:
        self._bucket_id = bucket.bucket_id
        base = bucket_prefix(bucket.bucket_id)
        past = history_prefix(bucket.bucket_id, VISIBLE)
        self._current = _Side(txn.cursor(KEYS.table), base + request.prefix, is_history=False)
        self._history = _Side(
            txn.cursor(HISTORY.table), past + shifted(request.prefix), is_history=True
        )
        self._last_key: bytes | None = None
        self._side = self._current
        self.key: bytes | None = None
        self.is_latest = True
        marker = request.key_marker
        if not marker or marker < request.prefix:
            self._seek(self._current.wanted, self._history.wanted)
        elif request.HasField("version_marker"):
            self._go_behind(txn, bucket, marker, request.version_marker)
        else:
            # 0x00 and 0x01 are above whatever the key itself has.
            self._seek(base + marker + b"\0", past + shifted(marker) + b"\1")

    def _seek(self, current: bytes, history: bytes) -> None:
        self._current.seek(current)
        self._history.seek(history)
        self._look()

    def _go_behind(self, txn: ReadTxn, bucket: BucketRow, key: bytes, marker: VersionId) -> None:
        """To the version of the key that comes next. Ids fall; the null version's place is known as
        long as there is one, else all the key's versions come again."""
        bucket_id, object_id = bucket.bucket_id, marker.object_id
        current = bucket_prefix(bucket_id) + key
        history = versions_prefix(bucket_id, VISIBLE, key)
        if not object_id:
            shown = find(txn, bucket, key, marker)
            object_id = 2**64 - 1 if shown is None else shown.row.object_id
        top = newest(txn, bucket, key)
        if top is not None and top.row.object_id < object_id:
            # The version that the page before ended with is gone: all that are left come behind it.
            self._seek(current, history)
            return
        self._last_key = key
        self._seek(current + b"\0", history_key(bucket_id, VISIBLE, key, object_id) + b"\0")

    def row(self) -> KeyRow:
        return self._side.row()

    def next(self) -> None:
        self._last_key = self.key
        self._side.next()
        self._look()

    def pass_prefix(self, rolled: bytes) -> None:
        self._seek(
            successor(bucket_prefix(self._bucket_id) + rolled),
            successor(history_prefix(self._bucket_id, VISIBLE) + shifted(rolled)),
        )

    def _look(self) -> None:
        current, history = self._current.key, self._history.key
        # Of one key the current version is the newest.
        if current is not None and (history is None or current <= history):
            self._side, self.key = self._current, current
        else:
            self._side, self.key = self._history, history
        self.is_latest = self.key != self._last_key
