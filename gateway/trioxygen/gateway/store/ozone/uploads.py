"""Uploads in parts, as the OM keeps them."""

from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.ozone.attribute_rows import (
    encryption_of,
    encryption_row,
    lock_row,
    tag_rows,
)
from trioxygen.gateway.store.ozone.commits import Commits, pieces_of, slices_of
from trioxygen.gateway.store.ozone.rows import (
    SharedContent,
    algorithm_row,
    bucket_of,
    checksum_of,
    checksum_row,
    committed_of,
    condition_row,
    copy_source_row,
    headers_row,
    part_of,
    storage_class_row,
    type_row,
    upload_of,
)
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import CopySource
from trioxygen.gateway.store.values.uploads import (
    CompletedUpload,
    CompletePart,
    Completion,
    NewPart,
    NewUpload,
    PartPage,
    PartSource,
    Upload,
    UploadPage,
)
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2


class OzoneUploads:
    def __init__(self, om: OmClient, commits: Commits) -> None:
        self._om, self._commits = om, commits

    async def create(self, bucket: Bucket, key: str, new: NewUpload) -> bytes:
        row = om_pb2.UploadRow(
            account_id=new.account_id,
            storage_class=storage_class_row(new.headers),
            checksum_algorithm=algorithm_row(new.checksum.algorithm),
            checksum_type=type_row(new.checksum.type),
            checksum_chosen=new.is_checksum_chosen,
            headers=headers_row(new.headers),
            replication=new.replication.proto,
            tags=tag_rows(new.tags),
            lock=lock_row(new.lock),
            encryption=encryption_row(new.encryption),
            acl=new.acl,
            initiator=new.initiator,
        )
        reply = await self._om.create_upload(
            om_pb2.CreateUploadRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=key.encode(),
                row=row,
            )
        )
        return reply.upload_id

    async def lookup(
        self, volume: str, bucket: str, key: str, upload_id: bytes
    ) -> tuple[Bucket, Upload | None]:
        reply = await self._om.lookup_upload(
            om_pb2.LookupUploadRequest(
                volume=volume, bucket=bucket, key=key.encode(), upload_id=upload_id
            )
        )
        upload = upload_of(reply.upload) if reply.exists else None
        return bucket_of(volume, reply.bucket), upload

    async def list(
        self,
        volume: str,
        bucket: str,
        *,
        prefix: str,
        delimiter: str,
        key_marker: str,
        upload_id_marker: bytes,
        count_max: int,
    ) -> UploadPage:
        reply = await self._om.list_uploads(
            om_pb2.ListUploadsRequest(
                volume=volume,
                bucket=bucket,
                prefix=prefix.encode(),
                delimiter=delimiter.encode(),
                key_marker=key_marker.encode(),
                upload_id_marker=upload_id_marker,
                count_max=count_max,
            )
        )
        return UploadPage(
            bucket=bucket_of(volume, reply.bucket),
            uploads=[upload_of(row) for row in reply.uploads],
            common_prefixes=[each.decode() for each in reply.common_prefixes],
            is_truncated=reply.truncated,
            next_key_marker=reply.next_key_marker.decode(),
            next_upload_id_marker=reply.next_upload_id_marker,
        )

    async def commit_part(
        self,
        bucket: Bucket,
        upload: Upload,
        number: int,
        new: NewPart,
        written: Written | None,
        source: PartSource | None = None,
    ) -> int:
        shared = None if source is None else source.content
        assert shared is None or isinstance(shared, SharedContent)
        row = om_pb2.PartRow(
            size_bytes=new.size_bytes,
            etag=new.etag,
            checksum=new.checksum.digest,
            checksum_algorithm=algorithm_row(new.checksum.algorithm),
            blocks=slices_of(written),
            pieces=pieces_of(written) if shared is None else shared.pieces,
            crc64nvme=new.crc64nvme,
        )
        if new.client_checksum is not None:
            row.client_checksum_algorithm = algorithm_row(new.client_checksum.algorithm)
            row.client_checksum = new.client_checksum.digest
        request = om_pb2.CommitPartRequest(
            volume=bucket.volume,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=upload.key.encode(),
            upload_id=upload.upload_id,
            number=number,
            row=row,
        )
        if source is not None and shared is not None:
            request.copy_source.CopyFrom(_part_source_row(source.version, shared))
        reply = await self._commits.commit(self._om.commit_part, request, written, new.replication)
        return reply.modified_ms

    async def list_parts(
        self, bucket: Bucket, upload: Upload, *, after_number: int, count_max: int
    ) -> PartPage:
        reply = await self._om.list_parts(
            om_pb2.ListPartsRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                key=upload.key.encode(),
                upload_id=upload.upload_id,
                after_number=after_number,
                count_max=count_max,
            )
        )
        rows = zip(reply.numbers, reply.parts, strict=True)
        return PartPage([part_of(number, row) for number, row in rows], reply.truncated)

    async def complete(
        self, bucket: Bucket, key: str, upload_id: bytes, completion: Completion
    ) -> CompletedUpload:
        reply = await self._om.complete_upload(
            om_pb2.CompleteUploadRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=key.encode(),
                upload_id=upload_id,
                parts=[_listed_row(part) for part in completion.parts],
                condition=condition_row(completion.condition),
                checksum=checksum_row(completion.checksum),
                size_bytes=-1 if completion.size_bytes is None else completion.size_bytes,
                part_size_bytes_min=completion.part_size_bytes_min,
            )
        )
        whole = reply.checksum
        return CompletedUpload(
            etag=reply.etag,
            checksum=checksum_of(whole.algorithm, whole.value, whole.type),
            committed=committed_of(reply),
            encryption=encryption_of(reply.encryption) if reply.HasField("encryption") else None,
        )

    async def abort(self, bucket: Bucket, upload: Upload) -> None:
        more = True
        while more:
            reply = await self._om.abort_upload(
                om_pb2.AbortUploadRequest(
                    volume=bucket.volume,
                    bucket=bucket.name,
                    bucket_id=bucket.bucket_id,
                    key=upload.key.encode(),
                    upload_id=upload.upload_id,
                )
            )
            more = reply.more


def _part_source_row(version: CopySource, shared: SharedContent) -> om_pb2.CopySource:
    """Where its range is, in what the blocks hold."""
    row = copy_source_row(version)
    row.offset_bytes, row.length_bytes = shared.offset_bytes, shared.length_bytes
    return row


def _listed_row(part: CompletePart) -> om_pb2.CompletePart:
    row = om_pb2.CompletePart(number=part.number, etag=part.etag)
    if part.checksum is not None:
        row.checksum = part.checksum.digest
        row.checksum_algorithm = algorithm_row(part.checksum.algorithm)
    return row
