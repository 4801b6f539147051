"""DataNodes as heartbeats show them: health by age, their disks, their rings. In memory."""

import math
from dataclasses import dataclass, field

from trioxygen.common.clock import Clock
from trioxygen.metadata.scm.nodes.states import Health, health_of
from trioxygen.proto.v1.scm_pb2 import (
    CorruptBlock,
    HeartbeatRequest,
    NodeHealth,
    PipelineReport,
    PipelineRow,
    VolumeReport,
)

_CORRUPT_BLOCKS_MAX = 1_000
_REASON_MAX = 1_000


@dataclass(slots=True)
class NodeReport:
    """What one node said last.

    Attributes:
    instance: of its process; 0: not said.
    corrupt_blocks: by container and local id.
    is_complete: all its containers are known here. It stays so while it reports them again.
    fully_reported: and what follows from them is in the state, since this SCM leads, if it does.
    has_untaken: what follows from something that it has told may not be.
    takes_all: so it is with the report of all that goes on, or was the last.
    """

    heard_ms: float
    registered_ms: float
    address: str = ""
    instance: int = 0
    is_complete: bool = False
    fully_reported: bool = False
    is_reporting: bool = False
    has_untaken: bool = True
    takes_all: bool = True
    volumes: list[VolumeReport] = field(default_factory=list)
    corrupt_blocks: dict[tuple[int, int], CorruptBlock] = field(default_factory=dict)
    pipelines: dict[int, PipelineReport] = field(default_factory=dict)


def room_of(volume: VolumeReport) -> int:
    """In bytes: what client data may still take on a disk."""
    return max(0, volume.free_bytes - volume.reserved_bytes)


class Nodes:
    """Args: present_for_ms: after a heartbeat, so long its process is surely the one there is."""

    def __init__(
        self,
        clock: Clock,
        *,
        stale_after_ms: float,
        dead_after_ms: float,
        present_for_ms: float = 0,
    ) -> None:
        self._clock = clock
        self._stale_after_ms, self._dead_after_ms = stale_after_ms, dead_after_ms
        self._present_for_ms = present_for_ms
        # Silence before it is not theirs: nobody listened here.
        self._listens_ms = clock.monotonic_ms()
        # Of nodes that have to register again.
        self._heard_before_ms: dict[str, float] = {}
        self._reports: dict[str, NodeReport] = {}

    def listen(self) -> None:
        """From now on heartbeats come here."""
        self._listens_ms = self._clock.monotonic_ms()

    def listening_ms(self) -> float:
        """For how long they have come here."""
        return self._clock.monotonic_ms() - self._listens_ms

    def begin_term(self) -> dict[str, NodeReport]:
        """What has been heard of nodes that had reported all, while another SCM led or before this
        one lost the lead: what follows from it has to be written down. The others register again.
        How long each has been silent is known as before."""
        known = {node_id: each for node_id, each in self._reports.items() if each.is_complete}
        for node_id in self._reports.keys() - known.keys():
            self.forget_node(node_id)
        for report in known.values():
            report.fully_reported, report.has_untaken = False, True
        return known

    def forget_node(self, node_id: str) -> None:
        """It registers again, or is gone for good."""
        report = self._reports.pop(node_id, None)
        if report is not None:
            self._heard_before_ms[node_id] = report.heard_ms

    def stood_still(self, for_ms: float) -> None:
        """This process did, and heard nobody meanwhile: that is not the nodes' silence."""
        now_ms = self._clock.monotonic_ms()
        self._listens_ms = min(now_ms, self._listens_ms + for_ms)
        for report in self._reports.values():
            # Some have been heard since.
            report.heard_ms = min(now_ms, report.heard_ms + for_ms)
        for node_id, heard_ms in self._heard_before_ms.items():
            self._heard_before_ms[node_id] = min(now_ms, heard_ms + for_ms)

    def registered(self, node_id: str, *, address: str = "", instance: int = 0) -> None:
        now_ms = self._clock.monotonic_ms()
        self._heard_before_ms.pop(node_id, None)
        self._reports[node_id] = NodeReport(now_ms, now_ms, address=address, instance=instance)

    def rival_of(self, node_id: str, *, address: str, instance: int) -> str:
        """The address of another process that is in service as this node: of two that were started
        from copies of one folder only one may be. Empty: there is none."""
        report = self._reports.get(node_id)
        if report is None or not (instance and report.instance):
            return ""
        is_other = report.instance != instance and report.address != address
        is_present = self._clock.monotonic_ms() - report.heard_ms < self._present_for_ms
        return report.address if is_other and is_present else ""

    def knows(self, node_id: str) -> bool:
        """Whether it has registered here, and need not do so again."""
        return node_id in self._reports

    @property
    def registered_count(self) -> int:
        """Of nodes that have registered here, and need not do so again."""
        return len(self._reports)

    def is_registered(self, heartbeat: HeartbeatRequest) -> bool:
        """Whether it is of the process that has registered as this node last."""
        report = self._reports.get(heartbeat.node_id)
        if report is None:
            return False
        return not (heartbeat.instance and report.instance) or (
            heartbeat.instance == report.instance
        )

    def heard(self, heartbeat: HeartbeatRequest) -> NodeReport:
        report = self._reports[heartbeat.node_id]
        report.heard_ms = self._clock.monotonic_ms()
        if heartbeat.full_report:
            report.is_reporting = True
            report.takes_all, report.has_untaken = report.has_untaken, False
        if heartbeat.volumes:
            report.volumes = list(heartbeat.volumes)
        report.pipelines = {pipeline.pipeline_id: pipeline for pipeline in heartbeat.pipelines}
        self._note_corrupt(heartbeat, report)
        return report

    def _note_corrupt(self, heartbeat: HeartbeatRequest, report: NodeReport) -> None:
        if heartbeat.full_report:
            report.corrupt_blocks = {}
        for block in heartbeat.mended_blocks:
            report.corrupt_blocks.pop((block.container, block.local), None)
        if not heartbeat.corrupt_blocks:
            return
        left = _CORRUPT_BLOCKS_MAX - sum(
            len(each.corrupt_blocks) for each in self._reports.values()
        )
        for corrupt in heartbeat.corrupt_blocks[: max(0, left)]:
            corrupt.reason = corrupt.reason[:_REASON_MAX]
            report.corrupt_blocks[corrupt.block.container, corrupt.block.local] = corrupt

    @property
    def corrupt_blocks(self) -> dict[tuple[int, int], CorruptBlock]:
        """By container and local id: of whichever node has them so."""
        corrupt: dict[tuple[int, int], CorruptBlock] = {}
        for report in self._reports.values():
            corrupt |= report.corrupt_blocks
        return corrupt

    @staticmethod
    def taken(heartbeat: HeartbeatRequest, report: NodeReport) -> None:
        """All that it said was acted upon. A report that goes on, or was begun again, is not one
        yet."""
        if report.is_reporting and not heartbeat.more:
            report.is_complete = report.fully_reported = True
            report.is_reporting = False

    def health(self, node_id: str) -> NodeHealth:
        return self.health_state(node_id).proto

    def health_state(self, node_id: str) -> Health:
        """By its silence. Of a node that has not been heard yet: since this SCM listens."""
        return health_of(
            self.silent_ms(node_id),
            stale_after_ms=self._stale_after_ms,
            dead_after_ms=self._dead_after_ms,
        )

    def registered_ms_ago(self, node_id: str) -> float:
        """Infinite: it has not."""
        report = self._reports.get(node_id)
        return math.inf if report is None else self._clock.monotonic_ms() - report.registered_ms

    def silent_ms(self, node_id: str) -> float:
        report = self._reports.get(node_id)
        if report is None:
            heard_ms = self._heard_before_ms.get(node_id, self._listens_ms)
        else:
            heard_ms = report.heard_ms
        return self._clock.monotonic_ms() - heard_ms

    def leader_of(self, pipeline: PipelineRow) -> str:
        """The member that said last that it leads the ring, in the latest term; empty: none."""
        terms: dict[str, int] = {}
        for node_id in pipeline.node_ids:
            report = self._reports.get(node_id)
            ring = report.pipelines.get(pipeline.pipeline_id) if report is not None else None
            if ring is not None and ring.leader:
                terms[node_id] = ring.term
        return max(terms, key=terms.__getitem__, default="")

    def writable_bytes(self, node_id: str) -> int:
        """What client data may still take on the roomiest of its disks, as it reported last."""
        report = self._reports.get(node_id)
        volumes = [] if report is None else report.volumes
        return max((room_of(volume) for volume in volumes if not volume.failed), default=0)

    def is_full(self, node_id: str) -> bool:
        """None of its disks takes data. A node that has not reported is not said to be."""
        report = self._reports.get(node_id)
        volumes = [] if report is None else report.volumes
        return bool(volumes) and all(volume.failed or volume.full for volume in volumes)

    def report(self, node_id: str) -> NodeReport | None:
        return self._reports.get(node_id)

    def age_ms(self, node_id: str) -> int:
        report = self._reports.get(node_id)
        return -1 if report is None else int(self._clock.monotonic_ms() - report.heard_ms)

    def fully_reported(self, node_id: str) -> bool:
        report = self._reports.get(node_id)
        return report is not None and report.fully_reported
