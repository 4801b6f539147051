"""DataNodes as heartbeats show them: health by age, their disks, their containers. In memory."""

from dataclasses import dataclass, field

from trioxygen.common.clock import Clock
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    ContainerReport,
    CorruptBlock,
    HeartbeatRequest,
    NodeHealth,
    VolumeReport,
)

_CORRUPT_BLOCKS_MAX = 1_000
_REASON_MAX = 1_000


@dataclass(slots=True)
class NodeReport:
    """What one node said last.

    Attributes:
    fully_reported: all its containers, and what follows from them is in the state.
    """

    heard_ms: float
    fully_reported: bool = False
    is_reporting: bool = False
    volumes: list[VolumeReport] = field(default_factory=list)
    containers: dict[int, ContainerReport] = field(default_factory=dict)


class Nodes:
    def __init__(self, clock: Clock, *, stale_after_ms: float, dead_after_ms: float) -> None:
        self._clock = clock
        self._stale_after_ms, self._dead_after_ms = stale_after_ms, dead_after_ms
        self._reports: dict[str, NodeReport] = {}
        self.corrupt_blocks: dict[tuple[int, int], CorruptBlock] = {}

    def forget(self) -> None:
        """All reports: nodes register again."""
        self._reports.clear()
        self.corrupt_blocks.clear()

    def registered(self, node_id: str) -> None:
        self._reports[node_id] = NodeReport(heard_ms=self._clock.monotonic_ms())

    def knows(self, node_id: str) -> bool:
        return node_id in self._reports

    def heard(self, heartbeat: HeartbeatRequest) -> NodeReport:
        report = self._reports[heartbeat.node_id]
        report.heard_ms = self._clock.monotonic_ms()
        if heartbeat.full_report:
            report.fully_reported, report.is_reporting = False, True
            report.containers.clear()
        if heartbeat.volumes:
            report.volumes = list(heartbeat.volumes)
        for container in heartbeat.containers:
            report.containers[container.container_id] = container
        for corrupt in heartbeat.corrupt_blocks:
            if len(self.corrupt_blocks) < _CORRUPT_BLOCKS_MAX:
                corrupt.reason = corrupt.reason[:_REASON_MAX]
                self.corrupt_blocks[corrupt.block.container, corrupt.block.local] = corrupt
        return report

    @staticmethod
    def taken(heartbeat: HeartbeatRequest, report: NodeReport) -> None:
        """All that it said was acted upon. A report that goes on, or was begun again, is not one
        yet."""
        if report.is_reporting and not heartbeat.more:
            report.fully_reported, report.is_reporting = True, False

    def health(self, node_id: str) -> NodeHealth:
        report = self._reports.get(node_id)
        if report is None:
            return scm_pb2.DEAD
        age_ms = self._clock.monotonic_ms() - report.heard_ms
        if age_ms >= self._dead_after_ms:
            return scm_pb2.DEAD
        return scm_pb2.STALE if age_ms >= self._stale_after_ms else scm_pb2.HEALTHY

    def writable_bytes(self, node_id: str) -> int:
        """What client data may still take on the roomiest of its disks, as it reported last."""
        report = self._reports.get(node_id)
        volumes = [] if report is None else [one for one in report.volumes if not one.failed]
        return max([max(0, one.free_bytes - one.reserved_bytes) for one in volumes], default=0)

    def has_volumes(self, node_id: str) -> bool:
        report = self._reports.get(node_id)
        return report is not None and bool(report.volumes)

    def is_full(self, node_id: str) -> bool:
        """None of its disks takes data. A node that has not reported is not said to be."""
        report = self._reports.get(node_id)
        volumes = [] if report is None else report.volumes
        return bool(volumes) and all(one.failed or one.full for one in volumes)

    def report(self, node_id: str) -> NodeReport | None:
        return self._reports.get(node_id)

    def age_ms(self, node_id: str) -> int:
        report = self._reports.get(node_id)
        return -1 if report is None else int(self._clock.monotonic_ms() - report.heard_ms)

    def fully_reported(self, node_id: str) -> bool:
        report = self._reports.get(node_id)
        return report is not None and report.fully_reported
