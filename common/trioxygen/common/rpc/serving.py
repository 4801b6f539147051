"""One call or stream at its server: what the log says of it. The lines carry the request's id, as
all do that are written while it is served."""

import asyncio
import math
from types import TracebackType
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.call import Call

log = logs.get(__name__)

NEVER_SLOW: Final = math.inf


class Serving:
    """Around the handler.

    Args:
        slow_ms: a call that takes longer is worth a line at any level.
    """

    __slots__ = ("_call", "_loop", "_method", "_slow_ms", "_started")

    def __init__(self, method: str, call: Call, slow_ms: float = NEVER_SLOW) -> None:
        self._method, self._call, self._slow_ms = method, call, slow_ms

    def __enter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        took_ms = (self._loop.time() - self._started) * 1_000
        if took_ms < self._slow_ms and not log.is_debug:
            return
        fields = {"method": self._method, "peer": self._call.peer, "took_ms": f"{took_ms:.3f}"}
        if kind is not None:
            fields["outcome"] = kind.__name__
        if isinstance(error, TrioxygenError):
            fields["reason"] = str(error)
        if took_ms >= self._slow_ms:
            log.warning("call_slow", **fields)
        else:
            log.debug("call_ended", **fields)
