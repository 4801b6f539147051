"""Commands on accounts and access keys. Secrets are written here and read only to derive signing
keys.
"""

from trioxygen.common.iam_limits import KEYS_PER_USER_MAX
from trioxygen.common.tokens import random_token
from trioxygen.metadata.om.commands.iam_refusals import (
    limit,
    no_such_account,
    no_such_principal,
)
from trioxygen.metadata.om.state.account_names import (
    CANONICAL_ID,
    EMAIL,
    account_named,
    put_account,
)
from trioxygen.metadata.om.state.identities import (
    USER,
    access_key_of,
    delete_access_key,
    get_principal,
    put_access_key,
    raise_revision,
    user_keys_prefix,
)
from trioxygen.metadata.om.state.schema import ACCOUNTS, USER_KEYS
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.iam_pb2 import AccessKeyRow
from trioxygen.proto.v1.om_pb2 import (
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
        account.alias = ""
        if ACCOUNTS.exists(txn, account.account_id.encode()):
            return Refusal(types_pb2.ACCOUNT_ALREADY_EXISTS, facts={"account": account.account_id})
        for kind, fact in ((CANONICAL_ID, "canonical_id"), (EMAIL, "email")):
            if account_named(txn, kind, getattr(account, fact)) is not None:
                return Refusal(
                    types_pb2.ACCOUNT_ALREADY_EXISTS, facts={fact: getattr(account, fact)}
                )
        put_account(txn, account)
        return CreateAccountReply(account=account)

    def create_access_key(
        self, txn: CapturingTxn, command: CreateAccessKeyRequest, now: Now
    ) -> CreateAccessKeyReply | Refusal:
        """With an access key of the same owner that exists, its secret is replaced, and it is
        active: that is the way back in. With the secret that it has, nothing changes."""
        account_id = command.account_id
        if not account_id or not ACCOUNTS.exists(txn, account_id.encode()):
            return no_such_account(account_id)
        user_id = ""
        if command.user:
            user = get_principal(txn, account_id, USER, command.user)
            if user is None:
                return no_such_principal(USER, command.user)
            user_id = user.unique_id
        access_key = command.access_key or "O3" + random_token(now.rng, 18)
        existing = access_key_of(txn, access_key)
        if existing is not None and (
            (existing.account_id, existing.user_id) != (account_id, user_id)
            or not command.secret_key
        ):
            return Refusal(types_pb2.ACCESS_KEY_ALREADY_EXISTS, facts={"access_key": access_key})
        if existing is not None:
            if existing.secret_key != command.secret_key:
                existing.secret_key, existing.is_inactive = command.secret_key, False
                put_access_key(txn, existing)
                raise_revision(txn, now)
            return CreateAccessKeyReply(key=existing)
        if user_id:
            keys = txn.scan(USER_KEYS, prefix=user_keys_prefix(account_id, user_id))
            if sum(1 for _ in keys) >= KEYS_PER_USER_MAX:
                return limit("AccessKeysPerUser", KEYS_PER_USER_MAX)
        row = AccessKeyRow(
            access_key=access_key,
            secret_key=command.secret_key or random_token(now.rng, 40),
            account_id=account_id,
            created_ms=now.wall_ms,
            user_id=user_id,
        )
        put_access_key(txn, row)
        raise_revision(txn, now)
        return CreateAccessKeyReply(key=row)

    def revoke_access_key(
        self, txn: CapturingTxn, command: RevokeAccessKeyRequest, now: Now
    ) -> RevokeAccessKeyReply | Refusal:
        row = access_key_of(txn, command.access_key)
        if row is None:
            return Refusal(types_pb2.NO_SUCH_ACCESS_KEY, facts={"access_key": command.access_key})
        delete_access_key(txn, row)
        raise_revision(txn, now)
        return RevokeAccessKeyReply()
