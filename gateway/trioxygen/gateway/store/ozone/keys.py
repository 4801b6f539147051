"""Keys, as the OM keeps them."""

from collections.abc import Sequence

from trioxygen.common.errors import TrioxygenError, error_of
from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.ozone.attribute_rows import (
    encryption_row,
    lock_row,
    retention_row,
    tag_rows,
)
from trioxygen.gateway.store.ozone.commits import Commits, pieces_of, slices_of
from trioxygen.gateway.store.ozone.copied_row import copied_row
from trioxygen.gateway.store.ozone.rows import (
    BlockContent,
    SharedContent,
    algorithm_row,
    bucket_of,
    committed_of,
    condition_row,
    copy_source_row,
    headers_row,
    listed_of,
    listed_version_of,
    record_of,
    storage_class_row,
    type_row,
    version_of,
    version_row,
)
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import (
    Appended,
    Committed,
    CopySource,
    Deleted,
    KeyPage,
    KeyRecord,
    KeyToDelete,
    NewCopy,
    NewKey,
    Rename,
    Retention,
    Tags,
    VersionPage,
    WriteCondition,
)
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2, types_pb2


class OzoneKeys:
    def __init__(self, om: OmClient, commits: Commits) -> None:
        self._om, self._commits = om, commits

    async def lookup(
        self, volume: str, bucket: str, key: str, version: int | None = None
    ) -> tuple[Bucket, KeyRecord | None]:
        reply = await self._om.lookup_key(
            om_pb2.LookupKeyRequest(
                volume=volume, bucket=bucket, key=key.encode(), version=version_row(version)
            )
        )
        record = None
        if reply.HasField("row"):
            record = record_of(reply.row, is_current=reply.is_current)
        return bucket_of(volume, reply.bucket), record

    async def list(
        self,
        volume: str,
        bucket: str,
        *,
        prefix: str,
        delimiter: str,
        after: str,
        count_max: int,
    ) -> KeyPage:
        reply = await self._om.list_keys(
            om_pb2.ListKeysRequest(
                volume=volume,
                bucket=bucket,
                prefix=prefix.encode(),
                delimiter=delimiter.encode(),
                after=after.encode(),
                count_max=count_max,
            )
        )
        return KeyPage(
            bucket=bucket_of(volume, reply.bucket),
            keys=listed_of(reply.keys, reply.rows),
            common_prefixes=[prefix.decode() for prefix in reply.common_prefixes],
            is_truncated=reply.truncated,
            last=reply.last.decode(),
        )

    async def list_versions(
        self,
        volume: str,
        bucket: str,
        *,
        prefix: str,
        delimiter: str,
        key_marker: str,
        version_marker: int | None,
        count_max: int,
    ) -> VersionPage:
        reply = await self._om.list_versions(
            om_pb2.ListVersionsRequest(
                volume=volume,
                bucket=bucket,
                prefix=prefix.encode(),
                delimiter=delimiter.encode(),
                key_marker=key_marker.encode(),
                version_marker=version_row(version_marker),
                count_max=count_max,
            )
        )
        return VersionPage(
            bucket=bucket_of(volume, reply.bucket),
            versions=[listed_version_of(row) for row in reply.versions],
            common_prefixes=[each.decode() for each in reply.common_prefixes],
            is_truncated=reply.truncated,
            next_key=reply.next_key_marker.decode(),
            next_version=(
                reply.next_version_marker.object_id
                if reply.HasField("next_version_marker")
                else None
            ),
        )

    async def commit(
        self,
        bucket: Bucket,
        key: str,
        new: NewKey,
        written: Written | None,
        condition: WriteCondition | None,
    ) -> Committed:
        row = om_pb2.KeyRow(
            size_bytes=new.size_bytes,
            etag=new.etag,
            storage_class=storage_class_row(new.headers),
            account_id=new.account_id,
            checksum_algorithm=algorithm_row(new.checksum.algorithm),
            checksum_type=type_row(new.checksum.type),
            checksum=new.checksum.digest,
            blocks=slices_of(written),
            headers=headers_row(new.headers),
            replication=None if written is None else new.replication.proto,
            tags=tag_rows(new.tags),
            lock=lock_row(new.lock),
            encryption=encryption_row(new.encryption),
            pieces=pieces_of(written),
            acl=new.acl,
        )
        request = om_pb2.CommitKeyRequest(
            volume=bucket.volume,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key.encode(),
            row=row,
            condition=condition_row(condition),
        )
        reply = await self._commits.commit(self._om.commit_key, request, written, new.replication)
        return committed_of(reply)

    async def copy(
        self,
        bucket: Bucket,
        key: str,
        new: NewCopy,
        source: CopySource,
        condition: WriteCondition | None,
        written: Written | None = None,
    ) -> Committed:
        row = copied_row(source.record, new)
        if written is None:
            shared = new.content or source.record.content
            assert isinstance(shared, SharedContent | BlockContent)
            row.pieces.extend(shared.pieces)
        else:
            row.blocks.extend(slices_of(written))
            row.pieces.extend(pieces_of(written))
        row.replication.CopyFrom(new.replication.proto)
        request = om_pb2.CommitKeyRequest(
            volume=bucket.volume,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key.encode(),
            row=row,
            condition=condition_row(condition),
            copy_source=copy_source_row(source),
        )
        request.copy_source.rewritten = written is not None
        reply = await self._commits.commit(self._om.commit_key, request, written, new.replication)
        return committed_of(reply)

    async def append(
        self,
        bucket: Bucket,
        key: str,
        record: KeyRecord,
        new: Appended,
        written: Written,
        condition: WriteCondition | None,
    ) -> Committed:
        row = om_pb2.KeyRow(
            size_bytes=new.size_bytes,
            etag=new.etag,
            blocks=slices_of(written),
            pieces=pieces_of(written),
            replication=new.replication.proto,
            parts=[
                om_pb2.ObjectPart(
                    number=part.number,
                    size_bytes=part.size_bytes,
                    checksum=part.digest,
                    md5=part.md5,
                    crc64nvme=part.crc64nvme,
                )
                for part in new.parts
            ],
        )
        if new.checksum is not None:
            row.checksum_algorithm = algorithm_row(new.checksum.algorithm)
            row.checksum_type = type_row(new.checksum.type)
            row.checksum = new.checksum.digest
        request = om_pb2.CommitKeyRequest(
            volume=bucket.volume,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key.encode(),
            row=row,
            condition=condition_row(condition),
            appends_to=record.object_id,
        )
        reply = await self._commits.commit(self._om.commit_key, request, written, new.replication)
        return committed_of(reply)

    async def rename(self, bucket: Bucket, rename: Rename) -> int:
        count, more = 0, True
        while more:
            reply = await self._om.rename_key(
                om_pb2.RenameKeyRequest(
                    volume=bucket.volume,
                    bucket=bucket.name,
                    bucket_id=bucket.bucket_id,
                    source=rename.source.encode(),
                    key=rename.key.encode(),
                    condition=om_pb2.HttpCondition(**rename.condition._asdict()),
                    source_condition=om_pb2.HttpCondition(**rename.source_condition._asdict()),
                    token=rename.token,
                    is_prefix=rename.is_prefix,
                    is_new_prefix=rename.is_new_prefix and not count,
                )
            )
            count, more = count + reply.keys, reply.more
        return count

    async def delete(
        self, bucket: Bucket, keys: Sequence[KeyToDelete], *, bypasses_governance: bool = False
    ) -> Sequence[Deleted | TrioxygenError]:
        """The OM may take fewer at once than are asked for, never none."""
        results: list[Deleted | TrioxygenError] = []
        while len(results) < len(keys):
            reply = await self._om.delete_keys(
                om_pb2.DeleteKeysRequest(
                    volume=bucket.volume,
                    bucket=bucket.name,
                    bucket_id=bucket.bucket_id,
                    keys=[_doomed_row(each) for each in keys[len(results) :]],
                    bypasses_governance=bypasses_governance,
                )
            )
            assert reply.results, "the OM deleted nothing of what it was asked for"
            for code, done in zip(reply.results, reply.versions, strict=True):
                results.append(_refusal_of(code, done) if code else _deleted_of(done))
        return results

    async def set_tags(
        self, bucket: Bucket, key: str, version: int | None, tags: Tags
    ) -> int | None:
        reply = await self._om.set_tags(
            om_pb2.SetTagsRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=key.encode(),
                version=version_row(version),
                tags=tag_rows(tags),
            )
        )
        return version_of(reply)

    async def set_acl(
        self, bucket: Bucket, key: str, version: int | None, record: KeyRecord, acl: bytes
    ) -> int | None:
        reply = await self._om.set_object_acl(
            om_pb2.SetObjectAclRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=key.encode(),
                version=version_row(version),
                acl=acl,
                object_id=record.object_id,
            )
        )
        return version_of(reply)

    async def set_retention(
        self,
        bucket: Bucket,
        key: str,
        version: int | None,
        retention: Retention | None,
        *,
        bypasses_governance: bool,
    ) -> int | None:
        reply = await self._om.set_object_lock(
            om_pb2.SetObjectLockRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=key.encode(),
                version=version_row(version),
                retention=retention_row(retention),
                bypasses_governance=bypasses_governance,
            )
        )
        return version_of(reply)

    async def set_legal_hold(
        self, bucket: Bucket, key: str, version: int | None, *, is_held: bool
    ) -> int | None:
        reply = await self._om.set_object_lock(
            om_pb2.SetObjectLockRequest(
                volume=bucket.volume,
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=key.encode(),
                version=version_row(version),
                legal_hold=is_held,
            )
        )
        return version_of(reply)


def _doomed_row(doomed: KeyToDelete) -> om_pb2.KeyToDelete:
    return om_pb2.KeyToDelete(
        key=doomed.key.encode(),
        if_match=doomed.if_match,
        version=version_row(doomed.version),
        if_size_bytes=doomed.if_size_bytes,
        if_modified_s=doomed.if_modified_s,
    )


def _refusal_of(code: types_pb2.ErrorCode, row: om_pb2.DeletedVersion) -> TrioxygenError:
    condition = row.failed_condition
    return error_of(code, facts={"condition": condition} if condition else None)


def _deleted_of(row: om_pb2.DeletedVersion) -> Deleted:
    return Deleted(version_of(row), row.is_marker)
