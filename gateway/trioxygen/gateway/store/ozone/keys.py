"""Keys, as the OM keeps them."""

from collections.abc import Sequence

from trioxygen.common.errors import TrioxygenError, error_of
from trioxygen.gateway.store.ozone.commits import Commits, slices_of
from trioxygen.gateway.store.ozone.rows import (
    PartRows,
    algorithm_row,
    bucket_of,
    condition_row,
    headers_row,
    listed_of,
    record_of,
    storage_class_row,
    type_row,
)
from trioxygen.gateway.store.port import Written
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import (
    CopySource,
    KeyPage,
    KeyRecord,
    KeyToDelete,
    NewCopy,
    NewKey,
    WriteCondition,
)
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2


class OzoneKeys:
    def __init__(self, om: OmClient, commits: Commits) -> None:
        self._om, self._commits = om, commits

    async def lookup(self, volume: str, bucket: str, key: str) -> tuple[Bucket, KeyRecord | None]:
        reply = await self._om.lookup_key(
            om_pb2.LookupKeyRequest(volume=volume, bucket=bucket, key=key.encode())
        )
        record = record_of(reply.row) if reply.exists else None
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

    async def commit(
        self,
        bucket: Bucket,
        key: str,
        new: NewKey,
        written: Written | None,
        condition: WriteCondition | None,
    ) -> None:
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
        )
        request = om_pb2.CommitKeyRequest(
            volume=bucket.volume,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key.encode(),
            row=row,
            condition=condition_row(condition),
        )
        await self._commits.commit(self._om.commit_key, request, written, new.replication)

    async def copy(
        self,
        bucket: Bucket,
        key: str,
        new: NewCopy,
        source: CopySource,
        condition: WriteCondition | None,
        written: Written | None = None,
    ) -> int:
        row = _copied_row(source.record, new)
        if written is not None:
            row.blocks.extend(slices_of(written))
            row.replication.CopyFrom(new.replication.proto)
        request = om_pb2.CommitKeyRequest(
            volume=bucket.volume,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=key.encode(),
            row=row,
            condition=condition_row(condition),
            copy_source=om_pb2.CopySource(
                volume=source.bucket.volume,
                bucket=source.bucket.name,
                bucket_id=source.bucket.bucket_id,
                key=source.key.encode(),
                object_id=source.record.object_id,
                rewritten=written is not None,
            ),
        )
        reply = await self._commits.commit(self._om.commit_key, request, written, new.replication)
        return reply.modified_ms

    async def delete(
        self, bucket: Bucket, keys: Sequence[KeyToDelete]
    ) -> Sequence[TrioxygenError | None]:
        """The OM may take fewer at once than are asked for, never none."""
        results: list[TrioxygenError | None] = []
        while len(results) < len(keys):
            reply = await self._om.delete_keys(
                om_pb2.DeleteKeysRequest(
                    volume=bucket.volume,
                    bucket=bucket.name,
                    bucket_id=bucket.bucket_id,
                    keys=[
                        om_pb2.KeyToDelete(key=each.key.encode(), if_match=each.if_match)
                        for each in keys[len(results) :]
                    ],
                )
            )
            assert reply.results, "the OM deleted nothing of what it was asked for"
            results.extend(error_of(code) if code else None for code in reply.results)
        return results


def _copied_row(source: KeyRecord, new: NewCopy) -> om_pb2.KeyRow:
    """Without blocks: the OM takes the source's."""
    checksum = new.checksum or source.checksum
    row = om_pb2.KeyRow(
        size_bytes=source.size_bytes,
        etag=source.etag,
        storage_class=storage_class_row(new.headers),
        account_id=new.account_id,
        headers=headers_row(new.headers),
    )
    if checksum is not None:
        row.checksum_algorithm = algorithm_row(checksum.algorithm)
        row.checksum_type = type_row(checksum.type)
        row.checksum = checksum.digest
    if new.checksum is None and isinstance(source.parts, PartRows):
        row.parts.extend(source.parts.rows)
    else:
        # A checksum that is new is of the whole: its parts have none of that algorithm.
        for part in source.parts:
            row.parts.add(number=part.number, size_bytes=part.size_bytes)
    return row
