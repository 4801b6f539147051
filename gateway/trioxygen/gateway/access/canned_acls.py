"""Canned ACLs, written out. Pure.

Source: S3 user guide, "Access control list (ACL) overview", "Canned ACL"."""

from collections.abc import Callable
from typing import Final

from trioxygen.gateway.store.values.acls import Acl, Grant, Group, Permission

_Extra = Callable[[str], tuple[Grant, ...]]


def _public(*grants: Grant) -> _Extra:
    return lambda bucket_owner: grants


# What each grants besides the owner's full control, by the bucket owner's canonical id.
_CANNED: Final[dict[str, _Extra]] = {
    "private": _public(),
    "public-read": _public(Grant(Group.ALL_USERS, Permission.READ)),
    "public-read-write": _public(
        Grant(Group.ALL_USERS, Permission.READ), Grant(Group.ALL_USERS, Permission.WRITE)
    ),
    "authenticated-read": _public(Grant(Group.AUTHENTICATED_USERS, Permission.READ)),
    "log-delivery-write": _public(
        Grant(Group.LOG_DELIVERY, Permission.WRITE), Grant(Group.LOG_DELIVERY, Permission.READ_ACP)
    ),
    # Lets EC2 read a machine's image, which there is none of here.
    "aws-exec-read": _public(),
    "bucket-owner-read": lambda bucket_owner: (Grant(bucket_owner, Permission.READ),),
    "bucket-owner-full-control": lambda bucket_owner: (
        Grant(bucket_owner, Permission.FULL_CONTROL),
    ),
}


def private_acl(owner: str) -> Acl:
    """Args: owner: canonical id."""
    return Acl(owner, (Grant(owner, Permission.FULL_CONTROL),))


def canned_acl(name: str, *, owner: str, bucket_owner: str) -> Acl:
    """Args:
    name: of a canned ACL, which whoever reads the request has looked at.
    owner, bucket_owner: canonical ids; of a bucket both are the same, and what the canned ACL
        grants to the bucket's owner is granted already.
    """
    extra = tuple(grant for grant in _CANNED[name](bucket_owner) if grant.grantee != owner)
    return Acl(owner, (Grant(owner, Permission.FULL_CONTROL), *extra))
