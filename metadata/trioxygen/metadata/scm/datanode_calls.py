"""What DataNodes ask of an SCM: to be one of its nodes, and what is to be done."""

from collections.abc import Callable

from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.identity import check_node
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.raft.ports import Replica
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.heartbeats import Heartbeats
from trioxygen.metadata.scm.nodes.registration import Registration
from trioxygen.proto.v1 import scm_pb2 as scm


class DataNodeCalls:
    """Every SCM is told; the leader alone writes down what follows, and gives commands.

    Args: lead: raises NotLeader."""

    def __init__(
        self,
        lead: Callable[[], None],
        replica: Replica,
        registration: Registration,
        heartbeats: Heartbeats,
        config: ScmConfig,
    ) -> None:
        self._lead, self._replica = lead, replica
        self._registration, self._heartbeats = registration, heartbeats
        self._config = config

    def handlers(self) -> dict[str, Handler]:
        return {"RegisterDataNode": self._register, "Heartbeat": self._heartbeat}

    async def _heartbeat(self, request: scm.HeartbeatRequest, call: Call) -> scm.HeartbeatReply:
        check_node(call, request.node_id)
        if not self._replica.is_leader():
            return await self._heartbeats.follow(request)
        self._lead()
        return await self._heartbeats.receive(request)

    async def _register(
        self, request: scm.RegisterDataNodeRequest, call: Call
    ) -> scm.RegisterDataNodeReply:
        check_node(call, request.node_id)
        leads = self._replica.is_leader()
        if leads:
            self._lead()
        self._registration.check(request)
        if leads:
            await self._registration.store(request)
            self._lead()
            # Another process may have come meanwhile.
            self._registration.check(request)
        self._heartbeats.registered(request.node_id, request.address, instance=request.instance)
        return scm.RegisterDataNodeReply(
            cluster_id=self._config.cluster_id,
            heartbeat_interval_ms=self._config.heartbeat_interval_ms,
            report_interval_ms=self._config.report_interval_ms,
            term=self._replica.term,
            leader=leads,
        )
