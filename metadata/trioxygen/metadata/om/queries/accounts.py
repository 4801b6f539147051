"""Queries on all accounts and access keys."""

from itertools import islice

from trioxygen.metadata.om.queries.iam import shown_key
from trioxygen.metadata.om.queries.reading import PAGE_ROWS_MAX, fitting
from trioxygen.metadata.om.state.schema import ACCESS_KEYS, ACCOUNTS
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om


def list_accounts(txn: ReadTxn, request: om.ListAccountsRequest) -> om.ListAccountsReply:
    after = request.after.encode() if request.after else None
    count_max = min(request.count_max, PAGE_ROWS_MAX)
    rows = list(islice(ACCOUNTS.scan(txn, prefix=b"", after=after), count_max + 1))
    page = fitting([row for _, row in rows[:count_max]])
    return om.ListAccountsReply(accounts=page, truncated=len(rows) > len(page))


def list_access_keys(txn: ReadTxn, request: om.ListAccessKeysRequest) -> om.ListAccessKeysReply:
    after = request.after.encode() if request.after else None
    count_max = min(request.count_max, PAGE_ROWS_MAX)
    rows = (row for _, row in ACCESS_KEYS.scan(txn, prefix=b"", after=after))
    wanted = (row for row in rows if not request.account_id or row.account_id == request.account_id)
    looked_up = list(islice(wanted, count_max + 1))
    page = fitting([shown_key(txn, row) for row in looked_up[:count_max]])
    return om.ListAccessKeysReply(keys=page, truncated=len(looked_up) > len(page))
