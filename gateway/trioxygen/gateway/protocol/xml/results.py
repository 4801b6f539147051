"""Documents of single operations: location, copy, delete, object attributes.

Source: S3 API, GetBucketLocation, CopyObject, DeleteObjects, GetObjectAttributes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from trioxygen.gateway.protocol.checksums import ObjectChecksum
from trioxygen.gateway.protocol.dates import iso_date
from trioxygen.gateway.protocol.xml.document import boolean, document, element, text
from trioxygen.gateway.protocol.xml.multipart import checksum_elements


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedObject:
    """One key that DeleteObjects deleted, or that was not there.

    version_id: the one asked for. delete_marker_version_id: of the marker made or removed.
    """

    key: str
    version_id: str | None = None
    delete_marker: bool = False
    delete_marker_version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteError:
    """One key that DeleteObjects did not delete; code and message of the error table."""

    key: str
    code: str
    message: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributesPart:
    """One part in GetObjectAttributes; size in bytes."""

    number: int
    size: int
    checksum: ObjectChecksum | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributesParts:
    """ObjectParts of a multipart object, one page of it.

    parts: empty for an object whose parts have no checksum of their own, as on AWS, or as the
    caller prefers.
    """

    total: int
    part_number_marker: int
    next_part_number_marker: int
    max_parts: int
    is_truncated: bool
    parts: Sequence[AttributesPart]


def location_constraint(region: str | None) -> bytes:
    """LocationConstraint; None for us-east-1, which S3 shows as an empty element."""
    return document("LocationConstraint", text(region or ""))


def copy_object_result(
    *,
    etag: str,
    last_modified_ms: int,
    checksum: ObjectChecksum | None,
    with_declaration: bool = True,
) -> bytes:
    """CopyObjectResult; etag without quotes."""
    return document(
        "CopyObjectResult",
        f"<LastModified>{iso_date(last_modified_ms)}</LastModified>"
        f"<ETag>&quot;{text(etag)}&quot;</ETag>{checksum_elements(checksum)}",
        with_declaration=with_declaration,
    )


def delete_result(*, deleted: Sequence[DeletedObject], errors: Sequence[DeleteError]) -> bytes:
    """DeleteResult; of a quiet request the caller leaves `deleted` empty."""
    rows = [
        f"<Deleted><Key>{text(entry.key)}</Key>{element('VersionId', entry.version_id)}"
        f"{'<DeleteMarker>true</DeleteMarker>' if entry.delete_marker else ''}"
        f"{element('DeleteMarkerVersionId', entry.delete_marker_version_id)}</Deleted>"
        for entry in deleted
    ]
    rows += [
        f"<Error><Key>{text(error.key)}</Key>{element('VersionId', error.version_id)}"
        f"<Code>{text(error.code)}</Code><Message>{text(error.message)}</Message></Error>"
        for error in errors
    ]
    return document("DeleteResult", "".join(rows))


def _parts(page: AttributesParts) -> str:
    rows = "".join(
        f"<Part><PartNumber>{part.number}</PartNumber><Size>{part.size}</Size>"
        f"{checksum_elements(part.checksum)}</Part>"
        for part in page.parts
    )
    return (
        f"<ObjectParts><PartsCount>{page.total}</PartsCount>"
        f"<PartNumberMarker>{page.part_number_marker}</PartNumberMarker>"
        f"<NextPartNumberMarker>{page.next_part_number_marker}</NextPartNumberMarker>"
        f"<MaxParts>{page.max_parts}</MaxParts>"
        f"<IsTruncated>{boolean(page.is_truncated)}</IsTruncated>{rows}</ObjectParts>"
    )


def object_attributes(
    *,
    etag: str | None = None,
    checksum: ObjectChecksum | None = None,
    parts: AttributesParts | None = None,
    storage_class: str | None = None,
    size: int | None = None,
) -> bytes:
    """GetObjectAttributesResponse with the attributes that were asked for (None: not asked).

    Unlike everywhere else the ETag has no quotes here, as S3 has it.
    """
    checksums = "" if checksum is None else f"<Checksum>{checksum_elements(checksum)}</Checksum>"
    return document(
        "GetObjectAttributesResponse",
        f"{element('ETag', etag)}{checksums}{'' if parts is None else _parts(parts)}"
        f"{element('StorageClass', storage_class)}{element('ObjectSize', size)}",
    )
