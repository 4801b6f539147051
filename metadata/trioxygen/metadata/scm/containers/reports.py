"""What DataNodes report of their containers, written down by the SCM that leads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.replication import Replication
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.containers.allocator import FOLLOWED_ID_MAX, Allocator, highest_followed
from trioxygen.metadata.scm.containers.containers import (
    is_news,
    is_settled,
    row_by_report,
    row_of_unknown,
)
from trioxygen.metadata.scm.orphans.orphans import Orphans
from trioxygen.metadata.scm.pipelines.pipelines import at_home, is_at_home, pipeline_of
from trioxygen.metadata.scm.replicas import Heard, Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    AdoptContainers,
    ContainerReport,
    ContainerRow,
    HeartbeatRequest,
    UpdateContainers,
)

log = logs.get(__name__)

# Rows in one entry of the log.
_ROWS_AT_ONCE_MAX: Final = 1_000
# Replicas that are compared with rows; between two of them others have their turn.
_COMPARED_AT_ONCE_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Attributes:
    changed: what is news of rows.
    unknown: rows of containers that there are none of.
    """

    changed: list[ContainerRow] = field(default_factory=list)
    unknown: list[ContainerRow] = field(default_factory=list)


class Reports:
    """Args:
    container_bytes_max: one that holds nearly so much takes no new blocks.
    replication: of blocks whose writer does not say it."""

    def __init__(
        self,
        executor: Executor,
        allocator: Allocator,
        replicas: Replicas,
        orphans: Orphans,
        clock: Clock,
        *,
        container_bytes_max: int,
        replication: Replication,
    ) -> None:
        self._executor, self._allocator, self._replicas = executor, allocator, replicas
        self._clock = clock
        self._orphans = orphans
        self._container_bytes_max = container_bytes_max
        self._replication = replication

    async def take(self, heartbeat: HeartbeatRequest, heard: Heard) -> None:
        """Raises: what the executor raises."""
        node_id = heartbeat.node_id
        for corrupt in heartbeat.corrupt_blocks:
            log.error(
                "block_corrupt",
                node=node_id,
                container=corrupt.block.container,
                local=corrupt.block.local,
                reason=corrupt.reason,
            )
        if heard.reports or heard.deleted or heartbeat.full_report:
            await self._skip_ids(
                heard, pipeline_ids=[ring.pipeline_id for ring in heartbeat.pipelines]
            )
        strangers = self._strangers(node_id, heard.same)
        await self.take_replicas(node_id, [*heard.reports, *strangers])

    async def take_all(self, node_id: str, pipeline_ids: Sequence[int]) -> None:
        """What the node told while another SCM led. Raises: what the executor raises."""
        reports = [*self._replicas.of_node(node_id).values()]
        await self._skip_ids(Heard(reports=reports), pipeline_ids=pipeline_ids)
        await self.take_replicas(node_id, reports)

    async def take_replicas(self, node_id: str, reports: Sequence[ContainerReport]) -> None:
        compared = _Comparison()
        for at in range(0, len(reports), _COMPARED_AT_ONCE_MAX):
            if at:
                await self._clock.sleep_ms(0)
            self._compare(node_id, reports[at : at + _COMPARED_AT_ONCE_MAX], compared)
        if compared.unknown:
            await self._adopt(node_id, compared.unknown)
        for rows in _pieces(compared.changed):
            await self._executor.execute(UpdateContainers(containers=rows))

    def _strangers(self, node_id: str, container_ids: Sequence[int]) -> list[ContainerReport]:
        """Of replicas that are as before, those without a row that is theirs: it went while the
        node was away, or they are orphans, which are named again with each report."""
        of_node, strangers = self._replicas.of_node(node_id), list[ContainerReport]()
        with self._executor.store.read() as txn:
            for container_id in container_ids:
                row = CONTAINERS.get(txn, id_key(container_id))
                report = of_node[container_id]
                if row is None or not is_at_home(txn, row, report, node_id):
                    strangers.append(report)
        return strangers

    def _compare(
        self, node_id: str, reports: Sequence[ContainerReport], compared: _Comparison
    ) -> None:
        """What is news of rows, and rows of containers that another state may know. Others that
        there are none of are orphans."""
        orphans: list[int] = []
        with self._executor.store.read() as txn:
            for report in reports:
                container_id = report.container_id
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is None and container_id > FOLLOWED_ID_MAX:
                    log.warning("container_not_followed", node=node_id, container=container_id)
                    orphans.append(container_id)
                elif row is None and self._orphans.is_foreign(txn, container_id):
                    compared.unknown.append(row_of_unknown(report, self._replication))
                elif row is None or not is_at_home(txn, row, report, node_id):
                    orphans.append(container_id)
                elif not is_settled(row, report):
                    has_failed = report.state == scm_pb2.UNHEALTHY
                    reported = row_by_report(
                        row,
                        report,
                        container_bytes_max=self._container_bytes_max,
                        has_others=has_failed and self._has_others(txn, row, node_id),
                    )
                    self._allocator.reported(reported, node_id)
                    if is_news(row, reported):
                        compared.changed.append(reported)
        self._orphans.named(node_id, orphans)

    def _has_others(self, txn: ReadTxn, row: ContainerRow, node_id: str) -> bool:
        """Replicas that can be written, or may be: a member's that has not reported it yet."""
        reports = at_home(txn, row, self._replicas.of_container(row.container_id))
        pipeline = pipeline_of(txn, row)
        holders = {*reports, *(pipeline.node_ids if pipeline is not None else ())} - {node_id}
        return any(
            holder not in reports or reports[holder].state != scm_pb2.UNHEALTHY
            for holder in holders
        )

    async def _skip_ids(self, heard: Heard, *, pipeline_ids: Sequence[int]) -> None:
        container_ids = (report.container_id for report in heard.reports)
        await self._allocator.skip(
            # Of one sequence.
            container_id=highest_followed([*container_ids, *heard.deleted, *pipeline_ids]),
            local=highest_followed(report.highest_local for report in heard.reports),
        )

    async def _adopt(self, node_id: str, containers: list[ContainerRow]) -> None:
        """The state was put back to an earlier one, or lost: what DataNodes have is adopted."""
        ids = [container.container_id for container in containers]
        log.warning("containers_adopted", node=node_id, count=len(ids), first=min(ids))
        for rows in _pieces(containers):
            await self._executor.execute(AdoptContainers(node_id=node_id, containers=rows))


def _pieces(rows: list[ContainerRow]) -> list[list[ContainerRow]]:
    return [rows[at : at + _ROWS_AT_ONCE_MAX] for at in range(0, len(rows), _ROWS_AT_ONCE_MAX)]
