"""A DataNode that holds nothing: it registers with an SCM and sends heartbeats, so that blocks can
be allocated."""

from trioxygen.common.clock import Clock
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1.scm_pb2 import (
    HeartbeatRequest,
    PipelineReport,
    RegisterDataNodeRequest,
    VolumeReport,
)


class EmptyDataNode:
    """A worker, for one SCM: each is told.

    Args:
        number: of the SCM.
        rings: that the node takes part in; shared by its workers.
    """

    interval_ms = 300.0

    def __init__(
        self, node_id: str, number: int, scm: ScmClient, clock: Clock, rings: set[int]
    ) -> None:
        self.name = f"heartbeat-{node_id}-{number}"
        self._node_id, self._scm, self._clock = node_id, scm, clock
        self._rings = rings
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
            HeartbeatRequest(
                node_id=self._node_id,
                full_report=self._full_report,
                volumes=[volume],
                pipelines=[
                    PipelineReport(pipeline_id=ring, leader=True, term=1)
                    for ring in sorted(self._rings)
                ],
            )
        )
        self._full_report = False
        if reply.register_again:
            self._is_registered = False
            return True
        joined = {
            command.create_pipeline.pipeline.pipeline_id
            for command in reply.commands
            if command.HasField("create_pipeline")
        }
        self._rings |= joined
        return bool(joined)
