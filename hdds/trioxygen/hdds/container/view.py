"""What a transaction writes about a container: its row and those of its segments."""

from dataclasses import dataclass

from trioxygen.common.container_state import ContainerState
from trioxygen.hdds.container.blocks import CONTAINERS, SEGMENTS, container_key, segment_key
from trioxygen.hdds.container.container import Container, CounterChanges
from trioxygen.hdds.container.identity import put_identity
from trioxygen.hdds.container.segment import Place
from trioxygen.metadata.store.ports import WriteTxn
from trioxygen.proto.v1.datanode_pb2 import DataNodeContainerRow

_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ContainerView:
    """Frozen when the transaction is begun. `put` in it; then `adopt` when it is committed, else
    `give_back`.

    Attributes:
    state: what the log has made of it as far as the transaction goes.
    recovery: from here on streamed blocks may lie that the index does not know.
    """

    container: Container
    state: ContainerState
    is_unhealthy: bool
    current_segment: int
    recovery: Place
    dirty_segments: frozenset[int]
    segment_sizes_bytes: dict[int, int]

    @classmethod
    def of(cls, container: Container, state: ContainerState) -> "ContainerView":
        current = container.segment(container.current_segment)
        places = [(place.segment, place.offset_bytes) for place in container.streamed]
        recovery = min([*places, (container.current_segment, current.size_bytes)])
        return cls(
            container=container,
            state=state,
            is_unhealthy=container.state is ContainerState.UNHEALTHY,
            current_segment=container.current_segment,
            recovery=Place(*recovery),
            dirty_segments=container.take_dirty_segments(),
            segment_sizes_bytes={
                number: segment.size_bytes for number, segment in container.segments.items()
            },
        )

    def put(self, txn: WriteTxn, changes: CounterChanges, gone: frozenset[int] = _NONE) -> None:
        """The rows of the container and of its segments that changed; `gone` ones are removed."""
        container = self.container
        shown = ContainerState.UNHEALTHY if self.is_unhealthy else self.state
        row = DataNodeContainerRow(
            container_id=container.container_id,
            state=shown.proto,
            logged_state=self.state.proto,
            used_bytes=container.used_bytes + changes.used_bytes,
            block_count=container.block_count + changes.block_count,
            current_segment=self.current_segment,
            pipeline_id=container.pipeline_id,
            replica_index=container.replica_index,
            recovery_segment=self.recovery.segment,
            recovery_offset_bytes=self.recovery.offset_bytes,
            highest_local=container.highest_local,
            commit_sequence=container.commit_sequence,
            origin_node_id=container.origin_node_id,
            coded=container.coded.with_changes(changes.coded).messages(),
        )
        CONTAINERS.put(txn, container_key(container.container_id), row)
        if not container.is_identity_kept:
            put_identity(
                txn,
                container.container_id,
                pipeline_id=container.pipeline_id,
                replica_index=container.replica_index,
            )
        for number in self.dirty_segments | set(changes.live_bytes):
            if number in gone or number not in self.segment_sizes_bytes:
                continue
            segment_row = container.segments[number].row(
                size_bytes=self.segment_sizes_bytes[number],
                live_bytes_more=changes.live_bytes.get(number, 0),
            )
            SEGMENTS.put(txn, segment_key(container.container_id, number), segment_row)
        for number in gone:
            SEGMENTS.delete(txn, segment_key(container.container_id, number))

    def adopt(self, changes: CounterChanges, gone: frozenset[int] = _NONE) -> None:
        self.container.committed(self.state, changes, gone)

    def give_back(self) -> None:
        self.container.give_back_dirty(self.dirty_segments)
