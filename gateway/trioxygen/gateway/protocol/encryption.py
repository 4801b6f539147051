"""Encryption: headers of writes, reads and answers, and the document of a bucket's default. Pure.

Source: S3 API, PutObject, GetObject, CopyObject, PutBucketEncryption; S3 user guide, "Protecting
data with encryption".
"""

import hashlib
import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Final, NamedTuple

from lxml import etree

from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.protocol.xml.document import boolean, document, element
from trioxygen.gateway.protocol.xml.reading import (
    children,
    leaf_text,
    local_name,
    once,
    parse_document,
)
from trioxygen.gateway.store.values.encryption import CustomerKey, Encryption, EncryptionKind

_PREFIX: Final = "x-amz-server-side-encryption"
KMS_KEY: Final = f"{_PREFIX}-aws-kms-key-id"
_CONTEXT: Final = f"{_PREFIX}-context"
_BUCKET_KEY: Final = f"{_PREFIX}-bucket-key-enabled"


class _CustomerNames:
    """Of the three headers with a customer's key. wire: as they are looked up. Hot: most requests
    have none of them."""

    __slots__ = ("algorithm", "key", "md5", "md5_shown", "wire")

    def __init__(self, prefix: str) -> None:
        self.algorithm, self.key, self.md5 = names = (
            f"{prefix}algorithm",
            f"{prefix}key",
            f"{prefix}key-md5",
        )
        self.md5_shown = f"{prefix}key-MD5"
        self.wire = tuple(name.encode() for name in names)


_CUSTOMER: Final = _CustomerNames(f"{_PREFIX}-customer-")
COPY_SOURCE_CUSTOMER: Final = _CustomerNames("x-amz-copy-source-server-side-encryption-customer-")
_AES256: Final = "AES256"
_KMS: Final = "aws:kms"
_DSSE: Final = "aws:kms:dsse"
_KEY_BYTES: Final = 32
# Of base64.
_MD5_CHARACTERS: Final = 24
_MUST: Final = "Requests specifying Server Side Encryption with Customer provided keys must provide"


class CustomerKeyHeaders(NamedTuple):
    """md5: of the key, in base64."""

    key: CustomerKey
    md5: str


@dataclass(frozen=True, slots=True)
class WantedEncryption:
    """What a write asks for. customer: of SSE_C."""

    encryption: Encryption
    customer: CustomerKeyHeaders | None = None


def read_customer_key(
    head: RequestHeaders, names: _CustomerNames = _CUSTOMER
) -> CustomerKeyHeaders | None:
    """Raises: InvalidArgument, InvalidEncryptionAlgorithmError."""
    if not head.has_any(names.wire):
        return None
    algorithm, key, md5 = (head.header(name) for name in (names.algorithm, names.key, names.md5))
    if algorithm is None:
        raise invalid_argument(f"{_MUST} a valid encryption algorithm.", names.algorithm, "")
    if algorithm != _AES256:
        raise S3Error("InvalidEncryptionAlgorithmError")
    if not key:
        raise invalid_argument(f"{_MUST} an appropriate secret key.", names.key, "")
    # What is wrong about a key is said without it.
    secret = _decoded(key)
    if secret is None or len(secret) != _KEY_BYTES:
        raise invalid_argument(
            "The secret key was invalid for the specified algorithm.", names.key, ""
        )
    if not md5:
        raise invalid_argument(
            f"{_MUST} the client calculated MD5 of the secret key.", names.md5_shown, ""
        )
    digest = hashlib.md5(secret, usedforsecurity=False).digest()
    if _decoded(md5) != digest:
        # What is longer than a digest may be a key in the wrong place.
        raise invalid_argument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
            names.md5_shown,
            md5 if len(md5) <= _MD5_CHARACTERS else "",
        )
    # Keys are told apart by it, and more than one text decodes to a digest.
    return CustomerKeyHeaders(CustomerKey(secret), b64encode(digest).decode())


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text.encode("latin-1", "replace"), validate=True)
    except (Base64Error, ValueError):
        return None


def read_encryption(head: RequestHeaders) -> WantedEncryption | None:
    """What PutObject, CopyObject (of its target) and CreateMultipartUpload ask for; None: nothing.

    Raises: InvalidArgument, InvalidEncryptionAlgorithmError, NotImplemented (DSSE)."""
    method, customer = head.header(_PREFIX), read_customer_key(head)
    if customer is not None:
        if method is not None:
            raise invalid_argument(
                "Server Side Encryption with Customer provided key is incompatible with the"
                " encryption method specified",
                _PREFIX,
                method,
            )
        return WantedEncryption(Encryption(EncryptionKind.SSE_C), customer)
    key_id, context = head.header(KMS_KEY), head.header(_CONTEXT)
    bucket_key = (head.header(_BUCKET_KEY) or "").lower() == "true"
    if method == _DSSE:
        raise not_implemented("Encryption in two layers is not implemented.", header=_PREFIX)
    if method == _KMS:
        return WantedEncryption(
            Encryption(EncryptionKind.SSE_KMS, key_id or "", _read_context(context), bucket_key)
        )
    if key_id is not None or context is not None:
        raise invalid_argument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header"
            " x-amz-server-side-encryption : aws:kms",
            _PREFIX,
            method or "",
        )
    if method is None:
        return None
    if method != _AES256:
        raise invalid_argument("The encryption method specified is not supported", _PREFIX, method)
    return WantedEncryption(Encryption(EncryptionKind.SSE_S3))


def _read_context(text: str | None) -> str:
    """JSON of an object of strings, as the KMS is to have it."""
    if text is None:
        return ""
    try:
        value = json.loads(_decoded(text) or b"")
    except (ValueError, RecursionError):
        value = None
    is_right = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if not is_right:
        raise invalid_argument(
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string"
            " holding JSON which represents a string-string map",
            _CONTEXT,
            text,
        )
    return json.dumps(value, sort_keys=True)


def refuse_on_read(head: RequestHeaders) -> None:
    """Raises: InvalidArgument: a read says how it is to be encrypted."""
    method = head.header(_PREFIX)
    if method is not None:
        raise invalid_argument(
            f"{_PREFIX} header is not supported for this operation.", _PREFIX, method
        )


def encryption_headers(
    encryption: Encryption | None, customer: CustomerKeyHeaders | None = None
) -> list[tuple[bytes, bytes]]:
    """Of an answer that tells of an object; None: nothing is claimed.

    Args:
        customer: the key that came with the request. None: none did, and S3 tells of none, as in
            the answer to CompleteMultipartUpload.
    """
    if encryption is None:
        return []
    if encryption.kind is EncryptionKind.SSE_S3:
        return _SSE_S3_HEADERS
    if encryption.kind is EncryptionKind.SSE_C:
        if customer is None:
            return []
        return [
            (_CUSTOMER.algorithm.encode(), b"AES256"),
            (_CUSTOMER.md5_shown.encode(), customer.md5.encode()),
        ]
    shown = [
        (_PREFIX.encode(), _KMS.encode()),
        (KMS_KEY.encode(), encryption.kms_key_id.encode("latin-1", "replace")),
    ]
    if encryption.context:
        shown.append((_CONTEXT.encode(), b64encode(encryption.context.encode())))
    if encryption.has_bucket_key:
        shown.append((_BUCKET_KEY.encode(), b"true"))
    return shown


_SSE_S3_HEADERS: Final = [(_PREFIX.encode(), _AES256.encode())]


# ---- a bucket's default ----


class BucketEncryption(NamedTuple):
    default: Encryption
    blocks_customer_keys: bool = False


def read_bucket_encryption(body: bytes) -> BucketEncryption:
    """Raises: MissingRequestBodyError, MalformedXML, InvalidArgument, NotImplemented (DSSE)."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    root = parse_document(body, "ServerSideEncryptionConfiguration", rows_max=1)
    if [local_name(child) for child in root] != ["Rule"]:
        raise S3Error("MalformedXML")
    parts = once(root[0])
    default = parts.pop("ApplyServerSideEncryptionByDefault", None)
    bucket_key = parts.pop("BucketKeyEnabled", None)
    blocked = parts.pop("BlockedEncryptionTypes", None)
    if parts or (default is None and bucket_key is None and blocked is None):
        raise S3Error("MalformedXML")
    encryption = Encryption(EncryptionKind.SSE_S3) if default is None else _default(default)
    return BucketEncryption(
        encryption._replace(has_bucket_key=_is_true(bucket_key)),
        blocked is not None and _blocks_customer_keys(blocked),
    )


def _default(node: "etree._Element") -> Encryption:
    fields = children(node)
    algorithm, key_id = fields.pop("SSEAlgorithm", ""), fields.pop("KMSMasterKeyID", "")
    if algorithm == _DSSE:
        raise not_implemented("Encryption in two layers is not implemented.")
    if fields or algorithm not in (_AES256, _KMS):
        raise S3Error("MalformedXML")
    if algorithm == _KMS:
        return Encryption(EncryptionKind.SSE_KMS, key_id)
    if key_id:
        raise invalid_argument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
            "ApplyServerSideEncryptionByDefault",
            key_id,
        )
    return Encryption(EncryptionKind.SSE_S3)


def _is_true(node: "etree._Element | None") -> bool:
    if node is None:
        return False
    text = leaf_text(node).strip().lower()
    if text not in ("true", "false"):
        raise S3Error("MalformedXML")
    return text == "true"


def _blocks_customer_keys(node: "etree._Element") -> bool:
    types = [leaf_text(child).strip() for child in node]
    names = {local_name(child) for child in node}
    if names - {"EncryptionType"} or types not in (["SSE-C"], ["NONE"]):
        raise S3Error("MalformedXML")
    return types == ["SSE-C"]


def bucket_encryption_document(shown: BucketEncryption) -> bytes:
    default = shown.default
    is_kms = default.kind is EncryptionKind.SSE_KMS
    algorithm = element("SSEAlgorithm", _KMS if is_kms else _AES256)
    key_id = element("KMSMasterKeyID", default.kms_key_id or None)
    blocked = ""
    if shown.blocks_customer_keys:
        blocked = element("EncryptionType", "SSE-C")
        blocked = f"<BlockedEncryptionTypes>{blocked}</BlockedEncryptionTypes>"
    return document(
        "ServerSideEncryptionConfiguration",
        f"<Rule><ApplyServerSideEncryptionByDefault>{algorithm}{key_id}"
        "</ApplyServerSideEncryptionByDefault>"
        f"<BucketKeyEnabled>{boolean(default.has_bucket_key)}</BucketKeyEnabled>{blocked}</Rule>",
    )
