"""One member of a pipeline's ring on a volume: what is proposed here, and who leads."""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

from google.protobuf.message import DecodeError

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import (
    BlockExists,
    ContainerNotOpen,
    InvalidRequest,
    LogCorrupt,
    NoSuchBlock,
    NotLeader,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.blocks import Block, block_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.machine import Proposal, RingMachine
from trioxygen.hdds.ring.pending import DeletedRange
from trioxygen.hdds.ring.refusals import Refusals
from trioxygen.hdds.ring.rows import FORMER_RING, LOCAL_RING
from trioxygen.hdds.ring.sealed import SealedBlocks
from trioxygen.hdds.ring.volume_blocks import VolumeBlocks
from trioxygen.metadata.raft.ports import Entry, EntryKind, Replica
from trioxygen.proto.v1.datanode_pb2 import (
    BeginCloseCommand,
    CreateContainerCommand,
    ImportContainerCommand,
    MoveReplicaCommand,
    PutBlockRequest,
    RingEntry,
    WriteSmallBlockRequest,
)
from trioxygen.proto.v1.scm_pb2 import CloseContainerCommand, DeleteBlocksCommand, PipelineReport
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

log = logs.get(__name__)

_READ_AT_ONCE_BYTES: Final = 4 * MIB

_CREATION_LOOKED_FOR_MS: Final = 5.0


class Ring:
    """Only for the event loop. `machine` is what its log brings about."""

    def __init__(
        self,
        runtime: Runtime,
        config: DataNodeConfig,
        blocks: VolumeBlocks,
        sealed: SealedBlocks,
        machine: RingMachine,
        replica: Replica,
    ) -> None:
        self._runtime, self._config = runtime, config
        self._blocks, self._sealed = blocks, sealed
        self._volume = blocks.volume
        self.pipeline_id = machine.pipeline_id
        self.machine, self.replica = machine, replica
        # That were begun: which container, to which state.
        self._moves: set[tuple[int, ContainerState]] = set()

    async def start(self) -> None:
        """What the log is known to have committed can be read afterwards."""
        self.replica.watch_leadership(self._changed)
        await self.replica.start(self.machine)

    def _changed(self) -> None:
        """Who leads, or its member of the group has failed: perhaps by its log's disk."""
        self._volume.tell_news()
        if self.replica.failure is not None:
            self._volume.trouble()

    async def read_out(self) -> None:
        """Applies what the log still holds, after the member has stopped: what is not known to be
        committed may have been acknowledged by a leader that is gone. Where a later leader had
        replaced it, commit sequences tell (`container/sequence`). What says that a container is
        closed counts only when it is known: its other replicas may have got more."""
        index = self._blocks.reached(self.pipeline_id).index + 1
        while True:
            try:
                entries = await self.replica.read_log(index, bytes_max=_READ_AT_ONCE_BYTES)
            except LogCorrupt as error:
                log.error("ring_log_not_read_out", ring=self.pipeline_id, index=index, error=error)
                return
            if not entries:
                return
            await self.machine.apply([_without_close(entry) for entry in entries])
            index = entries[-1].index + 1

    def report(self) -> PipelineReport:
        return PipelineReport(
            pipeline_id=self.pipeline_id,
            leader=self.replica.is_leader(),
            term=self.replica.term,
            failed=self.replica.failure is not None,
        )

    def goes_on(self) -> bool:
        """Whether it leads, or knows who does, and its member of the group has not failed: an only
        voter leads on without its log, for those that read."""
        replica = self.replica
        if replica.failure is not None:
            return False
        return replica.is_leader() or bool(replica.leader_address())

    @property
    def refusals(self) -> Refusals:
        """Of the volume."""
        return self._blocks.refusals

    def holds_any(self, ranges: Sequence[BlockRange]) -> bool:
        """Whether the index, or what waits for it, has a block of these ranges."""
        pending = self._blocks.pending_keys()
        for blocks in ranges:
            deleted = DeletedRange(blocks.container, blocks.first_local, blocks.count)
            keys = chain(pending, self._blocks.missing)
            if any(deleted.first_key <= key < deleted.end_key for key in keys):
                return True
            # `whole_after` leaves its own key out.
            before = block_key(blocks.container, max(blocks.first_local - 1, 0))
            rows = self._volume.index.whole_after(before, count_max=2)
            if any(deleted.first_key <= key < deleted.end_key for key, _ in rows):
                return True
        return False

    def owns(self, container: Container) -> bool:
        return (container.pipeline_id or FORMER_RING) == self.pipeline_id

    # ---- containers ----

    async def container(self, container_id: int, replica_index: int, *, waits: bool) -> Container:
        """Made when it is new: by the leader through the log.

        Args: waits: for what the leader makes, at another member.

        Raises: ContainerNotOpen: it is of another pipeline; InvalidRequest: it is another replica;
            NotLeader: it was not made in time."""
        container = self._volume.containers.get(container_id)
        if container is None:
            container = await self._made(container_id, replica_index, waits)
        self._check(container, replica_index)
        return container

    def _check(self, container: Container, replica_index: int) -> None:
        if container.is_nameless:
            raise NotLeader("no log has brought it yet", container=container.container_id)
        if not self.owns(container):
            raise ContainerNotOpen("of another pipeline", container=container.container_id)
        if container.replica_index != replica_index:
            raise InvalidRequest(
                "another replica of the container is here",
                container=container.container_id,
                replica_index=replica_index,
                here=container.replica_index,
            )

    async def _made(self, container_id: int, replica_index: int, waits: bool) -> Container:
        if self._blocks.was_deleted(container_id, self.pipeline_id):
            raise ContainerNotOpen("it was deleted here", container=container_id)
        if self.replica.is_leader():
            create = CreateContainerCommand(container_id=container_id, replica_index=replica_index)
            await self._propose(RingEntry(create_container=create))
            return self._volume.containers[container_id]
        clock = self._runtime.clock
        end_ms = clock.monotonic_ms() + (self._config.container_wait_ms if waits else 0)
        while container_id not in self._volume.containers:
            if clock.monotonic_ms() >= end_ms:
                leader = self.replica.leader_address()
                facts = {"leader": leader} if leader else {}
                raise NotLeader("the container is not here yet", container=container_id, **facts)
            await clock.sleep_ms(_CREATION_LOOKED_FOR_MS)
        return self._volume.containers[container_id]

    async def close_container(self, container_id: int) -> None:
        """No new blocks from now on; CLOSED once the streams under way are put. The log says both,
        to all members; the one that leads sees to it. Idempotent.

        Raises: what the replica raises."""
        container = self._volume.containers.get(container_id)
        if container is None or not container.takes_blocks or not self.replica.is_leader():
            return
        if container.logged_state is ContainerState.OPEN:
            await self._propose(RingEntry(begin_close=BeginCloseCommand(container_id=container_id)))
        self.stream_ended(container)

    async def move_replica(self, container_id: int, to: ContainerState) -> None:
        """Only what is here, and only in the volume's own ring. Idempotent.

        Raises: what the replica raises."""
        assert self.pipeline_id == LOCAL_RING
        command = MoveReplicaCommand(container_id=container_id, state=to.proto)
        await self._propose(RingEntry(move_replica=command))

    async def import_container(self, command: ImportContainerCommand) -> None:
        """A replica is being made here. Raises: what the replica raises."""
        assert self.pipeline_id == LOCAL_RING
        await self._propose(RingEntry(import_container=command))

    def stream_ended(self, container: Container) -> None:
        is_last = container.logged_state is ContainerState.CLOSING and not container.streams_open
        if is_last and self.replica.is_leader():
            command = CloseContainerCommand(container_id=container.container_id)
            entry = RingEntry(close_container=command)
            self._start(container, ContainerState.CLOSED, partial(self._propose, entry))

    def _close_if_full(self, container: Container) -> None:
        """Who filled it does not wait."""
        is_full = container.taken_bytes >= self._config.container_bytes_max
        if is_full and container.logged_state is ContainerState.OPEN:
            close = partial(self.close_container, container.container_id)
            self._start(container, ContainerState.CLOSING, close)

    def _start(
        self, container: Container, to: ContainerState, step: Callable[[], Coroutine[Any, Any, Any]]
    ) -> None:
        """Unless it is under way. The SCM tells it again where it fails."""
        move = (container.container_id, to)
        if move not in self._moves:
            self._moves.add(move)
            task = self._runtime.tasks.start(step(), name="close_container")
            task.add_done_callback(lambda _: self._moves.discard(move))

    # ---- blocks ----

    async def write_small(self, request: WriteSmallBlockRequest) -> int:
        """The block's commit sequence. Written again with the same bytes: nothing changes.

        Raises: InvalidRequest, ContainerNotOpen, BlockExists, NoSpace, and what the replica raises.
        """
        block = request.block
        data = request.data
        size_bytes = len(data)
        if not 0 < size_bytes <= self._config.small_block_bytes_max:
            raise InvalidRequest("the size of a small block", size_bytes=size_bytes)
        # Without a call where it is there already: each small write comes by here.
        container = self._volume.containers.get(block.container)
        if container is None:
            container = await self._made(block.container, request.replica_index, waits=False)
        self._check(container, request.replica_index)
        if container.state is not ContainerState.OPEN:
            raise ContainerNotOpen(container=block.container)
        key = block_key(block.container, block.local)
        checksums = checksums_of(data)
        if block.local <= container.highest_local:
            self._check_content(key, block, size_bytes, checksums)
        payload = RingEntry(write_small_block=request).SerializeToString()
        group = BlockGroup.of_message(request.group)
        proposal = Proposal(payload, container, key, data, checksums, group)
        proposals, room = self.machine.proposals, self._volume.room
        room.take(size_bytes)
        proposals[id(payload)] = proposal
        try:
            index = await self.replica.propose(payload)
        finally:
            proposals.pop(id(payload), None)
            # From here on it waits for the flusher.
            room.give_back(size_bytes)
        if proposal.error is not None:
            raise proposal.error
        self._close_if_full(container)
        return index

    def _check_content(self, key: bytes, block: BlockId, size_bytes: int, checksums: bytes) -> None:
        """A block is written once; a call that is repeated brings the same bytes. Others are of
        somebody who was handed out the same block: what is there stays.

        Raises: BlockExists."""
        known = self._sealed.get(key) or self._blocks.find_block(key)
        if known is not None and not known.is_same_content(size_bytes, checksums):
            raise BlockExists(
                "the block exists with other content", container=block.container, local=block.local
            )

    async def put_block(self, request: PutBlockRequest) -> int:
        """Makes a received block readable; its commit sequence. Idempotent.

        Raises:
            NoSuchBlock: no such bytes were received here, or they have been dropped since; nor does
                the request name a majority that has them.
        """
        container_id, local = request.block.container, request.block.local
        key = block_key(container_id, local)
        known = self._sealed.get(key) or self._blocks.find_known(key)
        is_known = known is not None and known.is_same_content(
            request.size_bytes, request.checksums
        )
        if isinstance(known, Block) and is_known:
            return known.commit_sequence
        if not is_known and not self.machine.is_held_by_majority(request):
            raise NoSuchBlock("not received", container=container_id, local=local)
        if not is_known:
            # This member's stream was dropped: nothing has told it of the container yet.
            await self.container(container_id, request.replica_index, waits=False)
        try:
            index = await self._propose(RingEntry(put_block=request))
        except NoSuchBlock:
            # Dropped since it was proposed. The log has brought a block without bytes about.
            ghost = BlockRange(container=container_id, first_local=local, count=1)
            await self.delete_blocks(DeleteBlocksCommand(blocks=[ghost]))
            raise
        self._close_if_full(self._volume.containers[container_id])
        return index

    async def delete_blocks(self, command: DeleteBlocksCommand) -> None:
        """Returns when the deletion is in the log: it cannot be lost any more."""
        await self._propose(RingEntry(delete_blocks=command))

    async def _propose(self, entry: RingEntry) -> int:
        proposals, payload = self.machine.proposals, entry.SerializeToString()
        proposal = proposals[id(payload)] = Proposal(payload)
        try:
            index = await self.replica.propose(payload)
        finally:
            proposals.pop(id(payload), None)
        if proposal.error is not None:
            raise proposal.error
        return index


def _without_close(entry: Entry) -> Entry:
    """The same place in the log; a close says nothing there."""
    if entry.kind is not EntryKind.NORMAL:
        return entry
    try:
        is_close = RingEntry.FromString(entry.payload).HasField("close_container")
    except DecodeError:
        return entry
    return Entry(entry.index, entry.term, b"", EntryKind.NO_OP) if is_close else entry
