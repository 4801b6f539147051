"""Figures of write-ahead logs. One value for all logs: a registry takes a name only once."""

from prometheus_client import CollectorRegistry, Counter, Histogram


class WalMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._syncs = Counter(
            "trioxygen_wal_syncs", "Batches written and synced", ["log"], registry=registry
        )
        self._appended_bytes = Counter(
            "trioxygen_wal_appended_bytes", "Bytes of synced records", ["log"], registry=registry
        )
        self._batch_appends = Histogram(
            "trioxygen_wal_batch_appends",
            "Appends that shared one sync",
            ["log"],
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=registry,
        )
        self._no_space = Counter(
            "trioxygen_wal_no_space",
            "Times the disk was too full to go on",
            ["log"],
            registry=registry,
        )

    def of_log(self, name: str) -> "LogMetrics":
        return LogMetrics(
            syncs=self._syncs.labels(name),
            appended_bytes=self._appended_bytes.labels(name),
            batch_appends=self._batch_appends.labels(name),
            no_space=self._no_space.labels(name),
        )


class LogMetrics:
    """Those of one log, with the label bound."""

    __slots__ = ("_appended_bytes", "_batch_appends", "_no_space", "_syncs")

    def __init__(
        self,
        *,
        syncs: Counter,
        appended_bytes: Counter,
        batch_appends: Histogram,
        no_space: Counter,
    ) -> None:
        self._syncs, self._appended_bytes = syncs, appended_bytes
        self._batch_appends, self._no_space = batch_appends, no_space

    def synced(self, *, appends: int, size_bytes: int) -> None:
        self._syncs.inc()
        self._appended_bytes.inc(size_bytes)
        self._batch_appends.observe(appends)

    def ran_out_of_space(self) -> None:
        self._no_space.inc()
