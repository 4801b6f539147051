"""What a client asks an ACL to be, in headers or in a document. Whether those that it names are
there is not known yet. Pure values.

Source: S3 user guide, "Access control list (ACL) overview"."""

from enum import Enum
from typing import Final, NamedTuple

from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.store.values.acls import GRANTS_MAX, Group, Permission


class GranteeKind(Enum):
    """How a grantee is named; as the header fields and S3's errors call it."""

    CANONICAL_ID = "id"
    GROUP = "uri"
    EMAIL = "emailAddress"


class AskedGrant(NamedTuple):
    kind: GranteeKind
    name: str
    permission: Permission

    @property
    def group(self) -> Group | None:
        """None: an account. Raises: InvalidArgument: there is no such group."""
        if self.kind is not GranteeKind.GROUP:
            return None
        try:
            return Group(self.name)
        except ValueError:
            raise invalid_argument("Invalid group uri", self.kind.value, self.name) from None


class AskedAcl(NamedTuple):
    """One of both, or nothing at all. Attributes:
    canned: the name of a canned ACL; "": none.
    owner: the canonical id that a document says owns it; "": headers do not say.
    """

    canned: str = ""
    grants: tuple[AskedGrant, ...] | None = None
    owner: str = ""


NOTHING_ASKED: Final = AskedAcl()


def checked(grants: list[AskedGrant]) -> tuple[AskedGrant, ...]:
    """Each once. Raises: InvalidArgument: of groups; MalformedACLError: there are too many."""
    once = tuple(dict.fromkeys(grants))
    if len(once) > GRANTS_MAX:
        raise S3Error("MalformedACLError")
    for grant in once:
        _ = grant.group
    return once
