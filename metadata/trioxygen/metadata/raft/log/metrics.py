"""Figures of write-ahead logs. One collector for all logs: a registry takes a name only once."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from trioxygen.common.histogram import PlainHistogram

_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class LogMetrics:
    """Those of one log. Plain numbers, counted on the path of every append and read at a scrape."""

    __slots__ = ("appended_bytes", "batches", "no_space", "syncs")

    def __init__(self) -> None:
        self.syncs = self.appended_bytes = self.no_space = 0
        self.batches = PlainHistogram(_BATCHES)

    def synced(self, *, appends: int, size_bytes: int) -> None:
        self.syncs += 1
        self.appended_bytes += size_bytes
        self.batches.observe(appends)

    def ran_out_of_space(self) -> None:
        self.no_space += 1


class WalMetrics(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._logs: dict[str, LogMetrics] = {}
        registry.register(self)

    def of_log(self, name: str) -> LogMetrics:
        return self._logs.setdefault(name, LogMetrics())

    def collect(self) -> Iterator[Metric]:
        syncs = CounterMetricFamily(
            "trioxygen_wal_syncs", "Batches written and synced", labels=["log"]
        )
        appended_bytes = CounterMetricFamily(
            "trioxygen_wal_appended_bytes", "Bytes of synced records", labels=["log"]
        )
        batch_appends = HistogramMetricFamily(
            "trioxygen_wal_batch_appends", "Appends that shared one sync", labels=["log"]
        )
        no_space = CounterMetricFamily(
            "trioxygen_wal_no_space", "Times the disk was too full to go on", labels=["log"]
        )
        for name, log in self._logs.items():
            syncs.add_metric([name], log.syncs)
            appended_bytes.add_metric([name], log.appended_bytes)
            batch_appends.add_metric([name], log.batches.buckets(), log.batches.total)
            no_space.add_metric([name], log.no_space)
        yield from (syncs, appended_bytes, batch_appends, no_space)
