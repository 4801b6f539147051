"""Keys: what a write makes of one, and what reads and listings show.

What each read makes is a named tuple: that takes a third of a frozen dataclass's time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.gateway.store.values.buckets import Bucket

STANDARD: Final = "STANDARD"


class Content:
    """Where an object's bytes are. Opaque: what a store has given out, it takes back to read it or
    to let another key refer to the same bytes."""

    __slots__ = ()


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
    the object's checksum."""

    number: int
    size_bytes: int
    digest: bytes


class KeyRecord(NamedTuple):
    """The current version of a key.

    Attributes:
        object_id: another one after each write.
        parts: of a multipart object, in order; may be read as often as wanted, but each reading
            may cost.
        replication: that its bytes were written with.
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


class ListedKey(NamedTuple):
    """Of a key what a listing shows; a page has a thousand."""

    key: str
    modified_ms: int
    etag: str
    size_bytes: int
    storage_class: str = STANDARD
    checksum_algorithm: Algorithm | None = None
    checksum_type: ChecksumType | None = None


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
    """What a write makes of a key; its bytes come beside it, written with `replication`."""

    size_bytes: int
    etag: str
    account_id: str
    headers: ObjectHeaders
    checksum: Checksum
    replication: Replication


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
        replication: of bytes that were written again."""

    account_id: str
    headers: ObjectHeaders
    checksum: Checksum | None
    replication: Replication


class KeyToDelete(NamedTuple):
    """if_match: an ETag, "*": any existing object, "": no condition."""

    key: str
    if_match: str = ""
