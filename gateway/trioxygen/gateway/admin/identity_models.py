"""What the admin API takes and gives of identities. Times are ms since 1970 UTC, 0: never."""

from typing import Annotated

from pydantic import Field

from trioxygen.common.iam_limits import (
    DOCUMENT_BYTES_MAX,
    ROLE_SESSION_SECONDS_MAX,
    ROLE_SESSION_SECONDS_MIN,
)
from trioxygen.gateway.admin.model import AdminModel
from trioxygen.gateway.admin.models import AccessKey, AccountText

# Source: IAM API reference, CreateUser and CreatePolicy.
Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_+=,.@-]+$")]
NamePath = Annotated[str, Field(max_length=512, pattern=r"^(/|/[!-~]*/)$")]
Arn = Annotated[str, Field(max_length=2_048, pattern=r"^[^\x00-\x1f\x7f]*$")]
Document = Annotated[str, Field(min_length=1, max_length=DOCUMENT_BYTES_MAX)]


class AccountDescription(AdminModel):
    account_id: str
    canonical_id: str
    display_name: str
    email: str
    alias: str
    created_ms: int
    users: int
    groups: int
    roles: int
    policies: int
    root_keys: int


class PublicAccess(AdminModel):
    """What an account blocks for all its buckets."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


class PublicAccessView(PublicAccess):
    account_id: str
    is_set: bool = Field(description="False: the account has no block, and blocks nothing.")


class PrincipalView(AdminModel):
    kind: str = Field(description="user, group or role")
    account_id: str
    name: str
    arn: str
    path: str
    unique_id: str
    created_ms: int
    tags: dict[str, str]
    inline: dict[str, str] = Field(description="Documents of inline policies, by name.")
    attached: list[str] = Field(description="ARNs of managed policies.")
    boundary: str = Field(description="ARN of a managed policy; empty: none.")
    groups: list[str] = Field(description="Of a user.")
    trust_policy: str = Field(description="Of a role: who may assume it.")
    session_seconds_max: int = Field(description="Of a role.")
    description: str
    last_used_ms: int = Field(description="Of a role.")


class PrincipalPage(AdminModel):
    principals: list[PrincipalView]
    truncated: bool


class NewPrincipal(AdminModel):
    """trust_policy and what is below it: of a role."""

    account_id: AccountText
    name: Name
    path: NamePath = "/"
    boundary: Arn = ""
    trust_policy: Annotated[str, Field(max_length=DOCUMENT_BYTES_MAX)] = ""
    session_seconds_max: Annotated[
        int, Field(ge=ROLE_SESSION_SECONDS_MIN, le=ROLE_SESSION_SECONDS_MAX)
    ] = ROLE_SESSION_SECONDS_MIN
    description: Annotated[str, Field(max_length=1_000)] = ""


class InlineDocument(AdminModel):
    document: Document


class NamedPolicy(AdminModel):
    policy_arn: Arn


class Member(AdminModel):
    user: Name


class VersionView(AdminModel):
    number: int
    document: str
    created_ms: int


class PolicyView(AdminModel):
    arn: str
    account_id: str = Field(description="aws: it is built in.")
    name: str
    path: str
    unique_id: str
    description: str
    created_ms: int
    updated_ms: int
    versions: list[VersionView]
    default_version: int
    attachment_count: int
    boundary_count: int


class PolicyPage(AdminModel):
    policies: list[PolicyView]
    truncated: bool


class NewPolicy(AdminModel):
    account_id: AccountText
    name: Name
    path: NamePath = "/"
    description: Annotated[str, Field(max_length=1_000)] = ""
    document: Document


class NewVersion(AdminModel):
    """It counts from then on; the oldest other one goes where there are five."""

    account_id: AccountText
    policy_arn: Arn
    document: Document


class KeyChange(AdminModel):
    access_key: AccessKey
    is_active: bool
