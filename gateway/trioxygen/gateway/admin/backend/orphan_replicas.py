"""Replicas that the SCM has no container of, for operators: asked of the SCM that leads."""

from trioxygen.common.errors import InvalidRequest
from trioxygen.gateway.admin.orphan_models import (
    OrphanReplicaPage,
    OrphanReplicaView,
    RemovedOrphans,
)
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import scm_pb2 as scm


class ScmOrphanReplicaAdmin:
    def __init__(self, client: ScmClient) -> None:
        self._scm = client

    async def page(self, after: str) -> OrphanReplicaPage:
        """Raises: InvalidRequest."""
        try:
            key = bytes.fromhex(after)
        except ValueError as error:
            raise InvalidRequest("no place where a page ends", after=after) from error
        request = scm.ListOrphanReplicasRequest(after=key)
        reply = await self._scm.call(request, scm.ListOrphanReplicasReply)
        return OrphanReplicaPage(
            orphans=[_view(orphan) for orphan in reply.orphans],
            count=reply.count,
            keep_ms=reply.keep_ms,
            next=reply.next.hex(),
        )

    async def remove(self, container_id: int, node_id: str) -> RemovedOrphans:
        request = scm.RemoveOrphanReplicasRequest(container_id=container_id, node_id=node_id)
        reply = await self._scm.call(request, scm.RemoveOrphanReplicasReply)
        return RemovedOrphans(count=reply.count)


def _view(orphan: scm.OrphanReplica) -> OrphanReplicaView:
    report = orphan.report
    return OrphanReplicaView(
        node_id=orphan.node_id,
        container_id=report.container_id,
        state=scm.ContainerState.Name(report.state),
        used_bytes=report.used_bytes,
        block_count=report.block_count,
        reason=orphan.reason,
        age_ms=orphan.age_ms,
        goes=orphan.goes,
        left_ms=orphan.left_ms,
    )
