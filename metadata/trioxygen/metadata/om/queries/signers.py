"""Who signed: what only who knows the secrets can answer."""

from typing import NamedTuple

from trioxygen.common.clock import Clock
from trioxygen.common.errors import ExpiredToken, InvalidToken, NoSuchAccessKey
from trioxygen.common.signing_key import derive_signing_key as derive
from trioxygen.common.signing_key import is_signature_v2
from trioxygen.metadata.om import session_tokens
from trioxygen.metadata.om.queries.identity import (
    identity_of_root,
    identity_of_session,
    identity_of_user,
)
from trioxygen.metadata.om.state.identities import access_key_of, principal_of_id
from trioxygen.metadata.om.state.schema import ACCOUNTS
from trioxygen.metadata.om.state.session_keys import session_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.iam_pb2 import Identity, SessionContent
from trioxygen.proto.v1.types_pb2 import Account


class _Signer(NamedTuple):
    secret: str
    account: Account
    identity: Identity


class Signers:
    """Args: clock: by its wall time sessions end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def derive_signing_key(
        self, txn: ReadTxn, request: om.DeriveSigningKeyRequest
    ) -> om.DeriveSigningKeyReply:
        signer = self._signer(txn, request)
        derived = derive(
            secret=signer.secret,
            date=request.date,
            region=request.region,
            service=request.service,
        )
        return om.DeriveSigningKeyReply(
            signing_key=derived, account=signer.account, identity=signer.identity
        )

    def verify_signature_v2(
        self, txn: ReadTxn, request: om.VerifySignatureV2Request
    ) -> om.VerifySignatureV2Reply:
        signer = self._signer(txn, request)
        valid = is_signature_v2(
            secret=signer.secret,
            string_to_sign=request.string_to_sign,
            signature=request.signature,
        )
        if not valid:
            return om.VerifySignatureV2Reply(valid=False)
        return om.VerifySignatureV2Reply(
            valid=True, account=signer.account, identity=signer.identity
        )

    def _signer(
        self, txn: ReadTxn, request: om.DeriveSigningKeyRequest | om.VerifySignatureV2Request
    ) -> _Signer:
        """Raises: NoSuchAccessKey: also of one that is inactive; InvalidToken, ExpiredToken."""
        row = access_key_of(txn, request.access_key)
        if row is None:
            if not request.HasField("session_token"):
                raise NoSuchAccessKey(access_key=request.access_key)
            return self._of_session(txn, request.access_key, request.session_token)
        if row.is_inactive:
            # Told to operators alone, by an explanation.
            raise NoSuchAccessKey(access_key=request.access_key, state="inactive")
        if request.HasField("session_token"):
            raise InvalidToken()
        if not row.user_id:
            identity = identity_of_root(txn, row.account_id)
        else:
            user = principal_of_id(txn, row.user_id)
            assert user is not None, f"access key {row.access_key} of a user that is not there"
            identity = identity_of_user(txn, user)
        return _Signer(row.secret_key, _account(txn, row.account_id), identity)

    def _of_session(self, txn: ReadTxn, access_key: str, token: str) -> _Signer:
        session = self._session(txn, access_key, token)
        account = _account(txn, session.account_id)
        return _Signer(session.secret_key, account, identity_of_session(txn, session))

    def _session(self, txn: ReadTxn, access_key: str, token: str) -> SessionContent:
        raw = session_tokens.token_parts(token)
        key = session_key(txn, session_tokens.key_id_of(raw))
        if key is None:
            raise InvalidToken()
        session = session_tokens.opened(key, raw)
        if session.access_key != access_key:
            raise InvalidToken()
        if self._clock.wall_ms() >= session.expires_ms:
            raise ExpiredToken(expired_ms=session.expires_ms)
        return session


def _account(txn: ReadTxn, account_id: str) -> Account:
    account = ACCOUNTS.get(txn, account_id.encode())
    assert account is not None, f"account {account_id} of an access key is not there"
    return account
