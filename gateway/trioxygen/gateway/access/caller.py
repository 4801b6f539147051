"""Who asks, as policies and ACLs see it. Pure values.

Source: IAM user guide, "IAM identifiers", "AWS global condition context keys", "Principal"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final


class CallerKind(Enum):
    """ROLE_SESSION: somebody who assumed a role. A session of a user or of root is that user, or
    root."""

    ANONYMOUS = "Anonymous"
    ROOT = "Account"
    USER = "User"
    ROLE_SESSION = "AssumedRole"


_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Attributes:
    account_id, canonical_id: of the account; "": anonymous.
    arn: of root, the user or the session; "": anonymous.
    user_id: what aws:userid is: the account's id of root, AIDA… of a user, AROA…:NAME of a session.
    name: what aws:username is; "" of root and of sessions of roles.
    role_arn: of the role that a session is of; "": none.
    tags: what aws:PrincipalTag/… is.
    context: further condition keys of a session, by their names in lower case.
    """

    kind: CallerKind
    account_id: str = ""
    canonical_id: str = ""
    arn: str = ""
    user_id: str = ""
    name: str = ""
    role_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    context: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


# A condition key and its value, of all that have temporary credentials: there are no devices.
NO_SECOND_FACTOR: Final = ("aws:multifactorauthpresent", "false")
ANONYMOUS: Final = Caller(kind=CallerKind.ANONYMOUS)
