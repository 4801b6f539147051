"""Ownership controls of a bucket: who owns what is uploaded.

Source: S3 API, PutBucketOwnershipControls; S3 user guide, "Controlling ownership of objects and
disabling ACLs"."""

from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.setting import NONE, Setting
from trioxygen.gateway.protocol.xml.document import document, element
from trioxygen.gateway.protocol.xml.reading import children, local_name, parse_document
from trioxygen.gateway.store.values.acls import Ownership
from trioxygen.gateway.store.values.buckets import SettingKind


def read_ownership(body: bytes) -> Ownership:
    """Raises: MissingRequestBodyError; MalformedXML: it is not one valid rule."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    root = parse_document(body, "OwnershipControls", rows_max=1)
    if [local_name(node) for node in root] != ["Rule"]:
        raise S3Error("MalformedXML")
    fields = children(root[0])
    if fields.keys() != {"ObjectOwnership"}:
        raise S3Error("MalformedXML")
    try:
        return Ownership(fields["ObjectOwnership"])
    except ValueError:
        raise S3Error("MalformedXML") from None


def ownership_document(ownership: Ownership | None) -> bytes:
    assert ownership is not None, "controls that there are not are not shown"
    rule = element("ObjectOwnership", ownership.value)
    return document("OwnershipControls", f"<Rule>{rule}</Rule>")


def store_ownership(ownership: Ownership | None) -> bytes:
    return NONE if ownership is None else ownership.value.encode()


def load_ownership(stored: bytes) -> Ownership | None:
    """None: the controls were deleted."""
    return None if stored == NONE else Ownership(stored.decode())


OWNERSHIP: Final[Setting[Ownership | None]] = Setting(
    kind=SettingKind.OWNERSHIP,
    body_bytes_max=64 * KIB,
    parse=read_ownership,
    show=ownership_document,
    absent="OwnershipControlsNotFoundError",
    store=store_ownership,
    load=load_ownership,
    default=Ownership.BUCKET_OWNER_ENFORCED,
    deleted=NONE,
)
