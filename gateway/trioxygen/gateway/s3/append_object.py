"""PutObject with x-amz-write-offset-bytes: bytes at the end of an object, which stays what it is.

The former bytes are neither read nor written. Each append is a part more, and the ETag is made of
the parts' as that of a multipart upload.

Source: S3 user guide, "Appending data to objects in directory buckets"; S3 API, PutObject.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from trioxygen.common.checksum import ChecksumType, combine, composite
from trioxygen.common.errors import ConditionConflict, NoSuchBucket
from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.protocol.acl_headers import asks_for_acl
from trioxygen.gateway.protocol.checksums import ChecksumRequest
from trioxygen.gateway.protocol.encryption import read_encryption
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.numbers import BOUND, natural_up_to
from trioxygen.gateway.protocol.xml.tags import TAGGING_HEADER
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.encryption import Target, check_not_blocked, opening_of
from trioxygen.gateway.s3.lifecycle_headers import expiration_headers
from trioxygen.gateway.s3.refused_headers import WRITE_OFFSET
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.writing import (
    demand_digest_of_locked,
    read_condition,
    write_body,
    written_headers,
    written_version_headers,
)
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.encryption import SSE_S3, EncryptionKind, Sealing
from trioxygen.gateway.store.values.keys import (
    NO_LOCK,
    Appended,
    Checksum,
    KeyRecord,
    ObjectHeaders,
    ObjectPart,
)

_MD5: Final = re.compile("[0-9a-f]{32}")


async def append_object(
    services: Services, request: S3Request, stored: ObjectHeaders
) -> Response | None:
    """None: there is nothing yet; the request makes it."""
    offset = _write_offset(request)
    bucket, record = await services.store.keys.lookup(
        services.volume, request.bucket_name, request.key_name
    )
    if bucket.bucket_id != request.bucket_record.bucket_id:
        # The one that was decided about is gone; this one may be somebody else's.
        raise NoSuchBucket(bucket=request.bucket_name)
    if record is None or record.is_marker:
        if offset:
            raise S3Error("InvalidWriteOffset")
        return None
    _check_headers(request, stored)
    if offset != record.size_bytes:
        raise S3Error("InvalidWriteOffset")
    if len(record.parts) >= PART_NUMBER_MAX:
        raise S3Error("TooManyParts")
    return await _append(services, request, bucket, record)


async def _append(
    services: Services, request: S3Request, bucket: Bucket, record: KeyRecord
) -> Response:
    store, key = services.store, request.key_name
    condition = read_condition(services, request)
    target = await _target(services, request, record)
    body = Body(request, services.blocking, checksum=_demanded(request, record))
    # The version that is made is locked as any new one.
    demand_digest_of_locked(body, bucket, NO_LOCK)
    replication = record.replication
    if not record.size_bytes:
        replication = services.replication_of(bucket, record.headers.storage_class)
    written, digest = await write_body(store.contents, body, replication, target.sealing)
    if written is None:
        raise S3Error(
            "InvalidRequest", "Request body cannot be empty when 'write offset' is specified."
        )
    added = ObjectPart(0, body.received_bytes, digest, body.digests.md5)
    parts = parts_with(record, added)
    new = Appended(
        size_bytes=added.size_bytes,
        etag=f"{target.etag(request, parts_md5(record, parts))}-{len(parts)}",
        checksum=checksum_with(record, parts),
        parts=parts,
        replication=replication,
    )
    try:
        committed = await store.keys.append(bucket, key, record, new, written, condition)
    except ConditionConflict as error:
        # Another one has written since.
        raise S3Error("InvalidWriteOffset") from error
    size_bytes = record.size_bytes + new.size_bytes
    assert body.checksum is not None
    own = Checksum(body.checksum.algorithm, digest, ChecksumType.FULL_OBJECT)
    fields = [
        *written_headers(new.etag, own),
        (b"x-amz-object-size", str(size_bytes).encode()),
        *written_version_headers(services, committed.version),
        *target.headers,
    ]
    if bucket.lifecycle_revision:
        fields += await expiration_headers(
            services,
            bucket,
            key,
            size_bytes=size_bytes,
            tags=record.tags,
            modified_ms=committed.modified_ms,
        )
    return Response(200, fields)


def _write_offset(request: S3Request) -> int:
    text = request.head.header(WRITE_OFFSET) or ""
    offset = natural_up_to(text, BOUND)
    if offset is None:
        raise invalid_argument(
            "The write offset is a whole number of bytes, 0 or more.", WRITE_OFFSET, text
        )
    return offset


def _check_headers(request: S3Request, stored: ObjectHeaders) -> None:
    """Raises InvalidRequest: the object is there, and stays what it is but for its bytes."""
    if stored.user_metadata:
        raise S3Error(
            "InvalidRequest",
            "Cannot specify both a write offset value and user-defined object metadata for existing"
            " objects.",
        )
    locks = list(request.head.headers_with_prefix("x-amz-object-lock-"))
    if locks or request.head.header(TAGGING_HEADER) is not None:
        raise S3Error(
            "InvalidRequest",
            "Cannot specify both a write offset value and tags or a lock for existing objects.",
        )
    if asks_for_acl(request.head):
        raise S3Error(
            "InvalidRequest",
            "Cannot specify both a write offset value and an ACL for existing objects.",
        )


async def _target(services: Services, request: S3Request, record: KeyRecord) -> Target:
    """As the object's bytes are: a request that says otherwise is refused.

    Raises: EncryptionTypeMismatch; S3Errors of the headers; AccessDenied: the bucket takes no
    customers' keys any more."""
    wanted, encryption = read_encryption(request.head), record.encryption
    if wanted is not None:
        asked = wanted.encryption
        if encryption is None or asked.kind is not encryption.kind:
            raise S3Error("EncryptionTypeMismatch")
        if asked.kind is EncryptionKind.SSE_KMS:
            key_id = await services.store.contents.kms_key(asked.kms_key_id)
            if key_id != encryption.kms_key_id:
                raise S3Error("EncryptionTypeMismatch")
    if encryption is None:
        # A copy to where nothing is encrypted may share sealed bytes.
        return Target(Sealing(SSE_S3) if record.content.is_sealed else None, None, False)
    if encryption.kind is not EncryptionKind.SSE_C:
        return Target(Sealing(encryption), None, wanted is not None)
    customer = None if wanted is None else wanted.customer
    if customer is None or customer.md5 != encryption.customer_key_md5:
        raise S3Error("EncryptionTypeMismatch")
    opening = opening_of(request, encryption)
    check_not_blocked(request)
    return Target(Sealing(encryption, opening.key), opening.customer, True)


def _demanded(request: S3Request, record: KeyRecord) -> ChecksumRequest:
    """What the bytes bring, of the object's algorithm.

    Raises: InvalidRequest: of another one."""
    demanded, whole = checksums.read_checksum_request(request.head), record.checksum
    if whole is None:
        return demanded
    if not demanded.by_client:
        return ChecksumRequest(algorithm=whole.algorithm)
    if demanded.algorithm is not whole.algorithm:
        raise checksums.type_mismatch(whole.algorithm, demanded.algorithm)
    return demanded


def parts_with(record: KeyRecord, added: ObjectPart) -> list[ObjectPart]:
    """The object's parts and one more. What was written in one piece, or whose parts have no
    checksums that make the whole's, is the first of two."""
    whole = record.checksum
    parts = list(record.parts)
    if whole is not None and any(not part.digest for part in parts):
        parts = []
    if not parts and record.size_bytes:
        md5 = bytes.fromhex(record.etag) if _MD5.fullmatch(record.etag) else b""
        digest = b"" if whole is None else whole.digest
        parts = [ObjectPart(1, record.size_bytes, digest, md5)]
    return [*parts, added._replace(number=len(parts) + 1)]


def parts_md5(record: KeyRecord, parts: Sequence[ObjectPart]) -> bytes:
    """What the ETag is made of: the MD5 of the parts', as S3 has it. Where one is not known: of
    the ETag so far and the new one's."""
    digests = [part.md5 for part in parts]
    if not all(digests):
        digests = [record.etag.encode(), parts[-1].md5]
    return hashlib.md5(b"".join(digests), usedforsecurity=False).digest()


def checksum_with(record: KeyRecord, parts: Sequence[ObjectPart]) -> Checksum | None:
    """Of the whole: a CRC goes on; of other algorithms it is made of the parts'."""
    whole = record.checksum
    if whole is None:
        return None
    algorithm, added = whole.algorithm, parts[-1]
    if algorithm.composable and whole.type is not ChecksumType.COMPOSITE:
        pair = (whole.digest, record.size_bytes), (added.digest, added.size_bytes)
        return Checksum(algorithm, combine(algorithm, pair), ChecksumType.FULL_OBJECT)
    digest = composite(algorithm, [part.digest for part in parts])
    return Checksum(algorithm, digest, ChecksumType.COMPOSITE)
