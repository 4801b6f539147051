"""Multipart uploads: Create, UploadPart, UploadPartCopy, Abort, ListParts, ListMultipartUploads.
CompleteMultipartUpload is in `complete_multipart`."""

from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.gateway import records
from trioxygen.gateway.body import Body, Digests
from trioxygen.gateway.request import Response, S3Request, no_content, owner_of, xml_response
from trioxygen.gateway.s3 import checksums, headers, names, ranges, xml_multipart
from trioxygen.gateway.s3.checksums import (
    ChecksumRequest,
    ObjectChecksum,
    UploadChecksum,
)
from trioxygen.gateway.s3.copy_object import CopySourceReader, check_copy_size
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.gateway.s3.list_objects import encoding_type, page_size
from trioxygen.gateway.s3.numbers import PART_NUMBER_MAX, count_of_query, read_part_number
from trioxygen.gateway.s3.put_object import BodyWriter, slices_of
from trioxygen.gateway.s3.unimplemented import refuse_unimplemented
from trioxygen.gateway.s3.xml_multipart import ListedPart, ListedUpload, PartsPage, UploadsPage
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.om_pb2 import BucketRow, PartRow, UploadRow

_DEFAULT_CHECKSUM: Final = UploadChecksum(
    algorithm=Algorithm.CRC64NVME, type=ChecksumType.FULL_OBJECT
)
_UPLOAD_ID_BYTES: Final = 16
_PAGE_MAX: Final = 1_000


def read_upload_id(request: S3Request) -> bytes:
    """Raises NoSuchUpload for what no upload id of ours looks like."""
    text = request.head.query_value("uploadId") or ""
    try:
        upload_id = bytes.fromhex(text) if text.isascii() and text.isalnum() else b""
    except ValueError:
        upload_id = b""
    if len(upload_id) != _UPLOAD_ID_BYTES:
        raise S3Error("NoSuchUpload", details={"UploadId": text})
    return upload_id


class MultipartOperations(BodyWriter, CopySourceReader):
    async def create_multipart_upload(self, request: S3Request) -> Response:
        assert request.key is not None
        names.check_key(request.key)
        bucket = await self.owned_bucket(request)
        refuse_unimplemented(request.head)
        stored = headers.read_object_headers(request.head)
        asked = checksums.read_upload_checksum(request.head)
        chosen = asked or _DEFAULT_CHECKSUM
        row = UploadRow(
            account_id=request.signer.account_id,
            storage_class="" if stored.storage_class == headers.STANDARD else stored.storage_class,
            checksum_algorithm=records.algorithm_to_wire(chosen.algorithm),
            checksum_type=records.type_to_wire(chosen.type),
            checksum_chosen=asked is not None,
            headers=records.headers_to_row(stored),
        )
        reply = await self.backend.call(
            om.CreateUploadRequest(
                bucket=bucket.name, bucket_id=bucket.bucket_id, key=request.key.encode(), row=row
            ),
            om.CreateUploadReply,
        )
        document = xml_multipart.initiate_multipart_upload(
            bucket=bucket.name, key=request.key, upload_id=reply.upload_id.hex()
        )
        return xml_response(
            document,
            [
                (b"x-amz-checksum-algorithm", chosen.algorithm.value.encode()),
                (b"x-amz-checksum-type", chosen.type.value.encode()),
            ],
        )

    async def find_upload(self, request: S3Request) -> tuple[BucketRow, UploadRow]:
        """Raises NoSuchBucket, AccessDenied, NoSuchUpload."""
        assert request.key is not None
        names.check_key(request.key)
        reply = await self.backend.call(
            om.LookupUploadRequest(
                bucket=request.bucket_name,
                key=request.key.encode(),
                upload_id=read_upload_id(request),
            ),
            om.LookupUploadReply,
        )
        self.authorize(request, reply.bucket)
        if not reply.found:
            raise S3Error(
                "NoSuchUpload", details={"UploadId": request.head.query_value("uploadId") or ""}
            )
        return reply.bucket, reply.upload

    async def upload_part(self, request: S3Request) -> Response:
        number = read_part_number(request.head.query_value("partNumber") or "")
        bucket, upload = await self.find_upload(request)
        refuse_unimplemented(request.head)
        algorithm = records.ALGORITHMS[upload.checksum_algorithm]
        demanded = _part_checksum(request, upload, algorithm)
        body = Body(request, self.blocking, checksum=demanded, also=algorithm)
        written, checksum = await self.write_body(body)
        row = PartRow(
            size_bytes=body.received_bytes,
            etag=body.digests.md5.hex(),
            checksum=body.digests.checksum(algorithm),
            checksum_algorithm=upload.checksum_algorithm,
            blocks=slices_of(written),
        )
        if demanded.algorithm is not algorithm:
            row.client_checksum_algorithm = records.algorithm_to_wire(demanded.algorithm)
            row.client_checksum = checksum
        await self.commit(
            _commit_part(request, bucket, upload, number, row), written, om.CommitPartReply
        )
        shown = ObjectChecksum(algorithm=demanded.algorithm, digest=checksum)
        return Response(
            200, [(b"etag", f'"{row.etag}"'.encode()), *checksums.checksum_headers(shown)]
        )

    async def upload_part_copy(self, request: S3Request) -> Response:
        """Reads the source and writes the part: its ETag is the MD5 of just these bytes."""
        number = read_part_number(request.head.query_value("partNumber") or "")
        bucket, upload = await self.find_upload(request)
        refuse_unimplemented(request.head)
        _, _, source = await self.source(request)
        wanted = ranges.parse_copy_range(
            request.head.header("x-amz-copy-source-range"), source.size_bytes
        )
        offset, length = wanted or (0, source.size_bytes)
        check_copy_size(length)
        algorithm = records.ALGORITHMS[upload.checksum_algorithm]
        digests = Digests(md5=True, sha256=False, algorithms=(algorithm,))
        with request.uploading():
            writer = self.backend.open_writer(length)
            try:
                async for piece in self.backend.read(
                    source.blocks,
                    offset_bytes=offset,
                    length_bytes=length,
                    buffers=request.buffers,
                ):
                    digesting = self.blocking.run(digests.update, [piece])
                    await writer.send([piece])
                    await digesting
                written = await writer.finish()
            except BaseException:
                await writer.cancel()
                raise
        checksum = ObjectChecksum(algorithm=algorithm, digest=digests.checksum(algorithm))
        row = PartRow(
            size_bytes=length,
            etag=digests.md5.hex(),
            checksum=checksum.digest,
            checksum_algorithm=upload.checksum_algorithm,
            blocks=slices_of(written),
        )
        reply = await self.commit(
            _commit_part(request, bucket, upload, number, row), written, om.CommitPartReply
        )
        return xml_response(
            xml_multipart.copy_part_result(
                etag=row.etag, last_modified_ms=reply.modified_ms, checksum=checksum
            )
        )

    async def abort_multipart_upload(self, request: S3Request) -> Response:
        bucket, upload = await self.find_upload(request)
        more = True
        while more:
            reply = await self.backend.call(
                om.AbortUploadRequest(
                    bucket=bucket.name,
                    bucket_id=bucket.bucket_id,
                    key=upload.key,
                    upload_id=upload.upload_id,
                ),
                om.AbortUploadReply,
            )
            more = reply.more
        return no_content()

    async def list_parts(self, request: S3Request) -> Response:
        assert request.key is not None
        page_max = page_size(request, "max-parts")
        marker_text = request.head.query_value("part-number-marker") or "0"
        marker = count_of_query("part-number-marker", marker_text)
        bucket, upload = await self.find_upload(request)
        reply = await self.backend.call(
            om.ListPartsRequest(
                bucket=bucket.name,
                key=upload.key,
                upload_id=upload.upload_id,
                after_number=min(marker, PART_NUMBER_MAX),
                count_max=min(page_max, _PAGE_MAX),
            ),
            om.ListPartsReply,
        )
        owner = owner_of(request.signer)
        page = PartsPage(
            bucket=bucket.name,
            key=request.key,
            upload_id=upload.upload_id.hex(),
            initiator=owner,
            owner=owner,
            part_number_marker=marker,
            next_part_number_marker=reply.numbers[-1] if reply.numbers else 0,
            max_parts=min(page_max, _PAGE_MAX),
            is_truncated=reply.truncated,
            storage_class=upload.storage_class or headers.STANDARD,
            checksum=records.upload_checksum(upload),
            encoding_type=encoding_type(request),
        )
        parts = [
            ListedPart(
                number=number,
                last_modified_ms=part.modified_ms,
                etag=part.etag,
                size=part.size_bytes,
                checksum=records.part_checksum(part),
            )
            for number, part in zip(reply.numbers, reply.parts, strict=True)
        ]
        return xml_response(xml_multipart.list_parts(page, parts))

    async def list_multipart_uploads(self, request: S3Request) -> Response:
        head = request.head
        page_max = page_size(request, "max-uploads")
        key_marker = head.query_value("key-marker") or ""
        # Without a key marker the upload id marker is ignored, as on AWS.
        id_marker = (head.query_value("upload-id-marker") or "") if key_marker else ""
        reply = await self.backend.call(
            om.ListUploadsRequest(
                bucket=request.bucket_name,
                prefix=(head.query_value("prefix") or "").encode(),
                delimiter=(head.query_value("delimiter") or "").encode(),
                key_marker=key_marker.encode(),
                upload_id_marker=_marker_bytes(id_marker),
                count_max=min(page_max, _PAGE_MAX),
            ),
            om.ListUploadsReply,
        )
        self.authorize(request, reply.bucket)
        owner = owner_of(request.signer)
        page = UploadsPage(
            bucket=request.bucket_name,
            prefix=head.query_value("prefix") or "",
            delimiter=head.query_value("delimiter") or "",
            key_marker=key_marker,
            upload_id_marker=id_marker,
            # As on AWS, on the last page too.
            next_key_marker=reply.next_key_marker.decode(),
            next_upload_id_marker=reply.next_upload_id_marker.hex(),
            max_uploads=min(page_max, _PAGE_MAX),
            is_truncated=reply.truncated,
            encoding_type=encoding_type(request),
        )
        uploads = [
            ListedUpload(
                key=upload.key.decode(),
                upload_id=upload.upload_id.hex(),
                initiated_ms=upload.created_ms,
                initiator=owner,
                owner=owner,
                storage_class=upload.storage_class or headers.STANDARD,
                checksum=records.upload_checksum(upload),
            )
            for upload in reply.uploads
        ]
        prefixes = [prefix.decode() for prefix in reply.common_prefixes]
        return xml_response(xml_multipart.list_multipart_uploads(page, uploads, prefixes))


def _commit_part(
    request: S3Request, bucket: BucketRow, upload: UploadRow, number: int, row: PartRow
) -> om.CommitPartRequest:
    return om.CommitPartRequest(
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        key=upload.key,
        upload_id=upload.upload_id,
        number=number,
        row=row,
    )


def _part_checksum(request: S3Request, upload: UploadRow, algorithm: Algorithm) -> ChecksumRequest:
    """What the part brings, or the upload's algorithm when it brings nothing.

    Raises InvalidRequest when the upload's algorithm was chosen and the part brings another."""
    demanded = checksums.read_checksum_request(request.head)
    if not demanded.by_client:
        return ChecksumRequest(algorithm=algorithm)
    if upload.checksum_chosen and demanded.algorithm is not algorithm:
        raise S3Error(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {algorithm.value.lower()},"
            f" actual checksum Type: {demanded.algorithm.value.lower()}",
        )
    return demanded


def _marker_bytes(text: str) -> bytes:
    if not text:
        return b""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise S3Error(
            "InvalidArgument",
            "Invalid uploadId marker",
            details={"ArgumentName": "upload-id-marker", "ArgumentValue": text},
        ) from None
