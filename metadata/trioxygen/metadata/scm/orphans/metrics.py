"""Metrics of orphans, read when they are asked for. Those of an SCM that does not lead stand
still."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trioxygen.metadata.scm.orphans.orphans import Orphans


class OrphanCollector(Collector):
    def __init__(self, orphans: Orphans) -> None:
        self._orphans = orphans

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "trioxygen_scm_orphan_replicas",
            "Replicas on DataNodes that the SCM has no container of",
            value=self._orphans.known,
        )
        yield CounterMetricFamily(
            "trioxygen_scm_removed_orphan_replicas",
            "Of these, removed after they were kept for their time",
            value=self._orphans.removed,
        )
