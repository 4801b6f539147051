"""The SCM's commands, run by its executor."""

from typing import Final

from trioxygen.common import logs
from trioxygen.metadata.execution import Handler, Now, Refusal, expire_retries, register_reply
from trioxygen.metadata.replicated_state import get_integer, put_integer
from trioxygen.metadata.scm.containers import may_move
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    DELETED_BLOCKS,
    LOCAL_SEQUENCE,
    NODES,
    OM_LAST_ID,
    PIPELINES,
    SEQUENCES,
    given_ids,
    id_key,
)
from trioxygen.metadata.state_dump import skipped, skipped_a_little
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import scm_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import ExpireRetries, WorkReply
from trioxygen.proto.v1.scm_pb2 import (
    AckDeletedBlocks,
    AdoptContainers,
    ContainerRow,
    DeleteBlocksReply,
    DeleteBlocksRequest,
    DeletedBlocksRow,
    NodeRow,
    NoteOmIds,
    OpenContainer,
    PutNode,
    PutPipeline,
    ReserveIds,
    ReserveIdsReply,
    ScmReply,
    SkipIds,
    UpdateContainers,
)
from trioxygen.proto.v1.types_pb2 import BlockRange

log = logs.get(__name__)

# A row goes to its nodes as one command.
_RANGES_IN_ROW_MAX: Final = 10_000
_OM_LINEAGE: Final = b"om_lineage"

register_reply(DeleteBlocksRequest, DeleteBlocksReply)


def handlers() -> dict[type, Handler]:
    return {
        ReserveIds: reserve_ids,
        SkipIds: skip_ids,
        NoteOmIds: note_om_ids,
        AdoptContainers: adopt_containers,
        PutNode: put_node,
        PutPipeline: put_pipeline,
        OpenContainer: open_container,
        UpdateContainers: update_containers,
        DeleteBlocksRequest: delete_blocks,
        AckDeletedBlocks: ack_deleted_blocks,
        ExpireRetries: expire_answers,
    }


def reserve_ids(txn: CapturingTxn, command: ReserveIds, now: Now) -> ReserveIdsReply:
    """A run of ids that nobody else gets. What is not used by a restart is skipped."""
    key = command.sequence.encode()
    value = txn.get(SEQUENCES, key)
    first = 1 if value is None else int.from_bytes(value, "big")
    txn.put(SEQUENCES, key, (first + command.count).to_bytes(8, "big"))
    return ReserveIdsReply(first=first)


def skip_ids(txn: CapturingTxn, command: SkipIds, now: Now) -> ScmReply:
    """What shows that ids were given of which this state does not know, shows not all of them:
    both sequences go on far behind, at a place that chance chooses."""
    _, given_local = given_ids(txn)
    given_container = now.last_id
    is_behind = command.container_id > given_container or command.local > given_local
    if not (is_behind or command.always):
        return ScmReply()
    skip = skipped if is_behind else skipped_a_little
    now.skip_ids(skip(max(given_container, command.container_id), now.rng))
    next_local = skip(max(given_local, command.local), now.rng) + 1
    txn.put(SEQUENCES, LOCAL_SEQUENCE, next_local.to_bytes(8, "big"))
    log.warning(
        "ids_skipped",
        had_container=command.container_id,
        had_local=command.local,
        given_container=given_container,
        given_local=given_local,
    )
    return ScmReply()


def note_om_ids(txn: CapturingTxn, command: NoteOmIds, now: Now) -> ScmReply:
    put_integer(txn, OM_LAST_ID, max(get_integer(txn, OM_LAST_ID), command.last_id))
    return ScmReply()


def adopt_containers(txn: CapturingTxn, command: AdoptContainers, now: Now) -> ScmReply | Refusal:
    """They can be found again. Nothing is added to them: who else writes there is not known."""
    pipeline = next(
        (row for _, row in PIPELINES.scan(txn, prefix=b"") if command.node_id in row.node_ids), None
    )
    if pipeline is None:
        return Refusal(types_pb2.NOT_ENOUGH_DATANODES, facts={"node": command.node_id})
    for reported in command.containers:
        key = id_key(reported.container_id)
        if CONTAINERS.exists(txn, key):
            continue
        row = ContainerRow(pipeline_id=pipeline.pipeline_id, created_ms=now.wall_ms)
        row.MergeFrom(reported)
        row.state = scm_pb2.CLOSING if reported.state == scm_pb2.OPEN else reported.state
        CONTAINERS.put(txn, key, row)
        now.skip_ids(row.container_id)
    return ScmReply()


def put_node(txn: CapturingTxn, command: PutNode, now: Now) -> ScmReply:
    node = NodeRow()
    node.CopyFrom(command.node)
    node.registered_ms = now.wall_ms
    known = NODES.get(txn, node.node_id.encode())
    if known is not None:
        # A node that comes back does not leave its decommissioning by that.
        node.operation = known.operation
    NODES.put(txn, node.node_id.encode(), node)
    return ScmReply()


def put_pipeline(txn: CapturingTxn, command: PutPipeline, now: Now) -> ScmReply:
    PIPELINES.put(txn, command.pipeline.pipeline_id.encode(), command.pipeline)
    return ScmReply()


def open_container(txn: CapturingTxn, command: OpenContainer, now: Now) -> ScmReply | Refusal:
    pipeline = PIPELINES.get(txn, command.pipeline_id.encode())
    if pipeline is None or not pipeline.open:
        return Refusal(types_pb2.NOT_ENOUGH_DATANODES, facts={"pipeline": command.pipeline_id})
    container = ContainerRow(
        container_id=now.next_id(),
        state=scm_pb2.OPEN,
        pipeline_id=command.pipeline_id,
        created_ms=now.wall_ms,
    )
    CONTAINERS.put(txn, id_key(container.container_id), container)
    return ScmReply(container_id=container.container_id)


def update_containers(txn: CapturingTxn, command: UpdateContainers, now: Now) -> ScmReply:
    """What reports said. A state that cannot follow the stored one is an old report: its sizes
    count, it does not."""
    for reported in command.containers:
        row = CONTAINERS.get(txn, id_key(reported.container_id))
        if row is None:
            continue
        if may_move(row.state, reported.state):
            row.state = reported.state
        row.used_bytes, row.block_count = reported.used_bytes, reported.block_count
        CONTAINERS.put(txn, id_key(row.container_id), row)
    return ScmReply()


def delete_blocks(txn: CapturingTxn, command: DeleteBlocksRequest, now: Now) -> DeleteBlocksReply:
    """A transaction for each pipeline, or several, confirmed by each of its nodes."""
    _follow_om(txn, command.om_lineage)
    by_pipeline: dict[str, list[BlockRange]] = {}
    for blocks in command.blocks:
        container = CONTAINERS.get(txn, id_key(blocks.container))
        if container is not None:
            by_pipeline.setdefault(container.pipeline_id, []).append(blocks)
    for pipeline_id, ranges in by_pipeline.items():
        pipeline = PIPELINES.get(txn, pipeline_id.encode())
        assert pipeline is not None, f"container of a pipeline that is not there: {pipeline_id}"
        for first in range(0, len(ranges), _RANGES_IN_ROW_MAX):
            row = DeletedBlocksRow(
                transaction_id=now.next_id(),
                blocks=ranges[first : first + _RANGES_IN_ROW_MAX],
                waiting_node_ids=pipeline.node_ids,
                om_lineage=command.om_lineage,
            )
            DELETED_BLOCKS.put(txn, id_key(row.transaction_id), row)
    return DeleteBlocksReply()


def _follow_om(txn: CapturingTxn, lineage: int) -> None:
    """An OM that was loaded from a dump may refer to what its former self let go: deletions that
    wait are forgotten, and their blocks left where they are."""
    if get_integer(txn, _OM_LINEAGE) == lineage:
        return
    put_integer(txn, _OM_LINEAGE, lineage)
    rows = list(DELETED_BLOCKS.scan(txn, prefix=b""))
    former = [row for _, row in rows if row.om_lineage != lineage]
    for row in former:
        DELETED_BLOCKS.delete(txn, id_key(row.transaction_id))
    blocks = sum(one.count for row in former for one in row.blocks)
    log.warning("om_was_put_back", lineage=lineage, deletions_forgotten=blocks)


def ack_deleted_blocks(txn: CapturingTxn, command: AckDeletedBlocks, now: Now) -> ScmReply:
    for transaction_id in command.transaction_ids:
        row = DELETED_BLOCKS.get(txn, id_key(transaction_id))
        if row is None or command.node_id not in row.waiting_node_ids:
            continue
        row.waiting_node_ids.remove(command.node_id)
        if row.waiting_node_ids:
            DELETED_BLOCKS.put(txn, id_key(transaction_id), row)
        else:
            DELETED_BLOCKS.delete(txn, id_key(transaction_id))
    return ScmReply()


def expire_answers(txn: CapturingTxn, command: ExpireRetries, now: Now) -> WorkReply:
    more = expire_retries(
        txn, answered_before_ms=command.answered_before_ms, rows_max=command.rows_max
    )
    return WorkReply(more=more)
