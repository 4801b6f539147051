"""x-amz-acl, x-amz-grant-* and x-amz-object-ownership. Pure.

Source: S3 API, PutBucketAcl, PutObjectAcl, CreateBucket, PutObject; S3 user guide, "Canned ACL"."""

import re
from typing import Final

from trioxygen.gateway.protocol.asked_acls import (
    NOTHING_ASKED,
    AskedAcl,
    AskedGrant,
    GranteeKind,
    checked,
)
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.store.values.acls import Ownership, Permission

ACL: Final = "x-amz-acl"
GRANTS: Final = "x-amz-grant-"
OWNERSHIP: Final = "x-amz-object-ownership"

_OF_BOTH: Final = frozenset(
    {
        "private",
        "public-read",
        "public-read-write",
        "authenticated-read",
        "aws-exec-read",
        # Of buckets S3 takes the two for `private`.
        "bucket-owner-read",
        "bucket-owner-full-control",
    }
)
_OF_BUCKETS: Final = _OF_BOTH | {"log-delivery-write"}
# In the order in which they are granted, whatever the order of the headers.
_PERMISSIONS: Final = {
    f"{GRANTS}read": Permission.READ,
    f"{GRANTS}write": Permission.WRITE,
    f"{GRANTS}read-acp": Permission.READ_ACP,
    f"{GRANTS}write-acp": Permission.WRITE_ACP,
    f"{GRANTS}full-control": Permission.FULL_CONTROL,
}
_NAMES: Final = (ACL.encode(), *(name.encode() for name in _PERMISSIONS))
_GRANTEE: Final = re.compile(r"\s*([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\",]+))\s*(,|\Z)")
_KINDS: Final = {kind.value.lower(): kind for kind in GranteeKind}


def asks_for_acl(head: RequestHeaders) -> bool:
    """Whether headers say anything of an ACL."""
    return head.has_any(_NAMES)


def read_acl_headers(head: RequestHeaders, *, of_bucket: bool) -> AskedAcl:
    """Raises: InvalidArgument, InvalidRequest."""
    if not asks_for_acl(head):
        return NOTHING_ASKED
    canned = head.header(ACL)
    if canned is not None and canned not in (_OF_BUCKETS if of_bucket else _OF_BOTH):
        # S3 has no words for it.
        raise invalid_argument("", ACL, canned)
    grants: list[AskedGrant] = []
    for name, permission in _PERMISSIONS.items():
        value = head.header(name)
        if value is not None:
            if canned is not None:
                raise S3Error(
                    "InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed"
                )
            grants += _read_grants(name, value, permission)
    if canned is not None:
        return AskedAcl(canned)
    return AskedAcl(grants=checked(grants))


def _read_grants(name: str, value: str, permission: Permission) -> list[AskedGrant]:
    grants: list[AskedGrant] = []
    position, goes_on = 0, True
    while goes_on:
        match = _GRANTEE.match(value, position)
        kind = None if match is None else _KINDS.get(match[1].lower())
        if match is None or kind is None:
            raise invalid_argument("Argument format not recognized", name, value)
        grants.append(AskedGrant(kind, match[2] or match[3] or "", permission))
        position, goes_on = match.end(), match[4] == ","
    return grants


def read_ownership_header(head: RequestHeaders) -> Ownership | None:
    """None: it was not sent. Raises: InvalidArgument."""
    text = head.header(OWNERSHIP)
    if text is None:
        return None
    try:
        return Ownership(text)
    except ValueError:
        # What was sent stands in the message, and S3 does not repeat it.
        raise S3Error(
            "InvalidArgument",
            f"Invalid {OWNERSHIP} header: {text}",
            details={"ArgumentName": OWNERSHIP},
        ) from None
