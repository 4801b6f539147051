"""Between the OM's rows of identities (protobuf) and the port's values. Conversions only."""

from collections.abc import Iterable
from typing import Final

from trioxygen.gateway.store.values.accounts import Identity, IdentityKind, PolicyText
from trioxygen.gateway.store.values.iam import (
    AccessKey,
    AccountDetails,
    AccountSummary,
    Attachment,
    ManagedPolicy,
    OidcProvider,
    PolicyVersion,
    Principal,
    PrincipalKind,
    Tags,
)
from trioxygen.proto.v1 import iam_pb2, types_pb2

# They have the same names.
KINDS: Final = {kind: getattr(iam_pb2, kind.name) for kind in PrincipalKind}
_KIND_OF: Final = {int(row): kind for kind, row in KINDS.items()}
_IDENTITY_KIND_OF: Final = {
    int(getattr(iam_pb2.Identity, kind.name)): kind for kind in IdentityKind
}


def tags_of(rows: Iterable[iam_pb2.IdentityTag]) -> Tags:
    return tuple((row.key, row.value) for row in rows)


def tag_rows(tags: Iterable[tuple[str, str]]) -> list[iam_pb2.IdentityTag]:
    return [iam_pb2.IdentityTag(key=key, value=value) for key, value in tags]


def principal_of(row: iam_pb2.PrincipalRow) -> Principal:
    return Principal(
        kind=_KIND_OF[row.kind],
        account_id=row.account_id,
        name=row.name,
        path=row.path,
        unique_id=row.unique_id,
        created_ms=row.created_ms,
        tags=tags_of(row.tags),
        inline={policy.name: policy.document for policy in row.inline},
        attached=tuple(row.attached),
        boundary=row.boundary,
        groups=tuple(row.groups),
        trust_policy=row.trust_policy,
        session_seconds_max=row.session_seconds_max,
        description=row.description,
        last_used_ms=row.last_used_ms,
    )


def new_principal_row(principal: Principal) -> iam_pb2.PrincipalRow:
    """Of one to be made."""
    return iam_pb2.PrincipalRow(
        kind=KINDS[principal.kind],
        name=principal.name,
        path=principal.path,
        tags=tag_rows(principal.tags),
        boundary=principal.boundary,
        trust_policy=principal.trust_policy,
        session_seconds_max=principal.session_seconds_max,
        description=principal.description,
    )


def policy_of(row: iam_pb2.ManagedPolicyRow) -> ManagedPolicy:
    return ManagedPolicy(
        account_id=row.account_id,
        name=row.name,
        path=row.path,
        unique_id=row.unique_id,
        description=row.description,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
        versions=tuple(
            PolicyVersion(version.number, version.document, version.created_ms)
            for version in row.versions
        ),
        default_version=row.default_version,
        tags=tags_of(row.tags),
        attachment_count=row.attachment_count,
        boundary_count=row.boundary_count,
    )


def new_policy_row(policy: ManagedPolicy) -> iam_pb2.ManagedPolicyRow:
    """Of one to be made."""
    return iam_pb2.ManagedPolicyRow(
        name=policy.name,
        path=policy.path,
        description=policy.description,
        versions=[iam_pb2.PolicyVersion(document=each.document) for each in policy.versions],
        tags=tag_rows(policy.tags),
    )


def attachment_of(row: iam_pb2.AttachedPrincipal) -> Attachment:
    return Attachment(principal=principal_of(row.principal), is_boundary=row.is_boundary)


def provider_of(row: iam_pb2.OidcProviderRow) -> OidcProvider:
    return OidcProvider(
        account_id=row.account_id,
        url=row.url,
        client_ids=tuple(row.client_ids),
        thumbprints=tuple(row.thumbprints),
        created_ms=row.created_ms,
        tags=tags_of(row.tags),
    )


def new_provider_row(provider: OidcProvider) -> iam_pb2.OidcProviderRow:
    """Of one to be made."""
    return iam_pb2.OidcProviderRow(
        url=provider.url,
        client_ids=provider.client_ids,
        thumbprints=provider.thumbprints,
        tags=tag_rows(provider.tags),
    )


def access_key_of(row: iam_pb2.AccessKeyRow) -> AccessKey:
    return AccessKey(
        access_key=row.access_key,
        account_id=row.account_id,
        user=row.user,
        is_active=not row.is_inactive,
        created_ms=row.created_ms,
        secret_key=row.secret_key,
        last_used_ms=row.last_used_ms,
        last_used_service=row.last_used_service,
        last_used_region=row.last_used_region,
    )


def details_of(row: types_pb2.Account) -> AccountDetails:
    return AccountDetails(
        account_id=row.account_id,
        canonical_id=row.canonical_id,
        display_name=row.display_name,
        email=row.email,
        alias=row.alias,
        created_ms=row.created_ms,
    )


def summary_of(row: iam_pb2.AccountSummary) -> AccountSummary:
    return AccountSummary(
        users=row.users,
        groups=row.groups,
        roles=row.roles,
        policies=row.policies,
        providers=row.providers,
        root_keys=row.root_keys,
    )


def _text_of(row: iam_pb2.PolicyText) -> PolicyText:
    return PolicyText(row.source, row.document)


def identity_of(row: iam_pb2.Identity) -> Identity:
    session_policies = None
    if row.has_session_policies:
        session_policies = tuple(map(_text_of, row.session_policies))
    return Identity(
        kind=_IDENTITY_KIND_OF[row.kind],
        arn=row.arn,
        user_id=row.user_id,
        name=row.name,
        role_arn=row.role_arn,
        tags=tags_of(row.tags),
        context=tags_of(row.context),
        policies=tuple(map(_text_of, row.policies)),
        boundary=_text_of(row.boundary) if row.HasField("boundary") else None,
        session_policies=session_policies,
        expires_ms=row.expires_ms or None,
        revision=row.revision,
    )
