"""What IAM and STS APIs (and operators' commands) need of the store behind them.

All are linearizable, and in force on the next request. Each raises NoSuchEntity where what it
names is not there, EntityAlreadyExists, DeleteConflict (something is still in it, or attached) and
LimitExceeded (of a quota); all are TrioxygenErrors of `common.iam_errors`."""

from collections.abc import Sequence
from typing import Protocol

from trioxygen.gateway.store.values.iam import (
    AccessKey,
    AccountDetails,
    AccountSummary,
    Attachment,
    IamPage,
    ManagedPolicy,
    NewSession,
    OidcProvider,
    Principal,
    PrincipalChange,
    PrincipalKind,
    SessionCredentials,
    Tags,
)


class Principals(Protocol):
    async def create(self, principal: Principal) -> Principal:
        """With the id and the time that it got."""
        ...

    async def lookup(self, account_id: str, kind: PrincipalKind, name: str) -> Principal: ...

    async def list(
        self, account_id: str, kind: PrincipalKind, *, path_prefix: str, after: str, count_max: int
    ) -> IamPage[Principal]: ...

    async def change(
        self, account_id: str, kind: PrincipalKind, name: str, change: PrincipalChange
    ) -> Principal: ...

    async def delete(self, account_id: str, kind: PrincipalKind, name: str) -> None: ...

    async def put_inline(
        self, account_id: str, kind: PrincipalKind, name: str, policy: str, document: str
    ) -> None: ...

    async def delete_inline(
        self, account_id: str, kind: PrincipalKind, name: str, policy: str
    ) -> None: ...

    async def attach(
        self, account_id: str, kind: PrincipalKind, name: str, policy_arn: str
    ) -> None: ...

    async def detach(
        self, account_id: str, kind: PrincipalKind, name: str, policy_arn: str
    ) -> None: ...

    async def tag(self, account_id: str, kind: PrincipalKind, name: str, tags: Tags) -> None: ...

    async def untag(
        self, account_id: str, kind: PrincipalKind, name: str, keys: Sequence[str]
    ) -> None: ...

    async def add_member(self, account_id: str, group: str, user: str) -> None: ...

    async def remove_member(self, account_id: str, group: str, user: str) -> None: ...

    async def members(
        self, account_id: str, group: str, *, after: str, count_max: int
    ) -> IamPage[Principal]: ...


class Policies(Protocol):
    """Managed ones, by their ARNs; those of `aws` can be read only."""

    async def create(self, policy: ManagedPolicy) -> ManagedPolicy:
        """Of one version."""
        ...

    async def lookup(self, account_id: str, arn: str) -> ManagedPolicy:
        """account_id: who asks; of another account's there is none."""
        ...

    async def list(
        self, account_id: str, *, path_prefix: str, after: str, count_max: int
    ) -> IamPage[ManagedPolicy]:
        """Of the account itself."""
        ...

    async def delete(self, account_id: str, arn: str) -> None: ...

    async def add_version(
        self, account_id: str, arn: str, document: str, *, is_default: bool
    ) -> ManagedPolicy: ...

    async def delete_version(self, account_id: str, arn: str, number: int) -> None: ...

    async def set_default_version(self, account_id: str, arn: str, number: int) -> None: ...

    async def attachments(
        self, account_id: str, arn: str, *, after: str, count_max: int
    ) -> IamPage[Attachment]: ...

    async def tag(self, account_id: str, arn: str, tags: Tags) -> None: ...

    async def untag(self, account_id: str, arn: str, keys: Sequence[str]) -> None: ...


class OidcProviders(Protocol):
    async def create(self, provider: OidcProvider) -> OidcProvider: ...

    async def lookup(self, account_id: str, arn: str) -> OidcProvider: ...

    async def list(self, account_id: str) -> Sequence[OidcProvider]:
        """At most 100."""
        ...

    async def change(
        self,
        account_id: str,
        arn: str,
        *,
        client_ids: Sequence[str] | None = None,
        thumbprints: Sequence[str] | None = None,
        tags: Tags | None = None,
    ) -> OidcProvider:
        """None: they stay as they are."""
        ...

    async def delete(self, account_id: str, arn: str) -> None: ...


class AccessKeys(Protocol):
    async def create(
        self, account_id: str, user: str, *, access_key: str = "", secret_key: str = ""
    ) -> AccessKey:
        """With its secret. user: "": the account's root. access_key, secret_key: "": drawn."""
        ...

    async def list(
        self, account_id: str, user: str, *, after: str, count_max: int
    ) -> IamPage[AccessKey]: ...

    async def lookup(self, access_key: str) -> AccessKey:
        """Whosever it is."""
        ...

    async def set_active(
        self, account_id: str, user: str, access_key: str, *, is_active: bool
    ) -> None: ...

    async def delete(self, account_id: str, user: str, access_key: str) -> None: ...

    async def note_uses(self, uses: Sequence[tuple[str, int, str, str]]) -> None:
        """(access key, wall ms, service, region), of many requests together."""
        ...


class Sessions(Protocol):
    async def mint(self, session: NewSession) -> SessionCredentials: ...


class AccountDirectory(Protocol):
    async def find(
        self, *, account_id: str = "", canonical_id: str = "", email: str = ""
    ) -> AccountDetails | None:
        """By one of the three."""
        ...

    async def set_alias(self, account_id: str, alias: str) -> None:
        """ "": none any more."""
        ...

    async def summary(self, account_id: str) -> AccountSummary: ...

    async def get_setting(self, account_id: str, kind: str) -> bytes | None:
        """A document of the account: "public_access_block"."""
        ...

    async def put_setting(self, account_id: str, kind: str, document: bytes | None) -> None:
        """None: it goes."""
        ...


class Iam(Protocol):
    principals: Principals
    policies: Policies
    providers: OidcProviders
    access_keys: AccessKeys
    sessions: Sessions
    directory: AccountDirectory
