"""The SCM's commands that change pipelines, and open containers in them."""

from collections.abc import Iterable, Mapping
from typing import Final

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.container_state import move as move_container
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.scm.pipelines.pipelines import (
    forget_pipeline,
    get_pipeline,
    note_pipeline,
    pipeline_key,
)
from trioxygen.metadata.scm.pipelines.state import PipelineState, may_move, move, state_of
from trioxygen.metadata.scm.schema import CONTAINERS, PIPELINES, id_key
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import scm_pb2, types_pb2
from trioxygen.proto.v1.scm_pb2 import (
    ClosePipeline,
    ContainerRow,
    MovePipeline,
    OpenContainer,
    PipelineRow,
    PutPipeline,
    RemovePipeline,
    ScmReply,
)

log = logs.get(__name__)


def put_pipeline(txn: CapturingTxn, command: PutPipeline, now: Now) -> ScmReply:
    """The ids of pipelines and of containers are of one sequence: what keeps the one from being
    given twice keeps the other."""
    pipeline = PipelineRow()
    pipeline.CopyFrom(command.pipeline)
    pipeline.pipeline_id, pipeline.created_ms = now.next_id(), now.group_ms
    pipeline.state, pipeline.open = PipelineState.ALLOCATED.proto, False
    note_pipeline(txn, pipeline)
    return ScmReply(pipeline_id=pipeline.pipeline_id)


def move_pipeline(txn: CapturingTxn, command: MovePipeline, now: Now) -> ScmReply:
    """What is not so any more is not done: several may have seen the same."""
    pipeline = get_pipeline(txn, command.pipeline_id)
    to = PipelineState(command.to)
    if pipeline is None or not may_move(pipeline, to):
        return ScmReply()
    if pipeline.state == scm_pb2.PIPELINE_STATE_UNSPECIFIED:
        pipeline.containers_opened = max(1, pipeline.containers_opened)
    move(pipeline, to)
    note_pipeline(txn, pipeline)
    log.info("pipeline_moved", pipeline=command.pipeline_id, to=to.name)
    return ScmReply()


def close_pipeline(txn: CapturingTxn, command: ClosePipeline, now: Now) -> ScmReply:
    key = pipeline_key(command.pipeline_id, command.former_id)
    pipeline = PIPELINES.get(txn, key)
    if pipeline is None:
        return ScmReply()
    state = state_of(pipeline)
    if state is PipelineState.OPEN:
        _close_containers(txn, _open_containers(txn, pipeline))
        if pipeline.pipeline_id:
            # Which containers it had is not known of one of before they were counted.
            pipeline.containers_opened = max(1, pipeline.containers_opened)
            move(pipeline, PipelineState.CLOSING)
            del pipeline.open_container_ids[:]
        pipeline.open = False
    elif state is PipelineState.ALLOCATED:
        move(pipeline, PipelineState.CLOSED)
    else:
        return ScmReply()
    note_pipeline(txn, pipeline)
    log.info("pipeline_closed", pipeline=command.pipeline_id or command.former_id)
    return ScmReply()


def _open_containers(txn: ReadTxn, pipeline: PipelineRow) -> list[ContainerRow]:
    if pipeline.state != scm_pb2.PIPELINE_STATE_UNSPECIFIED:
        rows = (CONTAINERS.get(txn, id_key(id_)) for id_ in pipeline.open_container_ids)
        return [row for row in rows if row is not None and row.state == scm_pb2.OPEN]
    key = pipeline_key(pipeline.pipeline_id, pipeline.former_id)
    return [
        row
        for _, row in CONTAINERS.scan(txn, prefix=b"")
        if row.state == scm_pb2.OPEN
        and pipeline_key(row.pipeline_id, row.former_pipeline_id) == key
    ]


def _close_containers(txn: CapturingTxn, rows: Iterable[ContainerRow]) -> None:
    for row in rows:
        row.state = move_container(ContainerState.OPEN, ContainerState.CLOSING).proto
        CONTAINERS.put(txn, id_key(row.container_id), row)


def remove_pipeline(txn: CapturingTxn, command: RemovePipeline, now: Now) -> ScmReply:
    pipeline = get_pipeline(txn, command.pipeline_id)
    if pipeline is None or pipeline.containers_opened:
        return ScmReply()
    if state_of(pipeline) is PipelineState.CLOSED:
        forget_pipeline(txn, pipeline)
    return ScmReply()


def open_container(txn: CapturingTxn, command: OpenContainer, now: Now) -> ScmReply | Refusal:
    pipeline = get_pipeline(txn, command.pipeline_id)
    if pipeline is None or state_of(pipeline) is not PipelineState.OPEN:
        facts = {"pipeline": str(command.pipeline_id)}
        return Refusal(types_pb2.PIPELINE_NOT_READY, facts=facts)
    container = ContainerRow(
        container_id=now.next_id(),
        state=scm_pb2.OPEN,
        pipeline_id=command.pipeline_id,
        created_ms=now.wall_ms,
        namespace_id=command.namespace_id,
    )
    if pipeline.HasField("replication"):
        container.replication.CopyFrom(pipeline.replication)
    CONTAINERS.put(txn, id_key(container.container_id), container)
    pipeline.containers_opened += 1
    if pipeline.state != scm_pb2.PIPELINE_STATE_UNSPECIFIED:
        pipeline.open_container_ids.append(container.container_id)
    note_pipeline(txn, pipeline)
    return ScmReply(container_id=container.container_id)


def no_longer_open(txn: CapturingTxn, container: ContainerRow) -> None:
    """A container of it was OPEN, and is something else now."""
    pipeline = get_pipeline(txn, container.pipeline_id)
    if pipeline is not None and container.container_id in pipeline.open_container_ids:
        pipeline.open_container_ids.remove(container.container_id)
        note_pipeline(txn, pipeline)


PIPELINE_HANDLERS: Final[Mapping[type, Handler]] = {
    PutPipeline: put_pipeline,
    MovePipeline: move_pipeline,
    ClosePipeline: close_pipeline,
    RemovePipeline: remove_pipeline,
    OpenContainer: open_container,
}
