"""What a heartbeat tells the SCM, and the commands that its answer carries.

A container that is nearly full stops taking new blocks at once (CLOSING) and is closed on its
DataNodes after `close_delay_ms`, when the writers that hold leases in it have had time to finish.
"""

from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import NotEnoughDataNodes
from trioxygen.common.paging import Room
from trioxygen.metadata.execution import Executor
from trioxygen.metadata.scm.allocator import FOLLOWED_ID_MAX, Allocator, highest_followed
from trioxygen.metadata.scm.containers import may_move
from trioxygen.metadata.scm.nodes import NodeReport, Nodes
from trioxygen.metadata.scm.schema import CONTAINERS, DELETED_BLOCKS, PIPELINES, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    AckDeletedBlocks,
    AdoptContainers,
    CloseContainerCommand,
    ContainerRow,
    DataNodeCommand,
    DeleteBlocksCommand,
    DeletedBlocksRow,
    HeartbeatReply,
    HeartbeatRequest,
    UpdateContainers,
)

log = logs.get(__name__)

_DELETES_WAITING_MAX: Final = 100
_ENDING: Final = (scm_pb2.CLOSING, scm_pb2.CLOSED)
_COMMAND_VALID_MS: Final = 60_000
# Rows in one entry of the log.
_ROWS_AT_ONCE_MAX: Final = 1_000


class Heartbeats:
    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        allocator: Allocator,
        clock: Clock,
        *,
        container_bytes_max: int,
        close_delay_ms: float,
        resend_after_ms: float,
    ) -> None:
        self._executor, self._nodes, self._allocator, self._clock = (
            executor,
            nodes,
            allocator,
            clock,
        )
        self._container_bytes_max = container_bytes_max
        self._close_delay_ms, self._resend_after_ms = close_delay_ms, resend_after_ms
        self._closing_since_ms: dict[int, float] = {}
        self._deletes_sent_ms: dict[tuple[str, int], float] = {}

    def forget(self) -> None:
        """What was sent to whom, and since when containers are being closed."""
        self._closing_since_ms.clear()
        self._deletes_sent_ms.clear()

    async def receive(self, heartbeat: HeartbeatRequest) -> HeartbeatReply:
        if not self._nodes.knows(heartbeat.node_id):
            return HeartbeatReply(register_again=True)
        report = self._nodes.heard(heartbeat)
        for corrupt in heartbeat.corrupt_blocks:
            log.error(
                "block_corrupt",
                node=heartbeat.node_id,
                container=corrupt.block.container,
                local=corrupt.block.local,
                reason=corrupt.reason,
            )
        await self._take_reports(heartbeat)
        self._nodes.taken(heartbeat, report)
        await self._take_acknowledgements(heartbeat)
        reply = HeartbeatReply()
        reply.commands.extend(self._close_commands(heartbeat.node_id, report))
        reply.commands.extend(self._delete_commands(heartbeat.node_id))
        return reply

    async def _take_reports(self, heartbeat: HeartbeatRequest) -> None:
        changed: list[ContainerRow] = []
        unknown: list[ContainerRow] = []
        with self._executor.store.read() as txn:
            for report in heartbeat.containers:
                row = CONTAINERS.get(txn, id_key(report.container_id))
                if row is None:
                    if report.container_id > FOLLOWED_ID_MAX:
                        log.warning(
                            "container_not_followed",
                            node=heartbeat.node_id,
                            container=report.container_id,
                        )
                        continue
                    unknown.append(
                        ContainerRow(
                            container_id=report.container_id,
                            state=report.state,
                            used_bytes=report.used_bytes,
                            block_count=report.block_count,
                        )
                    )
                    continue
                if not self._is_at_home(txn, row, heartbeat.node_id):
                    continue
                told = ContainerRow(
                    container_id=row.container_id,
                    state=report.state,
                    used_bytes=report.used_bytes,
                    block_count=report.block_count,
                )
                if (
                    row.state == scm_pb2.OPEN
                    and report.state != scm_pb2.UNHEALTHY
                    and report.used_bytes >= self._container_bytes_max * 9 // 10
                ):
                    told.state = (
                        scm_pb2.CLOSED if report.state == scm_pb2.CLOSED else scm_pb2.CLOSING
                    )
                self._allocator.reported(told)
                if (
                    may_move(row.state, told.state)
                    or told.used_bytes != row.used_bytes
                    or told.block_count != row.block_count
                ):
                    changed.append(told)
        await self._skip_ids(heartbeat)
        if unknown:
            await self._adopt(heartbeat.node_id, unknown)
        for rows in _pieces(changed):
            await self._executor.execute(UpdateContainers(containers=rows))

    async def _skip_ids(self, heartbeat: HeartbeatRequest) -> None:
        if heartbeat.containers:
            reports = heartbeat.containers
            await self._allocator.skip(
                container_id=highest_followed(report.container_id for report in reports),
                local=highest_followed(report.highest_local for report in reports),
            )

    async def _adopt(self, node_id: str, containers: list[ContainerRow]) -> None:
        """The state was put back to an earlier one, or lost: what DataNodes have is found again."""
        ids = [container.container_id for container in containers]
        log.warning("containers_adopted", node=node_id, count=len(ids), first=min(ids))
        try:
            for rows in _pieces(containers):
                await self._executor.execute(AdoptContainers(node_id=node_id, containers=rows))
        except NotEnoughDataNodes as error:
            log.warning("containers_not_adopted", node=node_id, reason=error)

    def _is_at_home(self, txn: ReadTxn, container: ContainerRow, node_id: str) -> bool:
        """A node that is in none of the container's places has another one of the same id, from a
        state that this one is not: nothing of it counts, and nothing of it is deleted."""
        pipeline = PIPELINES.get(txn, container.pipeline_id.encode())
        if pipeline is not None and node_id in pipeline.node_ids:
            return True
        log.warning("container_elsewhere", node=node_id, container=container.container_id)
        return False

    async def _take_acknowledgements(self, heartbeat: HeartbeatRequest) -> None:
        if not heartbeat.deleted_transaction_ids:
            return
        await self._executor.execute(
            AckDeletedBlocks(
                node_id=heartbeat.node_id, transaction_ids=heartbeat.deleted_transaction_ids
            )
        )
        for transaction_id in heartbeat.deleted_transaction_ids:
            self._deletes_sent_ms.pop((heartbeat.node_id, transaction_id), None)

    def _close_commands(self, node_id: str, report: NodeReport) -> list[DataNodeCommand]:
        now_ms = self._clock.monotonic_ms()
        commands: list[DataNodeCommand] = []
        with self._executor.store.read() as txn:
            for container_id, replica in report.containers.items():
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is None or row.state != scm_pb2.CLOSING:
                    self._closing_since_ms.pop(container_id, None)
                if row is None or row.state not in _ENDING or replica.state == scm_pb2.CLOSED:
                    continue
                if not self._is_at_home(txn, row, node_id):
                    continue
                if row.state == scm_pb2.CLOSING:
                    since_ms = self._closing_since_ms.setdefault(container_id, now_ms)
                    if now_ms - since_ms < self._close_delay_ms:
                        continue
                # When one replica has closed, those that still write are behind: close them too.
                close = CloseContainerCommand(container_id=container_id)
                commands.append(self._command(close_container=close))
        return commands

    def _delete_commands(self, node_id: str) -> list[DataNodeCommand]:
        now_ms = self._clock.monotonic_ms()
        commands: list[DataNodeCommand] = []
        with self._executor.store.read() as txn:
            waiting, room = 0, Room()
            for key, value in txn.scan(DELETED_BLOCKS.table, prefix=b""):
                # A row may hold a thousand ranges: it is parsed only to be sent, and what a node
                # has not confirmed bounds what it is sent and what each heartbeat looks at.
                if waiting >= _DELETES_WAITING_MAX:
                    break
                sent = (node_id, int.from_bytes(key, "big"))
                sent_ms = self._deletes_sent_ms.get(sent)
                if sent_ms is not None and now_ms - sent_ms < self._resend_after_ms:
                    waiting += 1
                    continue
                row = DeletedBlocksRow.FromString(value)
                if node_id not in row.waiting_node_ids:
                    continue
                if not room.takes(len(value)):
                    break
                waiting += 1
                self._deletes_sent_ms[sent] = now_ms
                delete = DeleteBlocksCommand(transaction_id=row.transaction_id, blocks=row.blocks)
                commands.append(self._command(delete_blocks=delete))
        return commands

    def _command(
        self,
        *,
        close_container: CloseContainerCommand | None = None,
        delete_blocks: DeleteBlocksCommand | None = None,
    ) -> DataNodeCommand:
        return DataNodeCommand(
            term=self._executor.replica.term,
            valid_ms=_COMMAND_VALID_MS,
            close_container=close_container,
            delete_blocks=delete_blocks,
        )


def _pieces(rows: list[ContainerRow]) -> list[list[ContainerRow]]:
    return [rows[at : at + _ROWS_AT_ONCE_MAX] for at in range(0, len(rows), _ROWS_AT_ONCE_MAX)]
