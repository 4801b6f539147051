"""Where containers are: what DataNodes have reported to this SCM, whether it leads or follows. In
memory; a start begins with nothing, and reports bring it back.

There may be millions. Each is kept as the bytes of its report, once for all nodes that say the same
of a container, and read again when somebody asks: few bytes, and nothing that the collector of
garbage would have to look into."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Final

from trioxygen.common.container_state import TAKES_BLOCKS
from trioxygen.proto.v1.scm_pb2 import CLOSED, DELETED, ContainerReport, HeartbeatRequest

_TAKING: Final = frozenset(state.proto for state in TAKES_BLOCKS)


class HeldReplicas(Mapping[int, ContainerReport]):
    """Of one node, by container."""

    def __init__(self, held: Mapping[int, bytes]) -> None:
        self._held = held

    def __getitem__(self, container_id: int) -> ContainerReport:
        return ContainerReport.FromString(self._held[container_id])

    def __iter__(self) -> Iterator[int]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, container_id: object) -> bool:
        return container_id in self._held


_NONE: Final = HeldReplicas({})


@dataclass(slots=True)
class _Node:
    """Attributes:
    taking: containers that may still be brought blocks here, in the order of their reports.
    reporting: what a report of all containers has named so far, while it goes on.
    away: what it had on disks that are out, as it was last reported.
    """

    address: str = ""
    containers: dict[int, bytes] = field(default_factory=dict)
    taking: dict[int, None] = field(default_factory=dict)
    reporting: set[int] | None = None
    away: dict[int, bytes] = field(default_factory=dict)
    garbage_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Of one heartbeat.

    Attributes:
    changed: containers whose replica there counts for something else now.
    reports: of replicas that rows have to be compared with.
    same: containers of closed ones that are as they were told before.
    deleted: that the node says it has no more.
    """

    changed: list[int] = field(default_factory=list)
    reports: list[ContainerReport] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)


class Replicas:
    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        # In the order of their names.
        self._holders: dict[int, tuple[str, ...]] = {}
        # Of which something is away.
        self._with_away: dict[str, _Node] = {}

    def registered(self, node_id: str, address: str) -> None:
        """What it reported before counts until it has reported anew."""
        self._nodes.setdefault(intern(node_id), _Node()).address = address

    def heard(self, heartbeat: HeartbeatRequest, *, compares_all: bool = True) -> Heard:
        """Of a node that has registered here.

        Args: compares_all: also what is the same as before: rows may not have been compared with
            that."""
        node_id, node = intern(heartbeat.node_id), self._nodes[heartbeat.node_id]
        if heartbeat.full_report:
            node.reporting = set()
        heard, reporting, containers = Heard(), node.reporting, node.containers
        for report in heartbeat.containers:
            container_id, state = report.container_id, report.state
            node.away.pop(container_id, None)
            if state == DELETED:
                heard.deleted.append(container_id)
                self._lose(node_id, node, container_id, heard)
                continue
            if report.origin_node_id == node_id:
                # Goes without saying; of the others' replicas this is all that differs.
                report.ClearField("origin_node_id")
            held, before = report.SerializeToString(), containers.get(container_id)
            if before != held:
                self._keep(node_id, node, report, held, heard)
                heard.reports.append(report)
            elif compares_all or state != CLOSED:
                heard.reports.append(report)
            else:
                heard.same.append(container_id)
            if reporting is not None:
                reporting.add(container_id)
        if reporting is not None and not heartbeat.more:
            gone = {each: containers[each] for each in containers.keys() - reporting}
            for container_id in gone:
                self._lose(node_id, node, container_id, heard)
            node.reporting = None
            self._note_away(node_id, node, gone, heartbeat)
        return heard

    def _note_away(
        self, node_id: str, node: _Node, gone: Mapping[int, bytes], heartbeat: HeartbeatRequest
    ) -> None:
        """What disks had that are out may come back with them."""
        if any(volume.failed for volume in heartbeat.volumes):
            node.away.update(gone)
        else:
            node.away.clear()
        if node.away:
            self._with_away[node_id] = node
        else:
            self._with_away.pop(node_id, None)

    def _keep(
        self, node_id: str, node: _Node, report: ContainerReport, held: bytes, heard: Heard
    ) -> None:
        container_id, former = report.container_id, node.containers.get(report.container_id)
        before = None if former is None else ContainerReport.FromString(former)
        holders = self._holders.get(container_id, ())
        alike = (self._nodes[holder].containers[container_id] for holder in holders)
        node.containers[container_id] = next((each for each in alike if each == held), held)
        if before is None:
            self._holders[container_id] = tuple(sorted({*holders, node_id}))
        else:
            node.garbage_bytes -= before.garbage_bytes
        node.garbage_bytes += report.garbage_bytes
        if report.state in _TAKING:
            node.taking[container_id] = None
        else:
            node.taking.pop(container_id, None)
        if _differs(before, report):
            heard.changed.append(container_id)

    def _lose(self, node_id: str, node: _Node, container_id: int, heard: Heard) -> None:
        node.taking.pop(container_id, None)
        if node.reporting is not None:
            node.reporting.discard(container_id)
        lost = node.containers.pop(container_id, None)
        if lost is not None:
            node.garbage_bytes -= ContainerReport.FromString(lost).garbage_bytes
            self._forget(container_id, node_id)
            heard.changed.append(container_id)

    def forget_node(self, node_id: str) -> None:
        """It is gone for good, with all that it held."""
        node = self._nodes.get(node_id)
        if node is None:
            return
        for container_id in node.containers:
            self._forget(container_id, node_id)
        self._with_away.pop(node_id, None)
        del self._nodes[node_id]

    def _forget(self, container_id: int, node_id: str) -> None:
        left = tuple(each for each in self._holders[container_id] if each != node_id)
        if left:
            self._holders[container_id] = left
        else:
            del self._holders[container_id]

    def node_ids(self) -> list[str]:
        """Of who has registered here."""
        return [*self._nodes]

    def of_node(self, node_id: str) -> Mapping[int, ContainerReport]:
        node = self._nodes.get(node_id)
        return _NONE if node is None else HeldReplicas(node.containers)

    def taking_at(self, node_id: str) -> list[int]:
        """Containers that may still be brought blocks there."""
        node = self._nodes.get(node_id)
        return [] if node is None else [*node.taking]

    def of_container(self, container_id: int) -> dict[str, ContainerReport]:
        """By node, in the order of their names. Not to be changed."""
        nodes, read = self._nodes, dict[bytes, ContainerReport]()
        reports: dict[str, ContainerReport] = {}
        for node_id in self._holders.get(container_id, ()):
            held = nodes[node_id].containers[container_id]
            report = read.get(held)
            if report is None:
                report = read[held] = ContainerReport.FromString(held)
            reports[node_id] = report
        return reports

    def away(self, container_id: int) -> dict[str, ContainerReport]:
        """By node, whose disk is out that had one: none of `of_container`."""
        return {
            node_id: ContainerReport.FromString(node.away[container_id])
            for node_id, node in self._with_away.items()
            if container_id in node.away
        }

    def garbage_bytes(self) -> int:
        """Deleted, and not given back yet, at all nodes."""
        return sum(node.garbage_bytes for node in self._nodes.values())

    def address(self, node_id: str) -> str:
        """Empty: it has not registered here."""
        node = self._nodes.get(node_id)
        return "" if node is None else node.address


def _differs(before: ContainerReport | None, report: ContainerReport) -> bool:
    """In what a replica counts for. Not in how full it is."""
    return (
        before is None
        or before.state != report.state
        or before.commit_sequence != report.commit_sequence
        or before.replica_index != report.replica_index
        or (report.state == CLOSED and before.coded != report.coded)
        or bool(before.block_count) != bool(report.block_count)
    )
