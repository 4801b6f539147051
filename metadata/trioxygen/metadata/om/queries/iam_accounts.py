"""Reads of accounts: by what they are called, and how much they have."""

from trioxygen.common.errors import NoSuchAccount, Unavailable
from trioxygen.metadata.om.state.account_names import (
    CANONICAL_ID,
    EMAIL,
    account_named,
    is_whole,
)
from trioxygen.metadata.om.state.identities import (
    GROUP,
    ROLE,
    USER,
    kind_prefix,
    policy_key,
    user_keys_prefix,
)
from trioxygen.metadata.om.state.providers import provider_key
from trioxygen.metadata.om.state.schema import (
    ACCOUNTS,
    MANAGED_POLICIES,
    OIDC_PROVIDERS,
    PRINCIPALS,
    USER_KEYS,
)
from trioxygen.metadata.store.ports import ReadTxn, Table
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import ReadIamReply


def find_account(
    txn: ReadTxn, account_id: str, asked: iam.FindAccount, reply: ReadIamReply
) -> None:
    """Not set in the reply: there is none."""
    if asked.canonical_id:
        row = account_named(txn, CANONICAL_ID, asked.canonical_id)
    elif asked.email:
        row = account_named(txn, EMAIL, asked.email)
    else:
        row = ACCOUNTS.get(txn, account_id.encode()) if account_id else None
    if row is not None:
        reply.account.CopyFrom(row)


def summary(txn: ReadTxn, account_id: str, asked: iam.Nothing, reply: ReadIamReply) -> None:
    check_index(txn)
    if not account_id or not ACCOUNTS.exists(txn, account_id.encode()):
        raise NoSuchAccount(account=account_id)
    principals = PRINCIPALS.table
    reply.summary.users = _count(txn, principals, kind_prefix(account_id, USER))
    reply.summary.groups = _count(txn, principals, kind_prefix(account_id, GROUP))
    reply.summary.roles = _count(txn, principals, kind_prefix(account_id, ROLE))
    reply.summary.policies = _count(txn, MANAGED_POLICIES.table, policy_key(account_id, ""))
    reply.summary.providers = _count(txn, OIDC_PROVIDERS.table, provider_key(account_id, ""))
    reply.summary.root_keys = _count(txn, USER_KEYS, user_keys_prefix(account_id, ""))


def check_index(txn: ReadTxn) -> None:
    """Raises: Unavailable: keys of before there was an index are still being put into it, which the
    leader does at once."""
    if not is_whole(txn):
        raise Unavailable("the index of access keys is being made")


def _count(txn: ReadTxn, table: Table, prefix: bytes) -> int:
    return sum(1 for _ in txn.scan(table, prefix=prefix))
