"""Containers, pipelines, repair and deletion, for operators: asked of the SCM that leads."""

from collections.abc import Iterable, Sequence

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.replication import Replication
from trioxygen.gateway.admin.backend.holders import Holders
from trioxygen.gateway.admin.container_models import (
    ContainerPage,
    ContainerSummary,
    ContainerView,
    DeletionView,
    DepartureView,
    HealthView,
    HolderPage,
    PipelineList,
    PipelineView,
    RepairView,
    ReplicationView,
    ReplicaView,
    WaitingView,
)
from trioxygen.metadata.client.described import CONTAINERS, PIPELINES
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import KeptBlocks


class ScmContainerAdmin:
    def __init__(self, client: ScmClient, holders: Holders) -> None:
        self._scm, self._holders = client, holders

    async def list_containers(self, after: int, count_max: int) -> ContainerPage:
        key = CONTAINERS + (after.to_bytes(8, "big") if after else b"")
        page = await self._scm.call(scm.DescribeScmRequest(after=key), scm.DescribeScmReply)
        rows = page.containers[:count_max]
        is_last = len(rows) == len(page.containers) and not page.next.startswith(CONTAINERS)
        return ContainerPage(
            containers=[_summary(row) for row in rows],
            next=0 if is_last or not rows else rows[-1].container_id,
        )

    async def lookup_container(self, container_id: int) -> ContainerView:
        request = scm.DescribeContainerRequest(container_id=container_id)
        return _container_view(await self._scm.call(request, scm.DescribeContainerReply))

    async def close_container(self, container_id: int) -> ContainerView:
        request = scm.CloseOpenContainerRequest(container_id=container_id)
        await self._scm.call(request, scm.CloseOpenContainerReply)
        return await self.lookup_container(container_id)

    async def forget_container(self, container_id: int, *, force: bool) -> None:
        blocks = 0 if force else await self._holders.referenced_blocks(container_id)
        if blocks:
            raise InvalidRequest(
                "it is not forgotten: something still refers to its blocks, "
                "o3 admin container objects says what; --force forgets it all the same",
                container=container_id,
                blocks=blocks,
            )
        request = scm.ForgetContainerRequest(container_id=container_id, force=force)
        await self._scm.call(request, scm.ForgetContainerReply)

    async def find_holders(
        self, container_ids: Sequence[int], after: str, count_max: int
    ) -> HolderPage:
        return await self._holders.page(container_ids, after, count_max)

    async def list_pipelines(self) -> PipelineList:
        after, views = PIPELINES, list[PipelineView]()
        while after.startswith(PIPELINES):
            page = await self._scm.call(scm.DescribeScmRequest(after=after), scm.DescribeScmReply)
            views += [_pipeline_view(row) for row in page.pipelines]
            after = page.next
        return PipelineList(pipelines=views)

    async def close_pipeline(self, pipeline_id: int) -> None:
        request = scm.CloseOpenPipelineRequest(pipeline_id=pipeline_id)
        await self._scm.call(request, scm.CloseOpenPipelineReply)

    async def replication(self, samples_max: int) -> ReplicationView:
        request = scm.DescribeReplicationRequest(samples_max=samples_max)
        return _replication_view(await self._scm.call(request, scm.DescribeReplicationReply))

    async def deletion(self) -> DeletionView:
        reply = await self._scm.call(scm.DescribeDeletionRequest(), scm.DescribeDeletionReply)
        return deletion_view(reply, await self._holders.kept())


def deletion_view(reply: scm.DescribeDeletionReply, kept_by_om: KeptBlocks) -> DeletionView:
    """What the SCM has still to have deleted, and what it gets later."""
    kept = (kept_by_om, reply.kept)
    kept_bytes = sum(each.size_bytes for each in kept)
    return DeletionView(
        bytes_to_reclaim=kept_bytes + reply.estimated_bytes,
        oldest_ms=max(reply.oldest_ms, *(each.oldest_ms for each in kept)),
        bytes_per_s=reply.bytes_per_s,
        kept_bytes=kept_bytes,
        kept_ranges=sum(each.ranges for each in kept),
        transactions=reply.transactions,
        blocks=reply.blocks,
        estimated_bytes=reply.estimated_bytes,
        oldest_waits_for=list(reply.oldest_waits_for),
        blocks_per_s=reply.blocks_per_s,
        garbage_bytes=reply.garbage_bytes,
        is_counted=reply.counted,
    )


def _summary(row: scm.ContainerRow) -> ContainerSummary:
    return ContainerSummary(
        container_id=row.container_id,
        state=scm.ContainerState.Name(row.state),
        replication=Replication.of_proto(row.replication).text,
        pipeline_id=row.pipeline_id,
        used_bytes=row.used_bytes,
        block_count=row.block_count,
        created_ms=row.created_ms,
    )


def _container_view(reply: scm.DescribeContainerReply) -> ContainerView:
    return ContainerView(
        container=_summary(reply.container),
        commit_sequence=reply.container.commit_sequence,
        health=reply.health,
        replicas=[
            ReplicaView(
                node_id=replica.node_id,
                state=scm.ContainerState.Name(replica.report.state),
                replica_index=replica.report.replica_index,
                used_bytes=replica.report.used_bytes,
                block_count=replica.report.block_count,
                commit_sequence=replica.report.commit_sequence,
                health=scm.NodeHealth.Name(replica.health),
                operation=scm.NodeOperation.Name(replica.operation),
                rack=replica.rack,
            )
            for replica in reply.replicas
        ],
        in_flight=_repairs(reply.in_flight),
    )


def _repairs(repairs: Iterable[scm.RepairInFlight]) -> list[RepairView]:
    return [
        RepairView(
            kind=each.kind,
            container_id=each.container_id,
            node_id=each.node_id,
            target_node_ids=list(each.target_node_ids),
            age_ms=each.age_ms,
            left_ms=each.left_ms,
            size_bytes=each.size_bytes,
        )
        for each in repairs
    ]


def _pipeline_view(row: scm.PipelineRow) -> PipelineView:
    state = scm.PipelineState.Name(row.state) if row.state else ""
    # Rows of before pipelines had states say only whether they are open.
    former = "OPEN" if row.open else "CLOSED"
    return PipelineView(
        pipeline_id=row.pipeline_id,
        state=state.removeprefix("PIPELINE_") or former,
        replication=Replication.of_proto(row.replication).text,
        node_ids=list(row.node_ids),
        open_containers=len(row.open_container_ids),
    )


def _replication_view(reply: scm.DescribeReplicationReply) -> ReplicationView:
    return ReplicationView(
        node_id=reply.node_id,
        is_waiting=reply.waiting,
        health=[
            HealthView(health=each.health, count=each.count, sample_ids=list(each.sample_ids))
            for each in reply.health
        ],
        queued=reply.queued,
        unplaced=reply.unplaced,
        copies=reply.copies,
        rebuilds=reply.rebuilds,
        removals=reply.removals,
        weight=reply.weight,
        weight_max=reply.weight_max,
        made=reply.made,
        made_bytes=reply.made_bytes,
        made_bytes_per_s=reply.made_bytes_per_s,
        looked_at_all=bool(reply.looked_at_all_ms),
        in_flight=_repairs(reply.in_flight),
        departures=[departure_view(each) for each in reply.departures],
    )


def departure_view(progress: scm.DepartureProgress) -> DepartureView:
    return DepartureView(
        node_id=progress.node_id,
        operation=scm.NodeOperation.Name(progress.operation),
        containers=progress.containers,
        containers_left=progress.containers_left,
        bytes_left=progress.bytes_left,
        pipelines_left=progress.pipelines_left,
        estimated_ms=progress.estimated_ms,
        unplaced=progress.unplaced,
        is_counted=progress.counted,
        waits_for=progress.waits_for,
        waiting=[
            WaitingView(container_id=each.container_id, reason=each.reason)
            for each in progress.waiting
        ],
    )
