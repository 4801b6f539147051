"""The SCM's commands that change rows of DataNodes."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common import logs
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.scm.nodes.states import ASKED, OPERATION_MOVES, Operation, move_operation
from trioxygen.metadata.scm.schema import DELETED_BLOCKS, NODES
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.replication_pb2 import WorkReply
from trioxygen.proto.v1.scm_pb2 import (
    MoveNodeOperation,
    NodeRow,
    PutNode,
    RemoveNode,
    ScmReply,
    SetNodeOperationReply,
    SetNodeOperationRequest,
)

log = logs.get(__name__)


def put_node(txn: CapturingTxn, command: PutNode, now: Now) -> ScmReply:
    node = NodeRow()
    node.CopyFrom(command.node)
    node.registered_ms = now.wall_ms
    known = NODES.get(txn, node.node_id.encode())
    if known is not None:
        # A node that comes back does not leave its decommissioning by that.
        node.operation, node.operation_since_ms = known.operation, known.operation_since_ms
        node.maintenance_until_ms = known.maintenance_until_ms
    NODES.put(txn, node.node_id.encode(), node)
    return ScmReply()


def set_node_operation(
    txn: CapturingTxn, command: SetNodeOperationRequest, now: Now
) -> SetNodeOperationReply | Refusal:
    """As an operator wants it. What is so already stays; the end of a maintenance may change."""
    row = NODES.get(txn, command.node_id.encode())
    if row is None:
        return Refusal(types_pb2.NO_SUCH_DATANODE, facts={"node": command.node_id})
    before, to = Operation(row.operation), Operation(command.operation)
    if to not in ASKED:
        return Refusal(
            types_pb2.INVALID_REQUEST,
            "this operation follows by itself, when its work is done",
            facts={"operation": to.name},
        )
    is_so = before in ASKED[to]
    if not is_so and to not in OPERATION_MOVES[before]:
        return Refusal(
            types_pb2.INVALID_REQUEST,
            "the DataNode is in another operation: recommission it first",
            facts={"node": command.node_id, "operation": before.name},
        )
    if not is_so:
        _move(row, to, now)
    if to is Operation.ENTERING_MAINTENANCE:
        until_ms = now.group_ms + command.maintenance_ms if command.maintenance_ms else 0
        row.maintenance_until_ms = until_ms
    NODES.put(txn, row.node_id.encode(), row)
    return SetNodeOperationReply(node=row)


def move_node_operation(txn: CapturingTxn, command: MoveNodeOperation, now: Now) -> ScmReply:
    row = NODES.get(txn, command.node_id.encode())
    if row is not None and row.operation == command.before:
        _move(row, Operation(command.to), now)
        NODES.put(txn, row.node_id.encode(), row)
    return ScmReply()


def _move(row: NodeRow, to: Operation, now: Now) -> None:
    before = Operation(row.operation)
    row.operation = move_operation(before, to).proto
    row.operation_since_ms = now.group_ms
    if not to.is_maintenance:
        row.maintenance_until_ms = 0
    log.info("datanode_operation", node=row.node_id, operation=to.name, before=before.name)


def remove_node(txn: CapturingTxn, command: RemoveNode, now: Now) -> WorkReply:
    """Nobody waits for what it has not confirmed; then it is not known any more."""
    changed = 0
    for key, row in list(DELETED_BLOCKS.scan(txn, prefix=b"")):
        if command.node_id not in row.waiting_node_ids:
            continue
        if changed == command.rows_max:
            return WorkReply(more=True)
        changed += 1
        row.waiting_node_ids.remove(command.node_id)
        if row.waiting_node_ids:
            DELETED_BLOCKS.put(txn, key, row)
        else:
            DELETED_BLOCKS.delete(txn, key)
    NODES.delete(txn, command.node_id.encode())
    log.info("datanode_removed", node=command.node_id)
    return WorkReply()


NODE_HANDLERS: Final[Mapping[type, Handler]] = {
    PutNode: put_node,
    SetNodeOperationRequest: set_node_operation,
    MoveNodeOperation: move_node_operation,
    RemoveNode: remove_node,
}
