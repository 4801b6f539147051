"""Conditional requests: If-* headers of reads, of copy sources and of writes.

Reads and copy sources are decided here, on the version that is served. Conditions of writes are
only parsed here: they are decided at commit, where no other write can come between.
ETags are compared without their quotes, which clients may leave out.
Source: RFC 9110, section 13; S3 user guide, "Conditional requests".
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from trioxygen.gateway.protocol.dates import parse_date_s, parse_http_date
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.numbers import BOUND, natural_up_to
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.store.values.keys import HttpCondition, WriteCondition

_ENTITY_TAG: Final = re.compile(r'[ \t,]*(?:(W/)?"([^"]*)"|([^\s",]+))[ \t]*(?:,|\Z)')

_NAMES: Final = ("if-match", "if-unmodified-since", "if-none-match", "if-modified-since")
_IF_SIZE: Final = "x-amz-if-match-size"
_IF_MODIFIED: Final = "x-amz-if-match-last-modified-time"
_COPY_PREFIX: Final = "x-amz-copy-source-"
_COPY_NAMES: Final = tuple(_COPY_PREFIX + name for name in _NAMES)


def entity_tags(header: str) -> list[tuple[str, bool]]:
    """(tag without quotes, whether it is weak) of a list of entity tags; ``*`` is itself.

    What is not a list of tags ends the list: nothing after it matches.
    """
    tags: list[tuple[str, bool]] = []
    position = 0
    while (match := _ENTITY_TAG.match(header, position)) is not None:
        weak, quoted, bare = match.groups()
        tags.append((bare if quoted is None else quoted, weak is not None))
        position = match.end()
        if position >= len(header):
            break
    return tags


def _matches(header: str, etag: str, *, weak_too: bool) -> bool:
    if header == "*" or header == etag or header == f'"{etag}"':
        return True
    return any(tag == etag and (weak_too or not weak) for tag, weak in entity_tags(header))


def _since(header: str | None, now_s: int) -> int | None:
    return None if header is None else parse_http_date(header, now_s=now_s)


def _failed_condition(
    head: RequestHeaders, names: Sequence[str], etag: str, modified_s: int, now_s: int
) -> str | None:
    """The first condition that does not hold, by its header's name, in RFC 9110's order."""
    match_name, unmodified_name, none_match_name, modified_name = names
    if_match = head.header(match_name)
    if if_match is not None:
        if not _matches(if_match, etag, weak_too=False):
            return "If-Match"
    else:
        since_s = _since(head.header(unmodified_name), now_s)
        if since_s is not None and modified_s > since_s:
            return "If-Unmodified-Since"
    if_none_match = head.header(none_match_name)
    if if_none_match is not None:
        if _matches(if_none_match, etag, weak_too=True):
            return "If-None-Match"
    else:
        since_s = _since(head.header(modified_name), now_s)
        # S3 ignores a date that is still to come. The object's own time is never to come, though
        # this machine's clock may be behind the one that gave it.
        if since_s is not None and modified_s <= since_s <= max(now_s, modified_s):
            return "If-Modified-Since"
    return None


def is_not_modified(head: RequestHeaders, *, etag: str, last_modified_ms: int, now_s: int) -> bool:
    """Decide the If-* headers of GET and HEAD: whether the answer is 304.

    If-Match is stronger than If-Unmodified-Since, If-None-Match than If-Modified-Since. A date
    that cannot be read is ignored; dates count in whole seconds, as Last-Modified shows them.

    Args:
        etag: of the version served, without quotes.
    Raises:
        S3Error: PreconditionFailed (412).
    """
    condition = _failed_condition(head, _NAMES, etag, last_modified_ms // 1_000, now_s)
    if condition in ("If-Match", "If-Unmodified-Since"):
        raise S3Error("PreconditionFailed", details={"Condition": condition})
    return condition is not None


def if_range_holds(head: RequestHeaders, *, etag: str, last_modified_ms: int, now_s: int) -> bool:
    """Whether Range may be honoured: without If-Range, or when it names the version served.

    An entity tag must match strongly, a date must be Last-Modified to the second. Whatever else
    stands there (a weak tag, a list, ``*``, another date) names no version, and the client gets
    the whole object: a part of it could be joined to bytes of another version.
    Source: RFC 9110, section 13.1.5.
    """
    value = head.header("if-range")
    if value is None or value in (f'"{etag}"', etag):
        return True
    return parse_http_date(value, now_s=now_s) == last_modified_ms // 1_000


def check_copy_conditions(
    head: RequestHeaders, *, etag: str, last_modified_ms: int, now_s: int
) -> None:
    """Decide the x-amz-copy-source-if-* headers of CopyObject and UploadPartCopy.

    Args:
        etag: of the source version, without quotes.
    Raises:
        S3Error: PreconditionFailed, for each of them.
    """
    condition = _failed_condition(head, _COPY_NAMES, etag, last_modified_ms // 1_000, now_s)
    if condition is not None:
        raise S3Error("PreconditionFailed", details={"Condition": _COPY_PREFIX + condition})


def read_http_condition(head: RequestHeaders, *, prefix: str = "", now_s: int) -> HttpCondition:
    """All of them, for the store to decide.

    Args:
        prefix: of the headers' names.
    Raises:
        S3Error: InvalidArgument, for what is no tag or no date: nobody's condition is ignored.
    """
    match_name, unmodified_name, none_match_name, modified_name = (prefix + name for name in _NAMES)
    return HttpCondition(
        if_match=_strong_tags(head, match_name),
        if_none_match=_all_tags(head, none_match_name),
        if_modified_since_s=_date(head, modified_name, now_s),
        if_unmodified_since_s=_date(head, unmodified_name, now_s),
    )


def _all_tags(head: RequestHeaders, name: str) -> tuple[str, ...]:
    header = head.header(name)
    tags = entity_tags(header or "")
    if header is not None and not tags:
        raise invalid_argument(f"The {name} header takes entity tags or *.", name, header)
    return tuple([tag for tag, _ in tags])


def _strong_tags(head: RequestHeaders, name: str) -> tuple[str, ...]:
    """A weak one matches nothing: it is given as no version has it."""
    _all_tags(head, name)
    tags = entity_tags(head.header(name) or "")
    return tuple([f'W/"{tag}"' if weak else tag for tag, weak in tags])


def _date(head: RequestHeaders, name: str, now_s: int) -> int | None:
    header = head.header(name)
    date_s = _since(header, now_s)
    if header is not None and date_s is None:
        raise invalid_argument(f"The {name} header takes a date of HTTP.", name, header)
    return date_s


def _single_tag(head: RequestHeaders, name: str, *, weak_too: bool) -> str:
    """A weak tag counts where weak ones match; else it is given as it came: what no version has."""
    header = head.header(name)
    if header is None:
        return ""
    tags = entity_tags(header)
    if len(tags) != 1 or not tags[0][0]:
        raise invalid_argument(
            f"The {name} header of a write takes one entity tag or *.", name, header
        )
    tag, weak = tags[0]
    if weak and not weak_too:
        return f'W/"{tag}"'
    # In quotes it is a tag like any other, and not the sign for any version.
    return '"*"' if tag == "*" and '"' in header else tag


class DeletionCondition(NamedTuple):
    """What a version must be for a deletion to happen; None, and "": nothing is said of it."""

    if_match: str = ""
    size_bytes: int | None = None
    modified_s: int | None = None


def read_deletion_condition(head: RequestHeaders, *, now_s: int) -> DeletionCondition:
    """Of size and time AWS takes the conditions for directory buckets only; here they hold for all.

    Args:
        now_s: see `parse_date_s`.
    Raises:
        S3Error: NotImplemented (If-None-Match, If-Unmodified-Since), InvalidArgument.
    """
    condition = read_write_condition(head)
    if condition is not None and condition.if_none_match:
        raise not_implemented("A deletion takes no If-None-Match header.", header="If-None-Match")
    size, modified = head.header(_IF_SIZE), head.header(_IF_MODIFIED)
    size_bytes = None if size is None else natural_up_to(size, BOUND)
    if size is not None and size_bytes is None:
        raise invalid_argument("The size to match must be a number of bytes.", _IF_SIZE, size)
    modified_s = None if modified is None else parse_date_s(modified, now_s=now_s)
    if modified is not None and modified_s is None:
        raise invalid_argument("The time to match must be a date.", _IF_MODIFIED, modified)
    return DeletionCondition(
        "" if condition is None else condition.if_match, size_bytes, modified_s
    )


def read_write_condition(
    head: RequestHeaders, *, none_match_tags: bool = False
) -> WriteCondition | None:
    """The condition of PutObject, CopyObject (on its target) or CompleteMultipartUpload.

    Args:
        none_match_tags: take an entity tag in If-None-Match; S3 takes only ``*`` there.
    Returns:
        None when the request has no condition.
    Raises:
        S3Error: NotImplemented (both headers, an If-None-Match that is not taken, or
            If-Unmodified-Since: what a client counts on is never silently ignored),
            InvalidArgument (no tag, or several).
    """
    if head.header("if-unmodified-since") is not None:
        raise not_implemented(
            "A write takes no If-Unmodified-Since header.", header="If-Unmodified-Since"
        )
    if_match = _single_tag(head, "if-match", weak_too=False)
    if_none_match = _single_tag(head, "if-none-match", weak_too=True)
    if not if_match and not if_none_match:
        return None
    if if_match and if_none_match:
        raise not_implemented(
            "Multiple conditional request headers present in the request", header="If-None-Match"
        )
    if if_none_match and not (none_match_tags or if_none_match == "*"):
        raise not_implemented(
            "We don't accept the provided value of If-None-Match header for this API",
            header="If-None-Match",
        )
    return WriteCondition(if_match=if_match, if_none_match=if_none_match)
