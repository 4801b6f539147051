"""A DataNode comes to an SCM: of this cluster, and as nobody else."""

from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import InvalidRequest, Unavailable
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.nodes.racks import Racks
from trioxygen.proto.v1.scm_pb2 import NodeRow, PutNode, RegisterDataNodeRequest

log = logs.get(__name__)

# Heartbeats that one may miss before another process may be the same node.
MISSED_MAX: Final = 2.5


class Registration:
    def __init__(self, executor: Executor, nodes: Nodes, racks: Racks, *, cluster_id: str) -> None:
        self._executor, self._nodes, self._racks = executor, nodes, racks
        self._cluster_id = cluster_id

    def check(self, request: RegisterDataNodeRequest) -> None:
        """Raises: InvalidRequest: it is another cluster's; Unavailable: another process is this
        node, so far."""
        node_id = request.node_id
        if request.cluster_id and request.cluster_id != self._cluster_id:
            log.error("datanode_of_another_cluster", node=node_id, cluster=request.cluster_id)
            raise InvalidRequest(
                "the DataNode belongs to another cluster",
                node=node_id,
                cluster_id=request.cluster_id,
            )
        rival = self._nodes.rival_of(node_id, address=request.address, instance=request.instance)
        if rival:
            log.error("datanode_twice", node=node_id, address=request.address, in_service=rival)
            raise Unavailable(
                "a DataNode of this id is in service at another address: two run on copies of one "
                "folder, or the other has just been ended",
                node=node_id,
                in_service=rival,
            )

    async def store(self, request: RegisterDataNodeRequest) -> None:
        """At the leader. Raises: what the executor raises."""
        rack = await self._racks.rack_of(request.node_id, request.address)
        node = NodeRow(node_id=request.node_id, address=request.address, rack=rack)
        await self._executor.execute(PutNode(node=node))
