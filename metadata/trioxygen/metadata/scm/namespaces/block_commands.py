"""Commands on a namespace's leases and blocks."""

from itertools import islice

from trioxygen.metadata.leases.rows import holds, is_collected
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now, Refusal
from trioxygen.metadata.scm.commands import put_deletions
from trioxygen.metadata.scm.namespaces.access import namespace_for
from trioxygen.metadata.scm.namespaces.config import NamespaceLimits
from trioxygen.metadata.scm.namespaces.held_blocks import HeldBlocks, unheld
from trioxygen.metadata.scm.namespaces.keys import held_key, lease_key, name_key
from trioxygen.metadata.scm.schema import (
    GARBAGE,
    NAMESPACE_BLOCKS,
    NAMESPACE_LEASES,
    NAMESPACES,
    id_key,
)
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.namespaces_pb2 import (
    BlockToCommit,
    NamespaceBlockRow,
    NamespaceLeaseRow,
    NamespaceRow,
)
from trioxygen.proto.v1.replication_pb2 import WorkReply
from trioxygen.proto.v1.scm_pb2 import CollectNamespaceGarbage, DeletedBlocksRow, ScmReply
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange


class BlockCommands:
    def __init__(self, held: HeldBlocks, limits: NamespaceLimits) -> None:
        self._held, self._limits = held, limits

    def handlers(self) -> dict[type, Handler]:
        return {
            namespaces.GrantNamespaceLease: self.grant,
            namespaces.RenewNamespaceLeasesRequest: self.renew,
            namespaces.ReleaseNamespaceLeasesRequest: self.release,
            namespaces.ExpireNamespaceLeases: self.expire,
            namespaces.CommitNamespaceBlocksRequest: self.commit,
            namespaces.DeleteNamespaceBlocksRequest: self.delete,
            CollectNamespaceGarbage: self.collect_garbage,
        }

    def grant(
        self, txn: CapturingTxn, command: namespaces.GrantNamespaceLease, now: Now
    ) -> namespaces.LeaseNamespaceBlocksReply | Refusal:
        row = namespace_for(txn, command.namespace, command.caller)
        if isinstance(row, Refusal):
            return row
        if row.namespace_id != command.namespace_id:
            return Refusal(types_pb2.NO_SUCH_NAMESPACE, facts={"namespace": row.name})
        most, prefix = self._limits.leases_max, id_key(row.namespace_id)
        if sum(1 for _ in islice(txn.scan(NAMESPACE_LEASES.table, prefix=prefix), most)) >= most:
            facts = {"namespace": row.name, "leases_max": str(most)}
            return Refusal(types_pb2.OVERLOADED, "too many leases", facts)
        lease_id, blocks = now.next_id(), command.blocks
        duration_ms = self._limits.lease_duration_ms
        lease = NamespaceLeaseRow(
            container=blocks.container,
            first_local=blocks.first_local,
            count=blocks.count,
            expires_ms=now.group_ms + duration_ms,
            client_id=command.client_id,
        )
        NAMESPACE_LEASES.put(txn, lease_key(row.namespace_id, lease_id), lease)
        return namespaces.LeaseNamespaceBlocksReply(
            lease_id=lease_id,
            blocks=blocks,
            pipeline=command.pipeline,
            other_pipelines=command.other_pipelines,
            duration_ms=duration_ms,
        )

    def renew(
        self, txn: CapturingTxn, command: namespaces.RenewNamespaceLeasesRequest, now: Now
    ) -> namespaces.RenewNamespaceLeasesReply | Refusal:
        row = namespace_for(txn, command.namespace, command.caller)
        if isinstance(row, Refusal):
            return row
        reply = namespaces.RenewNamespaceLeasesReply()
        for lease_id in command.lease_ids:
            key = lease_key(row.namespace_id, lease_id)
            lease = NAMESPACE_LEASES.get(txn, key)
            if lease is None or lease.client_id != command.client_id:
                reply.lost.append(lease_id)
                continue
            lease.expires_ms = now.group_ms + self._limits.lease_duration_ms
            NAMESPACE_LEASES.put(txn, key, lease)
        return reply

    def release(
        self, txn: CapturingTxn, command: namespaces.ReleaseNamespaceLeasesRequest, now: Now
    ) -> namespaces.ReleaseNamespaceLeasesReply | Refusal:
        row = namespace_for(txn, command.namespace, command.caller)
        if isinstance(row, Refusal):
            return row
        bytes_before = txn.size_bytes
        for lease_id in command.lease_ids:
            key = lease_key(row.namespace_id, lease_id)
            lease = NAMESPACE_LEASES.get(txn, key)
            if lease is None or lease.client_id != command.client_id:
                continue
            if txn.size_bytes - bytes_before < CHANGED_AT_ONCE_BYTES:
                self._held.end_lease(txn, key, now)
            else:
                # As in the OM: `expire` goes on, piece by piece.
                lease.expires_ms = now.group_ms
                NAMESPACE_LEASES.put(txn, key, lease)
        dropped = (
            (block, 0)
            for block in command.blocks
            if not _is_committed(txn, row.namespace_id, block)
        )
        self._held.let_go(
            txn, row.namespace_id, dropped, now, was_visible=False, client_id=command.client_id
        )
        return namespaces.ReleaseNamespaceLeasesReply()

    def expire(
        self, txn: CapturingTxn, command: namespaces.ExpireNamespaceLeases, now: Now
    ) -> WorkReply:
        bytes_before = txn.size_bytes
        for key in command.row_keys:
            lease = NAMESPACE_LEASES.get(txn, key)
            # It may have been renewed since the worker looked.
            if lease is not None and lease.expires_ms <= now.group_ms:
                self._held.end_lease(txn, key, now)
            if txn.size_bytes - bytes_before >= CHANGED_AT_ONCE_BYTES:
                return WorkReply(more=True)
        return WorkReply()

    def commit(
        self, txn: CapturingTxn, command: namespaces.CommitNamespaceBlocksRequest, now: Now
    ) -> namespaces.CommitNamespaceBlocksReply | Refusal:
        """What is committed already, as it is asked for, is no error: a client may ask again when
        its first answer is not kept any more."""
        row = namespace_for(txn, command.namespace, command.caller)
        if isinstance(row, Refusal):
            return row
        new: dict[bytes, tuple[int, BlockToCommit]] = {}
        for place, block in enumerate(command.blocks):
            key = held_key(row.namespace_id, block.id.container, block.id.local)
            before = NAMESPACE_BLOCKS.get(txn, key)
            if before is None:
                refusal = _leased(txn, row, block)
                if refusal is not None:
                    return refusal
                new[key] = (place, block)
            elif (before.length_bytes, before.tag) != (block.length_bytes, block.tag):
                facts = {"container": str(block.id.container), "local": str(block.id.local)}
                return Refusal(types_pb2.BLOCK_EXISTS, "committed with other bytes", facts)
        row.blocks += len(new)
        row.bytes += sum(block.length_bytes for _, block in new.values())
        if refusal := _over_limits(row):
            return refusal
        for key, (place, block) in new.items():
            committed = NamespaceBlockRow(
                length_bytes=block.length_bytes,
                tag=block.tag,
                erasure_coded=block.erasure_coded,
                label=block.label,
                committed_ms=now.wall_ms,
                place=place,
            )
            NAMESPACE_BLOCKS.put(txn, key, committed)
        if new:
            NAMESPACES.put(txn, name_key(row.name), row)
        return namespaces.CommitNamespaceBlocksReply()

    def delete(
        self, txn: CapturingTxn, command: namespaces.DeleteNamespaceBlocksRequest, now: Now
    ) -> namespaces.DeleteNamespaceBlocksReply | Refusal:
        """Those that are not there are no error."""
        row = namespace_for(txn, command.namespace, command.caller)
        if isinstance(row, Refusal):
            return row
        gone: list[tuple[BlockId, int]] = []
        for block in command.blocks:
            key = held_key(row.namespace_id, block.container, block.local)
            committed = NAMESPACE_BLOCKS.get(txn, key)
            if committed is None:
                continue
            NAMESPACE_BLOCKS.delete(txn, key)
            row.blocks -= 1
            row.bytes -= committed.length_bytes
            gone.append((block, committed.length_bytes))
        if gone:
            self._held.let_go(txn, row.namespace_id, gone, now, was_visible=True)
            NAMESPACES.put(txn, name_key(row.name), row)
        return namespaces.DeleteNamespaceBlocksReply(deleted=len(gone))

    def collect_garbage(
        self, txn: CapturingTxn, command: CollectNamespaceGarbage, now: Now
    ) -> ScmReply:
        """A block that is committed is never deleted, whatever put it in the queue."""
        ranges: list[BlockRange] = []
        for key in command.row_keys:
            garbage = GARBAGE.take(txn, key)
            if garbage is not None:
                ranges += unheld(txn, garbage.namespace_id, garbage.blocks)
        put_deletions(txn, ranges, command.holders, DeletedBlocksRow(of_namespace=True), now)
        return ScmReply()


def _is_committed(txn: CapturingTxn, namespace_id: int, block: BlockId) -> bool:
    return NAMESPACE_BLOCKS.exists(txn, held_key(namespace_id, block.container, block.local))


def _leased(txn: CapturingTxn, row: NamespaceRow, block: BlockToCommit) -> Refusal | None:
    """It must lie in a lease of the namespace that is still there."""
    lease = NAMESPACE_LEASES.get(txn, lease_key(row.namespace_id, block.lease_id))
    if lease is None or not holds(lease, block.id) or is_collected(lease, block.id.local):
        return Refusal(types_pb2.LEASE_EXPIRED, facts={"lease": str(block.lease_id)})
    return None


def _over_limits(row: NamespaceRow) -> Refusal | None:
    for what, there_are, most in (
        ("blocks", row.blocks, row.blocks_max),
        ("bytes", row.bytes, row.bytes_max),
    ):
        if most and there_are > most:
            facts = {"namespace": row.name, what: str(there_are), f"{what}_max": str(most)}
            return Refusal(types_pb2.NAMESPACE_FULL, facts=facts)
    return None
