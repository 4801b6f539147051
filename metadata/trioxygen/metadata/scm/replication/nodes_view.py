"""All DataNodes at one moment, as checks and plans ask about them. Values; made anew now and then:
looking at a million replicas asks each node's health once."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pipelines.placement import PlacementNode, rack_max
from trioxygen.metadata.scm.replication.observed import ObservedNode
from trioxygen.metadata.scm.schema import NODES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import NodeRow

# Nodes that a choice is made among: of a cluster of thousands some from each rack are as good.
_CANDIDATES: Final = 64
_GONE: Final = ObservedNode(node_id="", health=scm_pb2.DEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesView:
    """Attributes:
    nodes: all that the state knows.
    takers: those of them that can be given replicas now.
    addresses: of all nodes.
    missing_max: members that may be missing where there are no more nodes.
    """

    nodes: Mapping[str, ObservedNode]
    takers: Sequence[PlacementNode]
    addresses: Mapping[str, str]
    missing_max: int = 0
    _staying: int = field(init=False)
    _rack_sizes: Counter[str] = field(init=False)
    _takers_by_rack: dict[str, list[PlacementNode]] = field(init=False)
    _standards: dict[Replication, tuple[int, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        staying = [node for node in self.nodes.values() if node.stays and not node.is_dead]
        by_rack: defaultdict[str, list[PlacementNode]] = defaultdict(list)
        for taker in self.takers:
            by_rack[taker.rack].append(taker)
        object.__setattr__(self, "_staying", len(staying))
        object.__setattr__(self, "_rack_sizes", Counter(node.rack for node in staying))
        object.__setattr__(self, "_takers_by_rack", dict(by_rack))

    def node(self, node_id: str) -> ObservedNode:
        """Of a node that was removed: a dead one."""
        return self.nodes.get(node_id, _GONE)

    def standard(self, replication: Replication) -> tuple[int, int]:
        """(replicas that a container is to have, how many of them on a rack at most)."""
        standard = self._standards.get(replication)
        if standard is None:
            least = replication.members_min(self.missing_max)
            wanted = max(least, min(replication.members, self._staying))
            standard = wanted, rack_max(replication, wanted, self._rack_sizes)
            self._standards[replication] = standard
        return standard

    def candidates(self, rng: random.Random) -> list[PlacementNode]:
        """Of the takers, some from each rack."""
        each = max(2, _CANDIDATES // max(1, len(self._takers_by_rack)))
        return [
            taker
            for of_rack in self._takers_by_rack.values()
            for taker in (of_rack if len(of_rack) <= each else rng.sample(of_rack, each))
        ]

    def takes_as(self, before: "NodesView") -> bool:
        """Whether no other nodes can be given replicas than before, nor on other racks."""
        former = {(taker.node_id, taker.rack) for taker in before.takers}
        return all((taker.node_id, taker.rack) in former for taker in self.takers)

    def changed_since(self, before: "NodesView") -> set[str]:
        """Nodes whose replicas count for something else now."""
        return {
            node_id
            for node_id in self.nodes.keys() | before.nodes.keys()
            if _weighs(self.node(node_id)) != _weighs(before.node(node_id))
        }


def _weighs(node: ObservedNode) -> tuple[bool, int, str]:
    """Not whether it is silent: that alone has nothing done."""
    return node.is_dead, node.operation, node.rack


def observe_nodes(txn: ReadTxn, nodes: Nodes, *, missing_max: int) -> NodesView:
    """As the state and heartbeats show them now."""
    rows = [row for _, row in NODES.scan(txn, prefix=b"")]
    observed = {row.node_id: _observed(row, nodes) for row in rows}
    takers = [
        PlacementNode(
            node_id=node.node_id,
            rack=node.rack,
            free_bytes=nodes.writable_bytes(node.node_id),
            used_share=node.used_share,
        )
        for node in observed.values()
        if _takes(node, nodes)
    ]
    return NodesView(
        nodes=observed,
        takers=takers,
        addresses={row.node_id: row.address for row in rows},
        missing_max=missing_max,
    )


def _observed(row: NodeRow, nodes: Nodes) -> ObservedNode:
    report = nodes.report(row.node_id)
    volumes = [] if report is None else [each for each in report.volumes if not each.failed]
    capacity_bytes = sum(volume.capacity_bytes for volume in volumes)
    used_bytes = sum(volume.used_bytes for volume in volumes)
    return ObservedNode(
        node_id=row.node_id,
        health=nodes.health(row.node_id),
        operation=row.operation,
        rack=row.rack,
        used_share=used_bytes / capacity_bytes if capacity_bytes else 0.0,
    )


def _takes(node: ObservedNode, nodes: Nodes) -> bool:
    """Copies as well as new data. What a node has is known when it has reported all."""
    is_here = node.stays and node.health == scm_pb2.HEALTHY
    return is_here and nodes.fully_reported(node.node_id) and not nodes.is_full(node.node_id)
