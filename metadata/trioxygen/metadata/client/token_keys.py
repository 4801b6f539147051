"""Keeps the keys of block tokens as the SCM says them: for OMs, which sign, and for DataNodes,
which check."""

from collections.abc import Awaitable, Callable
from typing import Final

from trioxygen.common import logs
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.runtime import Runtime
from trioxygen.common.shared_ask import SharedAsk
from trioxygen.common.token_keys import KeyRing, TokenKey
from trioxygen.common.units import SECOND_MS
from trioxygen.proto.v1.scm_pb2 import GetTokenKeysReply

log = logs.get(__name__)

_INTERVAL_MS_FIRST: Final = 200.0
# Who is shown keys that nobody knows does not have the SCM asked more often than that.
_ASKED_EVERY_MS: Final = 1.0 * SECOND_MS

FetchTokenKeys = Callable[[], Awaitable[GetTokenKeysReply]]


class KnownTokenKeys:
    """A Worker. Attributes: ring: those that count."""

    name = "token-keys"

    def __init__(self, runtime: Runtime, fetch: FetchTokenKeys) -> None:
        self._clock, self._tasks, self._fetch = runtime.clock, runtime.tasks, fetch
        self.ring = KeyRing(runtime.clock)
        self.interval_ms = _INTERVAL_MS_FIRST
        self._asked_ms: float | None = None
        self._asking: SharedAsk | None = None

    async def work(self) -> bool:
        await self._asked()
        return False

    async def refresh(self) -> bool:
        """Whether the SCM has been asked: a moment after it was last, it is not asked again.

        Raises: what it raises."""
        now_ms = self._clock.monotonic_ms()
        # Where keys are short, the SCM is asked more often anyway.
        pause_ms = min(_ASKED_EVERY_MS, self.interval_ms)
        is_new = self._asked_ms is None or now_ms - self._asked_ms >= pause_ms
        is_running = self._asking is not None and self._asking.is_under_way
        if is_new or is_running:
            await self._asked()
            return True
        return False

    async def _asked(self) -> None:
        """All who wait share one call."""
        if self._asking is None or not self._asking.is_under_way:
            self._asking = SharedAsk(self._tasks, self._ask, name="ask for token keys")
        await self._asking.ended()

    async def _ask(self) -> None:
        asked_ms = self._clock.monotonic_ms()
        reply = await self._fetch()
        RULES.check(reply, "StorageContainerManager/GetTokenKeys")
        self._asked_ms = asked_ms
        self.interval_ms = float(reply.ask_again_ms)
        known = [key.key_id for key in reply.keys if self.ring.secret(key.key_id) is not None]
        self.ring.replace(
            TokenKey(key.key_id, key.secret, asked_ms + key.signs_after_ms) for key in reply.keys
        )
        if len(known) < len(reply.keys):
            log.info("token_keys_learnt", new=len(reply.keys) - len(known), keys=len(reply.keys))
