"""Tag sets as XML and as the header of a write, of objects and of buckets alike. Pure.

Source: S3 API, PutObjectTagging, PutBucketTagging, PutObject; S3 user guide, "Categorizing your
objects using tags"; Billing user guide, "User-defined tag restrictions".
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from lxml import etree

from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.escapes import form_decoded
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.protocol.xml.document import document, element
from trioxygen.gateway.protocol.xml.reading import children, local_name, parse_document
from trioxygen.gateway.store.values.keys import Tags

OBJECT_TAGS_MAX: Final = 10
BUCKET_TAGS_MAX: Final = 50
TAGGING_HEADER: Final = "x-amz-tagging"

_KEY_CHARACTERS_MAX: Final = 128
_VALUE_CHARACTERS_MAX: Final = 256
_SYSTEM_PREFIX: Final = "aws:"
_SIGNS: Final = frozenset("+-=._:/@")


def read_tags(body: bytes) -> Tags:
    """Raises: MissingRequestBodyError, MalformedXML."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    root = parse_document(body, "Tagging", rows_max=2 * BUCKET_TAGS_MAX)
    if [local_name(child) for child in root] != ["TagSet"]:
        raise S3Error("MalformedXML")
    return tags_of(root[0])


def tags_of(tag_set: "etree._Element") -> Tags:
    """Raises: MalformedXML."""
    return tuple([_tag(node) for node in tag_set])


def _tag(node: "etree._Element") -> tuple[str, str]:
    fields = children(node)
    if local_name(node) != "Tag" or fields.keys() != {"Key", "Value"}:
        raise S3Error("MalformedXML")
    return fields["Key"], fields["Value"]


def tags_document(tags: Sequence[tuple[str, str]]) -> bytes:
    content = "".join(
        [f"<Tag>{element('Key', key)}{element('Value', value)}</Tag>" for key, value in tags]
    )
    return document("Tagging", f"<TagSet>{content}</TagSet>")


def read_tagging_header(text: str | None) -> Tags:
    """Tags as a query writes them, by key; None: none.

    Raises: InvalidArgument: it is no such query, or names a key twice; InvalidTag; BadRequest."""
    tags: list[tuple[str, str]] = []
    for pair in (text or "").split("&"):
        if not pair:
            continue
        key, _, value = pair.partition("=")
        tags.append((_decoded(key, text), _decoded(value, text)))
    keys = {key for key, _ in tags}
    if len(keys) != len(tags) or "" in keys:
        raise _no_query(text)
    check_object_tags(tags, system_message="Your TagKey cannot be prefixed with aws:")
    return tuple(sorted(tags))


def _decoded(value: str, text: str | None) -> str:
    try:
        return form_decoded(value.encode("latin-1"))
    except (S3Error, UnicodeEncodeError):
        raise _no_query(text) from None


def _no_query(text: str | None) -> S3Error:
    return invalid_argument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters"
        " without tag name duplicates.",
        TAGGING_HEADER,
        text or "",
    )


def replaces_tags(head: RequestHeaders) -> bool:
    """Whether a copy takes its tags from the request (REPLACE) and not the source.

    Raises: InvalidArgument: a directive other than COPY and REPLACE."""
    directive = head.header("x-amz-tagging-directive")
    if directive not in (None, "COPY", "REPLACE"):
        raise invalid_argument("Unknown tagging directive.", "x-amz-tagging-directive", directive)
    return directive == "REPLACE"


_SYSTEM_MESSAGE: Final = "System tags cannot be added/updated by requester"


def check_object_tags(
    tags: Sequence[tuple[str, str]], *, system_message: str = _SYSTEM_MESSAGE
) -> None:
    """Raises: InvalidTag; BadRequest: too many."""
    if len(tags) > OBJECT_TAGS_MAX:
        raise S3Error(
            "BadRequest",
            f"Object tags cannot be greater than {OBJECT_TAGS_MAX}",
            case=Case.TOO_MANY_OBJECT_TAGS,
        )
    _check_each(tags, system_message)


def check_bucket_tags(tags: Sequence[tuple[str, str]]) -> None:
    """Raises: InvalidTag; BadRequest: too many."""
    if len(tags) > BUCKET_TAGS_MAX:
        raise S3Error("BadRequest", f"Bucket tag count cannot be greater than {BUCKET_TAGS_MAX}")
    _check_each(tags, _SYSTEM_MESSAGE)


def _check_each(tags: Sequence[tuple[str, str]], system_message: str) -> None:
    seen: set[str] = set()
    for key, value in tags:
        details = {"TagKey": key}
        if not (0 < len(key) <= _KEY_CHARACTERS_MAX and _is_plain(key)):
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid", details=details)
        if key.lower().startswith(_SYSTEM_PREFIX):
            raise S3Error("InvalidTag", system_message, details=details)
        if not (len(value) <= _VALUE_CHARACTERS_MAX and _is_plain(value)):
            details["TagValue"] = value
            raise S3Error(
                "InvalidTag", "The TagValue you have provided is invalid", details=details
            )
        if key in seen:
            raise S3Error(
                "InvalidTag", "Cannot provide multiple Tags with the same key", details=details
            )
        seen.add(key)


def _is_plain(text: str) -> bool:
    """Letters, digits and blanks of every script, and a few signs; what ends a line is none."""
    return all(
        character in _SIGNS
        or (category := unicodedata.category(character))[0] in "LN"
        or category == "Zs"
        for character in text
    )
