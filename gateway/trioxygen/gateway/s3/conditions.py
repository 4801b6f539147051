"""Conditional requests: If-* headers of reads, of copy sources and of writes.

Reads and copy sources are decided here, on the version that is served. Conditions of writes are
only parsed here: they are decided at commit, where no other write can come between.
ETags are compared without their quotes, which clients may leave out.
Source: RFC 9110, section 13; S3 user guide, "Conditional requests".
"""

import re
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.s3.dates import http_date, parse_http_date
from trioxygen.gateway.s3.errors import S3Error, not_implemented
from trioxygen.gateway.s3.request import RequestHeaders

_ENTITY_TAG: Final = re.compile(r'[ \t,]*(?:(W/)?"([^"]*)"|([^\s",]+))[ \t]*(?:,|\Z)')

_COPY_PREFIX: Final = "x-amz-copy-source-"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCondition:
    """What the current version must be for a write to happen; "" is no condition.

    Each is an ETag without quotes, or "*": any version. At most one of the two is given.
    """

    if_match: str = ""
    if_none_match: str = ""


def entity_tags(header: str) -> list[tuple[str, bool]]:
    """(tag without quotes, whether it is weak) of a list of entity tags; ``*`` is itself.

    What is not a list of tags ends the list: nothing after it matches.
    """
    tags: list[tuple[str, bool]] = []
    position = 0
    while (found := _ENTITY_TAG.match(header, position)) is not None:
        weak, quoted, bare = found.groups()
        tags.append((bare if quoted is None else quoted, weak is not None))
        position = found.end()
        if position >= len(header):
            break
    return tags


def _matches(header: str, etag: str, *, weak_too: bool) -> bool:
    if header == "*" or header == etag or header == f'"{etag}"':
        return True
    return any(tag == etag and (weak_too or not weak) for tag, weak in entity_tags(header))


def _failed_condition(head: RequestHeaders, prefix: str, etag: str, modified_s: int) -> str | None:
    """The first condition that does not hold, by its header's name, in RFC 9110's order."""
    if_match = head.header(prefix + "if-match")
    if if_match is not None:
        if not _matches(if_match, etag, weak_too=False):
            return prefix + "if-match"
    else:
        unmodified = head.header(prefix + "if-unmodified-since")
        since_s = None if unmodified is None else parse_http_date(unmodified)
        if since_s is not None and modified_s > since_s:
            return prefix + "if-unmodified-since"
    if_none_match = head.header(prefix + "if-none-match")
    if if_none_match is not None:
        if _matches(if_none_match, etag, weak_too=True):
            return prefix + "if-none-match"
    else:
        modified = head.header(prefix + "if-modified-since")
        since_s = None if modified is None else parse_http_date(modified)
        if since_s is not None and modified_s <= since_s:
            return prefix + "if-modified-since"
    return None


def _precondition_failed(condition: str) -> S3Error:
    name = condition if condition.startswith("x-amz-") else condition.title()
    return S3Error("PreconditionFailed", details={"Condition": name})


def check_read_conditions(head: RequestHeaders, *, etag: str, last_modified_ms: int) -> None:
    """Decide the If-* headers of GET and HEAD.

    If-Match is stronger than If-Unmodified-Since, If-None-Match than If-Modified-Since. A date
    that cannot be read is ignored; dates count in whole seconds, as Last-Modified shows them.

    Args:
        etag: of the version served, without quotes.
    Raises:
        S3Error: PreconditionFailed (412), NotModified (304, with ETag and Last-Modified).
    """
    modified_s = last_modified_ms // 1000
    condition = _failed_condition(head, "", etag, modified_s)
    if condition is None:
        return
    if condition in ("if-match", "if-unmodified-since"):
        raise _precondition_failed(condition)
    raise S3Error(
        "NotModified",
        headers={"ETag": f'"{etag}"', "Last-Modified": http_date(modified_s).decode()},
    )


def check_copy_conditions(head: RequestHeaders, *, etag: str, last_modified_ms: int) -> None:
    """Decide the x-amz-copy-source-if-* headers of CopyObject and UploadPartCopy.

    Args:
        etag: of the source version, without quotes.
    Raises:
        S3Error: PreconditionFailed, never NotModified.
    """
    condition = _failed_condition(head, _COPY_PREFIX, etag, last_modified_ms // 1000)
    if condition is not None:
        raise _precondition_failed(condition)


def _single_tag(head: RequestHeaders, name: str) -> str:
    header = head.header(name)
    if header is None:
        return ""
    tags = entity_tags(header)
    if len(tags) != 1 or not tags[0][0] or tags[0][1]:
        raise S3Error(
            "InvalidArgument",
            f"The {name} header of a write takes one strong entity tag or *.",
            details={"ArgumentName": name, "ArgumentValue": header},
        )
    return tags[0][0]


def read_write_condition(
    head: RequestHeaders, *, none_match_tags: bool = False
) -> WriteCondition | None:
    """The condition of PutObject, CopyObject (on its target) or CompleteMultipartUpload.

    Args:
        none_match_tags: take an entity tag in If-None-Match, as the Ceph suite expects; AWS
            takes only ``*`` there.
    Returns:
        None when the request has no condition.
    Raises:
        S3Error: NotImplemented (both headers, or an If-None-Match that is not taken),
            InvalidArgument (empty, weak or several tags).
    """
    if_match = _single_tag(head, "if-match")
    if_none_match = _single_tag(head, "if-none-match")
    if not if_match and not if_none_match:
        return None
    if if_none_match and (if_match or not (none_match_tags or if_none_match == "*")):
        raise not_implemented(
            "The provided value of the If-None-Match header is not accepted for this API.",
            header="If-None-Match",
        )
    return WriteCondition(if_match=if_match, if_none_match=if_none_match)
