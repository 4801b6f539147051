"""What the SCM tells operators of its rows, in pages."""

from collections.abc import Iterator, Set
from typing import Final

from trioxygen.common.paging import Room
from trioxygen.metadata.scm.nodes import Nodes
from trioxygen.metadata.scm.schema import CONTAINERS, NODES, PIPELINES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2 as scm

_NODES: Final = b"1"
_PIPELINES: Final = b"2"
_CONTAINERS: Final = b"3"
_CORRUPT: Final = b"4"


def fill(
    reply: scm.DescribeScmReply, txn: ReadTxn, nodes: Nodes, taking: Set[str], after: bytes
) -> None:
    """The rows behind `after` (a section and a row's key), as many as a reply has room for.

    Args:
        taking: ids of the nodes that take new data.
    """
    room, last = Room(), after
    for position, page in _pages(txn, nodes, taking, after):
        if not room.takes(page.ByteSize()):
            reply.next = last
            return
        reply.MergeFrom(page)
        last = position


def _pages(
    txn: ReadTxn, nodes: Nodes, taking: Set[str], after: bytes
) -> Iterator[tuple[bytes, scm.DescribeScmReply]]:
    """Each row alone, and where it stands."""
    section, key = after[:1], after[1:]

    def start(own: bytes) -> bytes | None:
        return key if own == section and key else None

    if section <= _NODES:
        for at, node in NODES.scan(txn, prefix=b"", after=start(_NODES)):
            yield _NODES + at, scm.DescribeScmReply(nodes=[_described(node, nodes, taking)])
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
        for (container, local), block in nodes.corrupt_blocks.items()
    }
    first = start(_CORRUPT) or b""
    for at in sorted(corrupt):
        if at > first:
            yield _CORRUPT + at, scm.DescribeScmReply(corrupt_blocks=[corrupt[at]])


def _described(node: scm.NodeRow, nodes: Nodes, taking: Set[str]) -> scm.NodeDescription:
    report = nodes.report(node.node_id)
    return scm.NodeDescription(
        node=node,
        health=nodes.health(node.node_id),
        last_heartbeat_age_ms=nodes.age_ms(node.node_id),
        volumes=report.volumes if report else [],
        takes_new_data=node.node_id in taking,
    )
