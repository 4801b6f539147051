"""Takes back the log's oldest segments, once no group needs what they hold."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from trioxygen.common import logs
from trioxygen.common.errors import NoSpace, Overloaded, Stopping
from trioxygen.common.finishing import joined
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.log.index import GroupLog
from trioxygen.metadata.raft.log.reclaim import is_obsolete, to_carry
from trioxygen.metadata.raft.log.segment import Append, Segment, retire_segment
from trioxygen.metadata.raft.ports import GroupId

log = logs.get(__name__)


class Reclaimer:
    """Args:
    segments: of the log, oldest first; the last is in use.
    enqueue: of an append; raises as the log's.
    goes_on: whether the log takes more.
    ended: called after segments were taken back, or could not be.
    """

    def __init__(
        self,
        runtime: Runtime,
        name: str,
        segments: list[Segment],
        groups: Mapping[GroupId, GroupLog],
        *,
        spares_max: int,
        enqueue: "Callable[[Append], asyncio.Future[None]]",
        goes_on: Callable[[], bool],
        ended: Callable[[], Awaitable[None]],
    ) -> None:
        self._runtime, self._name = runtime, name
        self._segments, self._groups, self._spares_max = segments, groups, spares_max
        self._enqueue, self._goes_on, self._ended = enqueue, goes_on, ended
        self.task: asyncio.Task[None] | None = None

    def _can_take(self) -> bool:
        segments = self._segments
        return self._goes_on() and len(segments) > 1 and is_obsolete(segments[0], self._groups)

    def begin_if_possible(self) -> None:
        if self.task is None and self._can_take():
            self.task = self._runtime.tasks.start(self._reclaim(), name=f"wal-{self._name}-reclaim")

    async def _reclaim(self) -> None:
        try:
            while self._can_take():
                oldest = self._segments[0]
                # First the log says, durably and further on, what only this segment says.
                carried = [self._enqueue(append) for append in to_carry(oldest, self._groups)]
                if carried:
                    await asyncio.gather(*carried)
                if oldest.readers:
                    return
                del self._segments[0]
                retiring = self._runtime.blocking.run(
                    partial(retire_segment, self._runtime.disk, oldest, spares_max=self._spares_max)
                )
                await joined(retiring)
            await self._ended()
        except (NoSpace, Overloaded, Stopping) as error:
            # Nothing is lost; the next release tries again.
            log.warning("log_not_reclaimed", log=self._name, error=error)
        finally:
            self.task = None
