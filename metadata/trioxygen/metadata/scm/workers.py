"""The SCM leader's background work."""

from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.metadata.execution import Executor
from trioxygen.metadata.retries import AnswerAges
from trioxygen.proto.v1.om_pb2 import ExpireRetries, WorkReply

_ROWS_AT_ONCE_MAX: Final = 10_000


class AnswerExpiry:
    """Forgets answers that are too old to be asked for again."""

    name = "scm-answer-expiry"

    def __init__(
        self, executor: Executor, clock: Clock, *, answers_kept_ms: int, interval_ms: float
    ) -> None:
        self._executor, self._clock, self.interval_ms = executor, clock, interval_ms
        self._ages = AnswerAges(answers_kept_ms)

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        answered_before_ms = self._ages.answered_before_ms(
            term=self._executor.replica.term,
            monotonic_ms=self._clock.monotonic_ms(),
            wall_ms=self._executor.last_wall_ms,
        )
        reply = await self._executor.execute(
            ExpireRetries(answered_before_ms=answered_before_ms, rows_max=_ROWS_AT_ONCE_MAX)
        )
        return isinstance(reply, WorkReply) and reply.more
