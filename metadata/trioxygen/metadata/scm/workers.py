"""The SCM leader's background work."""

from typing import Final

from trioxygen.metadata.replication.executor import Executor
from trioxygen.proto.v1.replication_pb2 import ExpireRetries, WorkReply

_ROWS_AT_ONCE_MAX: Final = 10_000


class AnswerExpiry:
    """Forgets answers that are too old to be asked for again."""

    name = "scm-answer-expiry"

    def __init__(self, executor: Executor, *, answers_kept_ms: int, interval_ms: float) -> None:
        self._executor, self.interval_ms = executor, interval_ms
        self._answers_kept_ms = answers_kept_ms

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        answered_before_ms = self._executor.group_ms() - self._answers_kept_ms
        reply = await self._executor.execute(
            ExpireRetries(answered_before_ms=answered_before_ms, rows_max=_ROWS_AT_ONCE_MAX)
        )
        return isinstance(reply, WorkReply) and reply.more
