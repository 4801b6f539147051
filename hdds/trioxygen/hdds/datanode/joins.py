"""Rings that a node is told to take part in. One that cannot be joined is tried again when it is
told again, and not with each heartbeat: a try writes to the index and syncs it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.retry import Backoff
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, PipelineCommand

log = logs.get(__name__)

_WAIT_MS_FIRST: Final = 1_000.0
_WAIT_MS_MAX: Final = 60_000.0


@dataclass(slots=True)
class _Failed:
    """Attributes: next_ms: before it there is no other try."""

    backoff: Backoff = field(default_factory=lambda: Backoff(_WAIT_MS_FIRST, _WAIT_MS_MAX))
    next_ms: float = 0.0


class Joins:
    def __init__(self, clock: Clock, homes: Homes) -> None:
        self._clock, self._homes = clock, homes
        # By pipeline.
        self._failed: dict[int, _Failed] = {}

    def keep_wanted(self, commands: Iterable[DataNodeCommand]) -> None:
        """All that the leader tells now: what is not told any more is forgotten."""
        if self._failed:
            wanted = {command.create_pipeline.pipeline.pipeline_id for command in commands}
            self._failed = {
                pipeline_id: failed
                for pipeline_id, failed in self._failed.items()
                if pipeline_id in wanted
            }

    async def join(self, command: PipelineCommand) -> None:
        """Unless it failed a short while ago. What fails is logged: the heartbeat that it was told
        with brings other things too."""
        pipeline_id = command.pipeline.pipeline_id
        failed = self._failed.get(pipeline_id)
        if failed is not None and self._clock.monotonic_ms() < failed.next_ms:
            return
        try:
            await self._homes.join(command.pipeline, command.volume_id)
        except (TrioxygenError, OSError) as error:
            failed = self._failed.setdefault(pipeline_id, _Failed())
            wait_ms = failed.backoff.take_ms()
            failed.next_ms = self._clock.monotonic_ms() + wait_ms
            log.error(
                "ring_not_joined", pipeline=pipeline_id, error=error, again_after_ms=int(wait_ms)
            )
        else:
            self._failed.pop(pipeline_id, None)
