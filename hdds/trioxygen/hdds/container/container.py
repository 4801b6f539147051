"""A container of one volume: its state, counters and segments. In memory; rows mirror it.

Counters of live bytes change only when a transaction that did it has been committed
(`Volume.commit_lock`); the state, and how far segments are written, change at once, on the event
loop. All of them change by the verbs of this class alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.container_state import ContainerState, may_move, move
from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_of_key
from trioxygen.hdds.container.coded_counts import CodedCounts
from trioxygen.hdds.container.packed_segment import RECORD_ALIGNMENT_BYTES
from trioxygen.hdds.container.segment import Place, Segment
from trioxygen.proto.v1.datanode_pb2 import DataNodeContainerRow, SegmentRow
from trioxygen.proto.v1.scm_pb2 import ContainerReport

_UNREADABLE: Final = frozenset(
    {ContainerState.RECOVERING, ContainerState.DELETING, ContainerState.DELETED}
)


@dataclass(slots=True)
class CounterChanges:
    """By how much a transaction changes a container's counters."""

    used_bytes: int = 0
    block_count: int = 0
    live_bytes: dict[int, int] = field(default_factory=dict)
    coded: CodedCounts = field(default_factory=CodedCounts)

    def add(self, block: Block, sign: int = 1) -> None:
        self.used_bytes += sign * block.size_bytes
        self.block_count += sign
        self.coded.add(block.group, sign)
        self.moved(block, sign)

    def moved(self, block: Block, sign: int) -> None:
        """Only where it lies."""
        if block.segment != OWN_FILE:
            live = self.live_bytes.get(block.segment, 0)
            self.live_bytes[block.segment] = live + sign * block.size_bytes


@dataclass(slots=True)
class Container:
    """Attributes:
    logged_state: what the log has made of it: the same at every replica that has applied as much.
    state: the logged one, or UNHEALTHY when this replica cannot be written: no entry of the log
        says that, and none is applied differently for it.
    committed_state: the logged one of the row.
    pipeline_id: that its blocks come through; 0: one of before pipelines had numbers.
    replica_index: 0: a whole replica; else which of an erasure code's.
    used_bytes, block_count, coded: of live blocks that the index knows.
    pending_bytes: applied, but not in the index yet.
    reserved_bytes: come in streams that have not been put yet.
    streams_open: being received, or received and not put.
    streamed: where records of streamed blocks lie that the index does not know yet.
    dirty_segments: those whose rows are not current.
    highest_local: of all blocks that it ever had, deleted ones too; at least.
    commit_sequence: of the last of them (`sequence_of`); 0: of before that was kept.
    origin_node_id: that took its writes; empty: this node.
    lacking: sequences of blocks whose bytes have yet to come here, by their keys.
    is_identity_kept: whose it is stands beside its row as well.
    is_nameless: its row is lost: whose it is, a log may yet say.
    """

    container_id: int
    state: ContainerState = ContainerState.OPEN
    logged_state: ContainerState = ContainerState.OPEN
    committed_state: ContainerState = ContainerState.OPEN
    pipeline_id: int = 0
    replica_index: int = 0
    current_segment: int = 0
    segments: dict[int, Segment] = field(default_factory=dict)
    used_bytes: int = 0
    block_count: int = 0
    coded: CodedCounts = field(default_factory=CodedCounts)
    pending_bytes: int = 0
    reserved_bytes: int = 0
    streams_open: int = 0
    streamed: set[Place] = field(default_factory=set)
    dirty_segments: set[int] = field(default_factory=set)
    highest_local: int = 0
    commit_sequence: int = 0
    origin_node_id: str = ""
    lacking: dict[bytes, int] = field(default_factory=dict)
    is_identity_kept: bool = False
    is_nameless: bool = False

    @classmethod
    def of_row(
        cls, row: DataNodeContainerRow, *, highest_local: int, is_identity_kept: bool = False
    ) -> "Container":
        state = ContainerState(row.state)
        logged = state
        if state is ContainerState.UNHEALTHY:
            logged = ContainerState(row.logged_state or ContainerState.OPEN.value)
        return cls(
            row.container_id,
            state=state,
            logged_state=logged,
            committed_state=logged,
            pipeline_id=row.pipeline_id,
            replica_index=row.replica_index,
            current_segment=row.current_segment,
            used_bytes=row.used_bytes,
            block_count=row.block_count,
            coded=CodedCounts.of_messages(row.coded),
            highest_local=highest_local,
            commit_sequence=row.commit_sequence,
            origin_node_id=row.origin_node_id,
            is_identity_kept=is_identity_kept,
        )

    @classmethod
    def of_identity(cls, container_id: int, row: DataNodeContainerRow | None) -> "Container":
        """Its own row is lost. Args: row: what is kept beside that; None: nothing."""
        if row is None:
            return cls(container_id, is_nameless=True)
        return cls(
            container_id,
            pipeline_id=row.pipeline_id,
            replica_index=row.replica_index,
            is_identity_kept=True,
        )

    # ---- what it is ----

    @property
    def is_within_ids(self) -> bool:
        """Whether a cluster can name it, and all that it has had: others an older store let in."""
        return self.has_proper_id and self.highest_local <= NUMBER_MAX

    @property
    def has_proper_id(self) -> bool:
        return 1 <= self.container_id <= NUMBER_MAX

    @property
    def is_readable(self) -> bool:
        """Whether it has what it is to have: not while it is made, nor while it goes."""
        return self.state not in _UNREADABLE and self.logged_state not in _UNREADABLE

    @property
    def is_bare(self) -> bool:
        """Nameless, and only files are here: of a replica that was on its way to the disk, too."""
        return self.is_nameless and not self.block_count

    @property
    def takes_blocks(self) -> bool:
        """By the log; new ones only while `state` is OPEN."""
        logged = self.logged_state
        return logged is ContainerState.OPEN or logged is ContainerState.CLOSING

    @property
    def taken_bytes(self) -> int:
        """What counts against the container's size limit."""
        return self.used_bytes + self.pending_bytes + self.reserved_bytes

    @property
    def whole_through(self) -> int:
        """The commit sequence up to which nothing is missing: of two replicas the one with less may
        lack what the other has."""
        return min([self.commit_sequence, *(sequence - 1 for sequence in self.lacking.values())])

    @property
    def garbage_bytes(self) -> int:
        return sum(segment.garbage_bytes for segment in self.segments.values())

    def report(self, node_id: str) -> ContainerReport:
        """Args: node_id: this node's."""
        return ContainerReport(
            container_id=self.container_id,
            state=self.state.proto,
            # With what streams under way have brought: the SCM must not promise its place again.
            used_bytes=self.taken_bytes,
            block_count=self.block_count,
            garbage_bytes=self.garbage_bytes,
            highest_local=min(self.highest_local, NUMBER_MAX),
            pipeline_id=self.pipeline_id,
            replica_index=self.replica_index,
            commit_sequence=self.whole_through,
            origin_node_id=self.origin_node_id or node_id,
            coded=self.coded.messages(),
        )

    # ---- states ----

    def begin_close(self) -> None:
        """The log says so. Idempotent."""
        if self.logged_state is ContainerState.OPEN:
            self._logged(ContainerState.CLOSING)

    def close(self) -> None:
        """The log says so. Idempotent."""
        if self.takes_blocks:
            self.begin_close()
            self._logged(ContainerState.CLOSED)

    def may_become(self, to: ContainerState) -> bool:
        """This replica, whatever others are."""
        if to is ContainerState.DELETING:
            return may_move(self.state, to)
        if to is ContainerState.QUASI_CLOSED and self.takes_blocks:
            return True
        return may_move(self.logged_state, to)

    def become(self, to: ContainerState) -> None:
        """This replica, whatever others are: the volume's own log says so."""
        if to is ContainerState.DELETING:
            # Also one that cannot be written; and what its ring's log has yet to make of it, after
            # a start, it was when its deletion was decided.
            self.state = self.logged_state = to
            return
        assert self.may_become(to), (self.container_id, self.state, to)
        if to is ContainerState.QUASI_CLOSED and self.takes_blocks:
            self.begin_close()
        self._logged(to)

    def _logged(self, to: ContainerState) -> None:
        """A replica that cannot be written stays one."""
        is_followed = self.state is self.logged_state
        self.logged_state = move(self.logged_state, to)
        if is_followed:
            self.state = to

    def fail(self) -> bool:
        """Something in it could not be written; whether that is news."""
        if not may_move(self.state, ContainerState.UNHEALTHY):
            return False
        self.state = move(self.state, ContainerState.UNHEALTHY)
        return True

    # ---- blocks ----

    def has_had(self, key: bytes, commit_sequence: int = 0) -> None:
        """A block of it, by its key in the index.

        Args: commit_sequence: of what the log brought."""
        self.highest_local = max(self.highest_local, block_of_key(key)[1])
        self.commit_sequence = max(self.commit_sequence, commit_sequence)

    def lacks(self, key: bytes, sequence: int) -> None:
        """The log has put a block whose bytes are not here. Args: sequence: of its entry."""
        self.lacking[key] = sequence

    def lacks_no_more(self, key: bytes) -> None:
        self.lacking.pop(key, None)

    def applied(self, size_bytes: int) -> None:
        """Of a block that waits for the flusher."""
        self.pending_bytes += size_bytes

    def flushed(self, size_bytes: int) -> None:
        """It is in the index, or it will never be."""
        self.pending_bytes -= size_bytes

    def stream_began(self) -> None:
        self.streams_open += 1

    def stream_grew(self, size_bytes: int) -> None:
        self.reserved_bytes += size_bytes

    def stream_ended(self, size_bytes: int) -> None:
        """Args: size_bytes: of all of it."""
        self.streams_open -= 1
        self.reserved_bytes -= size_bytes

    # ---- segments ----

    def segment(self, number: int) -> Segment:
        segment = self.segments.get(number)
        if segment is None:
            segment = self.segments[number] = Segment()
        return segment

    def roll(self) -> None:
        """What follows goes into a new segment."""
        self.dirty_segments.add(self.current_segment)
        self.current_segment += 1

    def reserve(self, size_bytes: int, *, segment_bytes_max: int) -> Place:
        """Room at the end of the current segment, or of a new one when that is full."""
        if self.segment(self.current_segment).size_bytes >= segment_bytes_max:
            self.roll()
        offset_bytes = self.segment(self.current_segment).extend(size_bytes)
        self.dirty_segments.add(self.current_segment)
        return Place(self.current_segment, offset_bytes)

    def give_back(self, place: Place, size_bytes: int) -> None:
        """A reserved place that nothing was written to after all."""
        self.segment(place.segment).give_back(place.offset_bytes, size_bytes)

    def reserve_record(self, size_bytes: int, *, segment_bytes_max: int) -> Place:
        """Room for a record (header and data) of a streamed block."""
        if self.segment(self.current_segment).size_bytes >= segment_bytes_max:
            self.roll()
        gap_bytes = -self.segment(self.current_segment).size_bytes % RECORD_ALIGNMENT_BYTES
        place = self.reserve(gap_bytes + size_bytes, segment_bytes_max=segment_bytes_max)
        place = Place(place.segment, place.offset_bytes + gap_bytes)
        self.hold_record(place)
        return place

    def hold_record(self, record: Place) -> None:
        """The index does not know it yet."""
        self.segment(record.segment).hold()
        self.streamed.add(record)

    def release_record(self, record: Place) -> None:
        """The index knows the record's place now, or it is garbage."""
        self.streamed.discard(record)
        self.segment(record.segment).release()

    def punched(self, segment: int, size_bytes: int) -> None:
        """Pages that died with their blocks are given back."""
        known = self.segments.get(segment)
        if known is None:
            return  # compacted meanwhile: it must not come back
        known.punched(size_bytes)
        self.dirty_segments.add(segment)

    # ---- rows ----

    def take_dirty_segments(self) -> frozenset[int]:
        """For a transaction that writes their rows; `give_back_dirty` when it fails."""
        taken = frozenset(self.dirty_segments)
        self.dirty_segments.clear()
        return taken

    def give_back_dirty(self, segments: frozenset[int]) -> None:
        self.dirty_segments |= segments

    def committed(
        self, state: ContainerState, changes: CounterChanges, gone: frozenset[int]
    ) -> None:
        """A transaction that changed its rows: the counters in memory follow."""
        self.committed_state = state
        self.is_identity_kept = True
        self.used_bytes += changes.used_bytes
        self.block_count += changes.block_count
        self.coded = self.coded.with_changes(changes.coded)
        for number, live_bytes in changes.live_bytes.items():
            self.segment(number).lives(live_bytes)
        for number in gone:
            self.segments.pop(number, None)

    # ---- at start ----

    def load_segment(self, number: int, row: SegmentRow) -> None:
        self.segments[number] = Segment.of_row(row)

    def belongs_to(self, pipeline_id: int, replica_index: int = 0) -> None:
        """Its row, which said so, is lost; or the log that brings it had not been applied."""
        self.pipeline_id, self.replica_index = pipeline_id, replica_index
        self.is_nameless = False

    def restore_segment(self, number: int, file_bytes: int) -> None:
        """The file of one."""
        self.segment(number).restore(file_bytes)
        self.dirty_segments.add(number)
        self.current_segment = max(self.current_segment, number)

    def count_again(self, blocks: Iterable[tuple[bytes, Block]], *, highest_local: int) -> None:
        """From the rows of its blocks. It is taken for open: what the log holds for it must find it
        so, and the SCM closes it again."""
        self.used_bytes = self.block_count = 0
        self.coded = CodedCounts()
        for segment in self.segments.values():
            segment.forget_live()
        for _, block in blocks:
            self.used_bytes += block.size_bytes
            self.block_count += 1
            self.coded.add(block.group)
            if block.segment != OWN_FILE:
                self.segment(block.segment).lives(block.size_bytes)
        self.dirty_segments |= self.segments.keys()
        self.current_segment = max([self.current_segment, *self.segments])
        # What was deleted since is not known: an id that is given again finds no other content.
        self.highest_local = max(self.highest_local, highest_local)
