"""Documents that clients send: DeleteObjects, CompleteMultipartUpload, CreateBucket.

An element that is not known is refused, because skipping one (a condition, say) could do harm.
Source: S3 API; botocore's service model.
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from trioxygen.common.checksum import Algorithm
from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.gateway.protocol.checksums import decoded_digest
from trioxygen.gateway.protocol.dates import parse_date_s
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.numbers import BOUND, INT_MAX, natural_up_to, read_integer
from trioxygen.gateway.protocol.xml.reading import (
    children,
    leaf_text,
    local_name,
    parse_document,
)
from trioxygen.gateway.protocol.xml.tags import BUCKET_TAGS_MAX, tags_of
from trioxygen.gateway.store.values.keys import Tags

DELETE_OBJECTS_MAX: Final = 1_000

_CHECKSUM_ELEMENTS: Final = {f"Checksum{member.value}": member for member in Algorithm}
_CREATE_BUCKET_UNIMPLEMENTED: Final = frozenset({"Bucket", "Location"})


@dataclass(frozen=True, slots=True)
class ObjectIdentifier:
    """One object to delete, and what it must be for that; None, and "": nothing is said of it.

    Attributes:
        etag: without quotes, or "*".
    """

    key: str
    version_id: str | None = None
    etag: str = ""
    size_bytes: int | None = None
    modified_s: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """Body of DeleteObjects: 1 to 1,000 objects; quiet answers tell of errors only."""

    quiet: bool
    objects: tuple[ObjectIdentifier, ...]


@dataclass(frozen=True, slots=True)
class CompletedPart:
    """One part in the body of CompleteMultipartUpload; etag without quotes."""

    number: int
    etag: str
    checksum: tuple[Algorithm, bytes] | None = None


def _unquoted(etag: str) -> str:
    etag = etag.strip()
    if etag == '"*"':
        return etag  # in quotes it is a tag, and not the sign for any version
    return etag[1:-1] if len(etag) >= 2 and etag[0] == etag[-1] == '"' else etag


def _object_identifier(node: "etree._Element", now_s: int) -> ObjectIdentifier:
    fields = children(node)
    key = fields.pop("Key", "")
    # An empty one is one that no version has, and not none at all, which would make a marker.
    version_id = fields.pop("VersionId", None)
    etag = _unquoted(fields.pop("ETag", ""))
    size, modified = fields.pop("Size", None), fields.pop("LastModifiedTime", None)
    size_bytes = None if size is None else natural_up_to(size.strip(), BOUND)
    modified_s = None if modified is None else parse_date_s(modified.strip(), now_s=now_s)
    is_clear = (size is None) == (size_bytes is None) and (modified is None) == (modified_s is None)
    if fields or not key or not is_clear:
        raise S3Error("MalformedXML")
    if version_id is not None:
        version_id = version_id.strip()
    return ObjectIdentifier(key, version_id, etag, size_bytes, modified_s)


def read_delete_request(body: bytes, *, now_s: int = 0) -> DeleteRequest:
    """Body of DeleteObjects. The length of keys is not checked here.

    Args:
        now_s: see `parse_date_s`.
    Raises:
        S3Error: MalformedXML (more than 1,000 objects, none, an empty key, unknown elements,
            no such size or time).
    """
    quiet: bool | None = None
    objects: list[ObjectIdentifier] = []
    for child in parse_document(body, "Delete", rows_max=DELETE_OBJECTS_MAX):
        name = local_name(child)
        if name == "Object" and len(objects) < DELETE_OBJECTS_MAX:
            objects.append(_object_identifier(child, now_s))
        elif name == "Quiet" and quiet is None:
            value = leaf_text(child).strip().lower()
            if value not in ("true", "false"):
                raise S3Error("MalformedXML")
            quiet = value == "true"
        else:
            raise S3Error("MalformedXML")
    if not objects:
        raise S3Error("MalformedXML")
    return DeleteRequest(bool(quiet), tuple(objects))


def _part_number(value: str) -> int:
    digits = value.strip()
    number = read_integer(digits)
    # The schema's integer. A number above 10,000 is one that was not uploaded: InvalidPart.
    if number is None or number > INT_MAX:
        raise S3Error("MalformedXML")
    if number < 1:
        raise invalid_argument("PartNumber must be >= 1", "PartNumber", digits)
    return number


def _completed_part(node: "etree._Element") -> CompletedPart:
    fields = children(node)
    if "PartNumber" not in fields or "ETag" not in fields:
        raise S3Error("MalformedXML")
    number = _part_number(fields.pop("PartNumber"))
    etag = _unquoted(fields.pop("ETag"))
    checksum: tuple[Algorithm, bytes] | None = None
    for name, value in fields.items():
        algorithm = _CHECKSUM_ELEMENTS.get(name)
        if algorithm is None:
            raise S3Error("MalformedXML")
        digest = decoded_digest(algorithm, value.strip())
        if digest is None or checksum is not None:
            raise invalid_argument(
                "Invalid Base64 or multiple checksums present in request", "Checksum", value.strip()
            )
        checksum = (algorithm, digest)
    return CompletedPart(number, etag, checksum)


def read_complete_request(body: bytes) -> list[CompletedPart]:
    """Body of CompleteMultipartUpload: 1 to 10,000 parts as listed.

    Their order, and whether such numbers were uploaded, is the OM's to say.

    Raises:
        S3Error: MalformedXML, InvalidArgument (a part number below 1, an ill-formed checksum or
            two of them).
    """
    parts: list[CompletedPart] = []
    for child in parse_document(body, "CompleteMultipartUpload", rows_max=PART_NUMBER_MAX):
        if local_name(child) != "Part" or len(parts) == PART_NUMBER_MAX:
            raise S3Error("MalformedXML")
        parts.append(_completed_part(child))
    if not parts:
        raise S3Error("MalformedXML")
    return parts


@dataclass(frozen=True, slots=True)
class NewBucket:
    """Body of CreateBucket. location: None: without the element."""

    location: str | None = None
    tags: Tags = ()


def read_create_bucket(body: bytes) -> NewBucket:
    """Tags are not looked over here.

    Raises:
        S3Error: MalformedXML, NotImplemented (directory buckets).
    """
    if not body:
        return NewBucket()
    location: str | None = None
    tags: Tags | None = None
    for child in parse_document(body, "CreateBucketConfiguration", rows_max=BUCKET_TAGS_MAX):
        name = local_name(child)
        if name in _CREATE_BUCKET_UNIMPLEMENTED:
            raise not_implemented(f"{name} in CreateBucket is not implemented.")
        if name == "Tags" and tags is None:
            tags = tags_of(child)
        elif name == "LocationConstraint" and location is None and not len(child):
            location = (child.text or "").strip()
        else:
            raise S3Error("MalformedXML")
    return NewBucket(location, tags or ())
