"""Keys of block tokens: the SCM that leads makes a new one ever so often, and tells those that
count to who signs tokens and who checks them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from trioxygen.common import logs
from trioxygen.common.block_token import SECRET_BYTES
from trioxygen.common.errors import Unavailable
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler as CallHandler
from trioxygen.common.units import MINUTE_MS
from trioxygen.metadata.replication.batch import Handler, Now
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.schema import TOKEN_KEYS, id_key
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.scm_pb2 import AddTokenKey, ScmReply, TokenKeyRow

log = logs.get(__name__)

# Of a key's time: how often the others ask, and when all of them surely have.
_ASKED_SHARE: Final = 0.05
_SPREAD_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKeyConfig:
    """Attributes:
    key_ms: from one key to the next, by the group's time.
    kept: keys that count. A token is good for at least so many times `key_ms`, less one.
    """

    key_ms: int = 10 * MINUTE_MS
    kept: int = 3

    @property
    def ask_again_ms(self) -> int:
        return max(1, int(_ASKED_SHARE * self.key_ms))

    @property
    def spread_ms(self) -> int:
        return int(_SPREAD_SHARE * self.key_ms)


def is_due(newest: TokenKeyRow | None, *, group_ms: int, key_ms: int) -> bool:
    """Whether a new key is to be made."""
    return newest is None or group_ms - newest.made_ms >= key_ms


def signing_key(
    rows: Sequence[TokenKeyRow], *, group_ms: int, spread_ms: int
) -> TokenKeyRow | None:
    """As `KeyRing.signing`. Args: rows: the oldest first."""
    spread = [row for row in rows if row.made_ms + spread_ms <= group_ms]
    return spread[-1] if spread else next(iter(rows), None)


def add_token_key(txn: CapturingTxn, command: AddTokenKey, now: Now) -> ScmReply:
    rows = list(TOKEN_KEYS.scan(txn, prefix=b""))
    if (rows[-1][1].key_id if rows else 0) != command.after_key_id:
        return ScmReply()
    keys = [key for key, _ in rows]
    number = int.from_bytes(keys[-1], "big") + 1 if keys else 1
    row = TokenKeyRow(key_id=command.key_id, secret=command.secret, made_ms=now.group_ms)
    TOKEN_KEYS.put(txn, id_key(number), row)
    for key in keys[: max(0, len(keys) + 1 - max(1, command.kept))]:
        TOKEN_KEYS.delete(txn, key)
    return ScmReply()


TOKEN_KEY_HANDLERS: Final[Mapping[type, Handler]] = {AddTokenKey: add_token_key}


class TokenKeys:
    """A Worker. Args: config: None: tokens are not used. leads: whether this SCM does."""

    name = "scm-token-keys"

    def __init__(
        self,
        executor: Executor,
        rng: Random,
        config: TokenKeyConfig | None,
        *,
        leads: Callable[[], bool],
        lead: Callable[[], None],
    ) -> None:
        self._executor, self._rng, self._config = executor, rng, config
        self._leads, self._lead = leads, lead
        self.interval_ms = float(config.ask_again_ms if config else MINUTE_MS)

    def handlers(self) -> dict[str, CallHandler]:
        return {"GetTokenKeys": self._get}

    def workers(self) -> "Sequence[TokenKeys]":
        return () if self._config is None else (self,)

    async def work(self) -> bool:
        if self._config is not None and self._leads():
            await self._make_if_due(self._config)
        return False

    def _rows(self) -> list[TokenKeyRow]:
        """The oldest first."""
        with self._executor.store.read() as txn:
            return [row for _, row in TOKEN_KEYS.scan(txn, prefix=b"")]

    async def _make_if_due(self, config: TokenKeyConfig) -> None:
        rows = self._rows()
        newest = rows[-1] if rows else None
        if not is_due(newest, group_ms=self._executor.group_ms(), key_ms=config.key_ms):
            return
        key_id = self._rng.getrandbits(64) or 1
        secret = self._rng.randbytes(SECRET_BYTES)
        command = AddTokenKey(
            key_id=key_id,
            secret=secret,
            kept=config.kept,
            after_key_id=newest.key_id if newest else 0,
        )
        await self._executor.execute(command)
        log.info("token_key_made", keys=min(len(rows) + 1, config.kept))

    async def signing(self) -> TokenKeyRow | None:
        """At the SCM that leads: its key now. None: tokens are not used."""
        config = self._config
        if config is None:
            return None
        rows = await self._keys_that_count(config)
        return signing_key(rows, group_ms=self._executor.group_ms(), spread_ms=config.spread_ms)

    async def _keys_that_count(self, config: TokenKeyConfig) -> list[TokenKeyRow]:
        rows = self._rows()
        if not rows:
            await self._make_if_due(config)
            rows = self._rows()
        return rows

    async def _get(self, request: scm.GetTokenKeysRequest, call: Call) -> scm.GetTokenKeysReply:
        """Raises: NotLeader; Unavailable: tokens are not used."""
        self._lead()
        config = self._config
        if config is None:
            raise Unavailable("block tokens are off at the SCM: security.block_tokens differs")
        rows = await self._keys_that_count(config)
        group_ms = self._executor.group_ms()
        keys = [
            scm.TokenKey(
                key_id=row.key_id,
                secret=row.secret,
                signs_after_ms=max(0, row.made_ms + config.spread_ms - group_ms),
            )
            for row in rows
        ]
        return scm.GetTokenKeysReply(keys=keys, ask_again_ms=config.ask_again_ms)
