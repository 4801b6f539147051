"""What operators do with DataNodes: into maintenance, out of service, away. The leader's."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import InvalidRequest, NoSuchDataNode
from trioxygen.common.replication import Replication
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.nodes.states import Health, Operation
from trioxygen.metadata.scm.pipelines.pipelines import at_home, pipeline_of, writing
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, NODES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.replication_pb2 import WorkReply
from trioxygen.proto.v1.scm_pb2 import (
    ContainerRow,
    NodeRow,
    RemoveNode,
    SetNodeOperationReply,
    SetNodeOperationRequest,
)

# Between two of them others have their turn.
_ROWS_AT_ONCE_MAX: Final = 1_000
# Replicas whose blocks can be read.
_READABLE: Final = frozenset(
    {
        ContainerState.OPEN,
        ContainerState.CLOSING,
        ContainerState.CLOSED,
        ContainerState.QUASI_CLOSED,
    }
)
_GOING: Final = frozenset({ContainerState.DELETING, ContainerState.DELETED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What of a container is left without one DataNode.

    Attributes:
    replicas: that others report, on nodes that are not dead; of an erasure code those that differ.
    needed: of its class.
    is_holder: the node has, or had, a replica of it.
    """

    container_id: int
    replicas: int
    needed: int
    is_holder: bool

    @property
    def suffices(self) -> bool:
        return not self.is_holder or self.replicas >= self.needed


@dataclass(frozen=True, slots=True)
class Alive:
    """Who is there, and has what."""

    nodes: Nodes
    replicas: Replicas

    def has_reported(self, node_id: str) -> bool:
        """All that it has."""
        is_dead = self.nodes.health_state(node_id) is Health.DEAD
        return not is_dead and self.nodes.fully_reported(node_id)


def remaining_without(txn: ReadTxn, row: ContainerRow, node_id: str, alive: Alive) -> Remaining:
    reports = at_home(txn, row, alive.replicas.of_container(row.container_id))
    pipeline = pipeline_of(txn, row)
    replication = Replication.of_proto(row.replication)
    others = {
        holder: report
        for holder, report in reports.items()
        if holder != node_id
        and alive.nodes.health_state(holder) is not Health.DEAD
        and ContainerState(report.state) in _READABLE
    }
    kept = {report.replica_index for report in others.values()} if replication.is_ec else others
    written_to = pipeline.node_ids if pipeline is not None else ()
    may_hold = node_id in written_to
    is_open = ContainerState(row.state) is ContainerState.OPEN
    if may_hold and not (is_open or reports or row.block_count):
        # Never written, if enough of the others say that they have nothing.
        heard = [each for each in written_to if alive.has_reported(each) and each != node_id]
        may_hold = len(written_to) - len(heard) >= replication.holders_min(len(written_to))
    return Remaining(
        container_id=row.container_id,
        replicas=len(kept),
        needed=min(replication.members, len(written_to) or replication.members),
        is_holder=node_id in reports or may_hold,
    )


def removal_fault(row: NodeRow, health: Health) -> str | None:
    """Why a DataNode cannot be removed whatever it holds; None: it may be."""
    operation = Operation(row.operation)
    if health is Health.HEALTHY:
        return "it sent heartbeats a moment ago: stop it first, until it is stale"
    if operation is not Operation.DECOMMISSIONED and health is not Health.DEAD:
        return "it is neither decommissioned nor dead: decommission it first"
    if operation.is_maintenance:
        return "it is in maintenance: recommission it first"
    return None


class NodeOperations:
    """Args:
    missing_replicas_max: members that a pipeline may lack.
    """

    def __init__(
        self,
        runtime: Runtime,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        *,
        missing_replicas_max: int = 0,
    ) -> None:
        self._clock, self._executor = runtime.clock, executor
        self._nodes, self._replicas = nodes, replicas
        self._missing_replicas_max = missing_replicas_max

    async def set(self, request: SetNodeOperationRequest) -> SetNodeOperationReply:
        """Raises: NoSuchDataNode, InvalidRequest, what the executor raises."""
        if request.operation == scm_pb2.DECOMMISSIONING and not request.force:
            await self._check_enough_are_left(request.node_id)
        reply = await self._executor.execute(request)
        assert isinstance(reply, SetNodeOperationReply)
        return reply

    async def _check_enough_are_left(self, node_id: str) -> None:
        with self._executor.store.read() as txn:
            left = [
                row.node_id
                for _, row in NODES.scan(txn, prefix=b"")
                if row.node_id != node_id
                and Operation(row.operation).takes_data
                and self._nodes.health_state(row.node_id) is not Health.DEAD
            ]
        if not left:
            raise InvalidRequest(
                "no other DataNode is in service: add some, or force it", node=node_id
            )

        def check(txn: ReadTxn, row: ContainerRow) -> None:
            replication = Replication.of_proto(row.replication)
            if replication.members_min(self._missing_replicas_max) <= len(left):
                return
            alive = Alive(self._nodes, self._replicas)
            if remaining_without(txn, row, node_id, alive).is_holder:
                raise InvalidRequest(
                    "too few DataNodes would be left for its replicas: add some, or force it",
                    node=node_id,
                    container=row.container_id,
                    replication=replication.text,
                    left=len(left),
                )

        await self._look_at_containers(check)

    async def remove(self, node_id: str, *, force: bool = False) -> None:
        """Args: force: also where something hangs on what it has.

        Raises: NoSuchDataNode; InvalidRequest: something hangs on it; what the executor
        raises."""
        with self._executor.store.read() as txn:
            row = NODES.get(txn, node_id.encode())
            if row is None:
                raise NoSuchDataNode(node=node_id)
            fault = removal_fault(row, self._nodes.health_state(node_id))
            if fault is None and any(node_id in each.node_ids for each in writing(txn)):
                fault = "a pipeline that takes writes has it as a member: wait until it is closed"
        if fault is not None:
            raise InvalidRequest(f"the DataNode cannot be removed: {fault}", node=node_id)
        if not force:
            await self._check_nothing_needs(node_id)
        more = True
        while more:
            reply = await self._executor.execute(
                RemoveNode(node_id=node_id, rows_max=_ROWS_AT_ONCE_MAX)
            )
            assert isinstance(reply, WorkReply)
            more = reply.more
        self._nodes.forget_node(node_id)
        self._replicas.forget_node(node_id)

    async def _check_nothing_needs(self, node_id: str) -> None:
        alive = Alive(self._nodes, self._replicas)

        def check(txn: ReadTxn, row: ContainerRow) -> None:
            remaining = remaining_without(txn, row, node_id, alive)
            if not remaining.suffices:
                raise InvalidRequest(
                    "the DataNode cannot be removed: too few other replicas of a container; "
                    "--force gives up what only it has",
                    node=node_id,
                    container=row.container_id,
                    others=remaining.replicas,
                    needed=remaining.needed,
                )

        await self._look_at_containers(check)

    async def _look_at_containers(self, look: Callable[[ReadTxn, ContainerRow], None]) -> None:
        """At each that may have blocks. Raises: what `look` raises."""
        after: bytes | None = None
        while True:
            with self._executor.store.read() as txn:
                scan = CONTAINERS.scan(txn, prefix=b"", after=after)
                page = list(islice(scan, _ROWS_AT_ONCE_MAX))
                for _, row in page:
                    state = ContainerState(row.state)
                    is_empty = not row.block_count and state is ContainerState.CLOSED
                    if not (is_empty or state in _GOING):
                        look(txn, row)
            if len(page) < _ROWS_AT_ONCE_MAX:
                return
            after = page[-1][0]
            await self._clock.sleep_ms(0)
