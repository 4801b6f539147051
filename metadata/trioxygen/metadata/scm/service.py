"""The Storage Container Manager as a network service."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.errors import NotLeader
from trioxygen.common.pace import Pace
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler, Service
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import Worker
from trioxygen.metadata.raft.ports import Replica
from trioxygen.metadata.replication import healed
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm import commands
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.container_care import ContainerCare
from trioxygen.metadata.scm.containers.allocator import Allocator
from trioxygen.metadata.scm.containers.deletion import Deletions
from trioxygen.metadata.scm.containers.locations import Locations
from trioxygen.metadata.scm.containers.reports import Reports
from trioxygen.metadata.scm.datanode_calls import DataNodeCalls
from trioxygen.metadata.scm.description import ScmDescription
from trioxygen.metadata.scm.heartbeats import Heartbeats
from trioxygen.metadata.scm.namespaces.namespaces import Namespaces, command_handlers
from trioxygen.metadata.scm.namespaces.tokens import NamespaceTokens
from trioxygen.metadata.scm.nodes.health_watch import HealthWatch
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.nodes.racks import Racks
from trioxygen.metadata.scm.nodes.registration import MISSED_MAX, Registration
from trioxygen.metadata.scm.operations.node_operations import NodeOperations
from trioxygen.metadata.scm.operations.operator_calls import OperatorCalls
from trioxygen.metadata.scm.pipelines.known import KnownPipelines
from trioxygen.metadata.scm.pipelines.memberships import Memberships
from trioxygen.metadata.scm.pipelines.plan import PipelineLimits
from trioxygen.metadata.scm.pipelines.watch import PipelineWatch
from trioxygen.metadata.scm.pipelines.writable import WritablePipelines
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.in_flight import InFlight
from trioxygen.metadata.scm.safe_mode.repair_gate import RepairGate
from trioxygen.metadata.scm.safe_mode.safe_mode import SafeModeWatch
from trioxygen.metadata.scm.schema import SCM_TABLES
from trioxygen.metadata.scm.takeover import Takeover
from trioxygen.metadata.scm.token_keys import TokenKeys
from trioxygen.metadata.scm.workers import AnswerExpiry
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.replication_pb2 import MemberRow

_DESCRIPTOR: Final = scm.DESCRIPTOR.services_by_name["StorageContainerManager"]


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
            handlers={**commands.handlers(), **command_handlers(config.namespaces)},
            config=config.executor,
            first_members=first_members,
            protos=(scm.DESCRIPTOR, namespaces.DESCRIPTOR),
        )
        self._nodes = Nodes(
            runtime.clock,
            stale_after_ms=config.stale_after_ms,
            dead_after_ms=config.dead_after_ms,
            present_for_ms=MISSED_MAX * config.heartbeat_interval_ms,
        )
        self._pipelines = KnownPipelines()
        self._allocator = Allocator(
            self._executor,
            WritablePipelines(
                self._executor,
                self._nodes,
                self._pipelines,
                missing_replicas_max=config.missing_replicas_max,
                nodes_come_ms=config.nodes_come_ms,
                demand=lambda replication: self._memberships.demand(replication),
            ),
            replication=config.replication,
            container_bytes_max=config.container_bytes_max,
            open_containers_max=config.open_containers_max,
            namespace_containers_max=config.namespaces.containers_max,
        )
        self._replicas = Replicas()
        self._pace = Pace(runtime.clock)
        self._locations = Locations(self._executor, self._nodes, self._replicas)
        self._safe_mode = SafeModeWatch(
            self._executor,
            self._nodes,
            self._allocator,
            silent_after_ms=config.stale_after_ms,
        )
        self._in_flight = InFlight()
        self._deletions = self._made_deletions()
        self._token_keys = TokenKeys(
            self._executor, runtime.rng, config.token_keys, leads=self.leads, lead=self._lead
        )
        self._namespaces = self._made_namespaces()
        self._memberships = self._made_memberships()
        self._pipeline_watch = self._made_pipeline_watch()
        self.repair_gate = self._made_repair_gate()
        self._care = self._made_care()
        reports = self._made_reports()
        self._takeover = self._made_takeover(reports)
        self._heartbeats = self._made_heartbeats(reports)
        self.health_watch = self._made_health_watch()
        # The term for which what is kept in memory was made.
        self._led_term = -1
        self._workers: list[asyncio.Task[Any]] = []
        self.service = self._made_service()

    def _made_service(self) -> Service:
        calls: dict[str, Handler] = {
            "AllocateBlocks": self._allocate_blocks,
            "DeleteBlocks": self._delete_blocks,
            "LocateContainers": self._locations.locate,
            "DescribeScm": self._made_description().describe,
            **self._made_datanode_calls().handlers(),
            **self._made_operator_calls().handlers(),
            **self._namespaces.handlers(),
            **self._token_keys.handlers(),
            **self._care.handlers(self._lead, node_id=self._config.node_id),
            **NamespaceTokens(self._executor, self._token_keys, self._lead).handlers(),
        }
        return Service(
            _DESCRIPTOR,
            {name: healed.served(self._executor, call) for name, call in calls.items()},
            {},
            {},
        )

    def _made_namespaces(self) -> Namespaces:
        return Namespaces(
            self._executor,
            self._allocator,
            self._deletions,
            self._config.namespaces,
            lead=self._lead,
            leads=self.leads,
            may_give_ids=self._safe_mode.may_give_ids,
            replication=self._config.replication,
            registry=self._runtime.registry,
        )

    def _made_memberships(self) -> Memberships:
        config = self._config
        return Memberships(
            self._executor,
            self._nodes,
            self._pipelines,
            self._safe_mode.may_give_ids,
            self._runtime.rng,
            self._runtime.clock,
            replication=config.replication,
            limits=PipelineLimits(
                per_node_max=config.pipelines_per_node_max,
                missing_replicas_max=config.missing_replicas_max,
                open_ms_max=config.pipeline_open_ms_max,
            ),
        )

    def _made_pipeline_watch(self) -> PipelineWatch:
        config = self._config
        return PipelineWatch(
            self._executor,
            self._nodes,
            self._replicas,
            self._pipelines,
            self._memberships,
            self._runtime.clock,
            leads=self.leads,
            may_give_ids=self._safe_mode.may_give_ids,
            interval_ms=config.pipeline_interval_ms,
            stood_still_ms=config.stood_still_ms,
            close_delay_ms=config.close_delay_ms,
            drain_ms_max=config.pipeline_drain_ms_max,
        )

    def _made_reports(self) -> Reports:
        return Reports(
            self._executor,
            self._allocator,
            self._replicas,
            self._care.orphans,
            self._runtime.clock,
            container_bytes_max=self._config.container_bytes_max,
            replication=self._config.replication,
        )

    def _made_takeover(self, reports: Reports) -> Takeover:
        runtime = self._runtime
        return Takeover(
            self._executor, self._nodes, self._replicas, reports, runtime.tasks, self._pace
        )

    def _made_heartbeats(self, reports: Reports) -> Heartbeats:
        executor = self._executor
        return Heartbeats(
            executor,
            self._nodes,
            self._replicas,
            reports,
            self._pace,
            memberships=self._memberships,
            care=self._care,
            deletions=self._deletions,
        )

    def _made_datanode_calls(self) -> DataNodeCalls:
        config, runtime, executor = self._config, self._runtime, self._executor
        racks = Racks(config.racks, config.rack_script, runtime.blocking, runtime.clock)
        registration = Registration(executor, self._nodes, racks, cluster_id=config.cluster_id)
        return DataNodeCalls(self._lead, executor.replica, registration, self._heartbeats, config)

    def _made_health_watch(self) -> HealthWatch:
        return HealthWatch(
            self._executor,
            self._nodes,
            self._runtime.clock,
            leads=self.leads,
            stood_still_ms=self._config.stood_still_ms,
        )

    def _made_repair_gate(self) -> RepairGate:
        return RepairGate(
            self._executor,
            self._nodes,
            self._replicas,
            self._safe_mode,
            self._runtime.clock,
            self._pace,
            leads=self.leads,
            limits=self._config.safe_mode,
            silent_after_ms=self._config.stale_after_ms,
        )

    def _made_deletions(self) -> Deletions:
        return Deletions(
            self._executor,
            self._replicas,
            self._in_flight,
            self._runtime.clock,
            resend_after_ms=self._config.resend_after_ms,
        )

    def _made_care(self) -> ContainerCare:
        care = ContainerCare(
            self._runtime,
            self._executor,
            nodes=self._nodes,
            replicas=self._replicas,
            in_flight=self._in_flight,
            deletions=self._deletions,
            config=self._config,
            leads=self.leads,
            may_replicate=self.repair_gate.may_replicate,
        )
        care.show_metrics(self._runtime.registry)
        return care

    def _made_description(self) -> ScmDescription:
        return ScmDescription(
            self._executor,
            self._nodes,
            self._replicas,
            self._allocator,
            self._config,
            lead=self._lead,
            safe_mode=self.safe_mode,
        )

    def _made_operator_calls(self) -> OperatorCalls:
        operations = NodeOperations(
            self._runtime,
            self._executor,
            self._nodes,
            self._replicas,
            missing_replicas_max=self._config.missing_replicas_max,
        )
        return OperatorCalls(self._lead, operations, self.repair_gate, node_id=self._config.node_id)

    @property
    def executor(self) -> Executor:
        return self._executor

    async def start(self) -> None:
        await self._executor.start()
        expiry = AnswerExpiry(
            self._executor,
            answers_kept_ms=self._config.answers_kept_ms,
            interval_ms=self._config.worker_interval_ms,
        )
        own: list[Worker] = [expiry, self.health_watch, self.repair_gate, self._pipeline_watch]
        own += self._token_keys.workers()
        for worker in (*own, *self._care.workers(), *self._namespaces.workers):
            self._workers.append(self._runtime.tasks.start_worker(worker))
        self._nodes.listen()

    async def stop(self) -> None:
        await self._runtime.tasks.end(*self._workers)
        await self._takeover.stop()
        await self._executor.stop()
        await self._heartbeats.ended()

    def _lead(self) -> None:
        """At the head of everything that only the leader may answer. A leader of a new term begins
        with what the state holds, and with what DataNodes have told it before; the others register
        with it and report.

        Raises NotLeader."""
        self._executor.check_leader()
        replica = self._executor.replica
        if replica.term != self._led_term:
            self._safe_mode.begin()
            self._takeover.begin()
            self._heartbeats.forget()
            self.health_watch.begin()
            self.repair_gate.begin()
            self._pipeline_watch.forget()
            self._allocator.load()
            # At the end: what meets a damaged row has to be done again.
            self._led_term = replica.term

    def leads(self) -> bool:
        """Whether it does; its term has begun here then."""
        try:
            self._lead()
        except NotLeader:
            return False
        return True

    def safe_mode(self) -> bool:
        return self._safe_mode.is_on()

    async def _delete_blocks(self, request: scm.DeleteBlocksRequest, call: Call) -> Message:
        return await self._deletions.take(request)

    async def _allocate_blocks(self, request: scm.AllocateBlocksRequest, call: Call) -> Message:
        self._lead()
        may_give = await self._safe_mode.may_give_ids()
        return await self._allocator.allocate(request, safe_mode=not may_give)
