"""The index of accounts and access keys, of stores from before there was one: filled in steps, the
accounts first."""

from collections.abc import Callable
from itertools import islice
from typing import Final

from trioxygen.metadata.om.state.account_names import DONE, put_names
from trioxygen.metadata.om.state.identities import put_key_of_user
from trioxygen.metadata.om.state.schema import ACCESS_KEYS, ACCOUNTS, INDEXED_ACCOUNTS
from trioxygen.metadata.replication.batch import Handler, Now
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import Table
from trioxygen.proto.v1.iam_pb2 import AccessKeyRow
from trioxygen.proto.v1.om_pb2 import IndexAccounts
from trioxygen.proto.v1.replication_pb2 import WorkReply
from trioxygen.proto.v1.types_pb2 import Account

# What INDEXED_ACCOUNTS begins with, before the key of the last row that is done.
_AT_ACCOUNTS: Final = b"a"
_AT_KEYS: Final = b"k"

_Put = Callable[[CapturingTxn, bytes], None]


def _put_account(txn: CapturingTxn, row: bytes) -> None:
    put_names(txn, Account.FromString(row))


def _put_key(txn: CapturingTxn, row: bytes) -> None:
    put_key_of_user(txn, AccessKeyRow.FromString(row))


_STEPS: Final[dict[bytes, tuple[Table, _Put, bytes]]] = {
    _AT_ACCOUNTS: (ACCOUNTS.table, _put_account, _AT_KEYS),
    _AT_KEYS: (ACCESS_KEYS.table, _put_key, DONE),
}


class AccountIndexCommands:
    def handlers(self) -> dict[type, Handler]:
        return {IndexAccounts: self.index_accounts}

    def index_accounts(self, txn: CapturingTxn, command: IndexAccounts, now: Now) -> WorkReply:
        at = txn.get(META, INDEXED_ACCOUNTS) or _AT_ACCOUNTS
        if at == DONE:
            return WorkReply()
        step, after = at[:1], at[1:]
        table, put, following = _STEPS[step]
        rows = list(islice(txn.scan(table, prefix=b"", after=after or None), command.rows_max))
        for _, row in rows:
            put(txn, row)
        at = step + rows[-1][0] if len(rows) == command.rows_max else following
        txn.put(META, INDEXED_ACCOUNTS, at)
        return WorkReply(more=at != DONE)
