"""What the SCM tells operators of its rows, in pages."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final

from trioxygen.common.paging import Room
from trioxygen.metadata.scm.nodes import Nodes
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, NODES, PIPELINES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2 as scm

_NODES: Final = b"1"
_PIPELINES: Final = b"2"
_CONTAINERS: Final = b"3"
_CORRUPT: Final = b"4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Beside the rows.

    Attributes:
    taking: ids of the nodes that take new data.
    group_ms: the group's time.
    """

    nodes: Nodes
    replicas: Replicas
    taking: Set[str]
    group_ms: int


def fill(reply: scm.DescribeScmReply, txn: ReadTxn, known: Known, after: bytes) -> None:
    """The rows behind `after` (a section and a row's key), as many as a reply has room for."""
    room, last = Room(), after
    for position, page in _pages(txn, known, after):
        if not room.takes(page.ByteSize()):
            reply.next = last
            return
        reply.MergeFrom(page)
        last = position


def _pages(
    txn: ReadTxn, known: Known, after: bytes
) -> Iterator[tuple[bytes, scm.DescribeScmReply]]:
    """Each row alone, and where it stands."""
    section, key = after[:1], after[1:]

    def start(own: bytes) -> bytes | None:
        return key if own == section and key else None

    if section <= _NODES:
        for at, node in NODES.scan(txn, prefix=b"", after=start(_NODES)):
            yield _NODES + at, scm.DescribeScmReply(nodes=[_described(node, known)])
    if section <= _PIPELINES:
        for at, pipeline in PIPELINES.scan(txn, prefix=b"", after=start(_PIPELINES)):
            yield _PIPELINES + at, scm.DescribeScmReply(pipelines=[pipeline])
    if section <= _CONTAINERS:
        for at, container in CONTAINERS.scan(txn, prefix=b"", after=start(_CONTAINERS)):
            yield _CONTAINERS + at, scm.DescribeScmReply(containers=[container])
    if section > _CORRUPT:
        return
    corrupt = {
        container.to_bytes(8, "big") + local.to_bytes(8, "big"): block
        for (container, local), block in known.nodes.corrupt_blocks.items()
    }
    first = start(_CORRUPT) or b""
    for at in sorted(corrupt):
        if at > first:
            yield _CORRUPT + at, scm.DescribeScmReply(corrupt_blocks=[corrupt[at]])


def _described(node: scm.NodeRow, known: Known) -> scm.NodeDescription:
    node_id, nodes = node.node_id, known.nodes
    report = nodes.report(node_id)
    health = nodes.health(node_id)
    if report is None and health == scm.HEALTHY:
        # This SCM has not listened for long enough to know.
        health = scm.STALE
    rings = report.pipelines.values() if report else ()
    left_ms = max(1, node.maintenance_until_ms - known.group_ms)
    age_ms = max(1, known.group_ms - node.operation_since_ms)
    return scm.NodeDescription(
        node=node,
        health=health,
        last_heartbeat_age_ms=nodes.age_ms(node_id),
        volumes=report.volumes if report else [],
        takes_new_data=node_id in known.taking,
        containers=len(known.replicas.of_node(node_id)),
        pipelines=len(rings),
        pipelines_led=sum(ring.leader for ring in rings),
        fully_reported=nodes.fully_reported(node_id),
        maintenance_left_ms=left_ms if node.maintenance_until_ms else 0,
        operation_age_ms=age_ms if node.operation_since_ms else 0,
    )
