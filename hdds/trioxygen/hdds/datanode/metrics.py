"""Metrics of a DataNode, read from its counters when they are asked for: writing costs nothing."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trioxygen.common.container_state import ContainerState
from trioxygen.hdds.copying.copies import Copies
from trioxygen.hdds.copying.imports import Imports
from trioxygen.hdds.datanode.disks import Disks
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.reconstruction.rebuilds import Rebuilds
from trioxygen.hdds.tokens.gate import TokenGate

_PREFIX = "trioxygen_datanode_"

# By name: what it is, and its value for each volume.
_OfVolumes = dict[str, tuple[str, list[float]]]


class DataNodeCollector(Collector):
    def __init__(
        self,
        works: Sequence[VolumeWork],
        disks: Disks,
        copies: Copies,
        imports: Imports,
        rebuilds: Rebuilds,
        gate: TokenGate | None,
    ) -> None:
        self._gate = gate
        self._works, self._disks = works, disks
        self._copies, self._imports, self._rebuilds = copies, imports, rebuilds

    def collect(self) -> Iterable[Metric]:
        yield from self._of_node()
        if self._gate is not None:
            yield from self._of_tokens(self._gate)
        yield from self._of_volumes()

    def _of_node(self) -> Iterable[Metric]:
        copies, rebuilds = self._copies, self._rebuilds
        counters = {
            "copied_containers": ("Replicas sent to other nodes", copies.copied),
            "failed_copies": ("Replicas that could not be sent", copies.failed),
            "copied_bytes": ("Bytes of blocks sent for copies", copies.progress.size_bytes),
            "imported_containers": ("Replicas got from other nodes", self._imports.imported),
            "rebuilt_containers": ("Containers of which lost parts were made", rebuilds.rebuilt),
            "failed_rebuilds": ("Containers whose parts could not be made", rebuilds.failed),
            "rebuilt_bytes": ("Bytes of parts that were made", rebuilds.rebuilt_bytes),
        }
        for name, (text, value) in counters.items():
            yield CounterMetricFamily(_PREFIX + name, text, value=value)
        gauges = {
            "copies": ("Replicas that are sent, or wait to be", len(copies)),
            "running_copies": ("Replicas that are sent", copies.running),
            "rebuilds": ("Containers of which parts are made, or wait to be", len(rebuilds)),
            "running_rebuilds": ("Containers of which parts are made", rebuilds.running),
            "failed_volumes": (
                "Volumes that were taken out of service",
                len(self._disks.failed_reports()),
            ),
            "imports": ("Replicas that come from other nodes", len(self._imports)),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(_PREFIX + name, text, value=value)

    def _of_tokens(self, gate: TokenGate) -> Iterable[Metric]:
        name = f"{_PREFIX}passed_tokens"
        yield CounterMetricFamily(name, "Block tokens that were good", value=gate.passed)
        refused = CounterMetricFamily(
            f"{_PREFIX}refused_tokens", "Calls and streams refused for theirs", labels=["reason"]
        )
        for reason, count in gate.refused.items():
            refused.add_metric([reason.name.lower()], count)
        yield refused

    def _of_volumes(self) -> Iterable[Metric]:
        ids = [work.volume.volume_id for work in self._works]
        for name, (text, values) in self._volume_counters().items():
            counter = CounterMetricFamily(_PREFIX + name, text, labels=["volume"])
            for volume_id, value in zip(ids, values, strict=True):
                counter.add_metric([volume_id], value)
            yield counter
        for name, (text, values) in self._volume_gauges().items():
            gauge = GaugeMetricFamily(_PREFIX + name, text, labels=["volume"])
            for volume_id, value in zip(ids, values, strict=True):
                gauge.add_metric([volume_id], value)
            yield gauge

    def _volume_counters(self) -> _OfVolumes:
        return {
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
            "fetched_blocks": (
                "Blocks whose bytes were fetched from another member",
                [w.fetches.fetched_blocks for w in self._works],
            ),
            "mended_blocks": (
                "Corrupt blocks that have the bytes of another replica now",
                [w.mending.mended_blocks for w in self._works],
            ),
            "fetched_bytes": ("Their bytes", [w.fetches.fetched_bytes for w in self._works]),
        }

    def _volume_gauges(self) -> _OfVolumes:
        containers = [list(w.volume.containers.values()) for w in self._works]
        return {
            "blocks": ("Live blocks", [sum(c.block_count for c in held) for held in containers]),
            "used_bytes": (
                "Live bytes",
                [sum(c.used_bytes for c in held) for held in containers],
            ),
            "garbage_bytes": (
                "Dead bytes that still take disk space",
                [sum(c.garbage_bytes for c in held) for held in containers],
            ),
            "nameless_files": (
                "Files of blocks that nobody knows",
                [len(w.nameless.since_ms) for w in self._works],
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
            "missing_blocks": (
                "Blocks whose bytes have yet to come here",
                [len(w.blocks.missing) for w in self._works],
            ),
        }
