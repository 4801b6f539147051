"""Metrics of a DataNode, read from its counters when they are asked for: writing costs nothing."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trioxygen.common.container_state import ContainerState
from trioxygen.hdds.copying.copies import Copies
from trioxygen.hdds.copying.imports import Imports
from trioxygen.hdds.datanode.work import VolumeWork

_PREFIX = "trioxygen_datanode_"


class DataNodeCollector(Collector):
    def __init__(self, works: Sequence[VolumeWork], copies: Copies, imports: Imports) -> None:
        self._works, self._copies, self._imports = works, copies, imports

    def collect(self) -> Iterable[Metric]:
        yield from self._of_node()
        yield from self._of_volumes()

    def _of_node(self) -> Iterable[Metric]:
        copies = self._copies
        counters = {
            "copied_containers": ("Replicas sent to other nodes", copies.copied),
            "failed_copies": ("Replicas that could not be sent", copies.failed),
            "copied_bytes": ("Bytes of blocks sent for copies", copies.progress.size_bytes),
            "imported_containers": ("Replicas got from other nodes", self._imports.imported),
        }
        for name, (text, value) in counters.items():
            yield CounterMetricFamily(_PREFIX + name, text, value=value)
        gauges = {
            "copies": ("Replicas that are sent, or wait to be", len(copies)),
            "imports": ("Replicas that come from other nodes", len(self._imports)),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(_PREFIX + name, text, value=value)

    def _of_volumes(self) -> Iterable[Metric]:
        counters: dict[str, tuple[str, list[float]]] = {
            "written_bytes": (
                "Bytes of blocks written to disk, packed from the log or streamed",
                [w.flusher.written_bytes + w.streams.written_bytes for w in self._works],
            ),
            "read_bytes": ("Bytes of blocks read", [w.reads.read_bytes for w in self._works]),
            "syncs": (
                "Syncs of block files and packed segments",
                [w.flusher.syncs + w.streams.syncs + w.volume.appender.syncs for w in self._works],
            ),
            "flushes": ("Batches moved to the index", [w.flusher.flushes for w in self._works]),
            "segments_compacted": (
                "Packed segments rewritten or removed",
                [w.compactor.segments_compacted for w in self._works],
            ),
            "refused_entries": (
                "Entries of the log, and parts of failed containers, that could not be applied",
                [w.blocks.refusals.entries for w in self._works],
            ),
            "deleted_containers": (
                "Replicas taken off",
                [w.removals.removed for w in self._works],
            ),
            "scrubbed_blocks": (
                "Blocks read by the scrubber",
                [w.scrubber.scrubbed_blocks for w in self._works],
            ),
        }
        containers = [list(w.volume.containers.values()) for w in self._works]
        gauges: dict[str, tuple[str, list[float]]] = {
            "blocks": ("Live blocks", [sum(c.block_count for c in held) for held in containers]),
            "used_bytes": (
                "Live bytes",
                [sum(c.used_bytes for c in held) for held in containers],
            ),
            "garbage_bytes": (
                "Dead bytes that still take disk space",
                [sum(c.garbage_bytes for c in held) for held in containers],
            ),
            "containers": ("Containers", [len(held) for held in containers]),
            "unhealthy_containers": (
                "Containers of which something could not be written",
                [sum(c.state is ContainerState.UNHEALTHY for c in held) for held in containers],
            ),
            "rings": ("Pipelines that it takes part in", [len(w.rings) for w in self._works]),
            "led_rings": (
                "Pipelines that it leads",
                [sum(ring.replica.is_leader() for ring in w.rings) for w in self._works],
            ),
            "pending_bytes": (
                "Bytes applied from the log, not in segments yet",
                [w.blocks.pending_bytes for w in self._works],
            ),
            "corrupt_blocks": (
                "Blocks known to be bad",
                [len(w.volume.corrupt) for w in self._works],
            ),
        }
        for name, (text, values) in counters.items():
            counter = CounterMetricFamily(_PREFIX + name, text, labels=["volume"])
            for work, value in zip(self._works, values, strict=True):
                counter.add_metric([work.volume.volume_id], value)
            yield counter
        for name, (text, values) in gauges.items():
            gauge = GaugeMetricFamily(_PREFIX + name, text, labels=["volume"])
            for work, value in zip(self._works, values, strict=True):
                gauge.add_metric([work.volume.volume_id], value)
            yield gauge
