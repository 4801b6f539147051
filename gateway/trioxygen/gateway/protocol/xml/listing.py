"""Listing documents: buckets, objects (versions 1 and 2 of the API) and object versions.

A page has up to 1,000 entries and listing is a hot path: one f-string an entry, nothing else.
Source: S3 API, ListBuckets, ListObjects, ListObjectsV2, ListObjectVersions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.gateway.protocol.dates import iso_date
from trioxygen.gateway.protocol.versions import version_id
from trioxygen.gateway.protocol.xml.document import (
    Owner,
    boolean,
    document,
    element,
    encoded_names,
    name_encoder,
    owner_element,
    text,
)
from trioxygen.gateway.store.values.keys import ListedKey, ListedVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBucket:
    """One row of ListBuckets."""

    name: str
    created_ms: int
    region: str | None = None


_NO_OTHERS: Final[Mapping[str, Owner]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingHead:
    """What every page of a listing of one bucket echoes of the request, and whether it ended.

    owner: of the bucket, and of every object in it that is no other account's; None: owners are not
        shown.
    others: owners of objects, by their account ids.
    encoding_type: None or "url", which then applies to every name in the document.
    encodes_as_form: "url" is S3's: see `Dialect`.
    """

    bucket: str
    prefix: str
    delimiter: str
    max_keys: int
    is_truncated: bool
    owner: Owner | None = None
    others: Mapping[str, Owner] = field(default_factory=lambda: _NO_OTHERS)
    encoding_type: str | None = None
    encodes_as_form: bool = True

    @property
    def name_encoder(self) -> Callable[[str], str]:
        return name_encoder(self.encoding_type, is_form=self.encodes_as_form)


def list_buckets(
    *,
    owner: Owner,
    buckets: Sequence[ListedBucket],
    prefix: str | None = None,
    continuation_token: str | None = None,
) -> bytes:
    """ListAllMyBucketsResult; `continuation_token` is of the next page."""
    rows = "".join(
        f"<Bucket><Name>{text(bucket.name)}</Name>"
        f"<CreationDate>{iso_date(bucket.created_ms)}</CreationDate>"
        f"{element('BucketRegion', bucket.region)}</Bucket>"
        for bucket in buckets
    )
    return document(
        "ListAllMyBucketsResult",
        f"{owner_element('Owner', owner)}<Buckets>{rows}</Buckets>"
        f"{element('Prefix', prefix)}{element('ContinuationToken', continuation_token)}",
    )


def _checksum_elements(algorithm: Algorithm | None, kind: ChecksumType | None) -> str:
    if algorithm is None:
        return ""
    return f"<ChecksumAlgorithm>{algorithm.value}</ChecksumAlgorithm>" + (
        "" if kind is None else f"<ChecksumType>{kind.value}</ChecksumType>"
    )


class _ObjectElements:
    """Writes what Contents and Version share. Neighbours mostly have the same checksum.

    Comparing with the entry before takes a fraction of building the elements again (an Enum's
    `value` and hash are slow).
    """

    __slots__ = ("_algorithm", "_checksum", "_kind", "_others", "_owner")

    def __init__(self, head: ListingHead) -> None:
        self._algorithm: Algorithm | None = None
        self._kind: ChecksumType | None = None
        self._checksum = ""
        self._owner = owner_element("Owner", head.owner)
        self._others = {
            account_id: owner_element("Owner", owner) for account_id, owner in head.others.items()
        }

    def owner(self, account_id: str) -> str:
        """Its element; empty where owners are not shown."""
        return self._others.get(account_id, self._owner) if self._others else self._owner

    def __call__(self, listed: ListedKey, name: str, version: str) -> str:
        """name: the key, as the document shows it."""
        _, modified_ms, etag, size_bytes, storage_class, algorithm, kind, account_id = listed
        owner = self._others.get(account_id, self._owner) if self._others else self._owner
        if algorithm is not self._algorithm or kind is not self._kind:
            self._checksum = _checksum_elements(algorithm, kind)
            self._algorithm, self._kind = algorithm, kind
        return (
            f"<Key>{name}</Key>{version}<LastModified>{iso_date(modified_ms)}</LastModified>"
            f"<ETag>&quot;{etag}&quot;</ETag>{self._checksum}<Size>{size_bytes}</Size>"
            f"{owner}<StorageClass>{storage_class}</StorageClass>"
        )


def _contents(head: ListingHead, objects: Sequence[ListedKey]) -> str:
    write = _ObjectElements(head)
    names = encoded_names(
        [listed.key for listed in objects], head.encoding_type, is_form=head.encodes_as_form
    )
    rows = [write(listed, name, "") for listed, name in zip(objects, names, strict=True)]
    return f"<Contents>{'</Contents><Contents>'.join(rows)}</Contents>" if rows else ""


def _common_prefixes(prefixes: Sequence[str], encode: Callable[[str], str]) -> str:
    return "".join(
        [f"<CommonPrefixes><Prefix>{encode(name)}</Prefix></CommonPrefixes>" for name in prefixes]
    )


def _frame(
    head: ListingHead,
    encode: Callable[[str], str],
    paging: str,
    *,
    encode_prefix: Callable[[str], str] | None = None,
) -> str:
    delimiter = f"<Delimiter>{encode(head.delimiter)}</Delimiter>" if head.delimiter else ""
    prefix = (encode_prefix or encode)(head.prefix)
    return (
        f"<Name>{text(head.bucket)}</Name><Prefix>{prefix}</Prefix>{paging}"
        f"<MaxKeys>{head.max_keys}</MaxKeys>{delimiter}"
        f"{element('EncodingType', head.encoding_type)}"
        f"<IsTruncated>{boolean(head.is_truncated)}</IsTruncated>"
    )


def _name(name: str, value: str | None, encode: Callable[[str], str]) -> str:
    return "" if value is None else f"<{name}>{encode(value)}</{name}>"


def list_objects_v1(
    head: ListingHead,
    *,
    marker: str,
    next_marker: str | None,
    objects: Sequence[ListedKey],
    common_prefixes: Sequence[str],
) -> bytes:
    """ListBucketResult of ListObjects; S3 gives `next_marker` only with a delimiter.

    encoding-type=url applies to Prefix too, as on S3, where Java's client decodes it and asks with
    it for the next page; of all fields botocore leaves just this one encoded.
    """
    encode = head.name_encoder
    paging = f"<Marker>{encode(marker)}</Marker>{_name('NextMarker', next_marker, encode)}"
    return document(
        "ListBucketResult",
        _frame(head, encode, paging, encode_prefix=None if head.encodes_as_form else text)
        + _contents(head, objects)
        + _common_prefixes(common_prefixes, encode),
    )


def list_objects_v2(
    head: ListingHead,
    *,
    start_after: str | None,
    continuation_token: str | None,
    next_continuation_token: str | None,
    objects: Sequence[ListedKey],
    common_prefixes: Sequence[str],
) -> bytes:
    """ListBucketResult of ListObjectsV2; tokens are opaque and never encoded."""
    encode = head.name_encoder
    paging = (
        f"{_name('StartAfter', start_after, encode)}"
        f"{element('ContinuationToken', continuation_token)}"
        f"{element('NextContinuationToken', next_continuation_token)}"
        f"<KeyCount>{len(objects) + len(common_prefixes)}</KeyCount>"
    )
    return document(
        "ListBucketResult",
        _frame(head, encode, paging)
        + _contents(head, objects)
        + _common_prefixes(common_prefixes, encode),
    )


def _versions(
    head: ListingHead,
    entries: Sequence[ListedVersion],
    encode: Callable[[str], str],
) -> str:
    write = _ObjectElements(head)
    rows: list[str] = []
    for listed, version, is_latest, is_marker in entries:
        identity = (
            f"<VersionId>{version_id(version)}</VersionId><IsLatest>{boolean(is_latest)}</IsLatest>"
        )
        if is_marker:
            rows.append(
                f"<DeleteMarker><Key>{encode(listed.key)}</Key>{identity}"
                f"<LastModified>{iso_date(listed.modified_ms)}</LastModified>"
                f"{write.owner(listed.account_id)}</DeleteMarker>"
            )
        else:
            rows.append(f"<Version>{write(listed, encode(listed.key), identity)}</Version>")
    return "".join(rows)


def list_versions(
    head: ListingHead,
    *,
    key_marker: str,
    version_id_marker: str,
    next_key_marker: str | None,
    next_version_id_marker: str | None,
    entries: Sequence[ListedVersion],
    common_prefixes: Sequence[str],
) -> bytes:
    """ListVersionsResult; versions and delete markers stay in the order given (key, newest)."""
    encode = head.name_encoder
    paging = (
        f"<KeyMarker>{encode(key_marker)}</KeyMarker>"
        f"<VersionIdMarker>{text(version_id_marker)}</VersionIdMarker>"
        f"{_name('NextKeyMarker', next_key_marker, encode)}"
        f"{element('NextVersionIdMarker', next_version_id_marker)}"
    )
    return document(
        "ListVersionsResult",
        _frame(head, encode, paging)
        + _versions(head, entries, encode)
        + _common_prefixes(common_prefixes, encode),
    )
