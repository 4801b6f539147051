"""Pipelines: DataNodes that take writes together. The id of one is that of its members' Raft group,
and is never given again.

Rows of before pipelines had numbers stand under a name. They take no writes any more."""

from collections.abc import Iterator, Mapping
from typing import Final

from trioxygen.common.replication import Replication
from trioxygen.metadata.replication.state import META, get_integer, put_integer
from trioxygen.metadata.scm.pipelines.state import WRITING, state_of
from trioxygen.metadata.scm.schema import (
    NODES,
    PIPELINE_CHANGES,
    PIPELINES,
    PIPELINES_CHANGED,
    id_key,
)
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import ContainerReport, ContainerRow, PipelineRow
from trioxygen.proto.v1.types_pb2 import Pipeline

_ID_BYTES: Final = 8
_CHANGES_NAMED_MAX: Final = 32


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
    _count_change(txn, row)


def forget_pipeline(txn: CapturingTxn, row: PipelineRow) -> None:
    PIPELINES.delete(txn, key_of(row))
    _count_change(txn, row)


def _count_change(txn: CapturingTxn, row: PipelineRow) -> None:
    """And which it was, of the last ones: who knows the others looks at these alone."""
    changes = get_integer(txn, PIPELINE_CHANGES)
    put_integer(txn, PIPELINE_CHANGES, changes + 1)
    last = (txn.get(META, PIPELINES_CHANGED) or b"")[_ID_BYTES:]
    # Those of before they were named here are not known.
    last = last if _counted(txn) == changes else b""
    last = (last + id_key(row.pipeline_id))[-_CHANGES_NAMED_MAX * _ID_BYTES :]
    txn.put(META, PIPELINES_CHANGED, id_key(changes + 1) + last)


def _counted(txn: ReadTxn) -> int:
    """The change that was named last."""
    return int.from_bytes((txn.get(META, PIPELINES_CHANGED) or b"")[:_ID_BYTES], "big")


def changes_of(txn: ReadTxn) -> int:
    """How often rows have been changed."""
    return get_integer(txn, PIPELINE_CHANGES)


def changed_since(txn: ReadTxn, before: int) -> set[int] | None:
    """Ids of pipelines that have changed since there were so many changes. None: it is not known,
    there were too many."""
    value = txn.get(META, PIPELINES_CHANGED) or b""
    counted, last = int.from_bytes(value[:_ID_BYTES], "big"), value[_ID_BYTES:]
    count = changes_of(txn) - before
    if counted != changes_of(txn) or not 0 <= count * _ID_BYTES <= len(last):
        return None
    named = last[len(last) - count * _ID_BYTES :]
    ids = {
        int.from_bytes(named[at : at + _ID_BYTES], "big") for at in range(0, len(named), _ID_BYTES)
    }
    # One that has only a name.
    return None if 0 in ids else ids


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
    """All members, in order."""
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
