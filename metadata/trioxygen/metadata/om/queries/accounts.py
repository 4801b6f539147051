"""Queries on accounts and access keys, and what only who knows the secrets can answer."""

from itertools import islice

from trioxygen.common.errors import NoSuchAccessKey
from trioxygen.common.signing_key import derive_signing_key as derive
from trioxygen.common.signing_key import is_signature_v2
from trioxygen.metadata.om.queries.reading import PAGE_ROWS_MAX, fitting
from trioxygen.metadata.om.state.schema import ACCESS_KEYS, ACCOUNTS
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import Account


def _secret_of(txn: ReadTxn, access_key: str) -> tuple[str, Account]:
    """Raises: NoSuchAccessKey."""
    key = ACCESS_KEYS.get(txn, access_key.encode()) if access_key else None
    if key is None:
        raise NoSuchAccessKey(access_key=access_key)
    account = ACCOUNTS.get(txn, key.account_id.encode())
    assert account is not None, f"access key {key.access_key} of an account that is not there"
    return key.secret_key, account


def derive_signing_key(
    txn: ReadTxn, request: om.DeriveSigningKeyRequest
) -> om.DeriveSigningKeyReply:
    secret, account = _secret_of(txn, request.access_key)
    derived = derive(
        secret=secret, date=request.date, region=request.region, service=request.service
    )
    return om.DeriveSigningKeyReply(signing_key=derived, account=account)


def verify_signature_v2(
    txn: ReadTxn, request: om.VerifySignatureV2Request
) -> om.VerifySignatureV2Reply:
    secret, account = _secret_of(txn, request.access_key)
    valid = is_signature_v2(
        secret=secret,
        string_to_sign=request.string_to_sign,
        signature=request.signature,
    )
    return om.VerifySignatureV2Reply(valid=valid, account=account if valid else None)


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
    for row in looked_up:
        row.ClearField("secret_key")
    page = fitting(looked_up[:count_max])
    return om.ListAccessKeysReply(keys=page, truncated=len(looked_up) > len(page))
