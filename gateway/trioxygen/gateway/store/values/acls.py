"""Access control lists, who owns what is uploaded, and what stays private whatever they say.

Source: S3 user guide, "Access control list (ACL) overview", "Controlling ownership of objects and
disabling ACLs", "Blocking public access to your Amazon S3 storage".
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, Protocol


class Permission(Enum):
    """READ, WRITE: of a bucket, to list it and to put and delete objects; of an object, to read it
    (WRITE says nothing there). READ_ACP, WRITE_ACP: the ACL itself. FULL_CONTROL: all four."""

    READ = "READ"
    WRITE = "WRITE"
    READ_ACP = "READ_ACP"
    WRITE_ACP = "WRITE_ACP"
    FULL_CONTROL = "FULL_CONTROL"


class Group(Enum):
    """By its URI."""

    ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
    AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
    LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"


# Whoever has, or makes, an account is in them.
PUBLIC_GROUPS: Final = frozenset((Group.ALL_USERS, Group.AUTHENTICATED_USERS))

# A canonical id of an account, or a group.
Grantee = str | Group


class Grant(NamedTuple):
    grantee: Grantee
    permission: Permission

    @property
    def is_public(self) -> bool:
        return self.grantee in PUBLIC_GROUPS


GRANTS_MAX: Final = 100


class Grantable(Protocol):
    """Who may have been granted something."""

    @property
    def canonical_id(self) -> str:
        """ "": nobody signed."""
        ...


@dataclass(frozen=True, slots=True)
class Acl:
    """Attributes:
    owner: its canonical id. That it may read and write the ACL, and be granted anything, needs no
        grant; the decision knows that, not the list.
    grants: at most `GRANTS_MAX`, in the order they were given in.
    """

    owner: str
    grants: tuple[Grant, ...]

    @property
    def is_public(self) -> bool:
        """Whether it grants anything to everybody, or to everybody with an account."""
        return any(grant.is_public for grant in self.grants)

    def allows(
        self, permission: Permission, caller: Grantable, *, ignores_public: bool
    ) -> Grant | None:
        """The grant that gives it to the caller; a group's before an account's own, which passes
        it on only to those of its users whose policies allow it too.

        Args: ignores_public: IgnorePublicAcls: what is granted to public groups counts nothing."""
        by_account: Grant | None = None
        for grant in self.grants:
            if grant.permission is not permission and (
                grant.permission is not Permission.FULL_CONTROL
            ):
                continue
            grantee = grant.grantee
            if isinstance(grantee, Group):
                if not ignores_public and _is_in(caller, grantee):
                    return grant
            elif by_account is None and grantee and grantee == caller.canonical_id:
                by_account = grant
        return by_account


def _is_in(caller: Grantable, group: Group) -> bool:
    """Nobody who asks is the service that delivers logs."""
    if group is Group.ALL_USERS:
        return True
    return group is Group.AUTHENTICATED_USERS and bool(caller.canonical_id)


class Ownership(Enum):
    """Of what is uploaded to a bucket. BUCKET_OWNER_ENFORCED: the bucket's owner has it, and ACLs
    say nothing. BUCKET_OWNER_PREFERRED: the bucket's owner has what comes with the canned ACL
    `bucket-owner-full-control`. OBJECT_WRITER: who uploads has it."""

    BUCKET_OWNER_ENFORCED = "BucketOwnerEnforced"
    BUCKET_OWNER_PREFERRED = "BucketOwnerPreferred"
    OBJECT_WRITER = "ObjectWriter"


class PublicAccessBlock(NamedTuple):
    """Attributes:
    block_public_acls: public ACLs are refused, with uploads as well.
    ignore_public_acls: those that are there count nothing.
    block_public_policy: public policies are refused.
    restrict_public_buckets: a public policy lets only the owner's account in.
    """

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False

    def union(self, other: "PublicAccessBlock") -> "PublicAccessBlock":
        """What holds of a bucket's and its account's."""
        return PublicAccessBlock(*(mine or its for mine, its in zip(self, other, strict=True)))


NOTHING_BLOCKED: Final = PublicAccessBlock()
ALL_BLOCKED: Final = PublicAccessBlock(True, True, True, True)
