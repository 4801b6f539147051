"""The Storage Container Manager as a network service."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.network import Handler, Service
from trioxygen.common.paging import Room
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import GIB, MINUTE_MS, SECOND_MS
from trioxygen.metadata import healed
from trioxygen.metadata.execution import Executor, ExecutorConfig
from trioxygen.metadata.raft.ports import Replica
from trioxygen.metadata.scm import commands, description
from trioxygen.metadata.scm.allocator import Allocator
from trioxygen.metadata.scm.heartbeats import Heartbeats
from trioxygen.metadata.scm.nodes import Nodes
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    DELETED_BLOCKS,
    NODES,
    PIPELINES,
    SCM_TABLES,
    id_key,
)
from trioxygen.metadata.scm.workers import AnswerExpiry
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.raft_pb2 import MemberRow
from trioxygen.proto.v1.types_pb2 import Pipeline

_DESCRIPTOR: Final = scm.DESCRIPTOR.services_by_name["StorageContainerManager"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScmConfig:
    """Attributes:
    replication_factor: DataNodes in a pipeline.
    close_delay_ms: from the last allocation in a full container to its closing; longer than a
    lease."""

    cluster_id: str
    node_id: str = "scm1"
    replication_factor: int = 1
    container_bytes_max: int = 5 * GIB
    open_containers_max: int = 8
    heartbeat_interval_ms: int = 1_000
    stale_after_ms: int = 30 * SECOND_MS
    dead_after_ms: int = 5 * MINUTE_MS
    close_delay_ms: int = 10 * MINUTE_MS
    resend_after_ms: int = 30 * SECOND_MS
    answers_kept_ms: int = 10 * MINUTE_MS
    worker_interval_ms: float = 5_000
    executor: ExecutorConfig = ExecutorConfig()


class StorageContainerManager:
    """One SCM. `start` before serving `service`."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        store: Store,
        replica: Replica,
        config: ScmConfig,
        first_members: Sequence[MemberRow] = (),
    ) -> None:
        self._runtime, self._config = runtime, config
        self._executor = Executor(
            name="scm",
            runtime=runtime,
            store=store,
            replica=replica,
            tables=SCM_TABLES,
            handlers=commands.handlers(),
            config=config.executor,
            first_members=first_members,
            growing=(scm.ReserveIds, scm.OpenContainer),
        )
        self._nodes = Nodes(
            runtime.clock, stale_after_ms=config.stale_after_ms, dead_after_ms=config.dead_after_ms
        )
        self._allocator = Allocator(
            self._executor,
            self._nodes,
            container_bytes_max=config.container_bytes_max,
            open_containers_max=config.open_containers_max,
        )
        self._heartbeats = Heartbeats(
            self._executor,
            self._nodes,
            self._allocator,
            runtime.clock,
            container_bytes_max=config.container_bytes_max,
            close_delay_ms=config.close_delay_ms,
            resend_after_ms=config.resend_after_ms,
        )
        # `_is_blind`: it was left while nodes were silent that may have had ids of later states.
        self._left_safe_mode = self._is_blind = False
        # The term for which what is kept in memory was made.
        self._led_term = -1
        self._led_since_ms = 0.0
        self._pairing = asyncio.Lock()
        calls: dict[str, Handler] = {
            "AllocateBlocks": self._allocate_blocks,
            "DeleteBlocks": self._executor.execute,
            "LocateContainers": self._locate_containers,
            "RegisterDataNode": self._register,
            "Heartbeat": self._heartbeat,
            "DescribeScm": self._describe,
        }
        self.service = Service(
            _DESCRIPTOR,
            {name: healed.served(self._executor, call) for name, call in calls.items()},
            {},
            {},
        )

    @property
    def executor(self) -> Executor:
        return self._executor

    async def start(self) -> None:
        await self._executor.start()
        self._runtime.tasks.start_worker(
            AnswerExpiry(
                self._executor,
                answers_kept_ms=self._config.answers_kept_ms,
                interval_ms=self._config.worker_interval_ms,
            )
        )

    async def stop(self) -> None:
        await self._executor.stop()

    def _lead(self) -> None:
        """At the head of everything that only the leader may answer. A leader of a new term begins
        with what the state holds; DataNodes register with it and report.

        Raises NotLeader."""
        self._executor.check_leader()
        replica = self._executor.replica
        if replica.term != self._led_term:
            self._led_since_ms = self._runtime.clock.monotonic_ms()
            self._nodes.forget()
            self._heartbeats.forget()
            self._allocator.load()
            self._left_safe_mode = self._is_blind = False
            # At the end: what meets a damaged row has to be done again.
            self._led_term = replica.term

    def safe_mode(self) -> bool:
        """Until every node that the state knows has reported its containers once, or those that
        have not have been silent for so long that nothing is written to them anyway. It is not
        entered again."""
        if self._left_safe_mode:
            return False
        with self._executor.store.read() as txn:
            known = [row.node_id for _, row in NODES.scan(txn, prefix=b"")]
        reported = [self._nodes.fully_reported(node_id) for node_id in known]
        waited_ms = self._runtime.clock.monotonic_ms() - self._led_since_ms
        is_over = waited_ms >= self._config.stale_after_ms and any(reported)
        self._left_safe_mode = bool(known) and (is_over or all(reported))
        self._is_blind = self._left_safe_mode and not all(reported)
        return not self._left_safe_mode

    async def _allocate_blocks(self, request: scm.AllocateBlocksRequest) -> Message:
        self._lead()
        safe_mode = self.safe_mode()
        if self._is_blind:
            self._is_blind = False
            await self._allocator.skip_unseen()
        return await self._allocator.allocate(request, safe_mode=safe_mode)

    async def _heartbeat(self, request: scm.HeartbeatRequest) -> scm.HeartbeatReply:
        self._lead()
        return await self._heartbeats.receive(request)

    async def _register(self, request: scm.RegisterDataNodeRequest) -> scm.RegisterDataNodeReply:
        if request.cluster_id and request.cluster_id != self._config.cluster_id:
            raise InvalidRequest(
                "the DataNode belongs to another cluster",
                node=request.node_id,
                cluster_id=request.cluster_id,
            )
        self._lead()
        node = scm.NodeRow(node_id=request.node_id, address=request.address)
        await self._executor.execute(scm.PutNode(node=node))
        self._lead()
        self._nodes.registered(request.node_id)
        # One at a time: two registrations must not put one node in two pipelines.
        async with self._pairing:
            await self._make_pipelines()
        return scm.RegisterDataNodeReply(
            cluster_id=self._config.cluster_id,
            heartbeat_interval_ms=self._config.heartbeat_interval_ms,
            term=self._executor.replica.term,
        )

    async def _make_pipelines(self) -> None:
        """Pipelines of healthy nodes that are in none yet."""
        with self._executor.store.read() as txn:
            used = {
                node_id
                for _, row in PIPELINES.scan(txn, prefix=b"")
                if row.open
                for node_id in row.node_ids
            }
            free = [
                row.node_id for _, row in NODES.scan(txn, prefix=b"") if row.node_id not in used
            ]
        free = [node_id for node_id in free if self._nodes.health(node_id) == scm.HEALTHY]
        size = self._config.replication_factor
        while len(free) >= size:
            members, free = free[:size], free[size:]
            pipeline = scm.PipelineRow(
                pipeline_id="p-" + "-".join(members), node_ids=members, open=True
            )
            await self._executor.execute(scm.PutPipeline(pipeline=pipeline))

    async def _locate_containers(
        self, request: scm.LocateContainersRequest
    ) -> scm.LocateContainersReply:
        await self._executor.read_barrier()
        reply, room = scm.LocateContainersReply(), Room()
        with self._executor.store.read() as txn:
            for container_id in request.container_ids:
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is None:
                    reply.looked_up += 1
                    continue
                pipeline = PIPELINES.get(txn, row.pipeline_id.encode())
                assert pipeline is not None, row.pipeline_id
                located: Pipeline = self._allocator.pipeline(pipeline)
                if not room.takes(located.ByteSize()):
                    return reply
                reply.looked_up += 1
                reply.locations.add(container_id=container_id, pipeline=located, state=row.state)
        return reply

    async def _describe(self, request: scm.DescribeScmRequest) -> scm.DescribeScmReply:
        self._lead()
        reply = scm.DescribeScmReply(
            node_id=self._config.node_id,
            leader=self._executor.replica.is_leader(),
            applied_index=self._executor.applied_index(),
            safe_mode=self.safe_mode(),
            refused_entries=self._executor.state.refused_entries,
            waiting_delete_transactions=self._executor.store.count(DELETED_BLOCKS.table),
            full=self._executor.is_full() or self._allocator.is_full(),
        )
        with self._executor.store.read() as txn:
            description.fill(reply, txn, self._nodes, request.after)
        return reply
