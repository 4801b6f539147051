"""A container of one volume: its state, counters and segments. In memory; rows mirror it.

Counters of live bytes change only when a transaction that did it has been committed
(`Volume.commit_lock`); the state, and how far segments are written, change at once, on the event
loop.
"""

from dataclasses import dataclass, field

from trioxygen.common.rules.rule import NUMBER_MAX
from trioxygen.hdds.container.blocks import (
    CONTAINERS,
    OWN_FILE,
    SEGMENTS,
    Block,
    block_of_key,
    container_key,
    segment_key,
)
from trioxygen.hdds.container.packed_segment import RECORD_ALIGNMENT_BYTES
from trioxygen.hdds.container.state import PROTO_OF, ContainerState
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1.datanode_pb2 import DataNodeContainerRow, SegmentRow
from trioxygen.proto.v1.scm_pb2 import ContainerReport


@dataclass(slots=True)
class Segment:
    """Attributes:
    size_bytes: where the next block goes; what is below is written, or reserved.
    live_bytes: of blocks that the index knows.
    punched_bytes: dead ones whose disk space was given back.
    unindexed: writes into it that the index does not know yet; it must not be compacted.
    """

    size_bytes: int = 0
    live_bytes: int = 0
    punched_bytes: int = 0
    unindexed: int = 0

    @property
    def garbage_bytes(self) -> int:
        return max(0, self.size_bytes - self.live_bytes - self.punched_bytes)


@dataclass(frozen=True, slots=True)
class Place:
    segment: int
    offset_bytes: int


@dataclass(slots=True)
class Container:
    """Attributes:
    committed_state: that of the row. CLOSING is never stored: it stands for streams under way.
    used_bytes, block_count: of live blocks that the index knows.
    pending_bytes: applied, but not in the index yet.
    reserved_bytes: come in streams that have not been put yet.
    streamed: where records of streamed blocks lie that the index does not know yet.
    dirty_segments: those whose rows are not current.
    highest_local: of all blocks that it ever had, deleted ones too.
    """

    container_id: int
    state: ContainerState = ContainerState.OPEN
    committed_state: ContainerState = ContainerState.OPEN
    pipeline_id: str = ""
    current_segment: int = 0
    segments: dict[int, Segment] = field(default_factory=dict)
    used_bytes: int = 0
    block_count: int = 0
    pending_bytes: int = 0
    reserved_bytes: int = 0
    streams_open: int = 0
    streamed: set[Place] = field(default_factory=set)
    dirty_segments: set[int] = field(default_factory=set)
    highest_local: int = 0

    def has_had(self, key: bytes) -> None:
        """A block of it, by its key in the index."""
        self.highest_local = max(self.highest_local, block_of_key(key)[1])

    @property
    def is_within_ids(self) -> bool:
        """Whether a cluster can name it, and all that it has had: others an older store let in."""
        return self.has_proper_id and self.highest_local <= NUMBER_MAX

    @property
    def has_proper_id(self) -> bool:
        return 1 <= self.container_id <= NUMBER_MAX

    def segment(self, number: int) -> Segment:
        found = self.segments.get(number)
        if found is None:
            found = self.segments[number] = Segment()
        return found

    @property
    def taken_bytes(self) -> int:
        """What counts against the container's size limit."""
        return self.used_bytes + self.pending_bytes + self.reserved_bytes

    @property
    def garbage_bytes(self) -> int:
        return sum(segment.garbage_bytes for segment in self.segments.values())

    def roll(self) -> None:
        """What follows goes into a new segment."""
        self.dirty_segments.add(self.current_segment)
        self.current_segment += 1

    def reserve(self, size_bytes: int, *, segment_bytes_max: int) -> Place:
        """Room at the end of the current segment, or of a new one when that is full."""
        if self.segment(self.current_segment).size_bytes >= segment_bytes_max:
            self.roll()
        segment = self.segment(self.current_segment)
        place = Place(self.current_segment, segment.size_bytes)
        segment.size_bytes += size_bytes
        self.dirty_segments.add(self.current_segment)
        return place

    def give_back(self, place: Place, size_bytes: int) -> None:
        """A reserved place that nothing was written to after all."""
        segment = self.segment(place.segment)
        # Behind others it stays garbage.
        if segment.size_bytes == place.offset_bytes + size_bytes:
            segment.size_bytes = place.offset_bytes

    def reserve_record(self, size_bytes: int, *, segment_bytes_max: int) -> Place:
        """Room for a record (header and data) of a streamed block."""
        if self.segment(self.current_segment).size_bytes >= segment_bytes_max:
            self.roll()
        gap_bytes = -self.segment(self.current_segment).size_bytes % RECORD_ALIGNMENT_BYTES
        place = self.reserve(gap_bytes + size_bytes, segment_bytes_max=segment_bytes_max)
        place = Place(place.segment, place.offset_bytes + gap_bytes)
        self.segment(place.segment).unindexed += 1
        self.streamed.add(place)
        return place

    def release_record(self, record: Place) -> None:
        """The index knows the record's place now, or it is garbage."""
        self.streamed.discard(record)
        self.segment(record.segment).unindexed -= 1

    def report(self) -> ContainerReport:
        return ContainerReport(
            container_id=self.container_id,
            state=PROTO_OF[self.state],
            # With what streams under way have brought: the SCM must not promise its place again.
            used_bytes=self.taken_bytes,
            block_count=self.block_count,
            garbage_bytes=self.garbage_bytes,
            highest_local=min(self.highest_local, NUMBER_MAX),
        )


@dataclass(frozen=True, slots=True)
class ContainerView:
    """What the next transaction writes about a container, frozen when the transaction is begun."""

    container: Container
    state: ContainerState
    current_segment: int
    recovery: Place
    dirty_segments: frozenset[int]
    segment_sizes_bytes: dict[int, int]


def view(container: Container, state: ContainerState) -> ContainerView:
    """Takes over the dirty segments: give them back when the transaction fails."""
    current = container.segment(container.current_segment)
    places = [(place.segment, place.offset_bytes) for place in container.streamed]
    recovery = min([*places, (container.current_segment, current.size_bytes)])
    seen = ContainerView(
        container=container,
        state=state,
        current_segment=container.current_segment,
        recovery=Place(*recovery),
        dirty_segments=frozenset(container.dirty_segments),
        segment_sizes_bytes={
            number: segment.size_bytes for number, segment in container.segments.items()
        },
    )
    container.dirty_segments.clear()
    return seen


@dataclass(slots=True)
class CounterChanges:
    """By how much a transaction changes a container's counters."""

    used_bytes: int = 0
    block_count: int = 0
    live_bytes: dict[int, int] = field(default_factory=dict)

    def add(self, block: Block, sign: int = 1) -> None:
        self.used_bytes += sign * block.size_bytes
        self.block_count += sign
        self.moved(block, sign)

    def moved(self, block: Block, sign: int) -> None:
        """Only where it lies."""
        if block.segment != OWN_FILE:
            live = self.live_bytes.get(block.segment, 0)
            self.live_bytes[block.segment] = live + sign * block.size_bytes


def put_container(
    txn: WriteTxn, seen: ContainerView, changes: CounterChanges, gone: frozenset[int] = frozenset()
) -> None:
    """Writes the rows of a container and of its segments that changed; `gone` ones are removed."""
    container = seen.container
    row = DataNodeContainerRow(
        container_id=container.container_id,
        state=PROTO_OF[seen.state],
        used_bytes=container.used_bytes + changes.used_bytes,
        block_count=container.block_count + changes.block_count,
        current_segment=seen.current_segment,
        pipeline_id=container.pipeline_id,
        recovery_segment=seen.recovery.segment,
        recovery_offset_bytes=seen.recovery.offset_bytes,
        highest_local=container.highest_local,
    )
    CONTAINERS.put(txn, container_key(container.container_id), row)
    for number in seen.dirty_segments | set(changes.live_bytes):
        if number in gone or number not in seen.segment_sizes_bytes:
            continue
        segment = container.segments[number]
        SEGMENTS.put(
            txn,
            segment_key(container.container_id, number),
            SegmentRow(
                size_bytes=seen.segment_sizes_bytes[number],
                live_bytes=segment.live_bytes + changes.live_bytes.get(number, 0),
                punched_bytes=segment.punched_bytes,
            ),
        )
    for number in gone:
        SEGMENTS.delete(txn, segment_key(container.container_id, number))


def adopt(seen: ContainerView, changes: CounterChanges, gone: frozenset[int] = frozenset()) -> None:
    """After the commit: the counters in memory follow."""
    container = seen.container
    container.committed_state = seen.state
    container.used_bytes += changes.used_bytes
    container.block_count += changes.block_count
    for number, live_bytes in changes.live_bytes.items():
        container.segment(number).live_bytes += live_bytes
    for number in gone:
        container.segments.pop(number, None)
