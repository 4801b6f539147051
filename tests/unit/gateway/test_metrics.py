"""What is counted of answers: by operations of the table and by status."""

import pytest
from prometheus_client import CollectorRegistry

from trioxygen.gateway.metrics import GatewayMetrics
from trioxygen.gateway.s3.request import UNROUTED
from trioxygen.gateway.s3.table import BY_NAME


def test_answers_are_counted_by_the_operations_of_the_table() -> None:
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry, (*BY_NAME, UNROUTED))
    for operation in (*BY_NAME, UNROUTED):
        metrics.answered(operation, 200, 0.001, 10, 0)
    for operation in BY_NAME:
        labels = {"operation": operation, "status": "200"}
        assert registry.get_sample_value("trioxygen_gateway_requests_total", labels) == 1


def test_operation_that_no_row_names_cannot_become_a_label() -> None:
    metrics = GatewayMetrics(CollectorRegistry(), BY_NAME)
    with pytest.raises(KeyError, match="GET /bucket/key"):
        metrics.answered("GET /bucket/key", 200, 0.001, 0, 0)
