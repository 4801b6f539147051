"""The state machine of one ring: containers made and closed, blocks put and deleted.

What an entry does follows from the entries before it alone: not from what this member received in
streams, nor from what its disk could write. Bytes that did not come here are missing here, and said
to be; the block exists all the same."""

from collections.abc import Sequence
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
    UnknownFormat,
)
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.blocks import MISSING, OWN_FILE, Block, block_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.segment import Place
from trioxygen.hdds.container.sequence import sequence_of
from trioxygen.hdds.ring.left_behind import FORMAT, OutOfReach, Position
from trioxygen.hdds.ring.pending import DeletedRange, PendingBlock
from trioxygen.hdds.ring.phase import RingPhase, moved
from trioxygen.hdds.ring.places import BlockPlace, Places
from trioxygen.hdds.ring.sealed import SealedBlock, SealedBlocks
from trioxygen.hdds.ring.volume_blocks import VolumeBlocks
from trioxygen.metadata.raft.ports import Applied, Entry, EntryKind, IncomingSnapshot, Snapshot
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest, RingEntry, RingRow
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockRange, DataNodeAddress

log = logs.get(__name__)

_PENDING_PLACE: Final = 0


class Proposal:
    """An entry of our own on its way through the log.

    Attributes:
    container: of a small block, which is applied without being parsed again; None: another entry.
    error: why it was refused, once it has been applied.
    """

    __slots__ = ("checksums", "container", "data", "error", "group", "key", "payload")

    def __init__(
        self,
        payload: bytes,
        container: Container | None = None,
        key: bytes = b"",
        data: bytes = b"",
        checksums: bytes = b"",
        group: BlockGroup | None = None,
    ) -> None:
        self.payload, self.container, self.key = payload, container, key
        self.data, self.checksums, self.group = data, checksums, group
        self.error: TrioxygenError | None = None


class RingMachine:
    """Implements `raft.ports.ReplicatedStateMachine`. Only for the event loop.

    Attributes:
        proposals: by the identity of their payloads.
    """

    def __init__(
        self, row: RingRow, blocks: VolumeBlocks, sealed: SealedBlocks, places: Places
    ) -> None:
        self._row, self._blocks, self._sealed, self._places = row, blocks, sealed, places
        self.pipeline_id = row.pipeline_id
        self.proposals: dict[int, Proposal] = {}
        self._configuration = row.configuration
        # Of the entry that is being applied.
        self._term = row.applied_term
        blocks.persisted[row.pipeline_id] = Applied(
            row.applied_index, row.applied_term, row.configuration
        )

    @property
    def members(self) -> Sequence[DataNodeAddress]:
        """That the ring began with."""
        return self._row.members

    # ---- the port ----

    def applied(self) -> Applied:
        return self._blocks.persisted[self.pipeline_id]

    def row(self, position: Applied) -> RingRow:
        """As it is to be stored when the index holds all through `position`."""
        row = RingRow()
        row.CopyFrom(self._row)
        row.applied_index, row.applied_term = position.index, position.term
        row.configuration = position.configuration
        return row

    def move(self, to: RingPhase) -> None:
        """What is stored from now on says so."""
        self._row = moved(self._row, to)

    async def open_snapshot(self) -> Snapshot:
        return Position(self._blocks.reached(self.pipeline_id))

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        if format != FORMAT:
            raise UnknownFormat("not what a ring sends", stored=format)
        return OutOfReach(self.pipeline_id)

    async def apply(self, entries: Sequence[Entry]) -> None:
        blocks = self._blocks
        last: Entry | None = None
        for entry in entries:
            payload, self._term = entry.payload, entry.term
            # The replica applies what was proposed here as that very object, wherever it read it.
            proposal = self.proposals.pop(id(payload), None)
            try:
                if proposal is not None and proposal.container is not None:
                    refusal = self._put_small(
                        proposal.container,
                        proposal.key,
                        proposal.data,
                        proposal.checksums,
                        proposal.group,
                        entry.index,
                    )
                else:
                    # A flush may come while it waits: that takes what is applied by now.
                    self._note(last)
                    refusal = await self._apply_other(entry)
            except Exception as error:  # one entry, of any version, must not end the node
                refusal = await self._set_aside(entry, error)
            if proposal is not None:
                proposal.error = refusal
            last = entry
            blocks.current.log_bytes += len(payload)
            if blocks.is_crowded():
                self._note(last)
                await blocks.until_room()
        self._note(last)
        blocks.has_pending.set()

    def _note(self, last: Entry | None) -> None:
        """All through `last` is in what is current now, or was flushed before."""
        if last is not None:
            self._blocks.current.applied[self.pipeline_id] = Applied(
                last.index, last.term, self._configuration
            )

    # What follows returns why an entry is refused, for its proposer. Of an entry that was proposed
    # elsewhere, or that is replayed, nobody asks.

    async def _apply_other(self, entry: Entry) -> TrioxygenError | None:
        """Than a small block of our own."""
        if entry.kind is EntryKind.NORMAL:
            return await self._apply_entry(entry.payload, entry.index)
        if entry.kind is EntryKind.CONFIGURATION:
            self._configuration = entry.payload
        return None

    async def _set_aside(self, entry: Entry, error: Exception) -> TrioxygenError:
        await self._blocks.refusals.entry(self.pipeline_id, entry.index, entry.payload, error)
        known = error if isinstance(error, TrioxygenError) else Internal(f"{error!r}")
        if isinstance(error, DecodeError | InvalidRequest):
            return known  # found before anything was done
        for container_id in _containers_named(RingEntry.FromString(entry.payload)):
            self._blocks.fail_container(container_id, str(known))
        return known

    # ---- what entries do ----

    async def _apply_entry(self, payload: bytes, index: int) -> TrioxygenError | None:
        """Raises: DecodeError, InvalidRequest: of an entry that nothing was done of."""
        entry = RingEntry.FromString(payload)
        kind = entry.WhichOneof("entry")
        if kind == "delete_blocks":
            await self._apply_deletes(entry.delete_blocks, index)
            return None
        # It may come from a version that took what this one refuses.
        RULES.check(entry, "log")
        if kind == "write_small_block":
            request = entry.write_small_block
            container = self._container(request.block.container, request.replica_index)
            if container is None:
                return ContainerNotOpen("it was deleted here", container=request.block.container)
            key = block_key(container.container_id, request.block.local)
            group = BlockGroup.of_message(request.group)
            checksums = checksums_of(request.data)
            return self._put_small(container, key, request.data, checksums, group, index)
        if kind == "put_block":
            return await self._apply_put(entry.put_block, index)
        if kind == "begin_close":
            self._blocks.begin_close(entry.begin_close.container_id)
        elif kind == "close_container":
            self._blocks.close(entry.close_container.container_id)
        elif kind == "create_container":
            created = entry.create_container
            self._container(created.container_id, created.replica_index)
        elif kind == "import_container":
            self._blocks.import_container(entry.import_container)
        elif kind == "move_replica":
            self._blocks.move_replica(entry.move_replica)
        elif payload:
            raise InvalidRequest("an entry of no known kind", size_bytes=len(payload))
        return None

    def _container(self, container_id: int, replica_index: int) -> Container | None:
        """Made when it is new: logs of before its making was an entry begin with its blocks. None:
        it was here, and has been deleted."""
        volume = self._blocks.volume
        container = volume.containers.get(container_id)
        if container is None and not self._blocks.was_deleted(container_id, self.pipeline_id):
            container = volume.make_container(
                container_id, pipeline_id=self.pipeline_id, replica_index=replica_index
            )
            self._blocks.current.states[container_id] = container.logged_state
        elif container is not None and container.is_nameless:
            # Streams had brought files of it before a loss of power took its row.
            container.belongs_to(self.pipeline_id, replica_index)
            self._blocks.current.states[container_id] = container.logged_state
        return container

    def _put_small(
        self,
        container: Container,
        key: bytes,
        data: bytes,
        checksums: bytes,
        group: BlockGroup | None,
        index: int,
    ) -> TrioxygenError | None:
        if not container.takes_blocks:
            return ContainerNotOpen(container=container.container_id)
        # The place counts only when the data is gone from memory.
        block = Block(len(data), index, checksums, _PENDING_PLACE, 0, group)
        self._blocks.current.put(key, PendingBlock(container, block, data))
        container.has_had(key, sequence_of(self._term, index))
        self._blocks.volume.index.forget(key)
        return None

    async def _apply_put(self, request: PutBlockRequest, index: int) -> TrioxygenError | None:
        container = self._container(request.block.container, request.replica_index)
        if container is None:
            return ContainerNotOpen("it was deleted here", container=request.block.container)
        container_id, local = request.block.container, request.block.local
        key = block_key(container_id, local)
        # Of a file on its way out it must not be said that it is here.
        await self._sealed.settled(key)
        if not container.takes_blocks:
            return ContainerNotOpen(container=container_id)
        known = self._blocks.find_known(key)
        if known is not None and not known.is_same_content(request.size_bytes, request.checksums):
            return BlockExists(container=container_id, local=local)
        group = BlockGroup.of_message(request.group)
        # Put twice at the same time, or again: the first one did it.
        sequence = index if known is None else known.commit_sequence
        sealed = self._sealed.take(key, request.size_bytes, request.checksums)
        place: BlockPlace | None = None
        if sealed is None and known is None:
            sealed, place = await self._find_bytes(key, request)
        if sealed is not None:
            block = sealed.block(sequence)._replace(group=group)
            is_missing = self._blocks.missing.get(key) is not None
            self._put(key, container, block, sealed.record, was_missing=is_missing)
        elif place is None:
            return None
        elif place.is_missing:
            container.has_had(key, sequence_of(self._term, index))
            block = Block(request.size_bytes, index, request.checksums, MISSING, 0, group)
            return self._put_missing(key, container, block, request)
        else:
            at = place.segment, place.offset_bytes
            block = Block(request.size_bytes, index, request.checksums, *at, group)
            self._put(key, container, block, place.record)
        container.has_had(key, sequence_of(self._term, index))
        return None

    def _put(
        self,
        key: bytes,
        container: Container,
        block: Block,
        record: Place | None,
        *,
        was_missing: bool = False,
    ) -> None:
        pending = PendingBlock(container, block, None, record, was_missing=was_missing)
        if was_missing:
            self._blocks.has_come(key, pending)
            return
        self._blocks.current.put(key, pending)
        self._blocks.volume.index.forget(key)

    async def _find_bytes(
        self, key: bytes, request: PutBlockRequest
    ) -> tuple[SealedBlock | None, BlockPlace]:
        """Of a block that nobody knew: sealed by a stream meanwhile, or where they lie."""
        while True:
            place = await self._places.of(request)
            if place.record is not None:
                return None, place
            # A stream may have sealed it meanwhile, or have failed to: its file is gone again then.
            was_busy = await self._sealed.settled(key)
            sealed = self._sealed.take(key, request.size_bytes, request.checksums)
            if sealed is not None:
                return sealed, place
            if self._sealed.get(key) is not None:
                # The file is that of other bytes: a stream of it ended early.
                return None, BlockPlace(OWN_FILE, 0, is_missing=True)
            if not was_busy:
                return None, place

    def _put_missing(
        self, key: bytes, container: Container, block: Block, request: PutBlockRequest
    ) -> TrioxygenError | None:
        sequence = sequence_of(self._term, block.commit_sequence)
        self._blocks.put_missing(container, key, block, sequence)
        self._blocks.volume.index.forget(key)
        if len(self._row.members) <= 1 and block.group is None:
            # Nobody has them, nor other parts that they could be computed from.
            self._blocks.volume.record_corrupt(key, "its bytes never came to this replica")
        if self.is_held_by_majority(request):
            return None
        return NoSuchBlock(container=container.container_id, local=request.block.local)

    def is_held_by_majority(self, request: PutBlockRequest) -> bool:
        """Whether as many members as a commit needs have said that they have the block's bytes."""
        members = {member.node_id for member in self._row.members}
        return len(members & set(request.holders)) > len(members) // 2

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
            await self._blocks.refusals.entry(self.pipeline_id, index, payload, error)

    def _apply_delete(self, blocks: DeletedRange, index: int) -> None:
        current, volume = self._blocks.current, self._blocks.volume
        current.delete(blocks)
        self._blocks.deletions.note(blocks)
        self._blocks.missing.remove_range(blocks)
        volume.index.forget_range(blocks.container, blocks.first_local, blocks.count)
        for key, sealed in self._sealed.take_deleted(blocks):
            current.drop(
                key, PendingBlock(sealed.container, sealed.block(index), None, sealed.record)
            )


def _containers_named(entry: RingEntry) -> list[int]:
    kind = entry.WhichOneof("entry")
    if kind == "delete_blocks":
        return [blocks.container for blocks in entry.delete_blocks.blocks]
    if kind == "write_small_block":
        return [entry.write_small_block.block.container]
    if kind == "put_block":
        return [entry.put_block.block.container]
    if kind == "begin_close":
        return [entry.begin_close.container_id]
    if kind == "close_container":
        return [entry.close_container.container_id]
    if kind == "import_container":
        return [entry.import_container.container_id]
    if kind == "move_replica":
        return [entry.move_replica.container_id]
    return [entry.create_container.container_id] if kind == "create_container" else []
