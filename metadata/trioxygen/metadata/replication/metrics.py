"""What an executor counts: plain numbers, made into metrics when they are scraped."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from trioxygen.common.histogram import PlainHistogram
from trioxygen.metadata.replication.state import ReplicatedState

_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class ExecutorMetrics(Collector):
    """Args:
    name: of the service.
    """

    def __init__(self, name: str, registry: CollectorRegistry, state: ReplicatedState) -> None:
        self._name, self._state = name, state
        self._commands: Counter[tuple[type[Message], int]] = Counter()
        self._batches = PlainHistogram(_BATCHES)
        self.batch = self._batches.observe
        registry.register(self)

    def count(self, command: type[Message], code: int) -> None:
        self._commands[command, code] += 1

    def collect(self) -> Iterator[Metric]:
        name = self._name
        commands = CounterMetricFamily(
            f"trioxygen_{name}_commands", "Commands executed", labels=["command", "code"]
        )
        for (command, code), count in list(self._commands.items()):
            commands.add_metric([command.__name__, str(code)], count)
        batches = HistogramMetricFamily(
            f"trioxygen_{name}_batch_commands", "Commands in one batch", labels=[]
        )
        batches.add_metric([], self._batches.buckets(), self._batches.total)
        refused = GaugeMetricFamily(
            f"trioxygen_{name}_refused_entries",
            "Entries of the log that are no changes, since the start",
            value=self._state.refused_entries,
        )
        yield from (commands, batches, refused)
