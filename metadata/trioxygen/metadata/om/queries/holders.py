"""What holds slices of blocks in given containers: objects, versions of before, parts of uploads.

No table leads from a block to its holders: only whoever has lost a container asks, so all rows are
walked through, in pages, bucket by bucket. Containers that nothing refers to are known at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.paging import Room
from trioxygen.metadata.om.state.schema import (
    BLOCK_REFERENCES,
    BUCKETS,
    DELETED_BUCKETS,
    HISTORY,
    KEYS,
    PARTS,
    UPLOADS,
    bucket_prefix,
    history_key_parts,
    part_key,
)
from trioxygen.metadata.store.ports import ReadTxn, Table
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.om_pb2 import Holder, HolderPlace

# Of a page, whatever it finds: some 5 ms.
_ROWS_MAX: Final = 2_000
_ROW_BYTES_MAX: Final = 1 << 20
# Counted in all containers that are asked for.
_REFERENCES_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Bucket:
    is_deleted: bool
    row_key: bytes
    bucket_id: int
    volume: str
    name: str


@dataclass(slots=True)
class _Row:
    """One that was looked at.

    Attributes:
    kind: none: the bucket's own row.
    key: of the object.
    part_number: 0: the upload's own row, which holds nothing.
    holding: what has slices: of a version, what was the key's row.
    """

    bucket: _Bucket
    kind: Holder.Kind
    row_key: bytes
    size_bytes: int
    key: bytes = b""
    holding: om.KeyRow | om.PartRow | None = None
    part_number: int = 0
    upload_id: bytes = b""

    def place(self) -> HolderPlace:
        return HolderPlace(
            in_deleted_buckets=self.bucket.is_deleted,
            bucket_key=self.bucket.row_key,
            kind=self.kind,
            row_key=self.row_key,
            part_number=self.part_number,
        )

    def holder(self, container_ids: set[int]) -> Holder | None:
        """What it holds in these; None: nothing."""
        if self.holding is None:
            return None
        held = [piece for piece in self.holding.blocks if piece.container in container_ids]
        if not held:
            return None
        return Holder(
            kind=self.kind,
            volume=self.bucket.volume,
            bucket=self.bucket.name,
            key=self.key,
            object_id=self.holding.object_id if isinstance(self.holding, om.KeyRow) else 0,
            upload_id=self.upload_id,
            part_number=self.part_number,
            size_bytes=self.holding.size_bytes,
            modified_ms=self.holding.modified_ms,
            held_bytes=sum(piece.length_bytes for piece in held),
            container_ids=dict.fromkeys(piece.container for piece in held),
        )


def find_holders(
    txn: ReadTxn, request: om.FindHoldersRequest, *, rows_max: int = _ROWS_MAX
) -> om.FindHoldersReply:
    """Raises: InvalidRequest."""
    reply = om.FindHoldersReply()
    wanted = dict.fromkeys(request.container_ids)
    after = _place(request.after)
    if not request.after:
        reply.containers.extend(_referenced(txn, wanted))
    held = {each for each in wanted if next(_references(txn, each), None) is not None}
    if not held:
        return reply
    room, left_bytes, last = Room(), _ROW_BYTES_MAX, None
    for row in _rows(txn, after):
        # Whether there is one more is known here.
        if last is not None and (reply.examined == rows_max or left_bytes <= 0):
            break
        holder = row.holder(held)
        if holder is not None:
            if not room.takes(holder.ByteSize()):
                break
            reply.holders.append(holder)
        last, left_bytes = row, left_bytes - row.size_bytes
        reply.examined += 1
    else:
        return reply
    if last is not None:
        reply.next = last.place().SerializeToString()
    return reply


def _place(after: bytes) -> HolderPlace:
    try:
        return HolderPlace.FromString(after)
    except DecodeError as error:
        raise InvalidRequest("no place where a page ends", after=after.hex()) from error


def _references(txn: ReadTxn, container_id: int) -> Iterator[tuple[bytes, bytes]]:
    return txn.scan(BLOCK_REFERENCES.table, prefix=container_id.to_bytes(8, "big"))


def _referenced(txn: ReadTxn, container_ids: Iterable[int]) -> Iterator[om.ReferencedContainer]:
    left = _REFERENCES_MAX
    for container_id in container_ids:
        referenced = om.ReferencedContainer(container_id=container_id)
        for _ in _references(txn, container_id):
            referenced.blocks += 1
            left -= 1
            if left <= 0:
                referenced.at_least = True
                break
        yield referenced


# ---- the walk ----


def _rows(txn: ReadTxn, after: HolderPlace) -> Iterator[_Row]:
    for bucket in _buckets(txn, after):
        is_same = bucket.row_key == after.bucket_key and (
            bucket.is_deleted == after.in_deleted_buckets
        )
        kind = after.kind if is_same else Holder.KIND_UNSPECIFIED
        if not is_same:
            yield _Row(bucket, kind, b"", len(bucket.row_key))
        if kind <= Holder.OBJECT:
            yield from _objects(txn, bucket, after.row_key if kind == Holder.OBJECT else b"")
        if kind <= Holder.VERSION:
            yield from _versions(txn, bucket, after.row_key if kind == Holder.VERSION else b"")
        yield from _uploads(txn, bucket, after if kind == Holder.PART else HolderPlace())


def _buckets(txn: ReadTxn, after: HolderPlace) -> Iterator[_Bucket]:
    """From that of the place on."""
    start = after.bucket_key
    if not after.in_deleted_buckets:
        for key, value in _from(txn, BUCKETS.table, start):
            bucket = om.BucketRow.FromString(value)
            yield _Bucket(False, key, bucket.bucket_id, _volume_of(key), bucket.name)
        start = b""
    for key, value in _from(txn, DELETED_BUCKETS.table, start):
        name = om.DeletedBucketRow.FromString(value).name
        yield _Bucket(True, key, int.from_bytes(key, "big"), "", name)


def _volume_of(bucket_row_key: bytes) -> str:
    return bucket_row_key.partition(b"/")[0].decode()


def _from(txn: ReadTxn, table: Table, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    cursor = txn.cursor(table)
    item = cursor.seek(key)
    while item is not None:
        yield item
        item = cursor.next()


def _objects(txn: ReadTxn, bucket: _Bucket, after: bytes) -> Iterator[_Row]:
    prefix = bucket_prefix(bucket.bucket_id)
    for row_key, value in txn.scan(KEYS.table, prefix=prefix, after=after or None):
        row = om.KeyRow.FromString(value)
        yield _Row(bucket, Holder.OBJECT, row_key, len(value), row_key[len(prefix) :], row)


def _versions(txn: ReadTxn, bucket: _Bucket, after: bytes) -> Iterator[_Row]:
    prefix = bucket_prefix(bucket.bucket_id)
    for row_key, value in txn.scan(HISTORY.table, prefix=prefix, after=after or None):
        row = om.HistoryRow.FromString(value).row
        _, key, _ = history_key_parts(row_key)
        yield _Row(bucket, Holder.VERSION, row_key, len(value), key, row)


def _uploads(txn: ReadTxn, bucket: _Bucket, after: HolderPlace) -> Iterator[_Row]:
    """Args: after: the last part that was looked at, of which upload."""
    prefix, start = bucket_prefix(bucket.bucket_id), after.row_key or None
    if start is not None:
        upload = UPLOADS.get(txn, start)
        if upload is not None:
            yield from _parts(txn, bucket, start, upload, after.part_number)
    for row_key, upload in UPLOADS.scan(txn, prefix=prefix, after=start):
        yield _Row(bucket, Holder.PART, row_key, upload.ByteSize(), upload.key)
        yield from _parts(txn, bucket, row_key, upload, 0)


def _parts(
    txn: ReadTxn, bucket: _Bucket, row_key: bytes, upload: om.UploadRow, after_number: int
) -> Iterator[_Row]:
    upload_id = upload.upload_id
    after = part_key(upload_id, after_number)
    for key, value in txn.scan(PARTS.table, prefix=upload_id, after=after):
        part, number = om.PartRow.FromString(value), int.from_bytes(key[-2:], "big")
        yield _Row(bucket, Holder.PART, row_key, len(value), upload.key, part, number, upload_id)
