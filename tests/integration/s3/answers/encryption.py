"""Objects that are encrypted otherwise than S3 does it by itself."""

import base64
import hashlib
from typing import Final

from tests.integration.s3.answers.expected import gives, refuses
from tests.integration.s3.answers.place import CUSTOMER_KEY

_SSE: Final = "x-amz-server-side-encryption"
_CUSTOMER: Final = f"{_SSE}-customer-"
_SOURCE: Final = "x-amz-copy-source-server-side-encryption-customer-"


def _key(prefix: str, key: bytes = CUSTOMER_KEY) -> dict[str, str]:
    """As a client sends it."""
    return {
        f"{prefix}algorithm": "AES256",
        f"{prefix}key": base64.b64encode(key).decode(),
        f"{prefix}key-MD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


_MD5: Final = _key(_CUSTOMER)[f"{_CUSTOMER}key-MD5"]
_OTHER_MD5: Final = "AAAAAAAAAAAAAAAAAAAAAA=="
_TOLD: Final = {f"{_CUSTOMER}algorithm": "AES256", f"{_CUSTOMER}key-md5": _MD5}
_KMS: Final = {_SSE: "aws:kms", f"{_SSE}-aws-kms-key-id": "arn:aws:kms:@any:key/@any"}
_CHECKSUM: Final = {"x-amz-checksum-crc64nvme": "@crc64", "x-amz-checksum-type": "FULL_OBJECT"}
_READ: Final = {
    "last-modified": "@http-date",
    # No MD5 of what a client has the key of.
    "etag": '"@tag"',
    "accept-ranges": "bytes",
    "content-type": "binary/octet-stream",
}
_COPIED: Final = (
    'CopyObjectResult(LastModified=@date ETag="@tag" ChecksumCRC64NVME=@crc64'
    " ChecksumType=FULL_OBJECT)"
)
_KEY_IS_MISSING: Final = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be"
    " provided to retrieve the object."
)
_KEY_IS_NEEDLESS: Final = "The encryption parameters are not applicable to this object."
_PARTS_NEED_IT: Final = (
    "The multipart upload initiate requested encryption. Subsequent part requests must include the"
    " appropriate encryption parameters."
)
_NEEDS_KMS: Final = (
    "Server Side Encryption with AWS KMS managed key requires HTTP header"
    " x-amz-server-side-encryption : aws:kms"
)
_NO_KEY: Final = (
    "Requests specifying Server Side Encryption with Customer provided keys must provide an"
    " appropriate secret key."
)
_NO_MATCH: Final = "The calculated MD5 hash of the key did not match the hash that was provided."
_LAYERS: Final = "additionalMessage='Encryption in two layers is not implemented.'"

ROWS: Final = (
    gives(
        "PutObject",
        "under a client's key",
        "PUT /{plain}/new-own",
        200,
        {"etag": '"@tag"', **_CHECKSUM, **_TOLD},
        body="body",
        sent=_key(_CUSTOMER),
    ),
    gives(
        "PutObject",
        "under a key of the KMS, with a key of the bucket",
        "PUT /{plain}/new-kms",
        200,
        {"etag": '"@tag"', **_CHECKSUM, **_KMS, f"{_SSE}-bucket-key-enabled": "true"},
        body="body",
        sent={_SSE: "aws:kms", f"{_SSE}-bucket-key-enabled": "true"},
    ),
    refuses(
        "PutObject",
        "in two layers",
        "PUT /{plain}/k",
        "501 NotImplemented",
        f"Header={_SSE} {_LAYERS}",
        body="body",
        sent={_SSE: "aws:kms:dsse"},
    ),
    refuses(
        "PutObject",
        "no method of encryption",
        "PUT /{plain}/k",
        "400 InvalidArgument",
        f"ArgumentName={_SSE} ArgumentValue=ROT13",
        message="The encryption method specified is not supported",
        body="body",
        sent={_SSE: "ROT13"},
    ),
    refuses(
        "PutObject",
        "a key of the KMS, and S3's own encryption",
        "PUT /{plain}/k",
        "400 InvalidArgument",
        f"ArgumentName={_SSE} ArgumentValue=AES256",
        message=_NEEDS_KMS,
        body="body",
        sent={_SSE: "AES256", f"{_SSE}-aws-kms-key-id": "s3"},
    ),
    refuses(
        "PutObject",
        "a key that the KMS does not have",
        "PUT /{plain}/k",
        "400 KMS.NotFoundException",
        message="Key 'none' does not exist",
        body="body",
        sent={_SSE: "aws:kms", f"{_SSE}-aws-kms-key-id": "none"},
    ),
    refuses(
        "PutObject",
        "a client's key that is not sent",
        "PUT /{plain}/k",
        "400 InvalidArgument",
        f"ArgumentName={_CUSTOMER}key ArgumentValue=",
        message=_NO_KEY,
        body="body",
        sent={f"{_CUSTOMER}algorithm": "AES256"},
    ),
    refuses(
        "PutObject",
        "a client's key of another digest",
        "PUT /{plain}/k",
        "400 InvalidArgument",
        f"ArgumentName={_CUSTOMER}key-MD5 ArgumentValue={_OTHER_MD5}",
        message=_NO_MATCH,
        body="body",
        sent={**_key(_CUSTOMER), f"{_CUSTOMER}key-MD5": _OTHER_MD5},
    ),
    gives(
        "GetObject",
        "under a client's key",
        "GET /{plain}/own",
        200,
        {**_READ, **_TOLD},
        content=b"body",
        sent=_key(_CUSTOMER),
    ),
    gives(
        "GetObject",
        "under a key of the KMS",
        "GET /{plain}/kms",
        200,
        {**_READ, **_KMS},
        content=b"body",
    ),
    refuses(
        "GetObject",
        "without the client's key",
        "GET /{plain}/own",
        "400 InvalidRequest",
        message=_KEY_IS_MISSING,
    ),
    refuses(
        "GetObject",
        "with another key",
        "GET /{plain}/own",
        "403 AccessDenied",
        sent=_key(_CUSTOMER, b"k" * 32),
    ),
    refuses(
        "GetObject",
        "with a needless key",
        "GET /{plain}/k",
        "400 InvalidRequest",
        message=_KEY_IS_NEEDLESS,
        sent=_key(_CUSTOMER),
    ),
    refuses(
        "GetObject",
        "asks for encryption",
        "GET /{plain}/k",
        "400 InvalidArgument",
        f"ArgumentName={_SSE} ArgumentValue=AES256",
        message="x-amz-server-side-encryption header is not supported for this operation.",
        sent={_SSE: "AES256"},
    ),
    gives(
        "HeadObject",
        "under a client's key",
        "HEAD /{plain}/own",
        200,
        {**_READ, **_TOLD, "content-length": "4"},
        sent=_key(_CUSTOMER),
    ),
    refuses(
        "HeadObject",
        "without the client's key",
        "HEAD /{plain}/own",
        "400 InvalidRequest",
        message=_KEY_IS_MISSING,
    ),
    gives(
        "CopyObject",
        "of a client's key: the target's default, not the source's",
        "PUT /{plain}/was-customer",
        200,
        {_SSE: "AES256"},
        _COPIED,
        sent={"x-amz-copy-source": "{plain}/own", **_key(_SOURCE)},
    ),
    gives(
        "CopyObject",
        "of the KMS: the target's default, not the source's",
        "PUT /{plain}/was-kms",
        200,
        {_SSE: "AES256"},
        _COPIED,
        sent={"x-amz-copy-source": "{plain}/kms"},
    ),
    gives(
        "CopyObject",
        "onto itself, encrypted otherwise",
        "PUT /{plain}/same",
        200,
        _KMS,
        _COPIED,
        sent={"x-amz-copy-source": "{plain}/same", _SSE: "aws:kms"},
    ),
    refuses(
        "CopyObject",
        "of a client's key, which is not sent",
        "PUT /{plain}/c",
        "400 InvalidRequest",
        message=_KEY_IS_MISSING,
        sent={"x-amz-copy-source": "{plain}/own"},
    ),
    gives(
        "CreateMultipartUpload",
        "under a key of the KMS",
        "POST /{plain}/begun-kms?uploads",
        200,
        _KMS,
        "InitiateMultipartUploadResult(Bucket={plain} Key=begun-kms UploadId=@upload)",
        sent={_SSE: "aws:kms"},
    ),
    refuses(
        "UploadPart",
        "without the upload's key",
        "PUT /{plain}/own?partNumber=1&uploadId={own}",
        "400 InvalidRequest",
        message=_PARTS_NEED_IT,
        body="body",
    ),
    gives(
        "UploadPart",
        "under a client's key",
        "PUT /{plain}/own?partNumber=1&uploadId={own}",
        200,
        {"etag": '"@tag"', "x-amz-checksum-crc64nvme": "@crc64", **_TOLD},
        body="body",
        sent=_key(_CUSTOMER),
    ),
    gives(
        "UploadPartCopy",
        "under a client's key",
        "PUT /{plain}/own?partNumber=2&uploadId={own}",
        200,
        _TOLD,
        'CopyPartResult(LastModified=@date ETag="@tag" ChecksumCRC64NVME=@crc64)',
        sent={"x-amz-copy-source": "{plain}/k", **_key(_CUSTOMER)},
    ),
    refuses(
        "GetObjectAttributes",
        "without the client's key",
        "GET /{plain}/own?attributes",
        "400 InvalidRequest",
        message=_KEY_IS_MISSING,
        sent={"x-amz-object-attributes": "ETag"},
    ),
    refuses(
        "PutBucketEncryption",
        "in two layers",
        "PUT /{busy}?encryption",
        "501 NotImplemented",
        _LAYERS,
        body="<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
        "<SSEAlgorithm>aws:kms:dsse</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
        "</ServerSideEncryptionConfiguration>",
    ),
)
