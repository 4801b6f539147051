"""What the leader writes down of containers that it looks after, run by the executor."""

from typing import Final

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.replication.batch import Handler, Now
from trioxygen.metadata.scm.orphans.foreign_ids import add_foreign_ids
from trioxygen.metadata.scm.pipelines.commands import no_longer_open
from trioxygen.metadata.scm.schema import CONTAINERS, DELETED_BLOCKS, NODES, id_key
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    AwaitDeletions,
    ContainerRow,
    DropContainer,
    MoveContainers,
    ScmReply,
)

log = logs.get(__name__)

# From which states a row goes on to another; the last is no row at all.
_FROM: Final = {
    ContainerState.CLOSING: frozenset({ContainerState.OPEN}),
    ContainerState.DELETING: frozenset({ContainerState.CLOSED}),
    # One that was never written has no replica to be deleted.
    ContainerState.DELETED: frozenset({ContainerState.DELETING, ContainerState.CLOSING}),
}


def handlers() -> dict[type, Handler]:
    return {
        MoveContainers: move_containers,
        DropContainer: drop_container,
        AwaitDeletions: await_deletions,
    }


def may_go(row: ContainerRow, to: ContainerState) -> bool:
    """What has blocks is not deleted, whatever was seen when that was decided."""
    if ContainerState(row.state) not in _FROM.get(to, frozenset()):
        return False
    return to is ContainerState.CLOSING or not row.block_count


def move_containers(txn: CapturingTxn, command: MoveContainers, now: Now) -> ScmReply:
    to = ContainerState(command.to)
    moved: list[int] = []
    for container_id in command.container_ids:
        row = CONTAINERS.get(txn, id_key(container_id))
        if row is None or not may_go(row, to):
            continue
        moved.append(container_id)
        if row.state == scm_pb2.OPEN:
            no_longer_open(txn, row)
        if to is ContainerState.DELETED:
            CONTAINERS.delete(txn, id_key(container_id))
            if ContainerState(row.state) is ContainerState.CLOSING:
                # Never written, as far as it is known: what is reported yet is adopted.
                add_foreign_ids(txn, container_id, container_id)
        else:
            row.state = to.proto
            CONTAINERS.put(txn, id_key(container_id), row)
    if moved:
        log.info("containers_moved", to=to.name, count=len(moved), first=moved[0])
    return ScmReply()


def drop_container(txn: CapturingTxn, command: DropContainer, now: Now) -> ScmReply:
    """Should one of its replicas come back after all, it is adopted from its report."""
    row = CONTAINERS.get(txn, id_key(command.container_id))
    if row is not None:
        if row.state == scm_pb2.OPEN:
            no_longer_open(txn, row)
        CONTAINERS.delete(txn, id_key(command.container_id))
        add_foreign_ids(txn, command.container_id, command.container_id)
        log.warning(
            "container_forgotten",
            container=row.container_id,
            size_bytes=row.used_bytes,
            blocks=row.block_count,
        )
    return ScmReply()


def await_deletions(txn: CapturingTxn, command: AwaitDeletions, now: Now) -> ScmReply:
    """Of those that have come to their end meanwhile, all who were waited for have deleted what was
    to be deleted: no copy has it."""
    if not NODES.exists(txn, command.node_id.encode()):
        return ScmReply()
    for transaction_id in command.transaction_ids:
        row = DELETED_BLOCKS.get(txn, id_key(transaction_id))
        if row is not None and command.node_id not in row.waiting_node_ids:
            row.waiting_node_ids.append(command.node_id)
            DELETED_BLOCKS.put(txn, id_key(transaction_id), row)
    return ScmReply()
