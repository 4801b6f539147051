"""Between the OM's records (protobuf) and the S3 modules' values. Conversions only."""

from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.gateway.s3.checksums import ObjectChecksum, UploadChecksum
from trioxygen.gateway.s3.conditions import WriteCondition
from trioxygen.gateway.s3.headers import STANDARD, ObjectHeaders
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import KeyRow, ObjectPart, PartRow, UploadRow

_TO_WIRE: Final[dict[Algorithm, types_pb2.ChecksumAlgorithm]] = {
    Algorithm.CRC32: types_pb2.CRC32,
    Algorithm.CRC32C: types_pb2.CRC32C,
    Algorithm.CRC64NVME: types_pb2.CRC64NVME,
    Algorithm.SHA1: types_pb2.SHA1,
    Algorithm.SHA256: types_pb2.SHA256,
}
ALGORITHMS: Final[dict[int, Algorithm]] = {
    int(wire): algorithm for algorithm, wire in _TO_WIRE.items()
}
TYPES: Final[dict[int, ChecksumType]] = {
    int(types_pb2.FULL_OBJECT): ChecksumType.FULL_OBJECT,
    int(types_pb2.COMPOSITE): ChecksumType.COMPOSITE,
}
_TYPES_TO_WIRE: Final = {
    ChecksumType.FULL_OBJECT: types_pb2.FULL_OBJECT,
    ChecksumType.COMPOSITE: types_pb2.COMPOSITE,
}
_PLAIN_HEADERS: Final = ObjectHeaders()
_FIELDS: Final = (
    "content_type",
    "cache_control",
    "content_disposition",
    "content_encoding",
    "content_language",
    "expires",
    "website_redirect_location",
)


def algorithm_to_wire(algorithm: Algorithm) -> types_pb2.ChecksumAlgorithm:
    return _TO_WIRE[algorithm]


def type_to_wire(kind: ChecksumType) -> types_pb2.ChecksumType:
    return _TYPES_TO_WIRE[kind]


def condition_to_wire(condition: WriteCondition | None) -> om_pb2.WriteCondition | None:
    if condition is None:
        return None
    return om_pb2.WriteCondition(if_match=condition.if_match, if_none_match=condition.if_none_match)


def headers_to_row(headers: ObjectHeaders) -> om_pb2.ObjectHeaders:
    row = om_pb2.ObjectHeaders()
    for name in _FIELDS:
        value = getattr(headers, name)
        if value:
            setattr(row, name, value)
    for name, value in headers.user_metadata:
        row.user_metadata.add(name=name, value=value)
    return row


def headers_of(row: KeyRow) -> ObjectHeaders:
    storage_class = row.storage_class or STANDARD
    if not row.HasField("headers"):
        return (
            _PLAIN_HEADERS
            if storage_class == STANDARD
            else ObjectHeaders(storage_class=storage_class)
        )
    headers = row.headers
    return ObjectHeaders(
        content_type=headers.content_type or None,
        cache_control=headers.cache_control or None,
        content_disposition=headers.content_disposition or None,
        content_encoding=headers.content_encoding or None,
        content_language=headers.content_language or None,
        expires=headers.expires or None,
        website_redirect_location=headers.website_redirect_location or None,
        storage_class=storage_class,
        user_metadata=tuple((pair.name, pair.value) for pair in headers.user_metadata),
    )


def object_checksum(row: KeyRow) -> ObjectChecksum | None:
    """Of the whole object, as GET, HEAD and GetObjectAttributes show it."""
    algorithm = ALGORITHMS.get(row.checksum_algorithm)
    if algorithm is None:
        return None
    kind = TYPES.get(row.checksum_type)
    count = len(row.parts) if kind is ChecksumType.COMPOSITE else None
    return ObjectChecksum(algorithm=algorithm, digest=row.checksum, type=kind, part_count=count)


def object_part_checksum(row: KeyRow, part: ObjectPart) -> ObjectChecksum | None:
    algorithm = ALGORITHMS.get(row.checksum_algorithm)
    if algorithm is None or not part.checksum:
        return None
    return ObjectChecksum(
        algorithm=algorithm, digest=part.checksum, type=TYPES.get(row.checksum_type)
    )


def part_checksum(part: PartRow) -> ObjectChecksum | None:
    algorithm = ALGORITHMS.get(part.checksum_algorithm)
    return None if algorithm is None else ObjectChecksum(algorithm=algorithm, digest=part.checksum)


def upload_checksum(upload: UploadRow) -> UploadChecksum | None:
    algorithm = ALGORITHMS.get(upload.checksum_algorithm)
    kind = TYPES.get(upload.checksum_type)
    if algorithm is None or kind is None:
        return None
    return UploadChecksum(algorithm=algorithm, type=kind)
