"""The blocks of a volume as the logs of its rings have them: what is pending over what the index
holds. What is pending is readable at once; the flusher moves it to segments and index."""

import asyncio
from collections.abc import Callable, Mapping

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.hdds.container.blocks import Block, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.ring.deletions import Deletions
from trioxygen.hdds.ring.missing import MissingBlocks
from trioxygen.hdds.ring.pending import Generation, PendingBlock
from trioxygen.hdds.ring.refusals import Refusals
from trioxygen.metadata.raft.ports import Applied
from trioxygen.proto.v1.datanode_pb2 import ImportContainerCommand, MoveReplicaCommand

log = logs.get(__name__)


class VolumeBlocks:
    """One for each volume. Only for the event loop.

    Args:
        is_blocked: what is left of a log that cannot go on is for deletions. Nor is anything taken
            while the index is not written.
    Attributes:
        current: what entries bring now; flushing: what is being persisted, before it.
        persisted: by ring, the last entry that the index holds with all before it.
    missing: what the log has put and is not here.
    """

    def __init__(
        self, volume: Volume, *, pending_bytes_max: int, is_blocked: Callable[[], bool]
    ) -> None:
        self.volume = volume
        self._pending_bytes_max = pending_bytes_max
        self.refusals = Refusals(volume)
        self.deletions = Deletions()
        self.missing = MissingBlocks(volume)
        self.current = Generation()
        self.flushing: Generation | None = None
        self.persisted: dict[int, Applied] = {}
        self.has_pending = asyncio.Event()
        # Containers that are to be taken off.
        self.has_deleting = asyncio.Event()
        # The volume's own log, which is replayed beside those of other rings, says so of them, and
        # they are not here: no ring's log makes them again.
        self._deleted_before_made: set[int] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        # Whether a log holds what may have been acknowledged, and is not applied here yet.
        self.is_catching_up: Callable[[], bool] = lambda: False
        volume.room.watch(
            lambda: self.pending_bytes, lambda: is_blocked() or volume.index_failure is not None
        )

    # ---- reading ----

    def find(self, key: bytes) -> PendingBlock | Block | None:
        """A block as it is now. None: also for one whose bytes are missing."""
        block = self.current.puts.get(key)
        if block is not None:
            return None if block.is_missing else block
        if self.current.deleted and self.current.deletes(key):
            return None
        flushing = self.flushing
        if flushing is not None:
            block = flushing.puts.get(key)
            if block is not None:
                return None if block.is_missing else block
            if flushing.deleted and flushing.deletes(key):
                return None
        return self.volume.index.get(key)

    def find_block(self, key: bytes) -> Block | None:
        block = self.find(key)
        return block.block if isinstance(block, PendingBlock) else block

    def find_known(self, key: bytes) -> Block | None:
        """What the log says, whether its bytes are here or not."""
        return self.missing.get(key) or self.find_block(key)

    @property
    def pending_bytes(self) -> int:
        flushing = self.flushing
        return self.current.pending_bytes + (flushing.pending_bytes if flushing is not None else 0)

    @property
    def pending_blocks(self) -> int:
        flushing = self.flushing
        return len(self.current.puts) + (len(flushing.puts) if flushing is not None else 0)

    def is_pending(self, container_id: int) -> bool:
        """Whether the index does not have all of its rows, or has some that are deleted."""
        flushing = self.flushing
        return self.current.touches(container_id) or (
            flushing is not None and flushing.touches(container_id)
        )

    def pending_keys(self) -> set[bytes]:
        """Of blocks that the index does not know yet."""
        flushing = self.flushing
        return {*self.current.puts, *(flushing.puts if flushing is not None else ())}

    # ---- for those that apply ----

    def reached(self, pipeline_id: int) -> Applied:
        """The last entry of a ring that was applied."""
        for generation in (self.current, self.flushing):
            if generation is not None and pipeline_id in generation.applied:
                return generation.applied[pipeline_id]
        return self.persisted[pipeline_id]

    def is_crowded(self) -> bool:
        """Too much is pending. Not on a full disk: what frees space may come next, and nothing else
        is taken."""
        return self.pending_bytes > self._pending_bytes_max and not self.volume.room.is_stuck

    async def until_room(self) -> None:
        """The flusher makes room."""
        self.has_pending.set()
        self._has_room.clear()
        await self._has_room.wait()

    def put_missing(self, container: Container, key: bytes, block: Block, sequence: int) -> None:
        """The log puts a block whose bytes are not here. Args: sequence: of its entry."""
        if self.missing.is_full:
            self.fail_container(container.container_id, "too many blocks never came here")
            self.volume.record_corrupt(key, "its bytes never came to this replica")
            return
        self.current.put(key, PendingBlock(container, block, None, sequence=sequence))
        self.missing.add(key, container, block, sequence)

    def has_come(self, key: bytes, pending: PendingBlock) -> None:
        """One that was missing is on stable storage."""
        assert pending.was_missing, block_of_key(key)
        self.missing.remove(key)
        self.current.put(key, pending)
        self.volume.index.forget(key)
        self.has_pending.set()

    def begin_close(self, container_id: int) -> None:
        """The log says so. Idempotent."""
        container = self.volume.containers.get(container_id)
        if container is not None and container.logged_state is ContainerState.OPEN:
            container.begin_close()
            self._moved(container)

    def close(self, container_id: int) -> None:
        """The log says so. Idempotent."""
        container = self.volume.containers.get(container_id)
        if container is not None and container.takes_blocks:
            container.close()
            self._moved(container)

    # ---- what becomes of a replica here, whatever others are: the volume's own ring says so ----

    def import_container(self, command: ImportContainerCommand) -> None:
        """Idempotent. What has files and no rows is what a crash left of this very one."""
        self._deleted_before_made.discard(command.container_id)
        container = self.volume.containers.get(command.container_id)
        if container is None or container.is_bare:
            self._moved(self.volume.import_container(command))

    def move_replica(self, command: MoveReplicaCommand) -> None:
        """Unless it cannot become that, or not any more; one that is to go always goes: what its
        state was is what another ring's log brings, maybe later. Idempotent."""
        container = self.volume.containers.get(command.container_id)
        to = ContainerState(command.state)
        is_going = to is ContainerState.DELETING
        if container is None:
            if is_going and self.is_catching_up():
                self._deleted_before_made.add(command.container_id)
            return
        if not is_going and not container.may_become(to):
            return
        container.become(to)
        self._moved(container)
        if is_going:
            self.has_deleting.set()

    def was_deleted(self, container_id: int, ring: int) -> bool:
        """Here, whatever a ring's log may still bring of it."""
        is_gone = self.volume.gone.get(container_id) == ring
        return is_gone or container_id in self._deleted_before_made

    def _moved(self, container: Container) -> None:
        self.current.states[container.container_id] = container.logged_state
        self.volume.container_changed(container.container_id)
        self.volume.tell_news()

    def fail_container(self, container_id: int, reason: str) -> None:
        """This replica takes no more blocks. Idempotent."""
        container = self.volume.containers.get(container_id)
        if container is None or not container.fail():
            return
        log.error("container_unhealthy", container=container_id, reason=reason)
        # Its row says so as well, with the next flush.
        self._moved(container)

    # ---- for the flusher ----

    async def give_up(self, part: Generation, error: Exception) -> None:
        """Sets aside what a container's share of the pending blocks is: it cannot be written.

        Raises: NoSpace, OSError: nor can anything else."""
        for container_id, container in self.containers_of(part).items():
            last_index = max((position.index for position in part.applied.values()), default=0)
            name = f"container-{container_id}-{last_index}.entries"
            await self.refusals.keep(name, part.payloads(), str(error))
            self.refusals.entries += len(part.puts) + len(part.deleted)
            self.fail_container(container_id, str(error))
            container.flushed(part.pending_bytes)
        for pending in (*part.puts.values(), *part.dropped):
            if pending.record is not None:
                pending.container.release_record(pending.record)
        for key in part.puts:
            self.volume.record_corrupt(key, f"it could not be written: {error}")

    def begin_flush(self) -> Generation | None:
        """What is to be persisted next: what failed last time, or all that is pending."""
        if self.flushing is None:
            if self.current.is_empty():
                self.has_pending.clear()
                return None
            self.flushing, self.current = self.current, Generation()
        return self.flushing

    def end_flush(self) -> None:
        """The generation is in the index."""
        done = self.flushing
        assert done is not None
        self.persisted |= done.applied
        self.flushing = None
        if self.current.is_empty():
            self.has_pending.clear()
        self._has_room.set()

    def flush_failed(self) -> Generation:
        """There was no room on the disk: all that is pending, to be tried again together."""
        generation = self.flushing
        assert generation is not None
        generation.absorb(self.current)
        self.current = Generation()
        self._has_room.set()
        return generation

    def containers_of(self, generation: Generation) -> Mapping[int, Container]:
        """Those that a generation touches and that exist."""
        known = self.volume.containers
        containers = {
            pending.container.container_id: pending.container
            for pending in (*generation.puts.values(), *generation.dropped)
        }
        named = [blocks.container for blocks in generation.deleted]
        for container_id in (*named, *generation.states):
            if container_id in known:
                containers[container_id] = known[container_id]
        return containers
