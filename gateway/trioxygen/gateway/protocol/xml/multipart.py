"""Documents of multipart uploads.

Source: S3 API, CreateMultipartUpload, CompleteMultipartUpload, UploadPartCopy, ListParts,
ListMultipartUploads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.gateway.protocol.checksums import ObjectChecksum
from trioxygen.gateway.protocol.dates import iso_date
from trioxygen.gateway.protocol.xml.document import (
    Owner,
    boolean,
    document,
    element,
    name_encoder,
    owner_element,
    text,
)
from trioxygen.gateway.store.values.uploads import UploadChecksum


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPart:
    """One uploaded part; etag without quotes, size in bytes."""

    number: int
    last_modified_ms: int
    etag: str
    size: int
    checksum: ObjectChecksum | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUpload:
    """One upload that is neither completed nor aborted."""

    key: str
    upload_id: str
    initiated_ms: int
    initiator: Owner
    owner: Owner
    storage_class: str = "STANDARD"
    checksum: UploadChecksum | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsPage:
    """What a page of ListParts echoes.

    next_part_number_marker: the last that is shown, on the last page too, as S3 has; 0: none is."""

    bucket: str
    key: str
    upload_id: str
    initiator: Owner
    owner: Owner
    part_number_marker: int
    next_part_number_marker: int
    max_parts: int
    is_truncated: bool
    storage_class: str = "STANDARD"
    checksum: UploadChecksum | None = None
    encoding_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsPage:
    """What a page of ListMultipartUploads echoes. encoding_type: None or "url"."""

    bucket: str
    prefix: str
    delimiter: str
    key_marker: str
    upload_id_marker: str
    next_key_marker: str
    next_upload_id_marker: str
    max_uploads: int
    is_truncated: bool
    encoding_type: str | None = None


def checksum_elements(checksum: ObjectChecksum | None) -> str:
    """``<ChecksumCRC32>...</ChecksumCRC32>`` and, where it has one, ``<ChecksumType>``."""
    if checksum is None:
        return ""
    return digest_element(checksum.algorithm, checksum.text) + type_element(checksum.type)


def digest_element(algorithm: Algorithm, encoded: str) -> str:
    return f"<Checksum{algorithm.value}>{encoded}</Checksum{algorithm.value}>"


def type_element(kind: ChecksumType | None) -> str:
    return "" if kind is None else f"<ChecksumType>{kind.value}</ChecksumType>"


def _upload_checksum(checksum: UploadChecksum | None) -> str:
    if checksum is None:
        return ""
    algorithm = checksum.algorithm.value
    return f"<ChecksumAlgorithm>{algorithm}</ChecksumAlgorithm>{type_element(checksum.type)}"


def initiate_multipart_upload(*, bucket: str, key: str, upload_id: str) -> bytes:
    """InitiateMultipartUploadResult."""
    return document(
        "InitiateMultipartUploadResult",
        f"<Bucket>{text(bucket)}</Bucket><Key>{text(key)}</Key>"
        f"<UploadId>{text(upload_id)}</UploadId>",
    )


def complete_multipart_upload(
    *,
    location: str,
    bucket: str,
    key: str,
    etag: str,
    checksum: ObjectChecksum | None,
    with_declaration: bool = True,
) -> bytes:
    """CompleteMultipartUploadResult.

    Args:
        etag: without quotes.
        with_declaration: see `xml.document`.
    """
    return document(
        "CompleteMultipartUploadResult",
        f"<Location>{text(location)}</Location><Bucket>{text(bucket)}</Bucket>"
        f"<Key>{text(key)}</Key><ETag>&quot;{text(etag)}&quot;</ETag>{checksum_elements(checksum)}",
        with_declaration=with_declaration,
    )


def copy_part_result(*, etag: str, last_modified_ms: int, checksum: ObjectChecksum | None) -> bytes:
    """CopyPartResult of UploadPartCopy."""
    return document(
        "CopyPartResult",
        f"<LastModified>{iso_date(last_modified_ms)}</LastModified>"
        f"<ETag>&quot;{text(etag)}&quot;</ETag>{checksum_elements(checksum)}",
    )


def list_parts(page: PartsPage, parts: Sequence[ListedPart]) -> bytes:
    """ListPartsResult; parts by rising number."""
    rows = "".join(
        f"<Part><PartNumber>{part.number}</PartNumber>"
        f"<LastModified>{iso_date(part.last_modified_ms)}</LastModified>"
        f"<ETag>&quot;{text(part.etag)}&quot;</ETag><Size>{part.size}</Size>"
        f"{checksum_elements(part.checksum)}</Part>"
        for part in parts
    )
    encode = name_encoder(page.encoding_type)
    return document(
        "ListPartsResult",
        f"<Bucket>{text(page.bucket)}</Bucket>{element('EncodingType', page.encoding_type)}"
        f"<Key>{encode(page.key)}</Key><UploadId>{text(page.upload_id)}</UploadId>"
        f"{owner_element('Initiator', page.initiator)}{owner_element('Owner', page.owner)}"
        f"<StorageClass>{text(page.storage_class)}</StorageClass>"
        f"<PartNumberMarker>{page.part_number_marker}</PartNumberMarker>"
        f"<NextPartNumberMarker>{page.next_part_number_marker}</NextPartNumberMarker>"
        f"<MaxParts>{page.max_parts}</MaxParts>"
        f"<IsTruncated>{boolean(page.is_truncated)}</IsTruncated>"
        f"{_upload_checksum(page.checksum)}{rows}",
    )


def list_multipart_uploads(
    page: UploadsPage, uploads: Sequence[ListedUpload], common_prefixes: Sequence[str]
) -> bytes:
    """ListMultipartUploadsResult; uploads by key, then by time begun."""
    encode = name_encoder(page.encoding_type)
    rows = "".join(
        f"<Upload><Key>{encode(upload.key)}</Key><UploadId>{text(upload.upload_id)}</UploadId>"
        f"{owner_element('Initiator', upload.initiator)}{owner_element('Owner', upload.owner)}"
        f"<StorageClass>{text(upload.storage_class)}</StorageClass>"
        f"<Initiated>{iso_date(upload.initiated_ms)}</Initiated>"
        f"{_upload_checksum(upload.checksum)}</Upload>"
        for upload in uploads
    )
    prefixes = "".join(
        f"<CommonPrefixes><Prefix>{encode(name)}</Prefix></CommonPrefixes>"
        for name in common_prefixes
    )
    delimiter = f"<Delimiter>{encode(page.delimiter)}</Delimiter>" if page.delimiter else ""
    return document(
        "ListMultipartUploadsResult",
        f"<Bucket>{text(page.bucket)}</Bucket><KeyMarker>{encode(page.key_marker)}</KeyMarker>"
        f"<UploadIdMarker>{text(page.upload_id_marker)}</UploadIdMarker>"
        f"<NextKeyMarker>{encode(page.next_key_marker)}</NextKeyMarker>"
        f"<NextUploadIdMarker>{text(page.next_upload_id_marker)}</NextUploadIdMarker>"
        f"{delimiter}<Prefix>{encode(page.prefix)}</Prefix>"
        f"{element('EncodingType', page.encoding_type)}<MaxUploads>{page.max_uploads}</MaxUploads>"
        f"<IsTruncated>{boolean(page.is_truncated)}</IsTruncated>{rows}{prefixes}",
    )
