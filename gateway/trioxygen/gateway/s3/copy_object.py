"""CopyObject: by reference. The copy shares the source's blocks; no byte is moved
(docs/design/copy.md)."""

from typing import Final

from trioxygen.common.checksum import Algorithm
from trioxygen.common.errors import ConditionConflict
from trioxygen.common.units import GIB
from trioxygen.gateway import records
from trioxygen.gateway.body import Digests
from trioxygen.gateway.operations import Operations, check_expected_owner, check_version_id
from trioxygen.gateway.request import Response, S3Request, xml_response
from trioxygen.gateway.s3 import checksums, conditions, headers, names, xml_results
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.gateway.s3.unimplemented import refuse_unimplemented
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import BucketRow, KeyRow

COPY_BYTES_MAX: Final = 5 * GIB
_TRIES: Final = 3


def check_copy_size(size_bytes: int) -> None:
    """Raises S3Error InvalidRequest beyond 5 GiB."""
    if size_bytes > COPY_BYTES_MAX:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy"
            f" source: {COPY_BYTES_MAX}",
        )


class CopySourceReader(Operations):
    async def source(self, request: S3Request) -> tuple[BucketRow, str, KeyRow]:
        """(bucket, key, current version) that x-amz-copy-source names; its conditions hold.

        Raises: NoSuchBucket, AccessDenied, NoSuchKey, NoSuchVersion, PreconditionFailed."""
        wanted = names.parse_copy_source(request.head.header("x-amz-copy-source") or "")
        names.check_key(wanted.key)
        reply = await self.backend.call(
            om.LookupKeyRequest(bucket=wanted.bucket, key=wanted.key.encode()), om.LookupKeyReply
        )
        account = request.signer
        if reply.bucket.account_id != account.account_id:
            raise S3Error("AccessDenied")
        check_expected_owner(request, "x-amz-source-expected-bucket-owner", reply.bucket)
        check_version_id(wanted.version_id, key=wanted.key)
        if not reply.found:
            raise S3Error("NoSuchKey", details={"Key": wanted.key})
        conditions.check_copy_conditions(
            request.head,
            etag=reply.row.etag,
            last_modified_ms=reply.row.modified_ms,
            now_s=self.clock.wall_ms() // 1_000,
        )
        return reply.bucket, wanted.key, reply.row


class CopyOperations(CopySourceReader):
    async def copy_object(self, request: S3Request) -> Response:
        assert request.key is not None
        names.check_key(request.key)
        refuse_unimplemented(request.head)
        bucket = await self.owned_bucket(request)
        for tries_left in reversed(range(_TRIES)):
            source_bucket, source_key, source = await self.source(request)
            row = await self._copied_row(request, bucket, source_bucket, source_key, source)
            commit = om.CommitKeyRequest(
                bucket=bucket.name,
                bucket_id=bucket.bucket_id,
                key=request.key.encode(),
                row=row,
                condition=records.condition_to_wire(
                    conditions.read_write_condition(request.head, none_match_tags=True)
                ),
                copy_source=om.CopySource(
                    bucket=source_bucket.name,
                    bucket_id=source_bucket.bucket_id,
                    key=source_key.encode(),
                    object_id=source.object_id,
                ),
            )
            try:
                reply = await self.backend.call(commit, om.CommitKeyReply)
            except ConditionConflict:
                # The source was overwritten since it was read: copy its new version.
                if not tries_left:
                    raise
                continue
            checksum = records.object_checksum(row)
            return xml_response(
                xml_results.copy_object_result(
                    etag=row.etag, last_modified_ms=reply.modified_ms, checksum=checksum
                )
            )
        raise AssertionError("the last try returns or raises")

    async def _copied_row(
        self,
        request: S3Request,
        bucket: BucketRow,
        source_bucket: BucketRow,
        source_key: str,
        source: KeyRow,
    ) -> KeyRow:
        head = request.head
        check_copy_size(source.size_bytes)
        replaces = headers.replaces_metadata(head)
        algorithm = checksums.read_copy_algorithm(head)
        onto_itself = source_bucket.bucket_id == bucket.bucket_id and source_key == request.key
        changes = (
            replaces or algorithm is not None or head.header("x-amz-storage-class") is not None
        )
        if onto_itself and not changes and head.header("x-amz-website-redirect-location") is None:
            raise S3Error(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself "
                "without"
                " changing the object's metadata, storage class, website redirect location or "
                "encryption"
                " attributes.",
            )
        row = KeyRow()
        row.CopyFrom(source)
        row.account_id = request.signer.account_id
        storage_class = headers.read_storage_class(head)
        row.storage_class = "" if storage_class == headers.STANDARD else storage_class
        if replaces:
            row.headers.CopyFrom(records.headers_to_row(headers.read_object_headers(head)))
        else:
            row.headers.ClearField("website_redirect_location")
        if (
            algorithm is not None
            and records.ALGORITHMS.get(source.checksum_algorithm) is not algorithm
        ):
            await self._checksum_again(request, row, algorithm)
        return row

    async def _checksum_again(self, request: S3Request, row: KeyRow, algorithm: Algorithm) -> None:
        """Reads the object for another checksum; the copy is then one whole, without parts."""
        digests = Digests(md5=False, sha256=False, algorithms=(algorithm,))
        async for piece in self.backend.read(
            row.blocks, offset_bytes=0, length_bytes=row.size_bytes, buffers=request.buffers
        ):
            await self.blocking.run(digests.update, [piece])
        row.checksum_algorithm = records.algorithm_to_wire(algorithm)
        row.checksum_type = types_pb2.FULL_OBJECT
        row.checksum = digests.checksum(algorithm)
        for part in row.parts:
            part.ClearField("checksum")
