"""Where containers are: what DataNodes have reported to this SCM, whether it leads or follows. In
memory; a start begins with nothing, and reports bring it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.container_state import TAKES_BLOCKS
from trioxygen.proto.v1.scm_pb2 import CLOSED, DELETED, ContainerReport, HeartbeatRequest

_NONE: Final[Mapping[int, ContainerReport]] = {}
_TAKING: Final = frozenset(state.proto for state in TAKES_BLOCKS)


@dataclass(slots=True)
class _Node:
    """Attributes:
    taking: containers that may still be brought blocks here, in the order of their reports.
    reporting: what a report of all containers has brought so far, while it goes on.
    """

    address: str = ""
    containers: dict[int, ContainerReport] = field(default_factory=dict)
    taking: dict[int, None] = field(default_factory=dict)
    reporting: dict[int, ContainerReport] | None = None
    garbage_bytes: int = 0


class Replicas:
    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._holders: dict[int, set[str]] = {}

    def registered(self, node_id: str, address: str) -> None:
        """What it reported before counts until it has reported anew."""
        self._nodes.setdefault(node_id, _Node()).address = address

    def heard(self, heartbeat: HeartbeatRequest) -> list[int]:
        """Of a node that has registered here. Returns: containers whose replica there counts for
        something else now."""
        node_id, node = heartbeat.node_id, self._nodes[heartbeat.node_id]
        if heartbeat.full_report:
            node.reporting = {}
        changed: list[int] = []
        for report in heartbeat.containers:
            container_id = report.container_id
            if report.state == DELETED:
                changed += self._lose(node_id, node, container_id)
                continue
            before = node.containers.get(container_id)
            if _differs(before, report):
                changed.append(container_id)
            node.garbage_bytes += report.garbage_bytes - (before.garbage_bytes if before else 0)
            node.containers[container_id] = report
            self._holders.setdefault(container_id, set()).add(node_id)
            if report.state in _TAKING:
                node.taking[container_id] = None
            else:
                node.taking.pop(container_id, None)
            if node.reporting is not None:
                node.reporting[container_id] = report
        if node.reporting is not None and not heartbeat.more:
            for gone in node.containers.keys() - node.reporting.keys():
                changed += self._lose(node_id, node, gone)
            node.reporting = None
        return changed

    def _lose(self, node_id: str, node: _Node, container_id: int) -> list[int]:
        node.taking.pop(container_id, None)
        if node.reporting is not None:
            node.reporting.pop(container_id, None)
        lost = node.containers.pop(container_id, None)
        if lost is None:
            return []
        node.garbage_bytes -= lost.garbage_bytes
        self._forget(container_id, node_id)
        return [container_id]

    def forget_node(self, node_id: str) -> None:
        """It is gone for good, with all that it held."""
        node = self._nodes.get(node_id)
        if node is None:
            return
        for container_id in node.containers:
            self._forget(container_id, node_id)
        del self._nodes[node_id]

    def _forget(self, container_id: int, node_id: str) -> None:
        holders = self._holders[container_id]
        holders.discard(node_id)
        if not holders:
            del self._holders[container_id]

    def node_ids(self) -> list[str]:
        """Of who has registered here."""
        return [*self._nodes]

    def of_node(self, node_id: str) -> Mapping[int, ContainerReport]:
        node = self._nodes.get(node_id)
        return _NONE if node is None else node.containers

    def taking_at(self, node_id: str) -> list[int]:
        """Containers that may still be brought blocks there."""
        node = self._nodes.get(node_id)
        return [] if node is None else [*node.taking]

    def of_container(self, container_id: int) -> dict[str, ContainerReport]:
        """By node, in the order of their names."""
        holders = self._holders.get(container_id, ())
        return {
            node_id: self._nodes[node_id].containers[container_id] for node_id in sorted(holders)
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
