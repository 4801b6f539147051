"""Metrics of the balancer, read from its counters when they are asked for. Those of an SCM that
does not lead stand still."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trioxygen.metadata.scm.balancer.balancer import Balancer

_PREFIX = "trioxygen_scm_balancer_"


class BalancerCollector(Collector):
    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer

    def collect(self) -> Iterable[Metric]:
        balancer = self._balancer
        counters = {
            "moved_containers": ("Containers moved to emptier DataNodes", balancer.moved.count),
            "moved_bytes": ("Bytes of these", balancer.moved.amount),
            "failed_moves": ("Moves that were given up", balancer.failed),
        }
        for name, (text, value) in counters.items():
            yield CounterMetricFamily(_PREFIX + name, text, value=value)
        iteration = balancer.iteration
        gauges = {
            "moves": ("Moves under way", len(balancer.moving)),
            "queued_moves": (
                "Moves that wait for their turn",
                len(iteration.queued) if iteration is not None else 0,
            ),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(_PREFIX + name, text, value=value)
