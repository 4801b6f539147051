"""Rules of the rows of objects, of uploads and of their parts."""

from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.common.rpc.rules.rule import (
    ANY,
    PART,
    MessageRules,
    Rule,
    each,
    field_value,
    known,
    line,
    matching,
    number,
    raw,
    rules,
)
from trioxygen.common.rpc.rules.types import (
    CHECKSUM,
    ID_OR_NONE,
    KEY,
    NAME_OR_NONE,
    OBJECT_BYTES,
    SLICES_MAX,
    TIME_MS,
)
from trioxygen.common.sealed_sizes import stored_bytes
from trioxygen.common.units import KIB, TIB
from trioxygen.proto.v1 import om_pb2 as om

# S3 allows ten; a setting may allow more.
TAGS_MAX: Final = 50
_LOCK_DAYS_MAX: Final = 36_500
_LOCK_YEARS_MAX: Final = 100
METADATA_MAX: Final = 16 * KIB
# A hundred grants to accounts with long names, and room for more.
ACL_BYTES_MAX: Final = 32 * KIB
ACL: Final = raw(ACL_BYTES_MAX)
# The rest of x-amz-meta-: of a header's name, or a query's, which may have more letters.
_FIELD_NAME: Final = matching("a part of a header field's name", "[!-9;-~\x80-\xff]*", 4_096)
_ETAG: Final = Rule(
    "an entity tag",
    expression="len(value) <= 128 and value.isascii() and value.isprintable()"
    " and '\"' not in value and ' ' not in value",
)
_HEX_DIGITS: Final = frozenset("0123456789abcdef")
# The ETag of an object of parts is made of theirs.
_HEX: Final = Rule(
    "pairs of hexadecimal digits",
    lambda value: len(value) <= 64 and len(value) % 2 == 0 and not set(value) - _HEX_DIGITS,
)
ACCOUNT_ID: Final = line(256)


def _retention_fault(retention: Any) -> str | None:
    if bool(retention.mode) == bool(retention.retain_until_ms):
        return None
    return "a mode and a time belong together"


def _default_lock_fault(lock: Any) -> str | None:
    if bool(lock.mode) == (bool(lock.days) != bool(lock.years)):
        return None
    return "a mode and either days or years belong together"


def _headers_fault(headers: Any) -> str | None:
    if not headers.user_metadata:
        return None
    size_bytes = sum([len(pair.name) + len(pair.value) for pair in headers.user_metadata])
    return None if size_bytes <= METADATA_MAX else f"{size_bytes:,} characters of metadata"


def blocks_fault(row: Any) -> str | None:
    total = sum([piece.length_bytes for piece in row.blocks])
    expected = row.size_bytes
    pieces = row.pieces
    if pieces:
        plain = stored = 0
        for piece in pieces:
            plain += piece.plain_bytes
            stored += stored_bytes(piece)
        if plain != expected:
            return f"row's pieces are not of its {expected:,} bytes"
        expected = stored
    if total == expected:
        return None
    return f"row's blocks hold {total:,} bytes, its size is {expected:,}"


def _piece_fault(piece: Any) -> str | None:
    whole = piece.sealed_plain_bytes or piece.plain_bytes
    if piece.offset_bytes + piece.plain_bytes <= whole:
        return None
    return "a piece ends behind what was sealed"


OBJECT_ROWS: Final[dict[type[Message], MessageRules]] = {
    om.HeaderPair: rules(name=_FIELD_NAME, value=field_value(8_192)),
    om.Tag: rules(key=line(128, low=1), value=line(256)),
    om.ObjectHeaders: rules(
        _headers_fault,
        content_type=field_value(8_192),
        cache_control=field_value(8_192),
        content_disposition=field_value(8_192),
        content_encoding=field_value(8_192),
        content_language=field_value(8_192),
        expires=field_value(8_192),
        website_redirect_location=field_value(8_192),
        user_metadata=each(PART, 2_048),
    ),
    om.ObjectPart: rules(
        number=number(1, PART_NUMBER_MAX),
        size_bytes=OBJECT_BYTES,
        checksum=CHECKSUM,
        md5=raw(16),
        crc64nvme=raw(8),
    ),
    om.KeyRow: rules(
        object_id=ID_OR_NONE,
        size_bytes=OBJECT_BYTES,
        modified_ms=TIME_MS,
        etag=_ETAG,
        storage_class=NAME_OR_NONE,
        account_id=ACCOUNT_ID,
        checksum_algorithm=known(),
        checksum_type=known(),
        checksum=CHECKSUM,
        blocks=each(PART, SLICES_MAX),
        headers=PART,
        parts=each(PART, PART_NUMBER_MAX),
        replication=PART,
        is_versioned=ANY,
        is_marker=ANY,
        null_object_id=ID_OR_NONE,
        tags=each(PART, TAGS_MAX),
        lock=PART,
        encryption=PART,
        pieces=each(PART, PART_NUMBER_MAX),
        acl=ACL,
    ),
    om.RewrittenRow: rules(
        storage_class=NAME_OR_NONE, blocks=each(PART, SLICES_MAX), replication=PART
    ),
    om.Encryption: rules(
        kind=known(),
        kms_key_id=line(2_048),
        context=line(8_192),
        bucket_key=ANY,
        customer_key_md5=line(24),
    ),
    om.SealedPiece: rules(
        _piece_fault,
        plain_bytes=number(1, 5 * TIB),
        sealed_plain_bytes=OBJECT_BYTES,
        offset_bytes=OBJECT_BYTES,
        wrapped_key=raw(1_024),
        master_key=line(2_048),
    ),
    om.UploadRow: rules(
        bucket_id=ID_OR_NONE,
        account_id=ACCOUNT_ID,
        created_ms=TIME_MS,
        storage_class=NAME_OR_NONE,
        checksum_algorithm=known(),
        checksum_type=known(),
        headers=PART,
        upload_id=raw(16),
        key=KEY,
        checksum_chosen=ANY,
        replication=PART,
        tags=each(PART, TAGS_MAX),
        lock=PART,
        encryption=PART,
        acl=ACL,
        initiator=line(2_048),
    ),
    om.ObjectLock: rules(
        mode=known(), retain_until_ms=TIME_MS, retain_until_group_ms=TIME_MS, legal_hold=ANY
    ),
    om.Retention: rules(_retention_fault, mode=known(), retain_until_ms=TIME_MS),
    om.BucketLock: rules(
        _default_lock_fault,
        mode=known(),
        days=number(0, _LOCK_DAYS_MAX),
        years=number(0, _LOCK_YEARS_MAX),
    ),
    om.VersionId: rules(object_id=ID_OR_NONE),
    om.PartRow: rules(
        size_bytes=OBJECT_BYTES,
        modified_ms=TIME_MS,
        etag=_HEX,
        checksum=CHECKSUM,
        checksum_algorithm=known(),
        blocks=each(PART, SLICES_MAX),
        client_checksum_algorithm=known(),
        client_checksum=CHECKSUM,
        crc64nvme=raw(8),
        pieces=each(PART, PART_NUMBER_MAX),
    ),
}
