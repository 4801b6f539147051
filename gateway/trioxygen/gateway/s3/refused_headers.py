"""Request headers that ask for what this store does not do: refused, never silently ignored; those
that S3 itself does not take, as S3 refuses them.

One table, header -> values that change nothing and are therefore taken. A header that is in
neither table is unknown to the store and ignored, as S3 ignores it. Whether an operation is checked
by it stands in its row.
"""

import re
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.request_headers import RequestHeaders

WRITE_OFFSET: Final = "x-amz-write-offset-bytes"
_GRANTS: Final = "x-amz-grant-"
_NONE: Final[frozenset[str]] = frozenset()

TAKEN: Final[dict[str, frozenset[str]]] = {
    "x-amz-acl": frozenset({"private", "bucket-owner-full-control"}),
    "x-amz-bucket-namespace": frozenset({"global"}),
    "x-amz-if-match-last-modified-time": _NONE,
    "x-amz-if-match-size": _NONE,
    "x-amz-object-ownership": frozenset({"BucketOwnerEnforced"}),
    WRITE_OFFSET: _NONE,
}

REFUSED_PREFIXES: Final = (
    _GRANTS,
    "x-amz-object-lock-event-hold",
)

# What S3 has, whether it is here or not.
_KNOWN: Final[dict[str, frozenset[str]]] = {
    "x-amz-acl": frozenset(
        {
            "private",
            "public-read",
            "public-read-write",
            "authenticated-read",
            "aws-exec-read",
            "bucket-owner-read",
            "bucket-owner-full-control",
            "log-delivery-write",
        }
    ),
    "x-amz-object-ownership": frozenset(
        {"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"}
    ),
}
_GRANTEE: Final = r"\s*(?:id|uri|emailAddress)\s*=\s*(?:\"[^\"]*\"|[^\s\",]+)\s*"
_GRANTEES: Final = re.compile(f"{_GRANTEE}(?:,{_GRANTEE})*")


def _check_values(head: RequestHeaders) -> None:
    """Raises: InvalidArgument, InvalidRequest: what S3 does not take either."""
    acl = head.header("x-amz-acl")
    if acl is not None and acl not in _KNOWN["x-amz-acl"]:
        # S3 has no words for it.
        raise invalid_argument("", "x-amz-acl", acl)
    ownership = head.header("x-amz-object-ownership")
    if ownership is not None and ownership not in _KNOWN["x-amz-object-ownership"]:
        raise invalid_argument(
            f"Invalid x-amz-object-ownership header: {ownership}",
            "x-amz-object-ownership",
            ownership,
        )
    for name, value in head.headers_with_prefix(_GRANTS):
        if acl is not None:
            raise S3Error(
                "InvalidRequest",
                "Specifying both Canned ACLs and Header Grants is not allowed",
            )
        if _GRANTEES.fullmatch(value) is None:
            raise invalid_argument("Argument format not recognized", name, value)


def refuse_of_put(head: RequestHeaders) -> None:
    """The same of PutObject, which appends."""
    refuse_unimplemented(head, known=frozenset((WRITE_OFFSET,)))


def refuse_unimplemented(head: RequestHeaders, known: frozenset[str] = _NONE) -> None:
    """Refuse a request whose headers imply a feature that is not there.

    Args:
        known: of `TAKEN` those that the operation knows.
    Raises:
        S3Error: NotImplemented, naming the header; InvalidArgument, InvalidRequest (values that S3
            does not take either).
    """
    for name, value in head.headers_with_prefix("x-amz-"):
        if name in known:
            continue
        taken = TAKEN.get(name)
        if taken is None:
            if not name.startswith(REFUSED_PREFIXES):
                continue
        elif value in taken:
            continue
        _check_values(head)
        raise not_implemented(
            f"The value of the header {name} implies functionality that is not implemented.",
            header=name,
        )
