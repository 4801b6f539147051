"""Where containers are: what DataNodes have reported to this SCM, whether it leads or follows. In
memory; a start begins with nothing, and reports bring it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from trioxygen.proto.v1.scm_pb2 import DELETED, ContainerReport, HeartbeatRequest

_NONE: Final[Mapping[int, ContainerReport]] = {}


@dataclass(slots=True)
class _Node:
    """Attributes:
    reporting: what a report of all containers has brought so far, while it goes on.
    """

    address: str = ""
    containers: dict[int, ContainerReport] = field(default_factory=dict)
    reporting: dict[int, ContainerReport] | None = None


class Replicas:
    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._holders: dict[int, set[str]] = {}

    def registered(self, node_id: str, address: str) -> None:
        """What it reported before counts until it has reported anew."""
        self._nodes.setdefault(node_id, _Node()).address = address

    def heard(self, heartbeat: HeartbeatRequest) -> None:
        """Of a node that has registered here."""
        node = self._nodes[heartbeat.node_id]
        if heartbeat.full_report:
            node.reporting = {}
        for report in heartbeat.containers:
            if report.state == DELETED:
                if node.containers.pop(report.container_id, None) is not None:
                    self._forget(report.container_id, heartbeat.node_id)
                continue
            node.containers[report.container_id] = report
            self._holders.setdefault(report.container_id, set()).add(heartbeat.node_id)
            if node.reporting is not None:
                node.reporting[report.container_id] = report
        if node.reporting is not None and not heartbeat.more:
            for gone in node.containers.keys() - node.reporting.keys():
                self._forget(gone, heartbeat.node_id)
            node.containers, node.reporting = node.reporting, None

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

    def of_node(self, node_id: str) -> Mapping[int, ContainerReport]:
        node = self._nodes.get(node_id)
        return _NONE if node is None else node.containers

    def of_container(self, container_id: int) -> dict[str, ContainerReport]:
        """By node, in the order of their names."""
        holders = self._holders.get(container_id, ())
        return {
            node_id: self._nodes[node_id].containers[container_id] for node_id in sorted(holders)
        }

    def address(self, node_id: str) -> str:
        """Empty: it has not registered here."""
        node = self._nodes.get(node_id)
        return "" if node is None else node.address
