"""Listing: walks a cursor and seeks past common prefixes, so that cost follows the answer, not
the bucket.

Pure over a read transaction. Order is UTF-8 binary. Source: S3 API, ListObjects,
ListMultipartUploads.
"""

from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.paging import Room
from trioxygen.metadata.om.state.schema import KEYS, UPLOADS, bucket_prefix, shifted, unshifted
from trioxygen.metadata.store.ports import Cursor, ReadTxn
from trioxygen.proto.v1.om_pb2 import KeyRow, UploadRow

# Longer ones lose what a listing does not show: a page of large objects stays small.
LISTED_ROW_BYTES_MAX: Final = 1_024


@dataclass(slots=True)
class KeyPage:
    """Invariant: every key and common prefix is greater than `after` (or equal, if inclusive) and
    in order.
    """

    keys: list[bytes] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    common_prefixes: list[bytes] = field(default_factory=list)
    truncated: bool = False
    last: bytes = b""


def listed(row: bytes) -> bytes:
    """A row as a page carries it: one with thousands of parts, blocks and keys without them."""
    if len(row) <= LISTED_ROW_BYTES_MAX:
        return row
    short = KeyRow.FromString(row)
    shorten(short)
    return short.SerializeToString()


def shorten(row: KeyRow) -> None:
    """By what a listing does not show."""
    for name in ("blocks", "headers", "parts", "pieces", "acl"):
        row.ClearField(name)


def successor(prefix: bytes) -> bytes:
    """The smallest key greater than every key with the prefix. Prefixes end in a UTF-8 byte:
    never 0xFF.
    """
    return prefix[:-1] + bytes((prefix[-1] + 1,))


def list_keys(
    txn: ReadTxn,
    *,
    bucket_id: int,
    prefix: bytes,
    delimiter: bytes,
    after: bytes,
    count_max: int,
    inclusive: bool = False,
) -> KeyPage:
    """One page of current versions; a common prefix costs one seek."""
    page = KeyPage()
    if count_max == 0:
        return page
    base = bucket_prefix(bucket_id)
    wanted = base + prefix
    cursor = txn.cursor(KEYS.table)
    start = base + after if after > prefix else wanted
    item = cursor.seek(start)
    if item is not None and after and not inclusive and item[0] == base + after:
        item = cursor.next()
    if delimiter:
        _list_rolled_up(cursor, item, page, wanted, delimiter, after, count_max, inclusive)
    else:
        keys, rows = page.keys, page.rows
        left, takes = count_max, Room().takes
        while item is not None and item[0].startswith(wanted):
            row = listed(item[1])
            if not left or not takes(len(item[0]) + len(row)):
                page.truncated = True
                break
            left -= 1
            keys.append(item[0][8:])
            rows.append(row)
            item = cursor.next()
        if keys:
            page.last = keys[-1]
    return page


def _list_rolled_up(
    cursor: Cursor,
    item: tuple[bytes, bytes] | None,
    page: KeyPage,
    wanted: bytes,
    delimiter: bytes,
    after: bytes,
    count_max: int,
    inclusive: bool,
) -> None:
    left, takes = count_max, Room().takes
    while item is not None and item[0].startswith(wanted):
        at = item[0].find(delimiter, len(wanted))
        if at >= 0:
            rolled = item[0][: at + len(delimiter)]
            # A common prefix at or before the marker was on an earlier page.
            if rolled[8:] > after or (inclusive and rolled[8:] == after):
                if not left or not takes(len(rolled)):
                    page.truncated = True
                    return
                left -= 1
                page.last = rolled[8:]
                page.common_prefixes.append(page.last)
            item = cursor.seek(successor(rolled))
            continue
        row = listed(item[1])
        if not left or not takes(len(item[0]) + len(row)):
            page.truncated = True
            return
        left -= 1
        page.last = item[0][8:]
        page.keys.append(page.last)
        page.rows.append(row)
        item = cursor.next()


@dataclass(slots=True)
class UploadPage:
    uploads: list[UploadRow] = field(default_factory=list)
    common_prefixes: list[bytes] = field(default_factory=list)
    truncated: bool = False
    next_key: bytes = b""
    next_upload_id: bytes = b""


def list_uploads(
    txn: ReadTxn,
    *,
    bucket_id: int,
    prefix: bytes,
    delimiter: bytes,
    key_marker: bytes,
    upload_id_marker: bytes,
    count_max: int,
) -> UploadPage:
    """Uploads in progress by key, then by creation. Without an upload id marker the whole marker
    key is passed.
    """
    page = UploadPage()
    if count_max == 0:
        return page
    base = bucket_prefix(bucket_id)
    wanted = base + shifted(prefix)
    start = wanted
    if key_marker >= prefix and key_marker:
        # Behind the marker: the upload named, or every upload of the key (0x01 is above the
        # terminator).
        marker = base + shifted(key_marker)
        start = marker + b"\0" + upload_id_marker + b"\0" if upload_id_marker else marker + b"\1"
    cursor = txn.cursor(UPLOADS.table)
    item = cursor.seek(start)
    left, takes = count_max, Room().takes
    rolled_delimiter = shifted(delimiter)
    while item is not None and item[0].startswith(wanted):
        row_key = item[0]
        end = row_key.index(b"\0", 8)
        at = row_key.find(rolled_delimiter, len(wanted), end) if delimiter else -1
        rolled = unshifted(row_key[8 : at + len(rolled_delimiter)]) if at >= 0 else b""
        if rolled and rolled <= key_marker:
            item = cursor.seek(successor(row_key[: at + len(rolled_delimiter)]))
            continue
        if not left or not takes(len(rolled) or len(item[1])):
            page.truncated = True
            break
        left -= 1
        if rolled:
            page.common_prefixes.append(rolled)
            page.next_key, page.next_upload_id = rolled, b""
            item = cursor.seek(successor(row_key[: at + len(rolled_delimiter)]))
            continue
        upload = UploadRow.FromString(item[1])
        page.uploads.append(upload)
        page.next_key, page.next_upload_id = upload.key, upload.upload_id
        item = cursor.next()
    return page
