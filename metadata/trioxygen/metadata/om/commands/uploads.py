"""Commands on multipart uploads. Nothing of an upload is visible before it is completed."""

from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.metadata.om.commands.buckets import live_bucket
from trioxygen.metadata.om.commands.keys import check_condition, check_key, current
from trioxygen.metadata.om.state import locks, multipart, times
from trioxygen.metadata.om.state.blocks import BlockKeeper, check_row
from trioxygen.metadata.om.state.multipart import ChosenPart
from trioxygen.metadata.om.state.schema import (
    COMPLETED_UPLOADS,
    PARTS,
    UPLOAD_ID_BYTES,
    UPLOADS,
    part_key,
    upload_key,
)
from trioxygen.metadata.om.state.sources import take_range
from trioxygen.metadata.om.state.versions import Versions, newest, version_id
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    AbortUploadReply,
    AbortUploadRequest,
    BucketRow,
    CommitPartReply,
    CommitPartRequest,
    CompletedUploadRow,
    CompleteUploadReply,
    CompleteUploadRequest,
    CreateUploadReply,
    CreateUploadRequest,
    PartRow,
    UploadRow,
)
from trioxygen.proto.v1.types_pb2 import Checksum


def abort(
    txn: CapturingTxn, blocks: BlockKeeper, bucket: BucketRow, upload: UploadRow, now: Now
) -> bool:
    """Whether all of it is gone: 10,000 parts of many blocks are no single log entry. Nor are they
    read at once: each is the first that is left."""
    bytes_before = txn.size_bytes
    while (first := next(PARTS.scan(txn, prefix=upload.upload_id), None)) is not None:
        row_key, part = first
        blocks.release(txn, part.blocks, now)
        PARTS.delete(txn, row_key)
        if txn.size_bytes - bytes_before >= CHANGED_AT_ONCE_BYTES:
            return False
    UPLOADS.delete(txn, upload_key(bucket.bucket_id, upload.key, upload.upload_id))
    times.forget_upload(txn, bucket, upload)
    return True


class UploadCommands:
    def __init__(self, blocks: BlockKeeper, versions: Versions) -> None:
        self._blocks, self._versions = blocks, versions

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.CreateUploadRequest: self.create_upload,
            om_pb2.CommitPartRequest: self.commit_part,
            om_pb2.CompleteUploadRequest: self.complete_upload,
            om_pb2.AbortUploadRequest: self.abort_upload,
        }

    def create_upload(
        self, txn: CapturingTxn, command: CreateUploadRequest, now: Now
    ) -> CreateUploadReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        refusal = check_key(command.key) or multipart.check_checksum(command.row)
        refusal = refusal or locks.check_new(bucket, command.row.lock)
        if refusal is not None:
            return refusal
        # Begins with what only rises, so that the uploads of one key list in the order of their
        # creation, whatever clocks say.
        upload_id = now.next_id().to_bytes(8, "big") + now.rng.randbytes(8)
        row = UploadRow()
        row.CopyFrom(command.row)
        row.upload_id, row.key = upload_id, command.key
        row.bucket_id, row.created_ms = bucket.bucket_id, now.wall_ms
        if row.HasField("lock"):
            locks.lock_upload(row.lock, now, asked_ms=command.asked_ms)
        UPLOADS.put(txn, upload_key(bucket.bucket_id, command.key, upload_id), row)
        times.note_upload(txn, bucket, row)
        return CreateUploadReply(upload_id=upload_id)

    def _find(
        self, txn: CapturingTxn, bucket_id: int, key: bytes, upload_id: bytes
    ) -> UploadRow | Refusal:
        upload = UPLOADS.get(txn, upload_key(bucket_id, key, upload_id))
        return upload or Refusal(types_pb2.NO_SUCH_UPLOAD, facts={"upload_id": upload_id.hex()})

    def commit_part(
        self, txn: CapturingTxn, command: CommitPartRequest, now: Now
    ) -> CommitPartReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        upload = self._find(txn, command.bucket_id, command.key, command.upload_id)
        if isinstance(upload, Refusal):
            return upload
        # A copy: the command may run again, with its batch or when its client tries again.
        row = PartRow()
        row.CopyFrom(command.row)
        refusal = multipart.check_new_part(command.number, upload, row)
        if refusal is None and command.HasField("copy_source"):
            refusal = take_range(txn, command.copy_source, upload, row)
        elif refusal is None:
            refusal = self._blocks.check_leased(txn, row.blocks)
        refusal = refusal or check_row(row)
        if refusal is not None:
            return refusal
        key = part_key(command.upload_id, command.number)
        old = PARTS.get(txn, key)
        row.modified_ms = now.wall_ms
        self._blocks.reference(txn, row.blocks)
        PARTS.put(txn, key, row)
        if old is not None:
            self._blocks.release(txn, old.blocks, now)
        return CommitPartReply(modified_ms=row.modified_ms)

    def complete_upload(
        self, txn: CapturingTxn, command: CompleteUploadRequest, now: Now
    ) -> CompleteUploadReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        upload = self._find(txn, command.bucket_id, command.key, command.upload_id)
        if isinstance(upload, Refusal):
            return self._completed_before(txn, command) or upload
        chosen = multipart.check_checksums(upload, command) or self._choose(txn, command)
        if isinstance(chosen, Refusal):
            return chosen
        row = multipart.object_row(upload, chosen)
        if command.checksum.value and command.checksum.value != row.checksum:
            return Refusal(
                types_pb2.CHECKSUM_MISMATCH, "the object's checksum is not the one that was claimed"
            )
        before = newest(txn, bucket, command.key)
        refusal = check_condition(command.condition, current(before)) or check_row(row)
        refusal = refusal or locks.lock_new(bucket, row, now, promised=upload.lock)
        if refusal is not None:
            return refusal
        self._versions.put(txn, bucket, command.key, row, before, now)
        times.forget_upload(txn, bucket, upload)
        self._drop_upload(
            txn, bucket, command.key, command.upload_id, now, kept={part.number for part in chosen}
        )
        reply = CompleteUploadReply(
            etag=row.etag,
            checksum=Checksum(
                algorithm=row.checksum_algorithm, type=row.checksum_type, value=row.checksum
            ),
            object_id=row.object_id,
            modified_ms=row.modified_ms,
            version=version_id(bucket, row),
            encryption=row.encryption if row.HasField("encryption") else None,
        )
        completed = CompletedUploadRow(
            bucket_id=bucket.bucket_id,
            key=command.key,
            object_id=row.object_id,
            completed_ms=now.group_ms,
            parts_digest=multipart.parts_digest(command),
            reply=reply,
        )
        COMPLETED_UPLOADS.put(txn, command.upload_id, completed)
        return reply

    def _completed_before(
        self, txn: CapturingTxn, command: CompleteUploadRequest
    ) -> CompleteUploadReply | None:
        if len(command.upload_id) != UPLOAD_ID_BYTES:
            return None
        row = COMPLETED_UPLOADS.get(txn, command.upload_id)
        if row is None or row.bucket_id != command.bucket_id or row.key != command.key:
            return None
        return row.reply if row.parts_digest == multipart.parts_digest(command) else None

    def _choose(
        self, txn: CapturingTxn, command: CompleteUploadRequest
    ) -> list[ChosenPart] | Refusal:
        refusal = multipart.check_order(command)
        if refusal is not None:
            return refusal
        chosen: list[ChosenPart] = []
        for wanted in command.parts:
            number = wanted.number
            possible = 1 <= number <= PART_NUMBER_MAX
            row = PARTS.get(txn, part_key(command.upload_id, number)) if possible else None
            refusal = multipart.check_part(wanted, row)
            if refusal is not None:
                return refusal
            assert row is not None
            chosen.append(ChosenPart(number, row))
        return multipart.check_sizes(command, chosen) or multipart.check_sealing(chosen) or chosen

    def abort_upload(
        self, txn: CapturingTxn, command: AbortUploadRequest, now: Now
    ) -> AbortUploadReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        upload = self._find(txn, command.bucket_id, command.key, command.upload_id)
        if isinstance(upload, Refusal):
            return upload
        is_gone = abort(txn, self._blocks, bucket, upload, now)
        return AbortUploadReply(more=not is_gone)

    def _drop_upload(
        self,
        txn: CapturingTxn,
        bucket: BucketRow,
        key: bytes,
        upload_id: bytes,
        now: Now,
        *,
        kept: set[int],
    ) -> None:
        for row_key, value in txn.scan(PARTS.table, prefix=upload_id):
            if int.from_bytes(row_key[-2:], "big") not in kept:
                self._blocks.release(txn, PartRow.FromString(value).blocks, now)
        # At most 10,000 rows, all of one prefix.
        txn.delete_range(PARTS.table, upload_id, upload_id + b"\xff\xff\xff")
        UPLOADS.delete(txn, upload_key(bucket.bucket_id, key, upload_id))
