"""DataNodes and safe mode, for operators: asked of the SCM that leads."""

from collections.abc import Iterable, Mapping
from typing import Final

from trioxygen.common.errors import NoSuchDataNode
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.admin.backend.containers import departure_view
from trioxygen.gateway.admin.storage_models import (
    DataNodeList,
    DataNodeView,
    DiskView,
    NewOperation,
    OperationView,
    SafeModeRuleView,
    SafeModeView,
    WantedOperation,
)
from trioxygen.metadata.client.described import described_nodes
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import scm_pb2 as scm

_OPERATIONS: Final = {
    WantedOperation.DECOMMISSION: scm.DECOMMISSIONING,
    WantedOperation.RECOMMISSION: scm.IN_SERVICE,
    WantedOperation.MAINTENANCE: scm.ENTERING_MAINTENANCE,
}
_ON_THEIR_WAY: Final = frozenset({scm.DECOMMISSIONING, scm.ENTERING_MAINTENANCE})

Departures = Mapping[str, scm.DepartureProgress]


class DataNodeAdmin:
    def __init__(self, client: ScmClient) -> None:
        self._scm = client

    async def list_datanodes(self) -> DataNodeList:
        described = [each async for each in described_nodes(self._scm)]
        departures = await self._departures(described)
        return DataNodeList(datanodes=[datanode_view(each, departures) for each in described])

    async def lookup_datanode(self, node_id: str) -> DataNodeView:
        async for described in described_nodes(self._scm):
            if described.node.node_id == node_id:
                return datanode_view(described, await self._departures([described]))
        raise NoSuchDataNode(node=node_id)

    async def _departures(self, nodes: Iterable[scm.NodeDescription]) -> Departures:
        """How far those are that are on their way."""
        if not any(each.node.operation in _ON_THEIR_WAY for each in nodes):
            return {}
        reply = await self._scm.call(scm.DescribeReplicationRequest(), scm.DescribeReplicationReply)
        return {each.node_id: each for each in reply.departures}

    async def set_operation(self, node_id: str, wanted: NewOperation) -> OperationView:
        request = scm.SetNodeOperationRequest(
            node_id=node_id,
            operation=_OPERATIONS[wanted.operation],
            maintenance_ms=wanted.maintenance_seconds * SECOND_MS,
            force=wanted.force,
        )
        node = (await self._scm.call(request, scm.SetNodeOperationReply)).node
        return OperationView(node_id=node.node_id, operation=scm.NodeOperation.Name(node.operation))

    async def remove_datanode(self, node_id: str, *, force: bool) -> None:
        request = scm.RemoveDataNodeRequest(node_id=node_id, force=force)
        await self._scm.call(request, scm.RemoveDataNodeReply)

    async def safe_mode(self) -> SafeModeView:
        reply = await self._scm.call(scm.DescribeSafeModeRequest(), scm.DescribeSafeModeReply)
        return _safe_mode_view(reply)

    async def exit_safe_mode(self) -> SafeModeView:
        reply = await self._scm.call(scm.ExitSafeModeRequest(), scm.DescribeSafeModeReply)
        return _safe_mode_view(reply)


def datanode_view(described: scm.NodeDescription, departures: Departures) -> DataNodeView:
    departure = departures.get(described.node.node_id)
    node, volumes = described.node, described.volumes
    working = [volume for volume in volumes if not volume.failed]
    return DataNodeView(
        node_id=node.node_id,
        address=node.address,
        rack=node.rack,
        health=scm.NodeHealth.Name(described.health),
        operation=scm.NodeOperation.Name(node.operation),
        operation_age_ms=described.operation_age_ms,
        maintenance_left_ms=described.maintenance_left_ms,
        last_heartbeat_age_ms=described.last_heartbeat_age_ms,
        fully_reported=described.fully_reported,
        takes_new_data=described.takes_new_data,
        containers=described.containers,
        pipelines=described.pipelines,
        pipelines_led=described.pipelines_led,
        capacity_bytes=sum(volume.capacity_bytes for volume in volumes),
        used_bytes=sum(volume.used_bytes for volume in volumes),
        free_bytes=sum(volume.free_bytes for volume in volumes),
        writable_bytes=sum(max(0, volume.free_bytes - volume.reserved_bytes) for volume in working),
        disks=[_disk_view(volume) for volume in volumes],
        departure=None if departure is None else departure_view(departure),
    )


def _disk_view(volume: scm.VolumeReport) -> DiskView:
    return DiskView(
        volume_id=volume.volume_id,
        path=volume.path,
        capacity_bytes=volume.capacity_bytes,
        used_bytes=volume.used_bytes,
        free_bytes=volume.free_bytes,
        reserved_bytes=volume.reserved_bytes,
        is_failed=volume.failed,
        is_full=volume.full,
    )


def _safe_mode_view(reply: scm.DescribeSafeModeReply) -> SafeModeView:
    return SafeModeView(
        node_id=reply.node_id,
        is_on=reply.on,
        gives_blocks=reply.gives_blocks,
        forced=reply.forced,
        rules=[
            SafeModeRuleView(name=rule.name, passed=rule.passed, waits_for=rule.waits_for)
            for rule in reply.rules
        ],
    )
