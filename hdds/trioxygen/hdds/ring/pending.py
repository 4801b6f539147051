"""What the ring's log has applied and the block index does not hold yet, in memory."""

from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.container_state import ContainerState
from trioxygen.hdds.container.blocks import MISSING, Block, block_key, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.garbage import Freed
from trioxygen.hdds.container.segment import Place
from trioxygen.metadata.raft.ports import Applied
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest, RingEntry, WriteSmallBlockRequest
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

_LOCALS_LISTED_MAX: Final = 1_024


class PendingBlock:
    """An applied block: its data is here, or (streamed) in its file or segment already.

    Attributes:
    block: its place counts only when `data` is None.
    record: of a streamed block in a packed segment, where its record begins.
    sequence: of the entry that put it, of a block that is missing.
    was_missing: its mark in the index goes.
    """

    __slots__ = ("block", "container", "data", "record", "sequence", "was_missing")

    def __init__(
        self,
        container: Container,
        block: Block,
        data: bytes | None,
        record: Place | None = None,
        *,
        sequence: int = 0,
        was_missing: bool = False,
    ) -> None:
        self.container, self.block, self.data, self.record = container, block, data, record
        self.sequence, self.was_missing = sequence, was_missing

    @property
    def is_missing(self) -> bool:
        """Its bytes have yet to come here."""
        return self.data is None and self.block.segment == MISSING

    @property
    def pending_bytes(self) -> int:
        return 0 if self.data is None else len(self.data)


@dataclass(frozen=True, slots=True)
class DeletedRange:
    container: int
    first_local: int
    count: int

    def holds(self, container: int, local: int) -> bool:
        return (
            container == self.container
            and self.first_local <= local < self.first_local + self.count
        )

    @property
    def first_key(self) -> bytes:
        return block_key(self.container, self.first_local)

    @property
    def end_key(self) -> bytes:
        end = min(self.first_local + self.count, 2**64 - 1)
        return block_key(self.container, end)


@dataclass(slots=True)
class Generation:
    """Effects of consecutive entries of each ring of a volume, persisted by one transaction:
    deletions first, then puts.

    Attributes:
    states: of containers that an entry moved.
    dropped: streamed blocks that were deleted, or put again, before a row named them: garbage.
    """

    puts: dict[bytes, PendingBlock] = field(default_factory=dict)
    deleted: list[DeletedRange] = field(default_factory=list)
    states: dict[int, ContainerState] = field(default_factory=dict)
    dropped: list[PendingBlock] = field(default_factory=list)
    dropped_keys: list[bytes] = field(default_factory=list)
    pending_bytes: int = 0
    log_bytes: int = 0
    # By ring: how far it has come with it.
    applied: dict[int, Applied] = field(default_factory=dict)
    _deleted_keys: set[bytes] = field(default_factory=set)
    _deleted_widely: list[DeletedRange] = field(default_factory=list)

    def is_empty(self) -> bool:
        # A block that was fetched comes without an entry.
        return not self.applied and not self.puts

    def put(self, key: bytes, pending: PendingBlock) -> None:
        """A retried write of the same block takes the place of the former."""
        self._take_out(key)
        self.puts[key] = pending
        size_bytes = pending.pending_bytes
        self.pending_bytes += size_bytes
        pending.container.applied(size_bytes)

    def _take_out(self, key: bytes) -> None:
        former = self.puts.pop(key, None)
        if former is None:
            return
        size_bytes = former.pending_bytes
        self.pending_bytes -= size_bytes
        former.container.flushed(size_bytes)
        if former.data is None and not former.is_missing:
            self.drop(key, former)

    def drop(self, key: bytes, streamed: PendingBlock) -> None:
        """A streamed block that no row will name."""
        self.dropped.append(streamed)
        self.dropped_keys.append(key)

    def delete(self, blocks: DeletedRange) -> None:
        """Blocks that are put afterwards stay."""
        if blocks.count <= len(self.puts):
            for local in range(blocks.first_local, blocks.first_local + blocks.count):
                self._take_out(block_key(blocks.container, local))
        else:
            for key in [key for key in self.puts if blocks.holds(*block_of_key(key))]:
                self._take_out(key)
        self.deleted.append(blocks)
        if blocks.count <= _LOCALS_LISTED_MAX:
            for local in range(blocks.first_local, blocks.first_local + blocks.count):
                self._deleted_keys.add(block_key(blocks.container, local))
        else:
            self._deleted_widely.append(blocks)

    def take_dropped(self) -> list[Freed]:
        """Those of what was dropped that may go at once: nothing pending lies in their place."""
        freed: list[Freed] = []
        left: list[tuple[bytes, PendingBlock]] = []
        for key, dropped in zip(self.dropped_keys, self.dropped, strict=True):
            if key in self.puts:
                left.append((key, dropped))
                continue
            if dropped.record is not None:
                dropped.container.release_record(dropped.record)
            container, local = block_of_key(key)
            freed.append(Freed(container, local, dropped.block))
        self.dropped_keys = [key for key, _ in left]
        self.dropped = [dropped for _, dropped in left]
        return freed

    def absorb(self, newer: "Generation") -> None:
        """Takes over the entries that come after its own."""
        for blocks in newer.deleted:
            self.delete(blocks)
        for key, pending in newer.puts.items():
            self._take_out(key)
            self.puts[key] = pending
        self.pending_bytes += newer.pending_bytes
        self.dropped += newer.dropped
        self.dropped_keys += newer.dropped_keys
        self.states |= newer.states
        self.log_bytes += newer.log_bytes
        self.applied |= newer.applied

    def touches(self, container_id: int) -> bool:
        """Whether rows of it are to be put or deleted."""
        return any(deleted.container == container_id for deleted in self.deleted) or any(
            _is_of(pending, container_id) for pending in self.puts.values()
        )

    def deletes(self, key: bytes) -> bool:
        """For every read while something is deleted: the usual narrow ranges cost one look-up."""
        if key in self._deleted_keys:
            return True
        if not self._deleted_widely:
            return False
        container, local = block_of_key(key)
        return any(blocks.holds(container, local) for blocks in self._deleted_widely)

    # ---- when it cannot be written as a whole ----

    def by_container(self) -> "dict[int, Generation]":
        """A share for each container. None stands for all of a ring's entries."""
        shares: dict[int, Generation] = {}

        def share(container_id: int) -> Generation:
            known = shares.get(container_id)
            if known is None:
                known = shares[container_id] = Generation(applied=self.applied)
            return known

        for key, pending in self.puts.items():
            share(pending.container.container_id).take_over(key, pending)
        for blocks in self.deleted:
            share(blocks.container).deleted.append(blocks)
        for container_id, state in self.states.items():
            share(container_id).states[container_id] = state
        for key, dropped in zip(self.dropped_keys, self.dropped, strict=True):
            share(dropped.container.container_id).drop(key, dropped)
        return shares

    def take_over(self, key: bytes, pending: PendingBlock) -> None:
        """From another generation: its container has counted it."""
        self.puts[key] = pending
        self.pending_bytes += pending.pending_bytes

    def take_out(self, container_id: int) -> None:
        """Its share is in the index, or given up: the rest goes on without it."""
        for key in [key for key, change in self.puts.items() if _is_of(change, container_id)]:
            self.pending_bytes -= self.puts.pop(key).pending_bytes
        self.deleted = [change for change in self.deleted if change.container != container_id]
        self._deleted_widely = [
            change for change in self._deleted_widely if change.container != container_id
        ]
        self._deleted_keys = {
            key for key in self._deleted_keys if block_of_key(key)[0] != container_id
        }
        self.states.pop(container_id, None)
        kept = [
            (key, change)
            for key, change in zip(self.dropped_keys, self.dropped, strict=True)
            if not _is_of(change, container_id)
        ]
        self.dropped_keys = [key for key, _ in kept]
        self.dropped = [change for _, change in kept]

    def payloads(self) -> list[bytes]:
        """As entries of the log would say it."""
        entries = []
        if self.deleted:
            ranges = [
                BlockRange(
                    container=deleted.container,
                    first_local=deleted.first_local,
                    count=deleted.count,
                )
                for deleted in self.deleted
            ]
            entries.append(RingEntry(delete_blocks=DeleteBlocksCommand(blocks=ranges)))
        for key, pending in self.puts.items():
            container, local = block_of_key(key)
            block, of = pending.block, BlockId(container=container, local=local)
            group = None if block.group is None else block.group.message
            if pending.data is not None:
                write = WriteSmallBlockRequest(block=of, data=pending.data, group=group)
                entries.append(RingEntry(write_small_block=write))
            else:
                put = PutBlockRequest(
                    block=of,
                    size_bytes=block.size_bytes,
                    checksums=block.checksums,
                    group=group,
                )
                entries.append(RingEntry(put_block=put))
        return [entry.SerializeToString() for entry in entries]


def _is_of(pending: PendingBlock, container_id: int) -> bool:
    return pending.container.container_id == container_id
