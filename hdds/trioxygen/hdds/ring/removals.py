"""Takes containers off a volume that its own ring has moved to DELETING, one after the other."""

from functools import partial

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.finishing import Finishing, joined
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.marks import delete_marks
from trioxygen.hdds.container.removal import (
    delete_container_rows,
    delete_some_blocks,
    remove_files,
)
from trioxygen.hdds.ring.flusher import Flusher
from trioxygen.hdds.ring.rings import Rings

log = logs.get(__name__)


class Removals:
    """A Worker of one volume.

    Attributes:
    removed: containers, since the start.
    """

    # While streams into one are still under way.
    interval_ms = 1_000.0

    def __init__(self, rings: Rings, flusher: Flusher) -> None:
        self.name = f"removals-{rings.volume.volume_id}"
        self._rings, self._flusher = rings, flusher
        self._volume, self._blocks = rings.volume, rings.blocks
        # What was begun on a thread is followed up in memory, also when the worker is stopped.
        self._finishing = Finishing()
        self._left_over: list[int] = []
        self.removed = 0

    def begin(self) -> None:
        """The log has been replayed, and nothing is being made here yet."""
        self._left_over = [
            container_id
            for container_id, container in self._volume.containers.items()
            if container.logged_state is ContainerState.RECOVERING
        ]
        self._blocks.has_deleting.set()

    async def work(self) -> bool:
        await self._blocks.has_deleting.wait()
        await self._drop_left_over()
        going = [
            container
            for container in self._volume.containers.values()
            if container.state is ContainerState.DELETING
        ]
        if not going:
            self._blocks.has_deleting.clear()
            return True
        quiet = [container for container in going if not container.streams_open]
        for container in quiet:
            await self._finishing.run(self._remove(container))
        return len(quiet) == len(going)

    async def _drop_left_over(self) -> None:
        """Replicas that were being made when the node ended: whoever made them begins anew, and
        what was deleted meanwhile is not known any more."""
        while self._left_over:
            container_id = self._left_over[-1]
            ring = await self._rings.local()
            await ring.move_replica(container_id, ContainerState.DELETING)
            log.info("unfinished_copy_dropped", container=container_id)
            self._left_over.pop()

    async def _remove(self, container: Container) -> None:
        """The order is that of `container/removal`. What is pending of it is made first: that the
        log says DELETING is in the index then, and a replay does not bring what comes later about
        twice. Its files go before that too: there may be no room without."""
        volume, container_id = self._volume, container.container_id
        async with volume.housekeeping:
            await self._remove_files(container_id)
            await self._flusher.flush_all()
            await self._remove_files(container_id)
            more = True
            while more:
                async with volume.commit_lock:
                    run = partial(delete_some_blocks, volume.store, container_id)
                    more = await joined(volume.store_lane.run(run))
            async with volume.commit_lock:
                ring = self._rings.of_container(container)
                ring_id = None if ring is None else ring.pipeline_id
                write = partial(
                    delete_container_rows,
                    volume.store,
                    container_id,
                    ring=ring_id,
                    also=delete_marks,
                )
                await joined(volume.store_lane.run(write))
                volume.index.forget_container(container_id)
                self._blocks.missing.remove_container(container_id)
                volume.take_off(container, ring=ring_id)
        self.removed += 1
        log.info("container_deleted", container=container_id, volume=volume.volume_id)

    async def _remove_files(self, container_id: int) -> None:
        volume = self._volume
        volume.files.drop_container(container_id)
        run = partial(remove_files, volume.disk, volume.layout, container_id)
        await joined(volume.blocking.run(run))

    async def finished(self) -> None:
        """What the worker had begun when it was stopped is done."""
        await self._finishing.ended()
