"""The state machine behind a ring's log on one volume: blocks put and deleted, containers closed.

What the log has applied is readable at once (`find`); the flusher moves it to segments and index.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from google.protobuf.message import DecodeError

from trioxygen.common import logs
from trioxygen.common.errors import (
    BlockExists,
    ContainerNotOpen,
    Internal,
    InvalidRequest,
    NoSuchBlock,
    TrioxygenError,
)
from trioxygen.common.rules.network import RULES
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.blocks import Block, applied_index, block_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.state import TAKES_BLOCKS, ContainerState, may_fail, move
from trioxygen.hdds.container.volume import Volume
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.pending import DeletedRange, Generation, PendingBlock
from trioxygen.hdds.datanode.ports import LogEntry, RingLog
from trioxygen.hdds.datanode.recovery import Recovered, place_of
from trioxygen.hdds.datanode.refusals import Refusals
from trioxygen.hdds.datanode.streams import Streams
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest, RingEntry, WriteSmallBlockRequest
from trioxygen.proto.v1.scm_pb2 import CloseContainerCommand, DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

log = logs.get(__name__)

_PENDING_PLACE: Final = 0
_REFUSED_MAX: Final = 1_000


class _Proposal:
    """An entry of our own on its way through the log: applied without being parsed again."""

    __slots__ = ("checksums", "container", "data", "error", "key", "payload")

    def __init__(
        self, payload: bytes, container: Container, key: bytes, data: bytes, checksums: bytes
    ) -> None:
        self.payload, self.container, self.key = payload, container, key
        self.data, self.checksums = data, checksums
        self.error: TrioxygenError | None = None


class Pipeline:
    """One for each volume. A `RingMachine`; only for the event loop."""

    def __init__(
        self,
        runtime: Runtime,
        config: DataNodeConfig,
        volume: Volume,
        ring: RingLog,
        recovered: Recovered,
    ) -> None:
        self.volume, self.ring = volume, ring
        self._runtime, self._config = runtime, config
        self._recovered: Recovered | None = recovered
        self._proposals: dict[int, _Proposal] = {}
        self._refused: dict[int, TrioxygenError] = {}
        self.refusals = Refusals(volume)
        self.current = Generation()
        self.flushing: Generation | None = None
        self.persisted_index = applied_index(volume.store)
        self.has_pending = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.streams = Streams(
            volume, config, runtime.clock, find=self._find_block, ended=self._stream_ended
        )
        volume.room.waiting_bytes = lambda: self.pending_bytes
        # What is left of a log that cannot go on is for deletions.
        volume.room.is_blocked = lambda: ring.is_short

    async def start(self) -> None:
        """Replays the log. `find` is right afterwards."""
        await self.ring.start(self)
        self._recovered = None

    # ---- reading ----

    def find(self, key: bytes) -> PendingBlock | Block | None:
        """A block as it is now."""
        found = self.current.puts.get(key)
        if found is not None:
            return found
        if self.current.deleted and self.current.deletes(key):
            return None
        flushing = self.flushing
        if flushing is not None:
            found = flushing.puts.get(key)
            if found is not None:
                return found
            if flushing.deleted and flushing.deletes(key):
                return None
        return self.volume.index.get(key)

    def _find_block(self, key: bytes) -> Block | None:
        found = self.find(key)
        return found.block if isinstance(found, PendingBlock) else found

    @property
    def pending_bytes(self) -> int:
        flushing = self.flushing
        return self.current.pending_bytes + (flushing.pending_bytes if flushing is not None else 0)

    @property
    def pending_blocks(self) -> int:
        flushing = self.flushing
        return len(self.current.puts) + (len(flushing.puts) if flushing is not None else 0)

    # ---- proposing ----

    async def write_small(self, request: WriteSmallBlockRequest) -> int:
        """The block's commit sequence. Written again with the same bytes: nothing changes.

        Raises: InvalidRequest, ContainerNotOpen, BlockExists, NoSpace, and what the ring raises.
        """
        block = request.block
        data = request.data
        size_bytes = len(data)
        if not 0 < size_bytes <= self._config.small_block_bytes_max:
            raise InvalidRequest("the size of a small block", size_bytes=size_bytes)
        container_id = block.container
        container = self.volume.container(container_id, request.pipeline_id)
        if container.state is not ContainerState.OPEN:
            raise ContainerNotOpen(container=container_id)
        key = block_key(container_id, block.local)
        checksums = checksums_of(data)
        if block.local <= container.highest_local:
            self._check_content(key, block, size_bytes, checksums)
        payload = RingEntry(write_small_block=request).SerializeToString()
        proposal = _Proposal(payload, container, key, data, checksums)
        room = self.volume.room
        room.take(size_bytes)
        self._proposals[id(payload)] = proposal
        try:
            index = await self.ring.propose(payload)
        finally:
            self._proposals.pop(id(payload), None)
            # From here on it waits for the flusher.
            room.give_back(size_bytes)
        if proposal.error is not None:
            raise proposal.error
        if container.taken_bytes >= self._config.container_bytes_max:
            await self.close_container(container_id)
        return index

    def _check_content(self, key: bytes, block: BlockId, size_bytes: int, checksums: bytes) -> None:
        """A block is written once; a call that is repeated brings the same bytes. Others are of
        somebody who was handed out the same block: what is there stays.

        Raises: BlockExists."""
        found = self.streams.sealed.get(key) or self._find_block(key)
        if found is not None and (found.size_bytes != size_bytes or found.checksums != checksums):
            raise BlockExists(
                "the block exists with other content", container=block.container, local=block.local
            )

    async def put_block(self, request: PutBlockRequest) -> int:
        """Makes a received block readable; its commit sequence. Idempotent.

        Raises:
            NoSuchBlock: no such bytes were received here, or they have been dropped since.
        """
        container_id = request.block.container
        key = block_key(container_id, request.block.local)
        found = self.streams.sealed.get(key) or self._find_block(key)
        if (
            found is None
            or found.size_bytes != request.size_bytes
            or found.checksums != request.checksums
        ):
            raise NoSuchBlock("not received", container=container_id, local=request.block.local)
        if isinstance(found, Block):
            return found.commit_sequence
        index = await self._propose(RingEntry(put_block=request))
        container = self.volume.containers[container_id]
        if container.taken_bytes >= self._config.container_bytes_max:
            await self.close_container(container_id)
        return index

    async def delete_blocks(self, command: DeleteBlocksCommand) -> None:
        """Returns when the deletion is in the log: it cannot be lost any more."""
        await self._propose(RingEntry(delete_blocks=command))

    async def close_container(self, container_id: int) -> None:
        """No new writes from now on; CLOSED once the streams under way are put. Idempotent."""
        container = self.volume.containers.get(container_id)
        if container is None or container.state not in TAKES_BLOCKS:
            return
        if container.state is ContainerState.OPEN:
            container.state = move(container.state, ContainerState.CLOSING)
            self.volume.changed_containers.add(container_id)
        self._stream_ended(container)

    def _stream_ended(self, container: Container) -> None:
        if container.state is ContainerState.CLOSING and container.streams_open == 0:
            command = CloseContainerCommand(container_id=container.container_id)
            self._runtime.tasks.start(
                self._propose(RingEntry(close_container=command)), name="close_container"
            )

    async def _propose(self, entry: RingEntry) -> int:
        payload = entry.SerializeToString()
        index = await self.ring.propose(payload)
        error = self._refused.pop(index, None)
        if error is not None:
            raise error
        return index

    # ---- applying ----

    def applied_index(self) -> int:
        return self.persisted_index

    async def apply(self, entries: Sequence[LogEntry]) -> None:
        """Waits while too much is pending (the flusher makes room). Not on a full disk: what frees
        space may come next, and nothing else is taken."""
        for entry in entries:
            payload = entry.payload
            proposal = self._proposals.pop(id(payload), None)
            try:
                if proposal is not None and proposal.payload is payload:
                    proposal.error = self._put_small(
                        proposal.container,
                        proposal.key,
                        proposal.data,
                        proposal.checksums,
                        entry.index,
                    )
                else:
                    await self._apply_entry(payload, entry.index)
            except Exception as error:  # one entry, of any version, must not end the node
                await self._set_aside(entry, error)
            current = self.current
            current.last_index = entry.index
            current.log_bytes += len(payload)
            if (
                self.pending_bytes > self._config.pending_bytes_max
                and not self.volume.room.is_stuck
            ):
                self.has_pending.set()
                self._has_room.clear()
                await self._has_room.wait()
        self.has_pending.set()

    def _put_small(
        self, container: Container, key: bytes, data: bytes, checksums: bytes, index: int
    ) -> TrioxygenError | None:
        if container.state not in TAKES_BLOCKS:
            return ContainerNotOpen(container=container.container_id)
        # The place counts only when the data is gone from memory.
        block = Block(len(data), index, checksums, _PENDING_PLACE, 0)
        self.current.put(key, PendingBlock(container, block, data))
        container.has_had(key)
        self.volume.index.forget(key)
        return None

    async def _set_aside(self, entry: LogEntry, error: Exception) -> None:
        await self.refusals.entry(entry.index, entry.payload, error)
        known = error if isinstance(error, TrioxygenError) else Internal(f"{error!r}")
        self._refuse(entry.index, known)
        if isinstance(error, DecodeError | InvalidRequest):
            return  # found before anything was done
        named = RingEntry.FromString(entry.payload)
        for container_id in _containers_named(named):
            self.fail_container(container_id, str(known))

    def fail_container(self, container_id: int, reason: str) -> None:
        """It takes no more blocks. Idempotent."""
        container = self.volume.containers.get(container_id)
        if container is None or not may_fail(container.state):
            return
        log.error("container_unhealthy", container=container_id, reason=reason)
        container.state = move(container.state, ContainerState.UNHEALTHY)
        self.current.states[container_id] = container.state
        self.volume.changed_containers.add(container_id)

    async def give_up(self, part: Generation, error: Exception) -> None:
        """Sets aside what a container's share of the pending blocks is: it cannot be written.

        Raises: NoSpace, OSError: nor can anything else."""
        for container_id, container in self.containers_of(part).items():
            name = f"container-{container_id}-{part.last_index}.entries"
            await self.refusals.keep(name, part.payloads(), str(error))
            self.refusals.entries += len(part.puts) + len(part.deleted)
            self.fail_container(container_id, str(error))
            container.pending_bytes -= part.pending_bytes
        for pending in (*part.puts.values(), *part.dropped):
            if pending.record is not None:
                pending.container.release_record(pending.record)
        for key in part.puts:
            self.volume.record_corrupt(key, f"it could not be written: {error}")

    async def _apply_entry(self, payload: bytes, index: int) -> None:
        """Raises: DecodeError, InvalidRequest: of an entry that nothing was done of."""
        entry = RingEntry.FromString(payload)
        kind = entry.WhichOneof("entry")
        if kind == "delete_blocks":
            await self._apply_deletes(entry.delete_blocks, index)
            return
        # It may come from a version that took what this one refuses.
        RULES.check(entry, "log")
        if kind == "write_small_block":
            request = entry.write_small_block
            container = self.volume.container(request.block.container, request.pipeline_id)
            key = block_key(container.container_id, request.block.local)
            # Refused as it was the first time: nobody waits for it here.
            self._put_small(container, key, request.data, checksums_of(request.data), index)
        elif kind == "put_block":
            await self._apply_put(entry.put_block, index)
        elif kind == "close_container":
            self._apply_close(entry.close_container.container_id)
        elif payload:
            raise InvalidRequest("an entry of no known kind", size_bytes=len(payload))
        # The ring's own entries (a new leader's first one) carry nothing.

    async def _apply_deletes(self, command: DeleteBlocksCommand, index: int) -> None:
        """Range by range: a bad one keeps no other from being done."""
        bad: list[BlockRange] = []
        for blocks in command.blocks:
            if RULES.fault(blocks) is not None:
                bad.append(blocks)
                continue
            self._apply_delete(
                DeletedRange(blocks.container, blocks.first_local, blocks.count), index
            )
        if bad:
            kept = DeleteBlocksCommand(transaction_id=command.transaction_id, blocks=bad)
            error = InvalidRequest(f"{RULES.fault(bad[0])}", ranges=len(bad))
            payload = RingEntry(delete_blocks=kept).SerializeToString()
            await self.refusals.entry(index, payload, error)

    async def _apply_put(self, request: PutBlockRequest, index: int) -> None:
        container = self.volume.container(request.block.container, request.pipeline_id)
        key = block_key(container.container_id, request.block.local)
        if container.state not in TAKES_BLOCKS:
            self._refuse(index, ContainerNotOpen(container=container.container_id))
            return
        sealed = self.streams.take(key)
        if sealed is not None:
            pending = PendingBlock(container, sealed.block(index), None, sealed.record)
        elif self._recovered is not None:
            found = await place_of(self.volume, self._recovered, request)
            block = Block(
                request.size_bytes, index, request.checksums, found.segment, found.offset_bytes
            )
            pending = PendingBlock(container, block, None, found.record)
        elif self._find_block(key) is not None:
            # Put twice at the same time: the first one did it.
            return
        else:
            # Dropped (deleted, expired) since it was proposed.
            self._refuse(
                index, NoSuchBlock(container=container.container_id, local=request.block.local)
            )
            return
        self.current.put(key, pending)
        self.volume.index.forget(key)
        container.has_had(key)

    def _apply_delete(self, blocks: DeletedRange, index: int) -> None:
        self.current.delete(blocks)
        self.volume.index.forget_range(blocks.container, blocks.first_local, blocks.count)
        for key, sealed in self.streams.take_deleted(blocks):
            self.current.drop(
                key, PendingBlock(sealed.container, sealed.block(index), None, sealed.record)
            )

    def _refuse(self, index: int, error: TrioxygenError) -> None:
        if self._recovered is not None:
            return
        self._refused[index] = error
        if len(self._refused) > _REFUSED_MAX:
            # Of proposers that went away before they were told.
            del self._refused[next(iter(self._refused))]

    def _apply_close(self, container_id: int) -> None:
        container = self.volume.containers.get(container_id)
        if container is None or container.state not in TAKES_BLOCKS:
            return
        if container.state is ContainerState.OPEN:
            container.state = move(container.state, ContainerState.CLOSING)
        container.state = move(container.state, ContainerState.CLOSED)
        self.current.states[container_id] = container.state
        self.volume.changed_containers.add(container_id)

    # ---- for the flusher ----

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
        self.persisted_index = done.last_index
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

    def pending_keys(self) -> set[bytes]:
        """Of blocks that the index does not know yet."""
        flushing = self.flushing
        return {*self.current.puts, *(flushing.puts if flushing is not None else ())}

    def containers_of(self, generation: Generation) -> Mapping[int, Container]:
        """Those that a generation touches and that exist."""
        known = self.volume.containers
        found = {
            pending.container.container_id: pending.container
            for pending in (*generation.puts.values(), *generation.dropped)
        }
        named = [blocks.container for blocks in generation.deleted]
        for container_id in (*named, *generation.states):
            if container_id in known:
                found[container_id] = known[container_id]
        return found


def _containers_named(entry: RingEntry) -> list[int]:
    if entry.HasField("write_small_block"):
        return [entry.write_small_block.block.container]
    if entry.HasField("put_block"):
        return [entry.put_block.block.container]
    if entry.HasField("close_container"):
        return [entry.close_container.container_id]
    return [blocks.container for blocks in entry.delete_blocks.blocks]
