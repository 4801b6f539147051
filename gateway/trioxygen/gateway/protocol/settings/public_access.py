"""The public access block of a bucket; an account's is stored alike.

Source: S3 API, PutPublicAccessBlock, GetPublicAccessBlock; S3 user guide, "Blocking public access
to your Amazon S3 storage"."""

import re
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.setting import NONE, Setting
from trioxygen.gateway.protocol.xml.document import boolean, document
from trioxygen.gateway.protocol.xml.reading import children, parse_document
from trioxygen.gateway.store.values.acls import ALL_BLOCKED, PublicAccessBlock
from trioxygen.gateway.store.values.buckets import SettingKind

# In the order of the value.
_ELEMENTS: Final = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)
_BOOLEANS: Final = {"true": True, "false": False}
_STORED: Final = re.compile(rb"[01]{4}")


def read_public_access(body: bytes) -> PublicAccessBlock:
    """Raises: MissingRequestBodyError, MalformedXML; InvalidRequest: it says nothing."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    fields = children(parse_document(body, "PublicAccessBlockConfiguration", rows_max=1))
    if fields.keys() - set(_ELEMENTS):
        raise S3Error("MalformedXML")
    if not fields:
        raise S3Error("InvalidRequest", "Must specify at least one configuration.")
    values = [_BOOLEANS.get(fields.get(name, "false").strip().lower()) for name in _ELEMENTS]
    if None in values:
        raise S3Error("MalformedXML")
    return PublicAccessBlock(*map(bool, values))


def public_access_document(block: PublicAccessBlock | None) -> bytes:
    assert block is not None, "a block that there is not is not shown"
    content = "".join(
        f"<{name}>{boolean(value)}</{name}>" for name, value in zip(_ELEMENTS, block, strict=True)
    )
    return document("PublicAccessBlockConfiguration", content)


def store_public_access(block: PublicAccessBlock | None) -> bytes:
    """Four digits, in the order of the value; 1: it is on."""
    return NONE if block is None else "".join(str(int(value)) for value in block).encode()


def load_public_access(stored: bytes) -> PublicAccessBlock | None:
    """None: the block was deleted."""
    if stored == NONE:
        return None
    if _STORED.fullmatch(stored) is None:
        raise ValueError("no public access block")
    return PublicAccessBlock(*(digit == ord("1") for digit in stored))


PUBLIC_ACCESS_BLOCK: Final[Setting[PublicAccessBlock | None]] = Setting(
    kind=SettingKind.PUBLIC_ACCESS_BLOCK,
    body_bytes_max=64 * KIB,
    parse=read_public_access,
    show=public_access_document,
    absent="NoSuchPublicAccessBlockConfiguration",
    store=store_public_access,
    load=load_public_access,
    default=ALL_BLOCKED,
    deleted=NONE,
)
