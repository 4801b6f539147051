"""Tags of a bucket.

Source: S3 API, PutBucketTagging; Billing user guide, "User-defined tag restrictions"."""

import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.setting import Setting
from trioxygen.gateway.protocol.xml.document import document, element
from trioxygen.gateway.protocol.xml.reading import children, local_name, parse_document
from trioxygen.gateway.store.values.buckets import SettingKind

TAGS_MAX: Final = 50
_KEY_CHARACTERS_MAX: Final = 128
_VALUE_CHARACTERS_MAX: Final = 256
_SYSTEM_PREFIX: Final = "aws:"
_SIGNS: Final = frozenset("+-=._:/@")


class Tag(NamedTuple):
    key: str
    value: str


def parse(body: bytes) -> Sequence[Tag]:
    """Raises: MissingRequestBodyError, MalformedXML."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    root = parse_document(body, "Tagging", rows_max=2 * TAGS_MAX)
    if [local_name(child) for child in root] != ["TagSet"]:
        raise S3Error("MalformedXML")
    tags: list[Tag] = []
    for node in root[0]:
        fields = children(node)
        if local_name(node) != "Tag" or fields.keys() != {"Key", "Value"}:
            raise S3Error("MalformedXML")
        tags.append(Tag(fields["Key"], fields["Value"]))
    return tags


def check(tags: Sequence[Tag]) -> None:
    """Raises: InvalidTag; BadRequest: too many."""
    if len(tags) > TAGS_MAX:
        raise S3Error("BadRequest", f"Bucket tag count cannot be greater than {TAGS_MAX}")
    seen: set[str] = set()
    for key, value in tags:
        details = {"TagKey": key}
        if not (0 < len(key) <= _KEY_CHARACTERS_MAX and _is_plain(key)):
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid", details=details)
        if key.lower().startswith(_SYSTEM_PREFIX):
            raise S3Error(
                "InvalidTag", "System tags cannot be added/updated by requester", details=details
            )
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


def show(tags: Sequence[Tag]) -> bytes:
    content = "".join(
        f"<Tag>{element('Key', tag.key)}{element('Value', tag.value)}</Tag>" for tag in tags
    )
    return document("Tagging", f"<TagSet>{content}</TagSet>")


def _is_plain(text: str) -> bool:
    """Letters, digits and blanks of every script, and a few signs."""
    return all(
        character in _SIGNS or unicodedata.category(character)[0] in "LNZ" for character in text
    )


TAGGING: Final = Setting(
    kind=SettingKind.TAGGING,
    body_bytes_max=256 * KIB,
    parse=parse,
    check=check,
    show=show,
    absent="NoSuchTagSet",
    is_digest_demanded=True,
)
