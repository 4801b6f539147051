"""Metrics of containers and their repair, read when they are asked for: what is alerted on. An SCM
that does not lead knows none of it, and shows none."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.replication.departures import Departures
from trioxygen.metadata.scm.replication.findings import AS_THEY_SHOULD_BE, Health
from trioxygen.metadata.scm.replication.in_flight import InFlight, Kind
from trioxygen.metadata.scm.replication.repairs import Repairs
from trioxygen.metadata.scm.replication.watch import ContainerWatch
from trioxygen.metadata.scm.schema import CONTAINERS

_PREFIX: Final = "trioxygen_scm_"


class ReplicationCollector(Collector):
    """Args: leads: whether this SCM does, and has begun its term."""

    def __init__(
        self,
        executor: Executor,
        watch: ContainerWatch,
        repairs: Repairs,
        in_flight: InFlight,
        departures: Departures,
        *,
        leads: Callable[[], bool],
    ) -> None:
        self._executor, self._watch, self._repairs = executor, watch, repairs
        self._in_flight, self._departures, self._leads = in_flight, departures, leads

    def collect(self) -> Iterable[Metric]:
        if not self._leads():
            return
        yield self._health()
        yield self._under_way()
        gauges = {
            "known_containers": (
                "Containers that are or will be",
                self._executor.store.count(CONTAINERS.table),
            ),
            "queued_repairs": ("Containers that wait for their repair", self._repairs.queued()),
            "unplaced_containers": (
                "Containers that lack what no DataNode can take",
                self._watch.unplaced_count,
            ),
            "repairs_waiting": (
                "1 while nothing is repaired yet: it is not known what there is",
                int(self._repairs.is_waiting()),
            ),
            "leaving_containers": (
                "Containers that keep DataNodes from leaving",
                sum(each.left for each in self._departures.progress.values()),
            ),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(_PREFIX + name, text, value=value)
        made = self._repairs.made
        yield CounterMetricFamily(_PREFIX + "made_replicas", "Replicas made", value=made.count)
        yield CounterMetricFamily(_PREFIX + "made_bytes", "Bytes of these", value=made.amount)

    def _health(self) -> Metric:
        """Those that are as they should be are the others."""
        family = GaugeMetricFamily(
            _PREFIX + "containers", "Containers that are not as they should be", labels=["health"]
        )
        counts = self._watch.counts()
        for health in Health:
            if health not in AS_THEY_SHOULD_BE:
                family.add_metric([health.value], counts.get(health, 0))
        return family

    def _under_way(self) -> Metric:
        family = GaugeMetricFamily(
            _PREFIX + "repairs", "What DataNodes were told and have not done yet", labels=["kind"]
        )
        kinds = Counter(operation.kind for operation in self._in_flight)
        for kind in Kind:
            family.add_metric([kind.value], kinds[kind])
        return family
