"""Accounts and who signs for them, as the store gives them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Account:
    """canonical_id: what S3 shows of it, as an owner's id."""

    account_id: str
    canonical_id: str
    display_name: str


class IdentityKind(Enum):
    """ROLE_SESSION: who assumed a role. A session of a user or of root is that user, or root."""

    ROOT = auto()
    USER = auto()
    ROLE_SESSION = auto()


@dataclass(frozen=True, slots=True)
class PolicyText:
    """source: where it stands, for explanations: an ARN, or `user/ann inline NAME`."""

    source: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Of an access key. Attributes:
    arn: of root, the user or the session.
    user_id: AIDA… of a user, AROA…:NAME of a session, the account's id of root.
    name: of a user.
    role_arn: of the role that a session is of.
    tags: (key, value), of the principal and of its session.
    context: (condition key in lower case, value): what a session brings beside.
    policies: all that are attached to it, its groups' among them.
    boundary: None: there is none. session_policies: None: the session has none.
    expires_ms: of session credentials, in wall time; None: never.
    revision: of all identities, when it was read; see `Bucket.identity_revision`.
    """

    kind: IdentityKind = IdentityKind.ROOT
    arn: str = ""
    user_id: str = ""
    name: str = ""
    role_arn: str = ""
    tags: Sequence[tuple[str, str]] = ()
    context: Sequence[tuple[str, str]] = ()
    policies: Sequence[PolicyText] = ()
    boundary: PolicyText | None = None
    session_policies: Sequence[PolicyText] | None = None
    expires_ms: int | None = None
    revision: int = 0


ROOT_IDENTITY = Identity()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What an access key's secret gives for one day, region and service; whose it is."""

    key: bytes = field(repr=False)
    account: Account
    identity: Identity = ROOT_IDENTITY


@dataclass(frozen=True, slots=True)
class Signer:
    """Who made a signature that is right."""

    account: Account
    identity: Identity = ROOT_IDENTITY
