"""Commands on volumes."""

from trioxygen.metadata.om.state.schema import (
    ACCOUNTS,
    BUCKETS,
    VOLUMES,
    bucket_key,
    volume_key,
)
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    CreateVolumeReply,
    CreateVolumeRequest,
    DeleteVolumeReply,
    DeleteVolumeRequest,
    VolumeRow,
)


def check_volume(txn: ReadTxn, volume: str, bucket: str = "") -> Refusal | None:
    """Args: bucket: which it was asked for in the volume, to be told with the refusal."""
    if VOLUMES.exists(txn, volume_key(volume)):
        return None
    facts = {"volume": volume, **({"bucket": bucket} if bucket else {})}
    return Refusal(types_pb2.NO_SUCH_VOLUME, facts=facts)


class VolumeCommands:
    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.CreateVolumeRequest: self.create_volume,
            om_pb2.DeleteVolumeRequest: self.delete_volume,
        }

    def create_volume(
        self, txn: CapturingTxn, command: CreateVolumeRequest, now: Now
    ) -> CreateVolumeReply | Refusal:
        key = volume_key(command.volume)
        if VOLUMES.exists(txn, key):
            return Refusal(types_pb2.VOLUME_ALREADY_EXISTS, facts={"volume": command.volume})
        account_id = command.account_id
        if account_id and not ACCOUNTS.exists(txn, account_id.encode()):
            return Refusal(types_pb2.NO_SUCH_ACCOUNT, facts={"account": account_id})
        row = VolumeRow(name=command.volume, account_id=account_id, created_ms=now.wall_ms)
        VOLUMES.put(txn, key, row)
        return CreateVolumeReply(volume=row)

    def delete_volume(
        self, txn: CapturingTxn, command: DeleteVolumeRequest, now: Now
    ) -> DeleteVolumeReply | Refusal:
        refusal = check_volume(txn, command.volume)
        if refusal is not None:
            return refusal
        buckets = txn.scan(BUCKETS.table, prefix=bucket_key(command.volume, ""))
        if next(buckets, None) is not None:
            return Refusal(types_pb2.VOLUME_NOT_EMPTY, facts={"volume": command.volume})
        VOLUMES.delete(txn, volume_key(command.volume))
        return DeleteVolumeReply()
