"""Metrics of the S3 gateway. Labels are bounded: operations and status codes of closed sets.

Plain numbers on the path of every request, read at a scrape."""

from collections.abc import Collection, Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from trioxygen.common.histogram import PlainHistogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class _OfOperation:
    """Attributes: requests: by status code."""

    __slots__ = ("bytes_in", "bytes_out", "requests", "seconds")

    def __init__(self) -> None:
        self.requests: dict[int, int] = {}
        self.seconds = PlainHistogram(_SECONDS)
        self.bytes_in = self.bytes_out = 0


class GatewayMetrics(Collector):
    """Args:
    operations: all that are counted: those of the table of S3 operations, and `Unrouted`."""

    def __init__(self, registry: CollectorRegistry, operations: Collection[str]) -> None:
        self._of = {operation: _OfOperation() for operation in operations}
        registry.register(self)

    def answered(
        self, operation: str, status: int, seconds: float, bytes_in: int, bytes_out: int
    ) -> None:
        known = self._of[operation]
        known.requests[status] = known.requests.get(status, 0) + 1
        known.seconds.observe(seconds)
        known.bytes_in += bytes_in
        known.bytes_out += bytes_out

    def collect(self) -> Iterator[Metric]:
        """Operations that were asked for."""
        requests = CounterMetricFamily(
            "trioxygen_gateway_requests", "S3 requests answered", labels=["operation", "status"]
        )
        seconds = HistogramMetricFamily(
            "trioxygen_gateway_request_seconds",
            "From the request's head to the end of its answer",
            labels=["operation"],
        )
        bytes_in = CounterMetricFamily(
            "trioxygen_gateway_received_bytes", "Bytes of request bodies", labels=["operation"]
        )
        bytes_out = CounterMetricFamily(
            "trioxygen_gateway_sent_bytes", "Bytes of response bodies", labels=["operation"]
        )
        for operation, known in self._of.items():
            if not known.requests:
                continue
            for status, count in list(known.requests.items()):
                requests.add_metric([operation, str(status)], count)
            seconds.add_metric([operation], known.seconds.buckets(), known.seconds.total)
            bytes_in.add_metric([operation], known.bytes_in)
            bytes_out.add_metric([operation], known.bytes_out)
        yield from (requests, seconds, bytes_in, bytes_out)
