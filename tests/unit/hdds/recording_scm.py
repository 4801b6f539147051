"""An SCM that keeps what a DataNode has told it, and answers as it is told to."""

import asyncio
from dataclasses import dataclass, field

from trioxygen.proto.v1.scm_pb2 import (
    HeartbeatReply,
    HeartbeatRequest,
    RegisterDataNodeReply,
    RegisterDataNodeRequest,
)


@dataclass
class RecordingScm:
    """Answers each heartbeat with the next of `answers`."""

    answers: list[HeartbeatReply | Exception] = field(default_factory=list)
    registrations: list[RegisterDataNodeRequest] = field(default_factory=list)
    heartbeats: list[HeartbeatRequest] = field(default_factory=list)
    term: int = 0
    answer_after_ms: float = 0
    interval_ms: int = 5
    report_interval_ms: int = 0
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def register(self, request: RegisterDataNodeRequest) -> RegisterDataNodeReply:
        self.registrations.append(request)
        return RegisterDataNodeReply(
            leader=True,
            cluster_id="cluster-1",
            heartbeat_interval_ms=self.interval_ms,
            term=self.term,
            report_interval_ms=self.report_interval_ms,
        )

    async def heartbeat(self, request: HeartbeatRequest) -> HeartbeatReply:
        self.heartbeats.append(request)
        async with self._heard:
            self._heard.notify_all()
        answer = self.answers.pop(0) if self.answers else HeartbeatReply(leader=True)
        if self.answer_after_ms:
            await asyncio.sleep(self.answer_after_ms / 1_000)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def after(self, count: int) -> None:
        """Returns when so many more heartbeats have come."""
        wanted = len(self.heartbeats) + count
        async with self._heard:
            await self._heard.wait_for(lambda: len(self.heartbeats) >= wanted)
