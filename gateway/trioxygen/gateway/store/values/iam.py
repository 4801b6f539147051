"""Users, groups, roles, policies and keys, as the store gives them.

Source: IAM API reference, "Data Types"; user guide, "IAM and AWS STS quotas"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, Generic, TypeVar

Tags = Sequence[tuple[str, str]]
_NO_POLICIES: Final[Mapping[str, str]] = MappingProxyType({})


class PrincipalKind(Enum):
    USER = "user"
    GROUP = "group"
    ROLE = "role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user, a group or a role. Attributes:
    name: as it was written when it was made; found whatever the case is.
    path: begins and ends with a slash.
    unique_id: AIDA… of a user, AGPA… of a group, AROA… of a role.
    inline: documents by policy name.
    attached: ARNs of managed policies.
    boundary: ARN of a managed policy; "": none.
    groups: names, of a user.
    trust_policy, session_seconds_max, description, last_used_ms: of a role; 0: never used.
    """

    kind: PrincipalKind
    account_id: str
    name: str
    path: str = "/"
    unique_id: str = ""
    created_ms: int = 0
    tags: Tags = ()
    inline: Mapping[str, str] = field(default_factory=lambda: _NO_POLICIES)
    attached: Sequence[str] = ()
    boundary: str = ""
    groups: Sequence[str] = ()
    trust_policy: str = ""
    session_seconds_max: int = 3_600
    description: str = ""
    last_used_ms: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:{self.kind.value}{self.path}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalChange:
    """What becomes of one; None: it stays as it is. boundary "": it goes."""

    name: str | None = None
    path: str | None = None
    boundary: str | None = None
    trust_policy: str | None = None
    session_seconds_max: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    number: int
    document: str
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy:
    """Attributes:
    account_id: "aws" of those that are there from the beginning, for all accounts.
    versions: oldest first, at most five.
    attachment_count, boundary_count: of principals that have it.
    """

    account_id: str
    name: str
    path: str = "/"
    unique_id: str = ""
    description: str = ""
    created_ms: int = 0
    updated_ms: int = 0
    versions: Sequence[PolicyVersion] = ()
    default_version: int = 1
    tags: Tags = ()
    attachment_count: int = 0
    boundary_count: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:policy{self.path}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider:
    """url: as the issuer, without `https://`; without `http://` as well the end of the ARN."""

    account_id: str
    url: str
    client_ids: Sequence[str] = ()
    thumbprints: Sequence[str] = ()
    created_ms: int = 0
    tags: Tags = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:oidc-provider/{self.place}"

    @property
    def place(self) -> str:
        """Without any scheme: what condition keys of its claims begin with."""
        return self.url.removeprefix("http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """Attributes:
    user: name; "": the account's root.
    secret_key: only where it was just made.
    last_used_ms: 0: never. last_used_service, last_used_region: "s3", "us-east-1".
    """

    access_key: str
    account_id: str
    user: str = ""
    is_active: bool = True
    created_ms: int = 0
    secret_key: str = field(default="", repr=False)
    last_used_ms: int = 0
    last_used_service: str = ""
    last_used_region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """Args of a session to be minted. Attributes:
    user: whose it is, of GetSessionToken; "": root's, or a role's.
    role: name, of AssumeRole…; "": GetSessionToken.
    session_name: of a role's.
    policies: session policies, documents; policy_arns: of managed ones.
    context: (condition key in lower case, value), such as of a web identity's claims.
    """

    account_id: str
    user: str = ""
    role: str = ""
    session_name: str = ""
    lasts_seconds: int
    policies: Sequence[str] = ()
    policy_arns: Sequence[str] = ()
    tags: Tags = ()
    context: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCredentials:
    """expires_ms: wall time."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Who has a managed policy. is_boundary: as permissions boundary."""

    principal: Principal
    is_boundary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails:
    account_id: str
    canonical_id: str
    display_name: str
    email: str = ""
    alias: str = ""
    created_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """How many an account has."""

    users: int = 0
    groups: int = 0
    roles: int = 0
    policies: int = 0
    providers: int = 0
    root_keys: int = 0


_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class IamPage(Generic[_Row]):
    """In order of name. is_truncated: there are more behind the last."""

    rows: Sequence[_Row]
    is_truncated: bool
