"""From what a container lacks to who does what: sources, targets, and what has to wait. Pure but
for the chances that it is given."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import unique
from typing import Final

from trioxygen.common.container_state import ContainerState
from trioxygen.common.states import State
from trioxygen.metadata.scm.pipelines.placement import PlacementNode, choose
from trioxygen.metadata.scm.replication.checks import room_by_removal
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.replication.findings import Copies, Finding, Rebuild, Removal
from trioxygen.metadata.scm.replication.in_flight import InFlight, Kind, Operation
from trioxygen.metadata.scm.replication.nodes_view import NodesView
from trioxygen.metadata.scm.replication.observed import ObservedContainer
from trioxygen.metadata.scm.replication.standing import staying
from trioxygen.proto.v1.scm_pb2 import (
    DataNodeCommand,
    DeleteContainerCommand,
    ReconstructContainerCommand,
    ReplicateContainerCommand,
)
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

_LEAVING_FACTOR: Final = 2


@unique
class Waits(State):
    """Why something of it is not done now."""

    FOR_A_TURN = "the nodes that it takes are busy"
    FOR_A_NODE = "no DataNode can take it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    operations: tuple[Operation, ...] = ()
    waits: Waits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What plans are made with. A plan is to be begun before the next is made.

    Attributes: failures: of containers: how often what was planned last came to nothing."""

    config: ReplicationConfig
    view: NodesView
    in_flight: InFlight
    rng: random.Random
    now_ms: float
    failures: Mapping[int, int] = field(default_factory=dict)

    def of(self, container: ObservedContainer, finding: Finding) -> Plan:
        operations: list[Operation] = []
        waits: Waits | None = None
        for repair in finding.repairs:
            if isinstance(repair, Removal):
                plan = self._removal(container, repair)
            elif isinstance(repair, Copies):
                plan = self._copies(container, repair, operations)
            else:
                plan = self._rebuild(container, repair, operations)
            operations += plan.operations
            waits = plan.waits or waits
        if waits is Waits.FOR_A_NODE and not operations:
            takers = {taker.node_id for taker in self.view.takers}
            removal = room_by_removal(container, takers)
            if removal is not None:
                return self._removal(container, removal)
        return Plan(operations=tuple(operations), waits=waits)

    def _removal(self, container: ObservedContainer, removal: Removal) -> Plan:
        node_id = removal.node_id
        if self.in_flight.removing(node_id) >= self.config.removals_per_node_max:
            return Plan(waits=Waits.FOR_A_TURN)
        command = DeleteContainerCommand(
            container_id=container.container_id,
            replica_index=removal.replica_index,
            force=removal.force,
        )
        operation = self._operation(
            Kind.REMOVAL, container, node_id, DataNodeCommand(delete_container=command)
        )
        return Plan(operations=(operation,))

    def _copies(
        self, container: ObservedContainer, copies: Copies, planned: Sequence[Operation]
    ) -> Plan:
        targets = self._targets(
            container, copies.count, planned=planned, instead_of=copies.instead_of
        )
        operations: list[Operation] = []
        # Another one after each failure: it may be the source that cannot.
        first = self.failures.get(container.container_id, 0) % max(1, len(copies.sources))
        from_nodes = (*copies.sources[first:], *copies.sources[:first])
        loads = {node_id: self.in_flight.sending(node_id) for node_id in from_nodes}
        for target in targets:
            free = [each for each in from_nodes if loads[each] < self._sends_max(each)]
            if not free:
                return Plan(operations=tuple(operations), waits=Waits.FOR_A_TURN)
            source = min(free, key=loads.__getitem__)
            loads[source] += 1
            operations.append(
                copy_of(
                    container,
                    source,
                    self._addressed(target, copies.replica_index),
                    is_low_priority=bool(copies.instead_of),
                    begun_ms=self.now_ms,
                    deadline_ms=self.now_ms + self.config.deadline_ms(_size_of(container)),
                )
            )
        return Plan(operations=tuple(operations), waits=self._why_fewer(targets, copies.count))

    def _rebuild(
        self, container: ObservedContainer, rebuild: Rebuild, planned: Sequence[Operation]
    ) -> Plan:
        count = len(rebuild.indexes)
        targets = self._targets(container, count, planned=planned, instead_of="")
        waits = self._why_fewer(targets, count)
        indexes = dict(zip(targets, rebuild.indexes, strict=False))
        completes = not targets and waits is Waits.FOR_A_NODE
        if completes:
            indexes = self._completed_at(rebuild)
            waits = waits if len(indexes) < count else None
        weight = self.config.rebuild_weight
        makers = [
            each
            for each in indexes
            if self.in_flight.sending(each) + weight <= self.config.copies_per_node_max
        ]
        if not makers:
            return Plan(waits=waits or Waits.FOR_A_TURN)
        maker = min(makers, key=lambda each: (self.in_flight.sending(each), each))
        made = {maker: indexes[maker]} | indexes
        command = ReconstructContainerCommand(
            container_id=container.container_id,
            replication=container.replication.proto,
            sources=[self._addressed(each, index) for index, each in rebuild.sources.items()],
            targets=[self._addressed(each, index) for each, index in made.items()],
            pipeline_id=container.pipeline_id,
            completes=completes,
        )
        operation = self._operation(
            Kind.REBUILD,
            container,
            maker,
            DataNodeCommand(reconstruct_container=command),
            targets=made,
            weight=weight,
        )
        return Plan(operations=(operation,), waits=waits)

    def _completed_at(self, rebuild: Rebuild) -> dict[str, int]:
        """Indexes by the nodes that hold them, lack some of their blocks, and can take these."""
        takers = {taker.node_id for taker in self.view.takers}
        return {
            node_id: index
            for index, node_id in rebuild.held.items()
            if node_id in takers
            and self.in_flight.getting(node_id) < self.config.copies_per_node_max
        }

    def _operation(
        self,
        kind: Kind,
        container: ObservedContainer,
        node_id: str,
        command: DataNodeCommand,
        *,
        targets: dict[str, int] | None = None,
        weight: int = 1,
    ) -> Operation:
        size_bytes = _size_of(container)
        return Operation(
            kind=kind,
            container_id=container.container_id,
            node_id=node_id,
            command=command,
            targets=targets or {},
            weight=weight,
            size_bytes=size_bytes,
            begun_ms=self.now_ms,
            deadline_ms=self.now_ms + self.config.deadline_ms(size_bytes if targets else 0),
        )

    def _sends_max(self, node_id: str) -> int:
        factor = _LEAVING_FACTOR if self.view.node(node_id).leaves else 1
        return factor * self.config.copies_per_node_max

    def _targets(
        self,
        container: ObservedContainer,
        count: int,
        *,
        planned: Sequence[Operation],
        instead_of: str,
    ) -> tuple[str, ...]:
        """Nodes without any replica of it, on racks that spread those that stay. What is left there
        of a copy that came to nothing is none: it goes when another one comes."""
        kept = [each.node for each in staying(container) if each.node_id != instead_of]
        coming = [node_id for node_id, _ in container.pending.copies]
        coming += [target for operation in planned for target in operation.targets]
        kept += [self.view.node(node_id) for node_id in coming]
        made = [each for each in container.replicas if each.state is not ContainerState.RECOVERING]
        holders = {each.node_id for each in made}.union(coming)
        getting = self.in_flight.getting
        nodes = [
            PlacementNode(
                node_id=each.node_id,
                rack=each.rack,
                free_bytes=each.free_bytes,
                used_share=each.used_share,
                load=getting(each.node_id),
            )
            for each in self.view.candidates(self.rng)
        ]
        busy = {each.node_id for each in nodes if each.load >= self.config.copies_per_node_max}
        return choose(
            nodes,
            replication=container.replication,
            count=count,
            rng=self.rng,
            held=[PlacementNode(node_id=node.node_id, rack=node.rack) for node in kept],
            busy=busy | holders,
            bytes_wanted=_size_of(container),
        )

    def _why_fewer(self, targets: Sequence[str], count: int) -> Waits | None:
        if len(targets) >= count:
            return None
        is_busy = any(
            self.in_flight.getting(taker.node_id) >= self.config.copies_per_node_max
            for taker in self.view.takers
        )
        return Waits.FOR_A_TURN if is_busy else Waits.FOR_A_NODE

    def _addressed(self, node_id: str, replica_index: int) -> DataNodeAddress:
        address = self.view.addresses.get(node_id, "")
        return DataNodeAddress(node_id=node_id, address=address, replica_index=replica_index)


def copy_of(
    container: ObservedContainer,
    source: str,
    target: DataNodeAddress,
    *,
    is_low_priority: bool,
    begun_ms: float,
    deadline_ms: float,
) -> Operation:
    """Has a node send its replica. Args: is_low_priority: behind all that mends something."""
    command = ReplicateContainerCommand(
        container_id=container.container_id, target=target, is_low_priority=is_low_priority
    )
    return Operation(
        kind=Kind.COPY,
        container_id=container.container_id,
        node_id=source,
        command=DataNodeCommand(replicate_container=command),
        targets={target.node_id: target.replica_index},
        size_bytes=_size_of(container),
        begun_ms=begun_ms,
        deadline_ms=deadline_ms,
    )


def _size_of(container: ObservedContainer) -> int:
    """As those say that it is copied from: a dead node's replica is as large as it ever was."""
    living = (each for each in container.replicas if not each.node.is_dead)
    return max((each.used_bytes for each in living), default=0)
