"""Leaving a ring for good. Each step is on stable storage before the next; a start goes on where
the last life ended:

1. The volume has its own ring, for the containers that stay.
2. The ring's row says LEAVING: nothing is proposed here, and no start takes part again.
3. The member stops. What its part of the log still holds is applied, and what is open after that is
   quasi-closed, by an entry of the volume's own ring.
4. All of that is in the index.
5. The row says LEFT, and stays: the number is never joined again.
6. The log forgets the group. A start does that again where it was not done."""

import asyncio

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.finishing import Finishing
from trioxygen.common.origin import no_origin
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.ring.flusher import Flusher
from trioxygen.hdds.ring.ring import Ring
from trioxygen.hdds.ring.rings import Rings
from trioxygen.hdds.ring.rows import FORMER_RING
from trioxygen.metadata.raft.ports import GroupId

log = logs.get(__name__)


class Leaving:
    """Of one volume; one ring at a time."""

    def __init__(self, rings: Rings, flusher: Flusher) -> None:
        self._rings, self._flusher = rings, flusher
        self._volume = rings.volume
        self._in_order = asyncio.Lock()
        self._begun: set[int] = set()
        self._finishing = Finishing()

    def begin(self, pipeline_id: int, *, by_force: bool) -> None:
        """Without force only if nothing of it takes blocks. Idempotent. A member that stops may
        wait for others, so nobody waits for it; what fails goes on when it is told again, or at the
        next start."""
        if pipeline_id not in self._begun:
            self._begun.add(pipeline_id)
            self._finishing.begin(self._try(pipeline_id, by_force), context=no_origin())

    async def _try(self, pipeline_id: int, by_force: bool) -> None:
        try:
            await self._leave(pipeline_id, by_force)
        except (TrioxygenError, OSError) as error:
            log.error("ring_not_left", ring=pipeline_id, error=error)
        finally:
            self._begun.discard(pipeline_id)

    async def go_on(self) -> None:
        """At start: what the last life has left."""
        log_groups = set(self._rings.log.groups())
        for pipeline_id in self._rings.left():
            if pipeline_id in log_groups:
                await self._forget(pipeline_id)
        for ring in self._rings.leaving():
            self.begin(ring.pipeline_id, by_force=True)

    async def finished(self) -> None:
        await self._finishing.ended()

    async def _leave(self, pipeline_id: int, by_force: bool) -> None:
        async with self._in_order:
            member = self._rings.get(pipeline_id)
            if member is not None:
                in_use = self._in_use(pipeline_id)
                if in_use and not by_force:
                    log.warning("ring_kept", ring=pipeline_id, containers=len(in_use))
                    return
                await self._rings.local()
                await self._rings.begin_leaving(member)
            for ring in self._rings.leaving():
                if ring.pipeline_id == pipeline_id:
                    await self._end(ring)

    def _in_use(self, pipeline_id: int) -> list[Container]:
        return [
            container
            for container in self._volume.containers.values()
            if container.takes_blocks and _is_of(container, pipeline_id)
        ]

    async def _end(self, ring: Ring) -> None:
        pipeline_id = ring.pipeline_id
        await ring.replica.stop()
        await ring.read_out()
        local = await self._rings.local()
        for container in self._in_use(pipeline_id):
            await local.move_replica(container.container_id, ContainerState.QUASI_CLOSED)
        await self._flusher.flush_all()
        await self._rings.end_leaving(ring)
        log.info("ring_left", ring=pipeline_id)
        await self._forget(pipeline_id)

    async def _forget(self, pipeline_id: int) -> None:
        try:
            await self._rings.log.forget(GroupId(pipeline_id))
        except (TrioxygenError, OSError) as error:
            log.warning("log_of_left_ring_kept", ring=pipeline_id, reason=error)


def _is_of(container: Container, pipeline_id: int) -> bool:
    return (container.pipeline_id or FORMER_RING) == pipeline_id
