"""PutObject, DeleteObject, and the writing of a body that UploadPart shares."""

from typing import Final

from trioxygen.common.checksum import ChecksumType
from trioxygen.common.errors import LeaseExpired, TrioxygenError, Unavailable
from trioxygen.gateway import records
from trioxygen.gateway.backend import Reply, Written
from trioxygen.gateway.body import Body
from trioxygen.gateway.operations import Operations, check_version_id
from trioxygen.gateway.request import Headers, Response, S3Request, no_content
from trioxygen.gateway.s3 import checksums, conditions, headers, names
from trioxygen.gateway.s3.checksums import ObjectChecksum
from trioxygen.gateway.s3.errors import S3Error, not_implemented
from trioxygen.gateway.s3.unimplemented import refuse_deletion_conditions, refuse_unimplemented
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.om_pb2 import CommitKeyRequest, CommitPartRequest, KeyRow
from trioxygen.proto.v1.types_pb2 import BlockSlice

# The lease at hand, the one after it, and a new one.
_LEASE_TRIES: Final = 3


class BodyWriter(Operations):
    """Writes bodies to blocks and commits them; nothing is visible before the commit."""

    async def write_body(self, body: Body) -> tuple[Written | None, bytes]:
        """(where the bytes are, or None for an empty body; the S3 checksum). Verified.

        Raises: S3Errors of the body; then nothing stays behind."""
        size = body.length_bytes
        if size is not None and size <= self.backend.small_bytes_max:
            data = await body.read(self.backend.small_bytes_max)
            checksum = body.verify()
            return (await self.backend.write_small(data) if data else None), checksum
        with body.request.uploading():
            writer = self.backend.open_writer(size)
            try:
                async for batch in body.batches():
                    await writer.send(batch)
                    del batch  # while the next one comes, which may take long
                checksum = body.verify()
                written = await writer.finish()
            except BaseException:
                await writer.cancel()
                raise
        return written, checksum

    async def commit(
        self,
        request: CommitKeyRequest | CommitPartRequest,
        written: Written | None,
        reply_type: type[Reply],
    ) -> Reply:
        """Sends the commit and settles the blocks by its outcome.

        Where the OM has ended a lease, the bytes are written again: the client has sent them
        already, and shall not have to do it twice."""
        for _ in range(_LEASE_TRIES - 1):
            try:
                return await self._commit(request, written, reply_type)
            except LeaseExpired as error:
                assert written is not None, "a commit without blocks needs no lease"
                written = await self.backend.rewrite(written, error)
                del request.row.blocks[:]
                request.row.blocks.extend(written.slices)
        try:
            return await self._commit(request, written, reply_type)
        except LeaseExpired:
            if written is not None:
                written.dropped()
            raise

    async def _commit(
        self,
        request: CommitKeyRequest | CommitPartRequest,
        written: Written | None,
        reply_type: type[Reply],
    ) -> Reply:
        """Raises: as the call; LeaseExpired with the blocks not settled."""
        try:
            reply = await self.backend.call(request, reply_type)
        except LeaseExpired:
            raise
        except Unavailable:
            if written is not None:
                written.unknown()
            raise
        except TrioxygenError:
            if written is not None:
                written.dropped()
            raise
        except BaseException:
            if written is not None:
                written.unknown()
            raise
        if written is not None:
            written.committed()
        return reply


def slices_of(written: Written | None) -> list[BlockSlice]:
    return [] if written is None else list(written.slices)


class PutOperations(BodyWriter):
    async def put_object(self, request: S3Request) -> Response:
        assert request.key is not None
        names.check_key(request.key)
        bucket = await self.owned_bucket(request)
        head = request.head
        refuse_unimplemented(head)
        # A part of an object would take the place of all of it (RFC 9110, 14.5).
        if head.header("content-range") is not None:
            raise S3Error("InvalidRequest", "A PUT writes a whole object, without Content-Range.")
        stored = headers.read_object_headers(head)
        condition = conditions.read_write_condition(head, none_match_tags=True)
        body = Body(request, self.blocking, checksum=checksums.read_checksum_request(head))
        written, checksum = await self.write_body(body)
        assert body.checksum is not None
        algorithm = body.checksum.algorithm
        row = KeyRow(
            size_bytes=body.received_bytes,
            etag=body.digests.md5.hex(),
            storage_class="" if stored.storage_class == headers.STANDARD else stored.storage_class,
            account_id=request.signer.account_id,
            checksum_algorithm=records.algorithm_to_wire(algorithm),
            checksum_type=types_pb2.FULL_OBJECT,
            checksum=checksum,
            blocks=slices_of(written),
            headers=records.headers_to_row(stored),
        )
        commit = om.CommitKeyRequest(
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=request.key.encode(),
            row=row,
            condition=records.condition_to_wire(condition),
        )
        await self.commit(commit, written, om.CommitKeyReply)
        shown = ObjectChecksum(algorithm=algorithm, digest=checksum, type=ChecksumType.FULL_OBJECT)
        found: Headers = [(b"etag", f'"{row.etag}"'.encode()), *checksums.checksum_headers(shown)]
        return Response(200, found)

    async def delete_object(self, request: S3Request) -> Response:
        assert request.key is not None
        names.check_key(request.key)
        bucket = await self.owned_bucket(request)
        check_version_id(request.head.query_value("versionId"))
        refuse_deletion_conditions(request.head)
        condition = conditions.read_write_condition(request.head)
        if condition is not None and condition.if_none_match:
            raise not_implemented(
                "A deletion takes no If-None-Match header.", header="If-None-Match"
            )
        wanted = om.KeyToDelete(
            key=request.key.encode(), if_match=condition.if_match if condition is not None else ""
        )
        reply = await self.backend.call(
            om.DeleteKeysRequest(bucket=bucket.name, bucket_id=bucket.bucket_id, keys=[wanted]),
            om.DeleteKeysReply,
        )
        [result] = reply.results
        if result == types_pb2.CONDITION_FAILED:
            raise S3Error("PreconditionFailed", details={"Condition": "If-Match"})
        if result == types_pb2.NO_SUCH_KEY:
            raise S3Error("NoSuchKey", details={"Key": request.key})
        return no_content()
