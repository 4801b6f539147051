"""How what the store records of an object is shown."""

from trioxygen.common.checksum import ChecksumType
from trioxygen.gateway.protocol.checksums import ObjectChecksum
from trioxygen.gateway.store.values.buckets import Bucket, Versioning
from trioxygen.gateway.store.values.keys import Checksum, KeyRecord, ObjectPart


def object_checksum(record: KeyRecord) -> ObjectChecksum | None:
    """Of the whole object, as GET and HEAD show it."""
    return shown_checksum(record.checksum, part_count=len(record.parts))


def object_part_checksum(record: KeyRecord, part: ObjectPart) -> ObjectChecksum | None:
    whole = record.checksum
    if whole is None or not part.digest:
        return None
    return ObjectChecksum(algorithm=whole.algorithm, digest=part.digest, type=whole.type)


def shown_checksum(
    checksum: Checksum | None, *, part_count: int | None = None
) -> ObjectChecksum | None:
    """part_count: of the whole object; shown where the checksum is made of its parts'."""
    if checksum is None:
        return None
    return ObjectChecksum(
        algorithm=checksum.algorithm,
        digest=checksum.digest,
        type=checksum.type,
        part_count=part_count if checksum.type is ChecksumType.COMPOSITE else None,
    )


def shown_version(bucket: Bucket, record: KeyRecord) -> int | None:
    """Of what was read; None: the bucket never kept versions."""
    return None if bucket.versioning is Versioning.NEVER else record.version
