"""Metrics of the S3 gateway. Labels are bounded: operations and status codes of closed sets."""

from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class _OfOperation:
    requests: Any
    seconds: Any
    bytes_in: Any
    bytes_out: Any


class GatewayMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "trioxygen_gateway_requests",
            "S3 requests answered",
            ["operation", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "trioxygen_gateway_request_seconds",
            "From the request's head to the end of its answer",
            ["operation"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._bytes_in = Counter(
            "trioxygen_gateway_received_bytes",
            "Bytes of request bodies",
            ["operation"],
            registry=registry,
        )
        self._bytes_out = Counter(
            "trioxygen_gateway_sent_bytes",
            "Bytes of response bodies",
            ["operation"],
            registry=registry,
        )
        # Finding a child by its labels costs more than counting.
        self._known: dict[tuple[str, int], _OfOperation] = {}

    def answered(
        self, operation: str, status: int, seconds: float, bytes_in: int, bytes_out: int
    ) -> None:
        known = self._known.get((operation, status))
        if known is None:
            known = _OfOperation(
                self._requests.labels(operation, str(status)),
                self._seconds.labels(operation),
                self._bytes_in.labels(operation),
                self._bytes_out.labels(operation),
            )
            self._known[operation, status] = known
        known.requests.inc()
        known.seconds.observe(seconds)
        if bytes_in:
            known.bytes_in.inc(bytes_in)
        if bytes_out:
            known.bytes_out.inc(bytes_out)
