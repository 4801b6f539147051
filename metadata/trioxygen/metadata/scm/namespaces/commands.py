"""Commands on namespaces as such: made, deleted, and what is left of them taken away."""

from itertools import islice

from trioxygen.common.container_state import ContainerState, move
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now, Refusal
from trioxygen.metadata.scm.namespaces.access import namespace_for
from trioxygen.metadata.scm.namespaces.config import NamespaceLimits
from trioxygen.metadata.scm.namespaces.held_blocks import HeldBlocks
from trioxygen.metadata.scm.namespaces.keys import held_block, name_key
from trioxygen.metadata.scm.pipelines.commands import no_longer_open
from trioxygen.metadata.scm.pipelines.pipelines import writing
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    DELETED_NAMESPACES,
    NAMESPACE_BLOCKS,
    NAMESPACE_LEASES,
    NAMESPACES,
    id_key,
)
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1 import scm_pb2, types_pb2
from trioxygen.proto.v1.replication_pb2 import WorkReply


class NamespaceCommands:
    def __init__(self, held: HeldBlocks, limits: NamespaceLimits) -> None:
        self._held, self._limits = held, limits

    def handlers(self) -> dict[type, Handler]:
        return {
            namespaces.CreateNamespaceRequest: self.create,
            namespaces.DeleteNamespaceRequest: self.delete,
            namespaces.PurgeNamespace: self.purge,
        }

    def create(
        self, txn: CapturingTxn, command: namespaces.CreateNamespaceRequest, now: Now
    ) -> namespaces.CreateNamespaceReply | Refusal:
        owner = command.owner or command.caller
        if command.caller and owner != command.caller:
            facts = {"owner": owner, "caller": command.caller}
            return Refusal(types_pb2.CALLER_NOT_ALLOWED, "not for another client", facts)
        if NAMESPACES.exists(txn, name_key(command.name)):
            facts = {"namespace": command.name}
            return Refusal(types_pb2.NAMESPACE_ALREADY_EXISTS, facts=facts)
        most = self._limits.namespaces_max
        if sum(1 for _ in islice(txn.scan(NAMESPACES.table, prefix=b""), most)) >= most:
            return Refusal(types_pb2.TOO_MANY_NAMESPACES, facts={"namespaces_max": str(most)})
        row = namespaces.NamespaceRow(
            namespace_id=now.next_id(),
            name=command.name,
            owner=owner,
            replication=command.replication,
            created_ms=now.wall_ms,
            blocks_max=command.blocks_max,
            bytes_max=command.bytes_max,
        )
        NAMESPACES.put(txn, name_key(row.name), row)
        return namespaces.CreateNamespaceReply(namespace=row)

    def delete(
        self, txn: CapturingTxn, command: namespaces.DeleteNamespaceRequest, now: Now
    ) -> namespaces.DeleteNamespaceReply | Refusal:
        """Its name is free at once; its blocks and leases go piece by piece."""
        row = namespace_for(txn, command.name, command.caller)
        if isinstance(row, Refusal):
            return row
        if row.blocks and not command.force:
            facts = {"namespace": row.name, "blocks": str(row.blocks)}
            return Refusal(types_pb2.NAMESPACE_NOT_EMPTY, facts=facts)
        NAMESPACES.delete(txn, name_key(row.name))
        deleted = namespaces.DeletedNamespaceRow(name=row.name, bytes=row.bytes)
        DELETED_NAMESPACES.put(txn, id_key(row.namespace_id), deleted)
        return namespaces.DeleteNamespaceReply()

    def purge(self, txn: CapturingTxn, command: namespaces.PurgeNamespace, now: Now) -> WorkReply:
        """Up to rows_max rows of what a deleted namespace left behind; its own row last."""
        bytes_before = txn.size_bytes
        namespace_id, left = command.namespace_id, command.rows_max
        prefix = id_key(namespace_id)
        # Blocks first: a lease that ends looks at what is committed of it.
        rows = list(islice(NAMESPACE_BLOCKS.scan(txn, prefix=prefix), left))
        for key, _ in rows:
            NAMESPACE_BLOCKS.delete(txn, key)
        blocks = [(held_block(key), row.length_bytes) for key, row in rows]
        self._held.let_go(txn, namespace_id, blocks, now, was_visible=True)
        _count_let_go(txn, namespace_id, sum(size_bytes for _, size_bytes in blocks))
        left -= len(rows)
        for key, _ in list(islice(txn.scan(NAMESPACE_LEASES.table, prefix=prefix), left)):
            self._held.end_lease(txn, key, now)
            left -= 1
            # Each may have as many runs of blocks that go as it has blocks.
            if txn.size_bytes - bytes_before >= CHANGED_AT_ONCE_BYTES:
                return WorkReply(more=True)
        if left <= 0:
            return WorkReply(more=True)
        _close_containers(txn, namespace_id)
        DELETED_NAMESPACES.delete(txn, prefix)
        return WorkReply()


def _count_let_go(txn: CapturingTxn, namespace_id: int, size_bytes: int) -> None:
    key = id_key(namespace_id)
    row = DELETED_NAMESPACES.get(txn, key)
    if row is not None and row.bytes:
        row.bytes = max(0, row.bytes - size_bytes)
        DELETED_NAMESPACES.put(txn, key, row)


def _close_containers(txn: CapturingTxn, namespace_id: int) -> None:
    """Nobody writes there any more: when they are closed and empty they are deleted."""
    for pipeline in list(writing(txn)):
        for container_id in list(pipeline.open_container_ids):
            row = CONTAINERS.get(txn, id_key(container_id))
            if row is None or row.namespace_id != namespace_id or row.state != scm_pb2.OPEN:
                continue
            no_longer_open(txn, row)
            row.state = move(ContainerState.OPEN, ContainerState.CLOSING).proto
            CONTAINERS.put(txn, id_key(container_id), row)
