"""Headers stored with an object: read from a PUT, copy or upload, written on GET and HEAD.

Values travel as ISO-8859-1, byte for byte, both ways. User metadata with characters that are
not printable there is returned in RFC 2047 form, as S3 does.
Source: S3 user guide, "Working with object metadata"; S3 API, PutObject and GetObject.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trioxygen.gateway.protocol.dates import http_date
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.request_headers import RequestHeaders, RequestQuery
from trioxygen.gateway.protocol.storage_classes import OFFERED
from trioxygen.gateway.store.values.keys import STANDARD, ObjectHeaders

USER_METADATA_BYTES_MAX: Final = 2_048
HEADER_SECTION_BYTES_MAX: Final = 8_192
META_PREFIX: Final = "x-amz-meta-"

_CONTENT_TYPE_DEFAULT: Final = (b"content-type", b"binary/octet-stream")
_ACCEPT_RANGES: Final = (b"accept-ranges", b"bytes")

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_PRINTABLE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")

_OVERRIDE_PREFIX: Final = "response-"
_OVERRIDES: Final[dict[str, bytes]] = {
    "response-cache-control": b"cache-control",
    "response-content-disposition": b"content-disposition",
    "response-content-encoding": b"content-encoding",
    "response-content-language": b"content-language",
    "response-content-type": b"content-type",
    "response-expires": b"expires",
}
_NO_OVERRIDES: Final[Mapping[bytes, bytes]] = MappingProxyType({})


def _checked(name: str, value: str) -> str:
    if not value.isprintable() and _CONTROL.search(value) is not None:
        raise invalid_argument(f"The value of {name} holds a control character.", name, value)
    return value


def _value(head: RequestHeaders, name: str) -> str | None:
    value = head.header(name)
    return _checked(name, value) if value else None


def _content_encoding(head: RequestHeaders) -> str | None:
    """Content-Encoding without ``aws-chunked``, which is of the transfer and not of the object."""
    value = _value(head, "content-encoding")
    if value is None or "aws-chunked" not in value.lower():
        return value
    tokens = [token.strip() for token in value.split(",")]
    return ", ".join(token for token in tokens if token.lower() != "aws-chunked") or None


def read_redirect_location(head: RequestHeaders) -> str | None:
    """Raises S3Error InvalidRedirectLocation."""
    value = _value(head, "x-amz-website-redirect-location")
    if value is not None and not value.startswith(("/", "http://", "https://")):
        raise S3Error("InvalidRedirectLocation")
    return value


def read_storage_class(head: RequestHeaders) -> str:
    """The storage class asked for, STANDARD when none is.

    Raises:
        S3Error: InvalidStorageClass.
    """
    value = head.header("x-amz-storage-class")
    if value is None:
        return STANDARD
    if value not in OFFERED:
        raise S3Error("InvalidStorageClass", details={"StorageClassRequested": value})
    return value


def read_user_metadata(head: RequestHeaders) -> tuple[tuple[str, str], ...]:
    """(name without prefix, value) of the ``x-amz-meta-*`` headers; repeated ones are joined.

    Raises:
        S3Error: MetadataTooLarge, beyond 2 KiB of names and values.
    """
    metadata: dict[str, str] = {}
    for full_name, value in head.headers_with_prefix(META_PREFIX):
        name = full_name[len(META_PREFIX) :]
        _checked(full_name, value)
        metadata[name] = f"{metadata[name]},{value}" if name in metadata else value
    if not metadata:
        return ()
    size_bytes = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size_bytes > USER_METADATA_BYTES_MAX:
        raise S3Error(
            "MetadataTooLarge",
            details={"Size": str(size_bytes), "MaxSizeAllowed": str(USER_METADATA_BYTES_MAX)},
        )
    return tuple(metadata.items())


def read_object_headers(head: RequestHeaders) -> ObjectHeaders:
    """What PutObject, CreateMultipartUpload or a replacing CopyObject stores with the object.

    Raises:
        S3Error: MetadataTooLarge, InvalidStorageClass, InvalidRedirectLocation,
            InvalidArgument (control characters), RequestHeaderSectionTooLarge (over 8 KiB).
    """
    section_bytes = sum(len(name) + len(value) + 4 for name, value in head.headers_with_prefix(""))
    if section_bytes > HEADER_SECTION_BYTES_MAX:
        raise S3Error(
            "RequestHeaderSectionTooLarge",
            details={"MaxSizeAllowed": str(HEADER_SECTION_BYTES_MAX)},
        )
    return ObjectHeaders(
        content_type=_value(head, "content-type"),
        cache_control=_value(head, "cache-control"),
        content_disposition=_value(head, "content-disposition"),
        content_encoding=_content_encoding(head),
        content_language=_value(head, "content-language"),
        expires=_value(head, "expires"),
        website_redirect_location=read_redirect_location(head),
        storage_class=read_storage_class(head),
        user_metadata=read_user_metadata(head),
    )


def replaces_metadata(head: RequestHeaders) -> bool:
    """Whether a CopyObject takes its metadata from the request (REPLACE) and not the source.

    Raises:
        S3Error: InvalidArgument, for a directive other than COPY and REPLACE.
    """
    directive = head.header("x-amz-metadata-directive")
    if directive in (None, "COPY"):
        return False
    if directive == "REPLACE":
        return True
    raise invalid_argument(
        "Unknown metadata directive.", "x-amz-metadata-directive", directive or ""
    )


def read_overrides(query: RequestQuery) -> Mapping[bytes, bytes]:
    """Response headers that the query's ``response-*`` replaces; anonymous use the caller refuses.

    Raises:
        S3Error: InvalidArgument, for another header than these, and for a value that no header
            can carry (line breaks included).
    """
    overrides: dict[bytes, bytes] | None = None
    for name, value in query.query_pairs:
        field = _OVERRIDES.get(name)
        if field is None:
            if name.startswith(_OVERRIDE_PREFIX):
                raise invalid_argument(
                    f"{name} is not in the set of overridable response headers", name, value
                )
            continue
        if not value:
            continue
        try:
            encoded = _checked(name, value).encode("latin-1")
        except UnicodeEncodeError:
            raise invalid_argument(
                "Header value cannot be represented using ISO-8859-1.", name, value
            ) from None
        overrides = overrides or {}
        overrides[field] = encoded
    return overrides or _NO_OVERRIDES


def _field(value: str) -> bytes:
    if value.isascii() or _PRINTABLE.fullmatch(value) is not None:
        return value.encode("latin-1")
    return b"=?UTF-8?B?" + b64encode(value.encode()) + b"?="


def response_headers(
    stored: ObjectHeaders,
    *,
    etag: str,
    last_modified_ms: int,
    overrides: Mapping[bytes, bytes] = _NO_OVERRIDES,
) -> list[tuple[bytes, bytes]]:
    """Headers of a GET or HEAD that come from the stored object; lower-case names.

    Length, range, version and checksums are added by the caller.

    Args:
        etag: without quotes.
        overrides: from `read_overrides`.
    """
    content_type = stored.content_type
    headers = [
        (b"last-modified", http_date(last_modified_ms // 1000)),
        (b"etag", f'"{etag}"'.encode()),
        _ACCEPT_RANGES,
        _CONTENT_TYPE_DEFAULT if content_type is None else (b"content-type", _field(content_type)),
    ]
    if stored.cache_control is not None:
        headers.append((b"cache-control", _field(stored.cache_control)))
    if stored.content_disposition is not None:
        headers.append((b"content-disposition", _field(stored.content_disposition)))
    if stored.content_encoding is not None:
        headers.append((b"content-encoding", _field(stored.content_encoding)))
    if stored.content_language is not None:
        headers.append((b"content-language", _field(stored.content_language)))
    if stored.expires is not None:
        headers.append((b"expires", _field(stored.expires)))
    if stored.website_redirect_location is not None:
        location = _field(stored.website_redirect_location)
        headers.append((b"x-amz-website-redirect-location", location))
    if stored.storage_class != STANDARD:
        headers.append((b"x-amz-storage-class", stored.storage_class.encode()))
    for name, value in stored.user_metadata:
        headers.append((b"x-amz-meta-" + name.encode("latin-1"), _field(value)))
    if overrides:
        headers = [pair for pair in headers if pair[0] not in overrides]
        headers.extend(overrides.items())
    return headers
