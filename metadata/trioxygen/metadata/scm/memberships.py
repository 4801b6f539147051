"""Which nodes are in which pipelines: those that are in none are put together, each member is told
to join its ring, and a pipeline that has lost a member is closed. The leader's work, with each
heartbeat."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Final

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.finishing import Finishing, joined
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes import NodeReport, Nodes
from trioxygen.metadata.scm.pipelines import addressed, former_open, volume_id_of, writing
from trioxygen.metadata.scm.schema import NODES
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    ClosePipeline,
    DataNodeCommand,
    PipelineCommand,
    PipelineRow,
    PutPipeline,
)

log = logs.get(__name__)

# The ids of pipelines begin with 1.
_MAKING: Final = 0


class Memberships:
    """Args:
    may_give_ids: a pipeline's is one. Until then none is made.
    replication_factor: members of a pipeline.
    """

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        may_give_ids: Callable[[], Awaitable[bool]],
        *,
        replication_factor: int,
    ) -> None:
        self._executor, self._nodes, self._may_give_ids = executor, nodes, may_give_ids
        self._replication_factor = replication_factor
        # What was proposed is committed also when the heartbeat's call has ended.
        self._finishing = Finishing()
        # By the pipeline that is closed, or _MAKING: heartbeats join what is under way, so that two
        # of them put no node in two pipelines, and those that wait in vain leave nothing behind.
        self._under_way: dict[int, asyncio.Task[None]] = {}
        # That take writes, by node: each heartbeat asks. None: to be looked up.
        self._by_node: dict[str, list[PipelineRow]] | None = None

    def forget(self) -> None:
        """They may have been changed by another leader."""
        self._by_node = None

    async def look_after(self, node_id: str, report: NodeReport) -> None:
        """Raises: what the executor raises."""
        lost = [row for row in self._of_node(node_id) if has_lost(row, node_id, report)]
        for row in lost:
            await self._join(row.pipeline_id, partial(self._close_lost, row.pipeline_id, node_id))
        if self._of_node(node_id) or not report.fully_reported or not await self._may_give_ids():
            return
        making = self._under_way.get(_MAKING)
        if making is not None:
            # It may have looked before this node had reported all.
            await joined(making)
        if not self._of_node(node_id):
            await self._join(_MAKING, self._make)

    async def _join(self, key: int, work: Callable[[], Coroutine[None, None, None]]) -> None:
        task = self._under_way.get(key)
        if task is None or task.done():
            task = self._finishing.begin(work())
            self._under_way[key] = task
            task.add_done_callback(partial(self._work_ended, key))
        await joined(task)

    def _work_ended(self, key: int, task: "asyncio.Task[None]") -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            # Nobody may wait for it any more.
            log.warning("memberships_not_changed", pipeline=key, reason=error)

    async def _close_lost(self, pipeline_id: int, node_id: str) -> None:
        log.error("pipeline_lost_member", pipeline=pipeline_id, node=node_id)
        await self._change(ClosePipeline(pipeline_id=pipeline_id))

    async def _change(self, command: Message) -> None:
        try:
            await self._executor.execute(command)
        finally:
            self._by_node = None

    async def ended(self) -> None:
        """Nothing of it is under way any more. After the executor's end."""
        await self._finishing.ended()

    def commands(self, node_id: str, report: NodeReport) -> list[DataNodeCommand]:
        """To join those that the node does not take part in yet."""
        missing = [row for row in self._of_node(node_id) if row.pipeline_id not in report.pipelines]
        if not missing:
            return []
        with self._executor.store.read() as txn:
            return [
                DataNodeCommand(
                    create_pipeline=PipelineCommand(
                        pipeline=addressed(txn, row), volume_id=volume_id_of(row, node_id)
                    )
                )
                for row in missing
            ]

    def _of_node(self, node_id: str) -> list[PipelineRow]:
        by_node = self._by_node
        if by_node is None:
            by_node = self._by_node = {}
            with self._executor.store.read() as txn:
                for row in writing(txn):
                    for member in row.node_ids:
                        by_node.setdefault(member, []).append(row)
        return by_node.get(node_id, [])

    async def _make(self) -> None:
        """Pipelines of healthy nodes that are in none yet."""
        await self._close_former()
        for members in self._groups():
            volumes = [self._nodes.roomiest_volume(node_id) for node_id in members]
            row = PipelineRow(node_ids=members, volume_ids=volumes, open=True)
            await self._change(PutPipeline(pipeline=row))

    async def _close_former(self) -> None:
        with self._executor.store.read() as txn:
            former = [row.former_id for row in former_open(txn)]
        for former_id in former:
            await self._change(ClosePipeline(former_id=former_id))

    def _groups(self) -> list[list[str]]:
        with self._executor.store.read() as txn:
            used = {node_id for row in writing(txn) for node_id in row.node_ids}
            free = [
                row.node_id for _, row in NODES.scan(txn, prefix=b"") if row.node_id not in used
            ]
        ready = [
            node_id
            for node_id in free
            # Which ids it has had is known only then.
            if self._nodes.health(node_id) == scm_pb2.HEALTHY
            and self._nodes.fully_reported(node_id)
        ]
        size = self._replication_factor
        whole = len(ready) - len(ready) % size
        return [ready[at : at + size] for at in range(0, whole, size)]


def has_lost(pipeline: PipelineRow, node_id: str, report: NodeReport) -> bool:
    """Whether the disk of a member is not there any more: it has been replaced, or is away. An
    empty one must not take its place in the ring, where its votes and entries count."""
    volume_id = volume_id_of(pipeline, node_id)
    volumes = {volume.volume_id for volume in report.volumes}
    return bool(volume_id) and bool(volumes) and volume_id not in volumes
