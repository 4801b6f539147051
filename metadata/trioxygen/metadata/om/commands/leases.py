"""Commands on leases."""

from itertools import islice

from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.schema import LEASES, lease_key, note_given
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    ExpireLeases,
    GrantLease,
    LeaseBlocksReply,
    LeaseRow,
    ReleaseLeasesReply,
    ReleaseLeasesRequest,
    RenewLeasesReply,
    RenewLeasesRequest,
)
from trioxygen.proto.v1.replication_pb2 import WorkReply


class LeaseCommands:
    def __init__(self, blocks: BlockKeeper, *, leases_max: int, duration_ms: int) -> None:
        self._blocks, self._leases_max, self._duration_ms = blocks, leases_max, duration_ms

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.GrantLease: self.grant_lease,
            om_pb2.RenewLeasesRequest: self.renew_leases,
            om_pb2.ReleaseLeasesRequest: self.release_leases,
            om_pb2.ExpireLeases: self.expire_leases,
        }

    def grant_lease(
        self, txn: CapturingTxn, command: GrantLease, now: Now
    ) -> LeaseBlocksReply | Refusal:
        if (
            sum(1 for _ in islice(txn.scan(LEASES.table, prefix=b""), self._leases_max))
            >= self._leases_max
        ):
            return Refusal(
                types_pb2.OVERLOADED, "too many leases", {"leases_max": str(self._leases_max)}
            )
        now.skip_ids(command.last_id)
        note_given(txn, command.blocks)
        lease_id = now.next_id()
        row = LeaseRow(
            container=command.blocks.container,
            first_local=command.blocks.first_local,
            count=command.blocks.count,
            expires_ms=now.group_ms + self._duration_ms,
            client_id=command.client_id,
        )
        LEASES.put(txn, lease_key(lease_id), row)
        return LeaseBlocksReply(
            lease_id=lease_id,
            blocks=command.blocks,
            pipeline=command.pipeline,
            other_pipelines=command.other_pipelines,
            duration_ms=self._duration_ms,
        )

    def renew_leases(
        self, txn: CapturingTxn, command: RenewLeasesRequest, now: Now
    ) -> RenewLeasesReply:
        reply = RenewLeasesReply()
        for lease_id in command.lease_ids:
            lease = LEASES.get(txn, lease_key(lease_id))
            if lease is None or lease.client_id != command.client_id:
                reply.lost.append(lease_id)
                continue
            lease.expires_ms = now.group_ms + self._duration_ms
            LEASES.put(txn, lease_key(lease_id), lease)
        return reply

    def release_leases(
        self, txn: CapturingTxn, command: ReleaseLeasesRequest, now: Now
    ) -> ReleaseLeasesReply:
        bytes_before = txn.size_bytes
        for lease_id in command.lease_ids:
            lease = LEASES.get(txn, lease_key(lease_id))
            if lease is None or lease.client_id != command.client_id:
                continue
            if txn.size_bytes - bytes_before < CHANGED_AT_ONCE_BYTES:
                self._blocks.end_lease(txn, lease_id, now)
            else:
                # Each may have as many runs of blocks that go as it has blocks: `expire_leases`
                # goes on, piece by piece.
                lease.expires_ms = now.group_ms
                LEASES.put(txn, lease_key(lease_id), lease)
        self._blocks.give_back(txn, command.client_id, command.blocks, now)
        return ReleaseLeasesReply()

    def expire_leases(self, txn: CapturingTxn, command: ExpireLeases, now: Now) -> WorkReply:
        bytes_before = txn.size_bytes
        for lease_id in command.lease_ids:
            lease = LEASES.get(txn, lease_key(lease_id))
            # It may have been renewed since the worker looked.
            if lease is not None and lease.expires_ms <= now.group_ms:
                self._blocks.end_lease(txn, lease_id, now)
            if txn.size_bytes - bytes_before >= CHANGED_AT_ONCE_BYTES:
                return WorkReply(more=True)
        return WorkReply()
