"""Pipelines: DataNodes that take writes together. The id of one is that of its members' Raft group,
and is never given again.

Rows of before pipelines had numbers stand under a name. They take no writes any more."""

from collections.abc import Iterator, Mapping

from trioxygen.metadata.scm.schema import NODES, PIPELINES, id_key
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


def writing(txn: ReadTxn) -> Iterator[PipelineRow]:
    for _, row in PIPELINES.scan(txn, prefix=b""):
        if row.open and row.pipeline_id:
            yield row


def former_open(txn: ReadTxn) -> Iterator[PipelineRow]:
    """Under a name, and not closed yet."""
    for _, row in PIPELINES.scan(txn, prefix=b""):
        if row.open and not row.pipeline_id:
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


def addressed(txn: ReadTxn, row: PipelineRow) -> Pipeline:
    """As it is told to who writes through it, and to its members: all of them, in order."""
    pipeline = Pipeline(pipeline_id=row.pipeline_id)
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
