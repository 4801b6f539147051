"""All that looks after containers, put together: what a heartbeat tells it, and what it has nodes
told."""

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

from trioxygen.common.rpc.network import Handler
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import Worker
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.balancer.balancer import Balancer
from trioxygen.metadata.scm.balancer.calls import BalancerCalls
from trioxygen.metadata.scm.balancer.mending import Mending
from trioxygen.metadata.scm.balancer.metrics import BalancerCollector
from trioxygen.metadata.scm.balancer.moving import MovesUnderWay
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.container_calls import ContainerCalls
from trioxygen.metadata.scm.containers.deletion import Deletions
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.orphans.calls import OrphanCalls
from trioxygen.metadata.scm.orphans.metrics import OrphanCollector
from trioxygen.metadata.scm.orphans.orphans import Orphans
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.departures import Departures
from trioxygen.metadata.scm.replication.description import Descriptions
from trioxygen.metadata.scm.replication.in_flight import InFlight
from trioxygen.metadata.scm.replication.metrics import ReplicationCollector
from trioxygen.metadata.scm.replication.observer import Observer
from trioxygen.metadata.scm.replication.queue import RepairQueue
from trioxygen.metadata.scm.replication.repairs import Repairs
from trioxygen.metadata.scm.replication.watch import ContainerWatch
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, FailedRepair


class ContainerCare:
    """Args: leads, may_replicate: see `Repairs`."""

    def __init__(
        self,
        runtime: Runtime,
        executor: Executor,
        *,
        nodes: Nodes,
        replicas: Replicas,
        in_flight: InFlight,
        deletions: Deletions,
        config: ScmConfig,
        leads: Callable[[], bool],
        may_replicate: Callable[[], bool],
    ) -> None:
        clock, repairing = runtime.clock, config.containers
        self._executor, self._replicas, self._clock = executor, replicas, clock
        self._in_flight, self._leads = in_flight, leads
        moving = MovesUnderWay()
        queue = RepairQueue(repairing.queue_max)
        observer = Observer(
            nodes,
            replicas,
            in_flight,
            clock,
            repairing,
            deletions_wait=deletions.outstanding.waits,
            moved_from=moving.source_of,
            close_delay_ms=config.close_delay_ms,
        )
        missing_max = config.missing_replicas_max
        self.watch = ContainerWatch(
            executor, nodes, replicas, queue, observer, clock, missing_max=missing_max
        )
        self.repairs = Repairs(
            executor,
            replicas,
            self.watch,
            queue,
            in_flight,
            deletions.outstanding,
            clock,
            runtime.rng,
            repairing,
            leads=leads,
            may_replicate=may_replicate,
        )
        is_waiting = self.repairs.is_waiting
        self.departures = Departures(
            executor, nodes, replicas, self.watch, leads=leads, is_waiting=is_waiting
        )
        mending = Mending(self.watch, self.repairs, in_flight)
        self.balancer = Balancer(
            executor, nodes, replicas, mending, moving, clock, config.balancer, leads=leads
        )
        self.orphans = Orphans(
            executor, nodes, replicas, clock, config.orphans, leads=leads, may_remove=may_replicate
        )
        self._descriptions = Descriptions(
            executor,
            replicas,
            self.watch,
            self.repairs,
            in_flight,
            self.departures,
            deletions,
            deletions.outstanding,
            clock,
        )

    def show_metrics(self, registry: CollectorRegistry) -> None:
        replication = ReplicationCollector(
            self._executor,
            self.watch,
            self.repairs,
            self._in_flight,
            self.departures,
            leads=self._leads,
        )
        for collector in (
            replication,
            BalancerCollector(self.balancer),
            OrphanCollector(self.orphans),
        ):
            registry.register(collector)

    def forget(self) -> None:
        """What was kept in memory of a former term."""
        self.repairs.forget()
        self.departures.forget()
        self.balancer.forget()
        self.orphans.forget()

    def workers(self) -> Sequence[Worker]:
        return (self.repairs, self.departures, self.balancer, self.orphans)

    def handlers(self, lead: Callable[[], None], *, node_id: str) -> dict[str, Handler]:
        """For operators. Args: lead: raises NotLeader."""
        containers = ContainerCalls(lead, self._executor, self._descriptions, node_id=node_id)
        balancing = BalancerCalls(lead, self._executor, self.balancer, self._clock, node_id=node_id)
        orphaned = OrphanCalls(lead, self._executor, self._replicas, self.orphans)
        return {**containers.handlers(), **balancing.handlers(), **orphaned.handlers()}

    def nodes_changed(self) -> None:
        """There are others, or they are something else than a moment ago."""
        self.watch.nodes_changed()

    def reported(self, node_id: str, changed: Sequence[int]) -> None:
        """Args: changed: containers whose replica at the node counts for something else now."""
        self.repairs.reported(node_id, changed)

    def failed(self, node_id: str, failures: Sequence[FailedRepair]) -> None:
        """What the node was told to make, and could not."""
        self.repairs.failed(node_id, failures)

    def commands(self, node_id: str) -> list[DataNodeCommand]:
        return [
            *self.watch.commands(node_id),
            *self.repairs.commands(node_id),
            *self.orphans.commands(node_id),
        ]
