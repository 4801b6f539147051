"""Changes of OIDC providers, and of what an account says of itself."""

from typing import Final

from trioxygen.common import iam_limits as limits
from trioxygen.metadata.om.commands.iam_refusals import exists, limit, no_such
from trioxygen.metadata.om.state.account_names import ALIAS, account_named, put_account
from trioxygen.metadata.om.state.iam_tags import merged_tags
from trioxygen.metadata.om.state.identities import raise_revision
from trioxygen.metadata.om.state.providers import get_provider, provider_arn, provider_key
from trioxygen.metadata.om.state.schema import (
    ACCOUNT_NAMES,
    ACCOUNT_SETTINGS,
    ACCOUNTS,
    OIDC_PROVIDERS,
    account_setting_key,
)
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import ChangeIamReply, OidcProviderRow

_KIND: Final = "OpenIDConnect provider"


def _checked(row: OidcProviderRow) -> OidcProviderRow | Refusal:
    for quota, amount, most in (
        ("ClientIdsPerOpenIdConnectProvider", len(row.client_ids), limits.CLIENT_IDS_MAX),
        ("ThumbprintsPerOpenIdConnectProvider", len(row.thumbprints), limits.THUMBPRINTS_MAX),
        ("TagsPerEntity", len(row.tags), limits.TAGS_MAX),
    ):
        if amount > most:
            return limit(quota, most)
    return row


def _put(txn: CapturingTxn, row: OidcProviderRow | Refusal) -> ChangeIamReply | Refusal:
    if isinstance(row, Refusal):
        return row
    OIDC_PROVIDERS.put(txn, provider_key(row.account_id, row.url), row)
    return ChangeIamReply(provider=row)


def create_provider(
    txn: CapturingTxn, account_id: str, change: iam.CreateOidcProvider, now: Now
) -> ChangeIamReply | Refusal:
    said = change.provider
    row = OidcProviderRow(
        account_id=account_id,
        url=said.url,
        client_ids=said.client_ids,
        thumbprints=said.thumbprints,
        created_ms=now.wall_ms,
        tags=merged_tags((), said.tags, ()),
    )
    key = provider_key(account_id, said.url)
    if OIDC_PROVIDERS.exists(txn, key):
        return exists(_KIND, provider_arn(row))
    prefix = provider_key(account_id, "")
    if sum(1 for _ in txn.scan(OIDC_PROVIDERS.table, prefix=prefix)) >= limits.OIDC_PROVIDERS_MAX:
        return limit("OpenIdConnectProvidersPerAccount", limits.OIDC_PROVIDERS_MAX)
    return _put(txn, _checked(row))


def change_provider(
    txn: CapturingTxn, account_id: str, change: iam.ChangeOidcProvider, now: Now
) -> ChangeIamReply | Refusal:
    row = get_provider(txn, account_id, change.arn)
    if row is None:
        return no_such(_KIND, change.arn)
    if change.HasField("client_ids"):
        row.ClearField("client_ids")
        row.client_ids.extend(change.client_ids.values)
    if change.HasField("thumbprints"):
        row.ClearField("thumbprints")
        row.thumbprints.extend(change.thumbprints.values)
    if change.HasField("tags"):
        row.ClearField("tags")
        row.tags.extend(merged_tags((), change.tags.tags, ()))
    return _put(txn, _checked(row))


def delete_provider(
    txn: CapturingTxn, account_id: str, arn: str, now: Now
) -> ChangeIamReply | Refusal:
    row = get_provider(txn, account_id, arn)
    if row is None:
        return no_such(_KIND, arn)
    OIDC_PROVIDERS.delete(txn, provider_key(account_id, row.url))
    return ChangeIamReply()


def set_alias(txn: CapturingTxn, account_id: str, alias: str, now: Now) -> ChangeIamReply | Refusal:
    """Args: alias: "": none any more."""
    account = ACCOUNTS.get(txn, account_id.encode())
    assert account is not None, account_id
    if alias == account.alias:
        return ChangeIamReply()
    if account_named(txn, ALIAS, alias) is not None:
        return exists("account alias", alias)
    if account.alias:
        txn.delete(ACCOUNT_NAMES, ALIAS + account.alias.encode())
    account.alias = alias
    put_account(txn, account)
    return ChangeIamReply()


def put_setting(
    txn: CapturingTxn, account_id: str, change: iam.PutAccountSetting, now: Now
) -> ChangeIamReply | Refusal:
    key = account_setting_key(account_id, change.kind)
    if change.HasField("document"):
        ACCOUNT_SETTINGS.put(txn, key, iam.AccountSettingRow(document=change.document))
    elif not ACCOUNT_SETTINGS.delete(txn, key):
        return ChangeIamReply()
    raise_revision(txn, now)
    return ChangeIamReply()
