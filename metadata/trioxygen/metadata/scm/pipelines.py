"""Pipelines: DataNodes that take writes together. The id of one is that of its members' Raft group,
and is never given again.

Rows of before pipelines had numbers stand under a name. They take no writes any more."""

from collections.abc import Iterator, Mapping

from trioxygen.common.replication import Replication
from trioxygen.metadata.replication.state import get_integer, put_integer
from trioxygen.metadata.scm.pipeline_state import WRITING, PipelineState, state_of
from trioxygen.metadata.scm.schema import NODES, PIPELINE_CHANGES, PIPELINES, id_key
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import ContainerReport, ContainerRow, PipelineRow
from trioxygen.proto.v1.types_pb2 import Pipeline


def pipeline_key(pipeline_id: int, former_id: str) -> bytes:
    return id_key(pipeline_id) if pipeline_id else former_id.encode()


def key_of(row: PipelineRow) -> bytes:
    return pipeline_key(row.pipeline_id, row.former_id)


def get_pipeline(txn: ReadTxn, pipeline_id: int) -> PipelineRow | None:
    return PIPELINES.get(txn, id_key(pipeline_id))


def pipeline_of(txn: ReadTxn, container: ContainerRow) -> PipelineRow | None:
    """That its blocks were written through."""
    return PIPELINES.get(txn, pipeline_key(container.pipeline_id, container.former_pipeline_id))


def note_pipeline(txn: CapturingTxn, row: PipelineRow) -> None:
    """Every change of a row goes through here, or through `forget_pipeline`."""
    PIPELINES.put(txn, key_of(row), row)
    put_integer(txn, PIPELINE_CHANGES, get_integer(txn, PIPELINE_CHANGES) + 1)


def forget_pipeline(txn: CapturingTxn, row: PipelineRow) -> None:
    PIPELINES.delete(txn, key_of(row))
    put_integer(txn, PIPELINE_CHANGES, get_integer(txn, PIPELINE_CHANGES) + 1)


class KnownPipelines:
    """All of them, read anew when one was changed: each heartbeat and each allocation asks."""

    def __init__(self) -> None:
        self._rows: dict[int, PipelineRow] = {}
        self._formers: list[PipelineRow] = []
        self._of_node: dict[str, list[PipelineRow]] = {}
        self._open: dict[Replication, list[PipelineRow]] = {}
        self._changes = -1

    def forget(self) -> None:
        """The state may be another one: changes that are counted there are not these."""
        self._changes = -1

    def read(self, txn: ReadTxn) -> Mapping[int, PipelineRow]:
        """By their ids. Not to be changed."""
        changes = get_integer(txn, PIPELINE_CHANGES)
        if changes != self._changes:
            rows = [row for _, row in PIPELINES.scan(txn, prefix=b"")]
            self._rows = {row.pipeline_id: row for row in rows if row.pipeline_id}
            self._formers = [row for row in rows if row.open and not row.pipeline_id]
            self._of_node, self._open = {}, {}
            for row in self._rows.values():
                for node_id in row.node_ids:
                    self._of_node.setdefault(node_id, []).append(row)
                if state_of(row) is PipelineState.OPEN:
                    self._open.setdefault(replication_of(row), []).append(row)
            self._changes = changes
        return self._rows

    def formers(self, txn: ReadTxn) -> list[PipelineRow]:
        """Under a name, and not closed yet."""
        self.read(txn)
        return self._formers

    def of_node(self, txn: ReadTxn, node_id: str) -> list[PipelineRow]:
        """Not to be changed."""
        self.read(txn)
        return self._of_node.get(node_id, [])

    def open_ones(self, txn: ReadTxn) -> Mapping[Replication, list[PipelineRow]]:
        """Not to be changed."""
        self.read(txn)
        return self._open


def replication_of(row: PipelineRow) -> Replication:
    """Of rows that do not say it: RATIS/ONE."""
    return Replication.of_proto(row.replication)


def writing(txn: ReadTxn) -> Iterator[PipelineRow]:
    """Those whose members are in their ring, or on their way into it."""
    for _, row in PIPELINES.scan(txn, prefix=b""):
        if row.pipeline_id and state_of(row) in WRITING:
            yield row


def is_at_home(
    txn: ReadTxn, container: ContainerRow, report: ContainerReport, node_id: str
) -> bool:
    """Whether a replica is one of this container. A node may have another container of the same id,
    from a state that this one is not: it came through another pipeline. Nothing of it counts, and
    nothing of it is deleted."""
    if container.pipeline_id and report.pipeline_id:
        return container.pipeline_id == report.pipeline_id
    pipeline = pipeline_of(txn, container)
    return pipeline is not None and node_id in pipeline.node_ids


def at_home(
    txn: ReadTxn, container: ContainerRow, reports: Mapping[str, ContainerReport]
) -> dict[str, ContainerReport]:
    """Of what nodes report under the container's id, what are replicas of it. See `is_at_home`."""
    return {
        node_id: report
        for node_id, report in reports.items()
        if is_at_home(txn, container, report, node_id)
    }


def ring_of(txn: ReadTxn, row: PipelineRow, node_id: str) -> Pipeline:
    """As it is told to a member: with those that are in one ring with it. Members of an
    erasure-coded pipeline have one each."""
    pipeline = addressed(txn, row)
    if replication_of(row).is_ec:
        own = [member for member in pipeline.datanodes if member.node_id == node_id]
        del pipeline.datanodes[:]
        pipeline.datanodes.extend(own)
    return pipeline


def addressed(txn: ReadTxn, row: PipelineRow) -> Pipeline:
    """As it is told to who writes through it: all members, in order."""
    pipeline = Pipeline(pipeline_id=row.pipeline_id, replication=replication_of(row).proto)
    for position, node_id in enumerate(row.node_ids):
        node = NODES.get(txn, node_id.encode())
        pipeline.datanodes.add(
            node_id=node_id,
            address="" if node is None else node.address,
            replica_index=replica_index_of(row, position),
        )
    return pipeline


def replica_index_of(pipeline: PipelineRow, position: int) -> int:
    """Of the replica that the member at a position holds; 0: a whole one."""
    indexes = pipeline.replica_indexes
    return indexes[position] if position < len(indexes) else 0


def volume_id_of(pipeline: PipelineRow, node_id: str) -> str:
    """Of the disk that holds a member's part of the ring; empty: the node chose it."""
    volumes = dict(zip(pipeline.node_ids, pipeline.volume_ids, strict=False))
    return volumes.get(node_id, "")
