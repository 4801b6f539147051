"""What the SCM tells operators of its rows, in pages."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Final

from trioxygen.common.paging import Room
from trioxygen.common.rpc.call import Call
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.containers.allocator import Allocator
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, DELETED_BLOCKS, NODES, PIPELINES
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


class ScmDescription:
    """What the SCM that leads says of itself, and of its rows.

    Args: lead: raises NotLeader."""

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        allocator: Allocator,
        config: ScmConfig,
        *,
        lead: Callable[[], None],
        safe_mode: Callable[[], bool],
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._allocator, self._config = allocator, config
        self._lead, self._safe_mode = lead, safe_mode

    async def describe(self, request: scm.DescribeScmRequest, call: Call) -> scm.DescribeScmReply:
        self._lead()
        executor, config = self._executor, self._config
        reply = scm.DescribeScmReply(
            node_id=config.node_id,
            leader=executor.replica.is_leader(),
            applied_index=executor.applied_index(),
            safe_mode=self._safe_mode(),
            refused_entries=executor.state.refused_entries,
            waiting_delete_transactions=executor.store.count(DELETED_BLOCKS.table),
            full=executor.is_full() or self._allocator.is_full(),
            replication=config.replication.proto,
            missing_replicas_max=config.missing_replicas_max,
        )
        known = Known(
            nodes=self._nodes,
            replicas=self._replicas,
            taking=set() if reply.safe_mode else self._allocator.taking_new_data(),
            group_ms=executor.group_ms(),
        )
        with executor.store.read() as txn:
            fill(reply, txn, known, request.after)
        return reply


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
