from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from trioxygen.common.histogram import PlainHistogram

BOUNDS = (1, 2, 4)
OBSERVED = (1, 1, 2, 3, 4, 5, 900)


def test_plain_histogram_is_shown_as_one_of_the_library_that_saw_the_same() -> None:
    plain = PlainHistogram(BOUNDS)
    expected_registry, registry = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("batch", "Of appends", buckets=BOUNDS, registry=expected_registry)
    for value in OBSERVED:
        plain.observe(value)
        histogram.observe(value)

    class Shown(Collector):
        def collect(self) -> list[HistogramMetricFamily]:
            family = HistogramMetricFamily("batch", "Of appends", labels=[])
            family.add_metric([], plain.buckets(), plain.total)
            return [family]

    registry.register(Shown())

    def lines(of: CollectorRegistry) -> list[str]:
        return [line for line in generate_latest(of).decode().splitlines() if "created" not in line]

    assert lines(registry) == lines(expected_registry)
