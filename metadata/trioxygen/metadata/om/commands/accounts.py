"""Commands on accounts and access keys. Secrets are written here and read only to derive signing
keys.
"""

from trioxygen.common.tokens import random_token
from trioxygen.metadata.om.state.schema import ACCESS_KEYS, ACCOUNTS
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    AccessKeyRow,
    CreateAccessKeyReply,
    CreateAccessKeyRequest,
    CreateAccountReply,
    CreateAccountRequest,
    RevokeAccessKeyReply,
    RevokeAccessKeyRequest,
)
from trioxygen.proto.v1.types_pb2 import Account


class AccountCommands:
    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.CreateAccountRequest: self.create_account,
            om_pb2.CreateAccessKeyRequest: self.create_access_key,
            om_pb2.RevokeAccessKeyRequest: self.revoke_access_key,
        }

    def create_account(
        self, txn: CapturingTxn, command: CreateAccountRequest, now: Now
    ) -> CreateAccountReply | Refusal:
        account = Account()
        account.CopyFrom(command.account)
        account.account_id = account.account_id or "".join(now.rng.choices("0123456789", k=12))
        account.canonical_id = account.canonical_id or f"{now.rng.getrandbits(256):064x}"
        account.display_name = account.display_name or account.account_id
        account.created_ms = now.wall_ms
        if ACCOUNTS.exists(txn, account.account_id.encode()):
            return Refusal(types_pb2.ACCOUNT_ALREADY_EXISTS, facts={"account": account.account_id})
        for _, other in ACCOUNTS.scan(txn, prefix=b""):
            if other.canonical_id == account.canonical_id:
                return Refusal(
                    types_pb2.ACCOUNT_ALREADY_EXISTS, facts={"canonical_id": account.canonical_id}
                )
            if account.email and other.email == account.email:
                return Refusal(types_pb2.ACCOUNT_ALREADY_EXISTS, facts={"email": account.email})
        ACCOUNTS.put(txn, account.account_id.encode(), account)
        return CreateAccountReply(account=account)

    def create_access_key(
        self, txn: CapturingTxn, command: CreateAccessKeyRequest, now: Now
    ) -> CreateAccessKeyReply | Refusal:
        """With an access key of the same account that exists, its secret is replaced."""
        if not command.account_id or not ACCOUNTS.exists(txn, command.account_id.encode()):
            return Refusal(types_pb2.NO_SUCH_ACCOUNT, facts={"account": command.account_id})
        access_key = command.access_key or "O3" + random_token(now.rng, 18)
        existing = ACCESS_KEYS.get(txn, access_key.encode())
        if existing is not None and (
            existing.account_id != command.account_id or not command.secret_key
        ):
            return Refusal(types_pb2.ACCESS_KEY_ALREADY_EXISTS, facts={"access_key": access_key})
        row = AccessKeyRow(
            access_key=access_key,
            secret_key=command.secret_key or random_token(now.rng, 40),
            account_id=command.account_id,
            created_ms=now.wall_ms,
        )
        ACCESS_KEYS.put(txn, access_key.encode(), row)
        return CreateAccessKeyReply(key=row)

    def revoke_access_key(
        self, txn: CapturingTxn, command: RevokeAccessKeyRequest, now: Now
    ) -> RevokeAccessKeyReply | Refusal:
        if not command.access_key or not ACCESS_KEYS.delete(txn, command.access_key.encode()):
            return Refusal(types_pb2.NO_SUCH_ACCESS_KEY, facts={"access_key": command.access_key})
        return RevokeAccessKeyReply()
