"""A DataNode that holds nothing: it registers with the SCM and sends heartbeats, so that blocks can
be allocated."""

from trioxygen.common.clock import Clock
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1.scm_pb2 import HeartbeatRequest, RegisterDataNodeRequest, VolumeReport


class EmptyDataNode:
    """A worker."""

    interval_ms = 300.0

    def __init__(self, node_id: str, scm: ScmClient, clock: Clock) -> None:
        self.name = f"heartbeat-{node_id}"
        self._node_id, self._scm, self._clock = node_id, scm, clock
        self._is_registered = False
        self._full_report = True

    async def work(self) -> bool:
        if not self._is_registered:
            await self._scm.register(
                RegisterDataNodeRequest(node_id=self._node_id, address=f"{self._node_id}:9859")
            )
            self._is_registered = self._full_report = True
        volume = VolumeReport(volume_id="v1", capacity_bytes=1 << 40, free_bytes=1 << 39)
        reply = await self._scm.heartbeat(
            HeartbeatRequest(node_id=self._node_id, full_report=self._full_report, volumes=[volume])
        )
        self._full_report = False
        if reply.register_again:
            self._is_registered = False
            return True
        return False
