"""Keys: what a write makes of one, and what reads and listings show.

What each read makes is a named tuple: that takes a third of a frozen dataclass's time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.gateway.store.values.buckets import Bucket, LockMode
from trioxygen.gateway.store.values.encryption import Encryption

STANDARD: Final = "STANDARD"


class Content:
    """Where an object's bytes are. Opaque: what a store has given out, it takes back to read it or
    to let another key refer to the same bytes."""

    __slots__ = ()

    # Of what a key holds; also where nothing is said of it.
    is_sealed: bool


class ObjectHeaders(NamedTuple):
    """What a client said of an object, as it said it.

    Invariants: (1) no value holds a control character other than a tab; (2) names in
    `user_metadata` are lower case, without a protocol's prefix, and differ; (3) their names and
    values together are at most 2 KiB of UTF-8.
    """

    content_type: str | None = None
    cache_control: str | None = None
    content_disposition: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    expires: str | None = None
    website_redirect_location: str | None = None
    storage_class: str = STANDARD
    user_metadata: tuple[tuple[str, str], ...] = ()


class Checksum(NamedTuple):
    """type: None where it is of one part, or where whoever claims it does not say."""

    algorithm: Algorithm
    digest: bytes
    type: ChecksumType | None = None


class ObjectPart(NamedTuple):
    """Of a multipart object. digest: empty where it has none of its own; its algorithm is that of
    the object's checksum. md5, crc64nvme: empty where they are not known; the latter also where
    `digest` is it."""

    number: int
    size_bytes: int
    digest: bytes
    md5: bytes = b""
    crc64nvme: bytes = b""


class Retention(NamedTuple):
    mode: LockMode
    until_ms: int


class Lock(NamedTuple):
    """Of a version: it stays while one of both lasts. has_legal_hold: None: nobody ever said."""

    retention: Retention | None = None
    has_legal_hold: bool | None = None


NO_LOCK: Final = Lock()
# Pairs of key and value: of an object by key, of a bucket in the order they were given in.
Tags = tuple[tuple[str, str], ...]


class KeyRecord(NamedTuple):
    """A version of a key.

    Attributes:
        object_id: another one after each write.
        is_versioned: its id is `object_id`; else it is the null version.
        is_marker: a delete marker: it has neither bytes nor headers.
        is_current: it was its key's current version when it was looked up.
        parts: of a multipart object, in order; may be read as often as wanted, but each reading
            may cost.
        replication: that its bytes were written with.
        account_id: whose it is.
        acl: as it was stored; empty: it is the bucket owner's, and private.
    """

    object_id: int
    size_bytes: int
    modified_ms: int
    etag: str
    account_id: str
    headers: ObjectHeaders
    checksum: Checksum | None
    parts: Sequence[ObjectPart]
    content: Content
    replication: Replication = RATIS_ONE
    is_versioned: bool = False
    is_marker: bool = False
    tags: Tags = ()
    lock: Lock = NO_LOCK
    encryption: Encryption | None = None
    is_current: bool = False
    acl: bytes = b""

    @property
    def version(self) -> int:
        """As the store knows it by; 0: the null version."""
        return self.object_id if self.is_versioned else 0


class ListedKey(NamedTuple):
    """Of a key what a listing shows; a page has a thousand. account_id: whose it is; "": the bucket
    owner's."""

    key: str
    modified_ms: int
    etag: str
    size_bytes: int
    storage_class: str = STANDARD
    checksum_algorithm: Algorithm | None = None
    checksum_type: ChecksumType | None = None
    account_id: str = ""


class ListedVersion(NamedTuple):
    """Of a version what a listing shows. version: 0: the null version."""

    listed: ListedKey
    version: int
    is_latest: bool
    is_marker: bool


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Attributes:
    versions: by key, the newest first.
    next_version: with `next_key` the last that is shown; None: it is a common prefix."""

    bucket: Bucket
    versions: Sequence[ListedVersion]
    common_prefixes: Sequence[str]
    is_truncated: bool
    next_key: str
    next_version: int | None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Attributes:
    keys, common_prefixes: each in order.
    last: the key or common prefix at which the next page begins."""

    bucket: Bucket
    keys: Sequence[ListedKey]
    common_prefixes: Sequence[str]
    is_truncated: bool
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCondition:
    """What the current version must be for a write to happen; "" is no condition.

    Each is an ETag without quotes, or "*": any version. At most one of the two is given.
    """

    if_match: str = ""
    if_none_match: str = ""


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a write makes of a key; its bytes come beside it, written with `replication`. acl: as of
    `KeyRecord`."""

    size_bytes: int
    etag: str
    account_id: str
    headers: ObjectHeaders
    checksum: Checksum
    replication: Replication
    tags: Tags = ()
    lock: Lock = NO_LOCK
    encryption: Encryption | None = None
    acl: bytes = b""


class Committed(NamedTuple):
    """version: 0: the null version; None: the bucket never kept versions."""

    object_id: int
    modified_ms: int
    version: int | None


@dataclass(frozen=True, slots=True)
class CopySource:
    """The version whose bytes a copy shares."""

    bucket: Bucket
    key: str
    record: KeyRecord


@dataclass(frozen=True, slots=True)
class NewCopy:
    """What a copy makes of a key.

    Attributes:
        checksum: of the whole; None: the source's, and its parts'.
        replication: of bytes that were written again.
        encryption: None: nothing is claimed.
        content: that it shares; None: all of the source, sealed as that is.
        etag: "": the source's.
        acl: as of `KeyRecord`; never the source's."""

    account_id: str
    headers: ObjectHeaders
    checksum: Checksum | None
    replication: Replication
    tags: Tags = ()
    lock: Lock = NO_LOCK
    encryption: Encryption | None = None
    content: Content | None = None
    etag: str = ""
    acl: bytes = b""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an object becomes by bytes at its end.

    Attributes:
        size_bytes: of these alone.
        checksum, parts, etag: of the whole; None: it has no checksum.
        replication: that they were written with."""

    size_bytes: int
    etag: str
    checksum: Checksum | None
    parts: Sequence[ObjectPart]
    replication: Replication


class HttpCondition(NamedTuple):
    """On the current version of a key, as HTTP has them. Tags without quotes, "*": any."""

    if_match: tuple[str, ...] = ()
    if_none_match: tuple[str, ...] = ()
    if_modified_since_s: int | None = None
    if_unmodified_since_s: int | None = None


class Rename(NamedTuple):
    """Attributes:
    condition: on what has the new name now; source_condition: on what is renamed.
    token: the client's; a rename is done once with it. Empty: none.
    is_prefix: both names are prefixes, of all keys that begin so.
    is_new_prefix: only if no key begins with the new one yet."""

    source: str
    key: str
    condition: HttpCondition
    source_condition: HttpCondition
    token: bytes = b""
    is_prefix: bool = False
    is_new_prefix: bool = False


class KeyToDelete(NamedTuple):
    """version: for good, 0: the null version; None: the key, which leaves a marker where versions
    are kept. if_match: an ETag, "*": any existing object, "": no condition. if_modified_s: to the
    second."""

    key: str
    if_match: str = ""
    version: int | None = None
    if_size_bytes: int | None = None
    if_modified_s: int | None = None


class Deleted(NamedTuple):
    """version: which is gone or, of a key, the marker's that was made; None: none was there, or the
    bucket never kept versions. is_marker: it is, or was, a marker."""

    version: int | None = None
    is_marker: bool = False
