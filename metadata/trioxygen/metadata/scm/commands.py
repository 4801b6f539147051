"""The SCM's commands, run by its executor."""

from collections.abc import Iterable
from typing import Final

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState, move
from trioxygen.metadata.replication.batch import Handler, Now
from trioxygen.metadata.replication.dump import skipped, skipped_a_little
from trioxygen.metadata.replication.state import get_integer, put_integer
from trioxygen.metadata.scm.balancer import commands as balancer_commands
from trioxygen.metadata.scm.containers.containers import moves_to
from trioxygen.metadata.scm.nodes.commands import NODE_HANDLERS
from trioxygen.metadata.scm.orphans import commands as orphan_commands
from trioxygen.metadata.scm.orphans.foreign_ids import add_foreign_ids
from trioxygen.metadata.scm.pipelines.commands import PIPELINE_HANDLERS, no_longer_open
from trioxygen.metadata.scm.pipelines.pipelines import get_pipeline, note_pipeline, pipeline_of
from trioxygen.metadata.scm.pipelines.state import WRITING, state_of
from trioxygen.metadata.scm.replication import commands as container_commands
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
from trioxygen.metadata.scm.token_keys import TOKEN_KEY_HANDLERS
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    AckDeletedBlocks,
    AdoptContainers,
    ContainerHolders,
    ContainerRow,
    DeleteBlocksReply,
    DeleteBlocksRequest,
    DeletedBlocksRow,
    NoteOmIds,
    PipelineRow,
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


def handlers() -> dict[type, Handler]:
    return {
        ReserveIds: reserve_ids,
        SkipIds: skip_ids,
        NoteOmIds: note_om_ids,
        AdoptContainers: adopt_containers,
        **NODE_HANDLERS,
        **PIPELINE_HANDLERS,
        UpdateContainers: update_containers,
        DeleteBlocksRequest: delete_blocks,
        AckDeletedBlocks: ack_deleted_blocks,
        **container_commands.handlers(),
        **balancer_commands.handlers(),
        **TOKEN_KEY_HANDLERS,
        **orphan_commands.handlers(),
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
    add_foreign_ids(txn, given_container + 1, now.last_id)
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


def adopt_containers(txn: CapturingTxn, command: AdoptContainers, now: Now) -> ScmReply:
    """They can be found again. Nothing is added to them: who else writes there is not known."""
    for reported in command.containers:
        key = id_key(reported.container_id)
        if CONTAINERS.exists(txn, key):
            continue
        pipeline = _adopted_pipeline(txn, reported.pipeline_id, command.node_id, now)
        row = ContainerRow(created_ms=now.wall_ms)
        row.MergeFrom(reported)
        row.pipeline_id, row.former_pipeline_id = pipeline.pipeline_id, pipeline.former_id
        if pipeline.HasField("replication"):
            row.replication.CopyFrom(pipeline.replication)
        if row.state == scm_pb2.OPEN:
            row.state = move(ContainerState.OPEN, ContainerState.CLOSING).proto
        CONTAINERS.put(txn, key, row)
        given = now.last_id
        now.skip_ids(max(row.container_id, row.pipeline_id))
        add_foreign_ids(txn, given + 1, now.last_id)
    return ScmReply()


def _adopted_pipeline(txn: CapturingTxn, pipeline_id: int, node_id: str, now: Now) -> PipelineRow:
    """That a container came through which the state does not know: one that takes no writes. A
    container of before pipelines had numbers does not say which: any of its node's."""
    if not pipeline_id:
        for _, row in PIPELINES.scan(txn, prefix=b""):
            if node_id in row.node_ids:
                return row
        pipeline_id = now.next_id()
    pipeline = get_pipeline(txn, pipeline_id) or PipelineRow(pipeline_id=pipeline_id)
    if state_of(pipeline) not in WRITING and node_id not in pipeline.node_ids:
        pipeline.node_ids.append(node_id)
        pipeline.containers_opened = max(1, pipeline.containers_opened)
        note_pipeline(txn, pipeline)
    return pipeline


def update_containers(txn: CapturingTxn, command: UpdateContainers, now: Now) -> ScmReply:
    """What reports said. A state that cannot follow the stored one is an old report: its sizes
    count, it does not."""
    for reported in command.containers:
        row = CONTAINERS.get(txn, id_key(reported.container_id))
        if row is None:
            continue
        if moves_to(row.state, reported.state):
            if row.state == scm_pb2.OPEN:
                no_longer_open(txn, row)
            row.state = reported.state
        row.used_bytes, row.block_count = reported.used_bytes, reported.block_count
        row.commit_sequence = max(row.commit_sequence, reported.commit_sequence)
        CONTAINERS.put(txn, id_key(row.container_id), row)
    return ScmReply()


def delete_blocks(txn: CapturingTxn, command: DeleteBlocksRequest, now: Now) -> DeleteBlocksReply:
    _follow_om(txn, command.om_lineage)
    like = DeletedBlocksRow(om_lineage=command.om_lineage)
    put_deletions(txn, command.blocks, command.holders, like, now)
    return DeleteBlocksReply()


def put_deletions(
    txn: CapturingTxn,
    ranges: Iterable[BlockRange],
    holders: Iterable[ContainerHolders],
    like: DeletedBlocksRow,
    now: Now,
) -> None:
    """A transaction for all blocks that the same nodes hold, or several, confirmed by each.

    Args: like: what their rows have in common."""
    reported = {held.container_id: set(held.node_ids) for held in holders}
    by_nodes: dict[tuple[str, ...], list[BlockRange]] = {}
    for blocks in ranges:
        container = CONTAINERS.get(txn, id_key(blocks.container))
        # Who lets go of blocks lets go of its own: containers have one owner.
        if container is not None and bool(container.namespace_id) == like.of_namespace:
            nodes = _holders(txn, container, reported.get(blocks.container, set()))
            if nodes:
                by_nodes.setdefault(nodes, []).append(blocks)
    for nodes, held in by_nodes.items():
        for first in range(0, len(held), _RANGES_IN_ROW_MAX):
            row = DeletedBlocksRow(
                transaction_id=now.next_id(),
                blocks=held[first : first + _RANGES_IN_ROW_MAX],
                waiting_node_ids=nodes,
                taken_ms=now.group_ms,
            )
            row.MergeFrom(like)
            DELETED_BLOCKS.put(txn, id_key(row.transaction_id), row)


def _holders(txn: CapturingTxn, container: ContainerRow, reported: set[str]) -> tuple[str, ...]:
    """As reports say. Where they are fewer than it was written to, the others may be silent, or
    about to report it for the first time. A node that was removed confirms nothing any more."""
    pipeline = pipeline_of(txn, container)
    assert pipeline is not None, f"a container of no pipeline: {container.container_id}"
    members = set(pipeline.node_ids)
    holders = reported if len(reported) >= len(members) else reported | members
    return tuple(sorted(each for each in holders if NODES.exists(txn, each.encode())))


def _follow_om(txn: CapturingTxn, lineage: int) -> None:
    """An OM that was loaded from a dump may refer to what its former self let go: deletions that
    wait are forgotten, and their blocks left where they are."""
    if get_integer(txn, _OM_LINEAGE) == lineage:
        return
    put_integer(txn, _OM_LINEAGE, lineage)
    rows = list(DELETED_BLOCKS.scan(txn, prefix=b""))
    former = [row for _, row in rows if row.om_lineage != lineage and not row.of_namespace]
    for row in former:
        DELETED_BLOCKS.delete(txn, id_key(row.transaction_id))
    blocks = sum(block.count for row in former for block in row.blocks)
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
