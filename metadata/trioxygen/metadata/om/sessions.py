"""Credentials that end: made on the leader, kept nowhere but in their token."""

import random
from typing import Final

from google.protobuf.message import Message

from trioxygen.common.errors import NoSuchAccount, NoSuchEntity
from trioxygen.common.rpc.call import Call
from trioxygen.common.runtime import Runtime
from trioxygen.common.tokens import random_token
from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.om.commands.iam_keys import ROLE_USE_MS, SESSION_KEY_SEALS_MS
from trioxygen.metadata.om.session_tokens import sealed_token
from trioxygen.metadata.om.state.identities import (
    KIND_NAMES,
    ROLE,
    USER,
    get_policy,
    get_principal,
)
from trioxygen.metadata.om.state.schema import ACCOUNTS
from trioxygen.metadata.om.state.session_keys import newest_session_key
from trioxygen.metadata.replication import healed
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.iam_pb2 import (
    MintSessionReply,
    MintSessionRequest,
    PrincipalRow,
    SessionContent,
)
from trioxygen.proto.v1.om_pb2 import PrepareSession

# As AWS's temporary ones begin, and as long as those are.
_PREFIX: Final = "ASIA"
_KEY_LETTERS: Final = 16
_SECRET_LETTERS: Final = 40


class SessionMint:
    def __init__(self, executor: Executor, runtime: Runtime) -> None:
        self._executor, self._clock = executor, runtime.clock
        self._rng: random.Random = runtime.rng

    async def mint(self, request: MintSessionRequest, call: Call) -> Message:
        """Raises: NoSuchAccount, NoSuchEntity; LimitExceeded: it does not fit a token."""
        self._executor.check_leader()
        await healed.query(self._executor, self._look, request)
        prepare = self._to_prepare(request)
        if prepare is not None:
            await healed.execute_early(self._executor, prepare)
        return await healed.query(self._executor, self._made, request)

    def _look(self, request: MintSessionRequest) -> Message:
        """Whether it may be made at all."""
        with self._executor.store.read() as txn:
            _principal(txn, request)
            for arn in request.policy_arns:
                if get_policy(txn, request.account_id, arn) is None:
                    raise NoSuchEntity(kind="policy", name=arn)
        return request

    def _to_prepare(self, request: MintSessionRequest) -> PrepareSession | None:
        """None: there is a key, and the role's use is noted."""
        with self._executor.store.read() as txn:
            key, principal = newest_session_key(txn), _principal(txn, request)
        age_ms = self._executor.group_ms() - key.made_ms if key is not None else None
        role_id = ""
        if principal is not None and principal.kind == ROLE:
            if self._clock.wall_ms() - principal.last_used_ms >= ROLE_USE_MS:
                role_id = principal.unique_id
        if not role_id and age_ms is not None and age_ms < SESSION_KEY_SEALS_MS:
            return None
        return PrepareSession(role_id=role_id)

    def _made(self, request: MintSessionRequest) -> Message:
        expires_ms = self._clock.wall_ms() + request.lasts_seconds * SECOND_MS
        with self._executor.store.read() as txn:
            principal, key = _principal(txn, request), newest_session_key(txn)
        assert key is not None, "a session is minted without a key"
        content = SessionContent(
            access_key=_PREFIX + random_token(self._rng, _KEY_LETTERS),
            secret_key=random_token(self._rng, _SECRET_LETTERS),
            account_id=request.account_id,
            principal_id="" if principal is None else principal.unique_id,
            session_name=request.session_name,
            expires_ms=expires_ms,
            policies=request.policies,
            policy_arns=request.policy_arns,
            tags=request.tags,
            context=request.context,
        )
        return MintSessionReply(
            access_key=content.access_key,
            secret_key=content.secret_key,
            session_token=sealed_token(key, content, self._rng),
            expires_ms=expires_ms,
        )


def _principal(txn: ReadTxn, request: MintSessionRequest) -> PrincipalRow | None:
    """None: the account's root."""
    account_id = request.account_id
    if not account_id or not ACCOUNTS.exists(txn, account_id.encode()):
        raise NoSuchAccount(account=account_id)
    if not request.role and not request.user:
        return None
    kind, name = (ROLE, request.role) if request.role else (USER, request.user)
    row = get_principal(txn, account_id, kind, name)
    if row is None:
        raise NoSuchEntity(kind=KIND_NAMES[kind], name=name)
    return row
