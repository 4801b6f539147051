"""What DataNodes report of their containers, written down by the SCM that leads."""

from typing import Final

from trioxygen.common import logs
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.allocator import FOLLOWED_ID_MAX, Allocator, highest_followed
from trioxygen.metadata.scm.containers import is_news, row_by_report, row_of_unknown
from trioxygen.metadata.scm.pipelines import at_home, is_at_home, pipeline_of
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    AdoptContainers,
    ContainerRow,
    HeartbeatRequest,
    UpdateContainers,
)

log = logs.get(__name__)

# Rows in one entry of the log.
_ROWS_AT_ONCE_MAX: Final = 1_000


class Reports:
    """Args: container_bytes_max: one that holds nearly so much takes no new blocks."""

    def __init__(
        self,
        executor: Executor,
        allocator: Allocator,
        replicas: Replicas,
        *,
        container_bytes_max: int,
    ) -> None:
        self._executor, self._allocator, self._replicas = executor, allocator, replicas
        self._container_bytes_max = container_bytes_max

    async def take(self, heartbeat: HeartbeatRequest) -> None:
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
        changed, unknown = self._sorted(heartbeat)
        await self._skip_ids(heartbeat)
        if unknown:
            await self._adopt(node_id, unknown)
        for rows in _pieces(changed):
            await self._executor.execute(UpdateContainers(containers=rows))

    def _sorted(self, heartbeat: HeartbeatRequest) -> tuple[list[ContainerRow], list[ContainerRow]]:
        """What is news of rows, and rows of containers that there are none of."""
        node_id = heartbeat.node_id
        changed: list[ContainerRow] = []
        unknown: list[ContainerRow] = []
        with self._executor.store.read() as txn:
            for report in heartbeat.containers:
                container_id = report.container_id
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is None and container_id > FOLLOWED_ID_MAX:
                    log.warning("container_not_followed", node=node_id, container=container_id)
                elif row is None:
                    unknown.append(row_of_unknown(report))
                elif not is_at_home(txn, row, report, node_id):
                    log.warning("container_elsewhere", node=node_id, container=container_id)
                else:
                    has_failed = report.state == scm_pb2.UNHEALTHY
                    reported = row_by_report(
                        row,
                        report,
                        container_bytes_max=self._container_bytes_max,
                        has_others=has_failed and self._has_others(txn, row, node_id),
                    )
                    self._allocator.reported(reported, node_id)
                    if is_news(row, reported):
                        changed.append(reported)
        return changed, unknown

    def _has_others(self, txn: ReadTxn, row: ContainerRow, node_id: str) -> bool:
        """Replicas that can be written, or may be: a member's that has not reported it yet."""
        reports = at_home(txn, row, self._replicas.of_container(row.container_id))
        pipeline = pipeline_of(txn, row)
        holders = {*reports, *(pipeline.node_ids if pipeline is not None else ())} - {node_id}
        return any(
            holder not in reports or reports[holder].state != scm_pb2.UNHEALTHY
            for holder in holders
        )

    async def _skip_ids(self, heartbeat: HeartbeatRequest) -> None:
        reports = heartbeat.containers
        if reports or heartbeat.full_report:
            pipelines = [ring.pipeline_id for ring in heartbeat.pipelines]
            await self._allocator.skip(
                # Of one sequence.
                container_id=highest_followed(
                    [*(report.container_id for report in reports), *pipelines]
                ),
                local=highest_followed(report.highest_local for report in reports),
            )

    async def _adopt(self, node_id: str, containers: list[ContainerRow]) -> None:
        """The state was put back to an earlier one, or lost: what DataNodes have is adopted."""
        ids = [container.container_id for container in containers]
        log.warning("containers_adopted", node=node_id, count=len(ids), first=min(ids))
        for rows in _pieces(containers):
            await self._executor.execute(AdoptContainers(node_id=node_id, containers=rows))


def _pieces(rows: list[ContainerRow]) -> list[list[ContainerRow]]:
    return [rows[at : at + _ROWS_AT_ONCE_MAX] for at in range(0, len(rows), _ROWS_AT_ONCE_MAX)]
