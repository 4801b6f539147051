"""How what a request writes is sealed, and with which key what it reads is opened."""

import hashlib
import ipaddress
from collections.abc import Sequence
from typing import Final, NamedTuple

from trioxygen.common.errors import WrongCustomerKey
from trioxygen.gateway.protocol.encryption import (
    COPY_SOURCE_CUSTOMER,
    KMS_KEY,
    CustomerKeyHeaders,
    WantedEncryption,
    encryption_headers,
    read_customer_key,
    read_encryption,
)
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.s3.request import Headers, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.encryption import (
    SSE_S3,
    CustomerKey,
    Encryption,
    EncryptionKind,
    Sealing,
    has_md5_etags,
)
from trioxygen.gateway.store.values.uploads import Upload


class Target(NamedTuple):
    """Of bytes that are written.

    Attributes:
        sealing: None: they are kept as they come.
        is_asked_for: by the request itself.
    """

    sealing: Sealing | None
    customer: CustomerKeyHeaders | None
    is_asked_for: bool

    @property
    def encryption(self) -> Encryption | None:
        return None if self.sealing is None else self.sealing.encryption

    @property
    def headers(self) -> Headers:
        return encryption_headers(self.encryption, self.customer)

    def etag(self, request: S3Request, md5: bytes) -> str:
        """S3's is the MD5 of what it encrypts with keys of its own, and nothing that tells of the
        bytes otherwise."""
        if has_md5_etags(self.encryption):
            return md5.hex()
        own = md5 + request.host_id.encode() + request.request_id.encode()
        return hashlib.md5(own, usedforsecurity=False).hexdigest()


_UNSEALED: Final = Target(None, None, False)
_SEALED_BY_S3: Final = Target(Sealing(SSE_S3), None, False)


async def target_of(services: Services, request: S3Request) -> Target:
    """Of PutObject, CopyObject, CreateMultipartUpload: what the request says, else the bucket, else
    the configuration.

    Raises: S3Errors of the headers; AccessDenied: the bucket takes no customers' keys."""
    bucket = request.bucket_record
    wanted = read_encryption(request.head)
    is_asked_for = wanted is not None
    if wanted is None:
        default = bucket.encryption or (SSE_S3 if services.config.encrypts else None)
        if default is None:
            return _UNSEALED
        if default is SSE_S3:
            return _SEALED_BY_S3
        wanted = WantedEncryption(default)
    customer = wanted.customer
    if customer is not None:
        _check_secure(request)
        check_not_blocked(request)
        encryption = wanted.encryption._replace(customer_key_md5=customer.md5)
        return Target(Sealing(encryption, customer.key), customer, True)
    encryption = wanted.encryption
    if encryption.kind is EncryptionKind.SSE_KMS:
        has_default = services.config.dialect.has_default_kms_key
        if is_asked_for and not encryption.kms_key_id and not has_default:
            raise invalid_argument(
                "Server Side Encryption with KMS managed key requires a key id.", KMS_KEY, ""
            )
        key_id = await services.store.contents.kms_key(encryption.kms_key_id)
        encryption = encryption._replace(kms_key_id=key_id)
    return Target(Sealing(encryption), None, is_asked_for)


def check_not_blocked(request: S3Request) -> None:
    """Of what is written with a customer's key, also in addition to what was written before the
    bucket took none. Raises: AccessDenied."""
    if request.bucket_record.blocks_customer_keys:
        raise S3Error("AccessDenied")


def part_target(request: S3Request) -> Target:
    """Of a part of the upload that the gate has fetched: as the upload was begun.

    Raises: S3Errors; InvalidRequest: the customer's key is missing, or another one; AccessDenied:
    the bucket takes none any more."""
    target = _target_in(request, request.upload)
    if target.customer is not None:
        check_not_blocked(request)
    return target


def check_completion(
    services: Services, request: S3Request, upload: Upload
) -> CustomerKeyHeaders | None:
    """S3 needs the customer's key only of an upload with a checksum algorithm.

    Returns: of which the answer tells; S3's of none.
    Raises: as of a part. Source: S3 API, CompleteMultipartUpload."""
    is_needed = services.config.dialect.needs_customer_key_to_complete
    if is_needed or upload.is_checksum_chosen or read_customer_key(request.head) is not None:
        target = _target_in(request, upload)
        return target.customer if is_needed else None
    return None


def _target_in(request: S3Request, upload: Upload) -> Target:
    encryption, customer = upload.encryption, read_customer_key(request.head)
    if encryption is None:
        _refuse_needless(customer)
        return Target(None, None, False)
    if encryption.kind is not EncryptionKind.SSE_C:
        _refuse_needless(customer)
        return Target(Sealing(encryption), None, False)
    if customer is None:
        raise S3Error(
            "InvalidRequest",
            "The multipart upload initiate requested encryption. Subsequent part requests must"
            " include the appropriate encryption parameters.",
        )
    _check_secure(request)
    if customer.md5 != encryption.customer_key_md5:
        raise S3Error(
            "InvalidRequest",
            "The provided encryption parameters did not match the ones used originally.",
        )
    return Target(Sealing(encryption, customer.key), customer, True)


class Opening(NamedTuple):
    """Of what a request reads.

    Attributes:
        key: None: it needs none of the client's.
        headers: that tell of it.
    """

    encryption: Encryption | None
    customer: CustomerKeyHeaders | None
    key: CustomerKey | None
    headers: Sequence[tuple[bytes, bytes]]


# Of nearly all objects.
_PLAIN: Final = Opening(None, None, None, ())
_BY_S3: Final = Opening(SSE_S3, None, None, tuple(encryption_headers(SSE_S3)))


def opening_of(request: S3Request, encryption: Encryption | None) -> Opening:
    """Of an object.

    Raises: S3Errors; InvalidRequest: a key is missing, or needless; WrongCustomerKey: it is another
    one. An empty object has no bytes that would tell."""
    return _opening(request, encryption, read_customer_key(request.head))


def source_opening_of(request: S3Request, encryption: Encryption | None) -> Opening:
    """The same of what a copy reads."""
    return _opening(request, encryption, read_customer_key(request.head, COPY_SOURCE_CUSTOMER))


def _opening(
    request: S3Request, encryption: Encryption | None, customer: CustomerKeyHeaders | None
) -> Opening:
    if encryption is None or encryption.kind is not EncryptionKind.SSE_C:
        if customer is not None:
            _refuse_needless(customer)
        if encryption is None:
            return _PLAIN
        if encryption is SSE_S3:
            return _BY_S3
        return Opening(encryption, None, None, encryption_headers(encryption))
    if customer is None:
        raise S3Error(
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters"
            " must be provided to retrieve the object.",
        )
    _check_secure(request)
    if customer.md5 != encryption.customer_key_md5:
        raise WrongCustomerKey()
    return Opening(encryption, customer, customer.key, encryption_headers(encryption, customer))


def _refuse_needless(customer: CustomerKeyHeaders | None) -> None:
    if customer is not None:
        raise S3Error(
            "InvalidRequest", "The encryption parameters are not applicable to this object."
        )


def _check_secure(request: S3Request) -> None:
    """A key that goes over the network in the clear is none, and be it between a proxy and here.

    Raises: InvalidRequest."""
    connection = request.connection
    if connection.scheme == "https" or _is_loopback(connection.address):
        return
    raise S3Error(
        "InvalidRequest",
        "Requests specifying Server Side Encryption with Customer provided keys must be made over"
        " a secure connection.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # A socket of this machine's file system.
        return not host
