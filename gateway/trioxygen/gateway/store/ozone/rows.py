"""Between the OM's rows (protobuf) and the port's values. Conversions only.

A read converts what nearly all of them want; parts and blocks wait until somebody asks for them,
since an object may have 10,000.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, Literal, Protocol, overload

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.common.slices import slices_of_range
from trioxygen.gateway.store.ozone.attribute_rows import (
    default_retention_of,
    encryption_of,
    lock_of,
)
from trioxygen.gateway.store.values.accounts import Account
from trioxygen.gateway.store.values.buckets import (
    Bucket,
    Versioning,
)
from trioxygen.gateway.store.values.keys import (
    NO_LOCK,
    STANDARD,
    Checksum,
    Committed,
    Content,
    CopySource,
    KeyRecord,
    ListedKey,
    ListedVersion,
    ObjectHeaders,
    ObjectPart,
    WriteCondition,
)
from trioxygen.gateway.store.values.uploads import Part, Upload, UploadChecksum
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.types_pb2 import BlockSlice

_ALGORITHMS: Final = {
    Algorithm.CRC32: types_pb2.CRC32,
    Algorithm.CRC32C: types_pb2.CRC32C,
    Algorithm.CRC64NVME: types_pb2.CRC64NVME,
    Algorithm.SHA1: types_pb2.SHA1,
    Algorithm.SHA256: types_pb2.SHA256,
    Algorithm.SHA512: types_pb2.SHA512,
    Algorithm.MD5: types_pb2.MD5,
    Algorithm.XXHASH64: types_pb2.XXHASH64,
    Algorithm.XXHASH3: types_pb2.XXHASH3,
    Algorithm.XXHASH128: types_pb2.XXHASH128,
}
_ALGORITHM_OF: Final = {int(wire): algorithm for algorithm, wire in _ALGORITHMS.items()}
_TYPES: Final = {
    ChecksumType.FULL_OBJECT: types_pb2.FULL_OBJECT,
    ChecksumType.COMPOSITE: types_pb2.COMPOSITE,
}
_TYPE_OF: Final = {int(wire): kind for kind, wire in _TYPES.items()}
_VERSIONING_OF: Final = {
    int(om_pb2.VERSIONED): Versioning.ENABLED,
    int(om_pb2.VERSIONING_SUSPENDED): Versioning.SUSPENDED,
}
# Fields of the same name in both.
_TEXTS: Final = (
    "content_type",
    "cache_control",
    "content_disposition",
    "content_encoding",
    "content_language",
    "expires",
    "website_redirect_location",
)
_PLAIN: Final = ObjectHeaders()
# Slices that are looked through faster than an index is made.
_FEW: Final = 16


class BlockContent(Content):
    """Bytes in blocks of DataNodes."""

    __slots__ = ("_ends", "context", "is_sealed", "pieces", "slices")

    def __init__(
        self,
        slices: Sequence[BlockSlice],
        pieces: Sequence[om_pb2.SealedPiece] = (),
        context: str = "",
    ) -> None:
        """Args: pieces: how they are sealed; none: they are not. context: of their keys."""
        self.slices, self.pieces, self.context = slices, pieces, context
        self.is_sealed = bool(pieces)
        self._ends: list[int] | None = None

    def slices_of(self, offset_bytes: int, length_bytes: int) -> Iterator[BlockSlice]:
        """A range, as slices. An object of many pieces is asked for as many."""
        slices = self.slices
        if len(slices) > _FEW:
            ends = self._ends
            if ends is None:
                ends = self._ends = list(accumulate(piece.length_bytes for piece in slices))
            first = bisect_right(ends, offset_bytes)
            slices = slices[first : bisect_left(ends, offset_bytes + length_bytes) + 1]
            offset_bytes -= ends[first - 1] if first else 0
        return slices_of_range(slices, offset_bytes, length_bytes)


class SharedContent(Content):
    """A range of what the blocks of an object hold, for another key or part to refer to.

    Attributes:
        pieces: how they are sealed; none: they are not."""

    __slots__ = ("length_bytes", "offset_bytes", "pieces")

    def __init__(
        self, offset_bytes: int, length_bytes: int, pieces: Sequence[om_pb2.SealedPiece] = ()
    ) -> None:
        self.offset_bytes, self.length_bytes, self.pieces = offset_bytes, length_bytes, pieces


class PartRows(Sequence[ObjectPart]):
    """Parts as the OM stores them, each converted when it is asked for."""

    __slots__ = ("rows",)

    def __init__(self, rows: Sequence[om_pb2.ObjectPart]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> ObjectPart: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ObjectPart]: ...
    def __getitem__(self, index: int | slice) -> ObjectPart | Sequence[ObjectPart]:
        if isinstance(index, slice):
            return PartRows(self.rows[index])
        part = self.rows[index]
        return ObjectPart(part.number, part.size_bytes, part.checksum, part.md5, part.crc64nvme)


def account_of(account: types_pb2.Account) -> Account:
    return Account(account.account_id, account.canonical_id, account.display_name)


def bucket_of(volume: str, row: om_pb2.BucketRow) -> Bucket:
    has_lock = row.HasField("object_lock")
    # By position: hot.
    return Bucket(
        volume,
        row.name,
        row.bucket_id,
        row.account_id,
        row.created_ms,
        row.location,
        Replication.of_proto(row.replication) if row.HasField("replication") else None,
        _VERSIONING_OF[row.versioning] if row.versioning else Versioning.NEVER,
        has_lock,
        default_retention_of(row.object_lock) if has_lock else None,
        encryption_of(row.encryption) if row.HasField("encryption") else None,
        row.blocks_customer_keys,
        row.lifecycle_revision,
        row.access_revision,
        row.identity_revision,
    )


def record_of(row: om_pb2.KeyRow, *, is_current: bool = False) -> KeyRecord:
    encryption, context = None, ""
    if row.HasField("encryption"):
        encryption, context = encryption_of(row.encryption), row.encryption.context
    # By position: hot.
    return KeyRecord(
        row.object_id,
        row.size_bytes,
        row.modified_ms,
        row.etag,
        row.account_id,
        _headers_of(row),
        checksum_of(row.checksum_algorithm, row.checksum, row.checksum_type),
        PartRows(row.parts),
        BlockContent(row.blocks, row.pieces, context),
        _replication_of(row),
        is_versioned=row.is_versioned,
        is_marker=row.is_marker,
        tags=tuple([(tag.key, tag.value) for tag in row.tags]) if row.tags else (),
        lock=lock_of(row.lock) if row.HasField("lock") else NO_LOCK,
        encryption=encryption,
        is_current=is_current,
        acl=row.acl,
    )


def copy_source_row(source: CopySource) -> om_pb2.CopySource:
    return om_pb2.CopySource(
        volume=source.bucket.volume,
        bucket=source.bucket.name,
        bucket_id=source.bucket.bucket_id,
        key=source.key.encode(),
        object_id=source.record.object_id,
    )


def version_row(version: int | None) -> om_pb2.VersionId | None:
    return None if version is None else om_pb2.VersionId(object_id=version)


def _replication_of(row: om_pb2.KeyRow) -> Replication:
    return Replication.of_proto(row.replication) if row.HasField("replication") else RATIS_ONE


def _headers_of(row: om_pb2.KeyRow) -> ObjectHeaders:
    storage_class = row.storage_class or STANDARD
    if not row.HasField("headers"):
        return _PLAIN if storage_class == STANDARD else ObjectHeaders(storage_class=storage_class)
    headers = row.headers
    metadata = headers.user_metadata
    return ObjectHeaders(
        content_type=headers.content_type or None,
        cache_control=headers.cache_control or None,
        content_disposition=headers.content_disposition or None,
        content_encoding=headers.content_encoding or None,
        content_language=headers.content_language or None,
        expires=headers.expires or None,
        website_redirect_location=headers.website_redirect_location or None,
        storage_class=storage_class,
        user_metadata=tuple([(pair.name, pair.value) for pair in metadata]) if metadata else (),
    )


class _SaysVersion(Protocol):
    """A reply with the version that it is about, unless the bucket never kept any."""

    @property
    def version(self) -> om_pb2.VersionId: ...

    def HasField(self, field_name: Literal["version"], /) -> bool: ...


def version_of(reply: _SaysVersion) -> int | None:
    return reply.version.object_id if reply.HasField("version") else None


def committed_of(reply: om_pb2.CommitKeyReply | om_pb2.CompleteUploadReply) -> Committed:
    return Committed(reply.object_id, reply.modified_ms, version_of(reply))


def listed_version_of(row: om_pb2.ListedVersion) -> ListedVersion:
    version = row.row
    listed = ListedKey(
        row.key.decode(),
        version.modified_ms,
        version.etag,
        version.size_bytes,
        version.storage_class or STANDARD,
        _ALGORITHM_OF.get(version.checksum_algorithm),
        _TYPE_OF.get(version.checksum_type),
        version.account_id,
    )
    return ListedVersion(
        listed,
        version.object_id if version.is_versioned else 0,
        row.is_latest,
        version.is_marker,
    )


def listed_of(keys: Sequence[bytes], rows: Sequence[bytes]) -> list[ListedKey]:
    """A page's. Hot: a thousand at once."""
    algorithm_of, type_of, row_of = _ALGORITHM_OF.get, _TYPE_OF.get, om_pb2.KeyRow.FromString
    listed = []
    for key, data in zip(keys, rows, strict=True):
        row = row_of(data)
        listed.append(
            ListedKey(
                key.decode(),
                row.modified_ms,
                row.etag,
                row.size_bytes,
                row.storage_class or STANDARD,
                algorithm_of(row.checksum_algorithm),
                type_of(row.checksum_type),
                row.account_id,
            )
        )
    return listed


def checksum_of(algorithm: int, digest: bytes, kind: int = 0) -> Checksum | None:
    """None: there is none."""
    known = _ALGORITHM_OF.get(algorithm)
    return None if known is None else Checksum(known, digest, _TYPE_OF.get(kind))


def upload_of(row: om_pb2.UploadRow) -> Upload:
    checksum = None
    algorithm, kind = _ALGORITHM_OF.get(row.checksum_algorithm), _TYPE_OF.get(row.checksum_type)
    if algorithm is not None and kind is not None:
        checksum = UploadChecksum(algorithm=algorithm, type=kind)
    return Upload(
        upload_id=row.upload_id,
        key=row.key.decode(),
        created_ms=row.created_ms,
        storage_class=row.storage_class or STANDARD,
        checksum=checksum,
        is_checksum_chosen=row.checksum_chosen,
        replication=Replication.of_proto(row.replication) if row.HasField("replication") else None,
        lock=lock_of(row.lock) if row.HasField("lock") else NO_LOCK,
        encryption=encryption_of(row.encryption) if row.HasField("encryption") else None,
        account_id=row.account_id,
        initiator=row.initiator,
    )


def part_of(number: int, row: om_pb2.PartRow) -> Part:
    checksum = checksum_of(row.checksum_algorithm, row.checksum)
    return Part(number, row.size_bytes, row.modified_ms, row.etag, checksum)


def algorithm_row(algorithm: Algorithm) -> types_pb2.ChecksumAlgorithm:
    return _ALGORITHMS[algorithm]


def type_row(kind: ChecksumType | None) -> types_pb2.ChecksumType:
    return types_pb2.CHECKSUM_TYPE_UNSPECIFIED if kind is None else _TYPES[kind]


def storage_class_row(headers: ObjectHeaders) -> str:
    """The usual one takes no room."""
    return "" if headers.storage_class == STANDARD else headers.storage_class


def headers_row(headers: ObjectHeaders) -> om_pb2.ObjectHeaders | None:
    """Without the storage class; None: there are no headers."""
    row = None
    for name in _TEXTS:
        value = getattr(headers, name)
        if value:
            row = row or om_pb2.ObjectHeaders()
            setattr(row, name, value)
    if headers.user_metadata:
        row = row or om_pb2.ObjectHeaders()
        for name, value in headers.user_metadata:
            row.user_metadata.add(name=name, value=value)
    return row


def condition_row(condition: WriteCondition | None) -> om_pb2.WriteCondition | None:
    if condition is None:
        return None
    return om_pb2.WriteCondition(if_match=condition.if_match, if_none_match=condition.if_none_match)


def checksum_row(checksum: Checksum | None) -> types_pb2.Checksum | None:
    if checksum is None:
        return None
    return types_pb2.Checksum(
        algorithm=algorithm_row(checksum.algorithm),
        type=type_row(checksum.type),
        value=checksum.digest,
    )
