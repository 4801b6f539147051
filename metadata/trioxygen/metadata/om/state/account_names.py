"""Which account has a canonical id, an email or an alias.

Stores from before there was this index have accounts and access keys that are not in it, until the
leader has put them there (`workers/account_index`)."""

from collections.abc import Iterator
from typing import Final

from trioxygen.metadata.om.state.schema import ACCOUNT_NAMES, ACCOUNTS, INDEXED_ACCOUNTS
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.types_pb2 import Account

CANONICAL_ID: Final = b"canonical_id\0"
EMAIL: Final = b"email\0"
ALIAS: Final = b"alias\0"
# In INDEXED_ACCOUNTS; see `commands/account_index`.
DONE: Final = b"done"
# Of what there is, in characters.
_NAME_MAX: Final = 256


def names_of(account: Account) -> Iterator[bytes]:
    for kind, name in (
        (CANONICAL_ID, account.canonical_id),
        (EMAIL, account.email),
        (ALIAS, account.alias),
    ):
        if name:
            yield kind + name.encode()


def put_account(txn: WriteTxn, account: Account) -> None:
    if next(txn.scan(ACCOUNTS.table, prefix=b""), None) is None:
        # The index of a new store is whole from the first account on: nothing waits for it.
        txn.put(META, INDEXED_ACCOUNTS, DONE)
    ACCOUNTS.put(txn, account.account_id.encode(), account)
    put_names(txn, account)


def put_names(txn: WriteTxn, account: Account) -> None:
    key = account.account_id.encode()
    for name in names_of(account):
        if txn.get(ACCOUNT_NAMES, name) is None:
            txn.put(ACCOUNT_NAMES, name, key)


def account_named(txn: ReadTxn, kind: bytes, name: str) -> Account | None:
    """Args: kind: CANONICAL_ID, EMAIL or ALIAS."""
    if not name or len(name) > _NAME_MAX:
        return None
    wanted = kind + name.encode()
    key = txn.get(ACCOUNT_NAMES, wanted)
    if key is not None:
        return ACCOUNTS.get(txn, key)
    if is_whole(txn):
        return None
    return next((row for _, row in ACCOUNTS.scan(txn, prefix=b"") if wanted in names_of(row)), None)


def is_whole(txn: ReadTxn) -> bool:
    return txn.get(META, INDEXED_ACCOUNTS) == DONE
