"""Where a container's blocks can be read: what any SCM answers, whether it leads or follows."""

from collections.abc import Set

from trioxygen.common.container_state import TAKES_BLOCKS, ContainerState
from trioxygen.common.paging import Room
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.call import Call
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pipelines.pipelines import at_home, pipeline_of, replica_index_of
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, NODES, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import (
    ContainerLocation,
    ContainerReplica,
    ContainerReport,
    ContainerRow,
    LocateContainersReply,
    LocateContainersRequest,
)
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

_UNREADABLE = ContainerState.RECOVERING.proto


class Locations:
    def __init__(self, executor: Executor, nodes: Nodes, replicas: Replicas) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas

    async def locate(self, request: LocateContainersRequest, call: Call) -> LocateContainersReply:
        """What reports say needs no leader. What is not known here may be known to others.

        Raises: what a read barrier raises."""
        reply, room = LocateContainersReply(), Room()
        is_current = False
        for container_id in request.container_ids:
            location = self._located(container_id)
            if location is None and not is_current:
                await self._executor.read_barrier()
                is_current = True
                location = self._located(container_id)
            if location is not None:
                if not room.takes(location.ByteSize()):
                    return reply
                reply.locations.append(location)
            reply.looked_up += 1
        return reply

    def _located(self, container_id: int) -> ContainerLocation | None:
        with self._executor.store.read() as txn:
            return self.of(txn, container_id)

    def of(self, txn: ReadTxn, container_id: int) -> ContainerLocation | None:
        """By reports, and by the pipeline while they are not all in. None: it is not known here.

        Replicas of healthy nodes come first."""
        row = CONTAINERS.get(txn, id_key(container_id))
        reports = self._reported(txn, container_id, row)
        if row is None and not reports:
            return None
        replicas = [
            ContainerReplica(
                datanode=self._address(txn, node_id),
                replica_index=report.replica_index,
                state=report.state,
            )
            for node_id, report in reports.items()
        ]
        if row is not None:
            replicas += self._expected(txn, row, reports.keys())
        replicas.sort(key=lambda replica: self._rank(replica.datanode.node_id))
        for replica in replicas:
            node = NODES.get(txn, replica.datanode.node_id.encode())
            replica.rack = "" if node is None else node.rack
        state = row.state if row is not None else replicas[0].state
        location = ContainerLocation(container_id=container_id, replicas=replicas, state=state)
        if row is not None:
            location.replication.CopyFrom(Replication.of_proto(row.replication).proto)
        return location

    def _rank(self, node_id: str) -> tuple[bool, int]:
        """Those come last that have not been heard here yet."""
        return not self._nodes.knows(node_id), self._nodes.health(node_id)

    def _reported(
        self, txn: ReadTxn, container_id: int, row: ContainerRow | None
    ) -> dict[str, ContainerReport]:
        reports = self._replicas.of_container(container_id)
        if row is not None:
            reports = at_home(txn, row, reports)
        return {
            node_id: report for node_id, report in reports.items() if report.state != _UNREADABLE
        }

    def _expected(
        self, txn: ReadTxn, row: ContainerRow, reporting: Set[str]
    ) -> list[ContainerReplica]:
        """With those that took its writes and have not told here what they have since they, or this
        SCM, were started. While it takes blocks, or nobody has reported it, with all of them: the
        first report of it may be on its way."""
        pipeline = pipeline_of(txn, row)
        if pipeline is None:
            return []
        may_be_new = not reporting or ContainerState(row.state) in TAKES_BLOCKS
        return [
            ContainerReplica(
                datanode=self._address(txn, node_id),
                replica_index=replica_index_of(pipeline, position),
                state=row.state,
            )
            for position, node_id in enumerate(pipeline.node_ids)
            if node_id not in reporting and (may_be_new or not self._nodes.fully_reported(node_id))
        ]

    def _address(self, txn: ReadTxn, node_id: str) -> DataNodeAddress:
        """The one that it told here; an SCM that leads has it from the state as well."""
        address = self._replicas.address(node_id)
        if not address:
            row = NODES.get(txn, node_id.encode())
            address = "" if row is None else row.address
        return DataNodeAddress(node_id=node_id, address=address)
