"""AccessControlPolicy: read and written.

Source: S3 API, PutBucketAcl, GetBucketAcl, PutObjectAcl, GetObjectAcl."""

from collections.abc import Sequence
from typing import Final

from lxml import etree

from trioxygen.gateway.protocol.asked_acls import AskedAcl, AskedGrant, GranteeKind, checked
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.xml.document import Owner, document, element, owner_element
from trioxygen.gateway.protocol.xml.reading import (
    children,
    leaf_text,
    local_name,
    once,
    parse_document,
)
from trioxygen.gateway.store.values.acls import GRANTS_MAX, Group, Permission

_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE: Final = f"{{{_INSTANCE}}}type"
# Which element names a grantee of the type.
_KINDS: Final = {
    "CanonicalUser": (GranteeKind.CANONICAL_ID, "ID"),
    "Group": (GranteeKind.GROUP, "URI"),
    "AmazonCustomerByEmail": (GranteeKind.EMAIL, "EmailAddress"),
}


def read_acl(body: bytes) -> AskedAcl:
    """Raises: MalformedACLError; InvalidArgument: a group that there is not."""
    try:
        root = parse_document(body, "AccessControlPolicy", rows_max=GRANTS_MAX)
        parts = once(root)
        if parts.keys() != {"Owner", "AccessControlList"}:
            raise S3Error("MalformedXML")
        owner = _named(parts["Owner"], "ID")
        grants = [_grant(node) for node in parts["AccessControlList"]]
    except S3Error as error:
        if error.code != "MalformedXML":
            raise
        raise S3Error("MalformedACLError") from error
    return AskedAcl(grants=checked(grants), owner=owner)


def _grant(node: "etree._Element") -> AskedGrant:
    parts = once(node)
    if local_name(node) != "Grant" or parts.keys() != {"Grantee", "Permission"}:
        raise S3Error("MalformedXML")
    grantee = parts["Grantee"]
    kind, named_by = _KINDS.get(grantee.get(_TYPE, ""), (None, ""))
    try:
        permission = Permission(leaf_text(parts["Permission"]))
    except ValueError:
        raise S3Error("MalformedXML") from None
    if kind is None:
        raise S3Error("MalformedXML")
    return AskedGrant(kind, _named(grantee, named_by), permission)


def _named(node: "etree._Element", named_by: str) -> str:
    """What the element says; how it is displayed beside it says nothing."""
    fields = children(node)
    name = fields.pop(named_by, "")
    if not name or fields.keys() - {"DisplayName"}:
        raise S3Error("MalformedXML")
    return name


def acl_document(owner: Owner, grants: Sequence[tuple[Owner | Group, Permission]]) -> bytes:
    """Groups come first, as no order of grants means anything, and those who look at a list of them
    look for what is open to all."""
    shown = sorted(grants, key=lambda grant: not isinstance(grant[0], Group))
    rows = "".join(
        f"<Grant>{_grantee(grantee)}<Permission>{permission.value}</Permission></Grant>"
        for grantee, permission in shown
    )
    return document(
        "AccessControlPolicy",
        f"{owner_element('Owner', owner)}<AccessControlList>{rows}</AccessControlList>",
    )


def _grantee(grantee: Owner | Group) -> str:
    if isinstance(grantee, Group):
        kind, content = "Group", element("URI", grantee.value)
    else:
        kind = "CanonicalUser"
        content = f"{element('ID', grantee.id)}{element('DisplayName', grantee.display_name)}"
    return f'<Grantee xmlns:xsi="{_INSTANCE}" xsi:type="{kind}">{content}</Grantee>'
