"""Multipart uploads and their parts, as the store takes and gives them."""

from collections.abc import Sequence
from dataclasses import dataclass

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.replication import Replication
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.encryption import Encryption
from trioxygen.gateway.store.values.keys import (
    NO_LOCK,
    Checksum,
    Committed,
    Content,
    CopySource,
    Lock,
    ObjectHeaders,
    Tags,
    WriteCondition,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadChecksum:
    """What CreateMultipartUpload decides for all parts and the whole."""

    algorithm: Algorithm
    type: ChecksumType


@dataclass(frozen=True, slots=True)
class NewUpload:
    """is_checksum_chosen: by the client; else parts may bring checksums of another algorithm.
    replication: of all parts. account_id, acl: of the object, as of `KeyRecord`. initiator: who
    begins it, as S3 shows it: a canonical id, or the ARN of a user; "": the bucket's owner."""

    account_id: str
    headers: ObjectHeaders
    checksum: UploadChecksum
    is_checksum_chosen: bool
    replication: Replication
    tags: Tags = ()
    lock: Lock = NO_LOCK
    encryption: Encryption | None = None
    acl: bytes = b""
    initiator: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """One that is neither completed nor aborted; `is_checksum_chosen`, `account_id`, `initiator`:
    as in `NewUpload`. replication: None: begun before there was a choice."""

    upload_id: bytes
    key: str
    created_ms: int
    storage_class: str
    checksum: UploadChecksum | None
    is_checksum_chosen: bool
    replication: Replication | None = None
    lock: Lock = NO_LOCK
    encryption: Encryption | None = None
    account_id: str = ""
    initiator: str = ""


@dataclass(frozen=True, slots=True)
class UploadPage:
    """By key, then by id. `next_...`: the markers of the next page."""

    bucket: Bucket
    uploads: Sequence[Upload]
    common_prefixes: Sequence[str]
    is_truncated: bool
    next_key_marker: str
    next_upload_id_marker: bytes


@dataclass(frozen=True, slots=True)
class NewPart:
    """client_checksum: what came with it, when it is of another algorithm than the upload's.
    replication: that its bytes were written with. crc64nvme: where the checksum is another."""

    size_bytes: int
    etag: str
    checksum: Checksum
    replication: Replication
    client_checksum: Checksum | None = None
    crc64nvme: bytes = b""


@dataclass(frozen=True, slots=True)
class PartSource:
    """The version that a part takes a range of.

    Attributes:
        content: that it shares; None: it is written again."""

    version: CopySource
    offset_bytes: int
    length_bytes: int
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    size_bytes: int
    modified_ms: int
    etag: str
    checksum: Checksum | None


@dataclass(frozen=True, slots=True)
class PartPage:
    """By number."""

    parts: Sequence[Part]
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class CompletePart:
    """One of those that an upload is completed with, as its client lists it."""

    number: int
    etag: str
    checksum: Checksum | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What an upload is completed with.

    Attributes:
        checksum, size_bytes: of the whole, as the client claims it; None: no claim.
        part_size_bytes_min: of each but the last.
    """

    parts: Sequence[CompletePart]
    part_size_bytes_min: int
    condition: WriteCondition | None = None
    checksum: Checksum | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class CompletedUpload:
    etag: str
    checksum: Checksum | None
    committed: Committed
    encryption: Encryption | None = None
