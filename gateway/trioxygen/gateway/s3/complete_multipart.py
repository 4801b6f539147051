"""CompleteMultipartUpload: idempotent on retry; white space keeps a long one alive behind
proxies."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from trioxygen.common.checksum import Algorithm
from trioxygen.common.errors import ChecksumMismatch, SizeMismatch, TrioxygenError
from trioxygen.common.units import MIB
from trioxygen.gateway import records
from trioxygen.gateway.body import Body
from trioxygen.gateway.error_response import error_body, s3_error
from trioxygen.gateway.operations import Operations
from trioxygen.gateway.request import Response, S3Request, xml_response
from trioxygen.gateway.s3 import checksums, conditions, names, xml_multipart, xml_requests
from trioxygen.gateway.s3.checksums import ObjectChecksum
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.gateway.s3.multipart import read_upload_id
from trioxygen.gateway.s3.numbers import BOUND, read_integer
from trioxygen.gateway.s3.xml import DECLARATION
from trioxygen.gateway.s3.xml_requests import CompletedPart
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2

# 10,000 parts with every checksum.
_BODY_BYTES_MAX: Final = 8 * MIB


class CompleteOperations(Operations):
    async def complete_multipart_upload(self, request: S3Request) -> Response:
        assert request.key is not None
        names.check_key(request.key)
        upload_id = read_upload_id(request)
        bucket = await self.owned_bucket(request)
        condition = conditions.read_write_condition(request.head, none_match_tags=True)
        claim = checksums.read_complete_claim(request.head)
        body = Body(request, self.blocking, checksum=None)
        document = await body.read(_BODY_BYTES_MAX)
        body.verify()
        parts = await self.parse(xml_requests.read_complete_request, document)
        command = om.CompleteUploadRequest(
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=request.key.encode(),
            upload_id=upload_id,
            parts=[_part(part) for part in parts],
            condition=records.condition_to_wire(condition),
            checksum=_claimed(claim),
            size_bytes=_claimed_size(request),
            part_size_bytes_min=self.config.part_size_bytes_min,
        )
        await self._check_claim(request, command, claim)
        completing = asyncio.ensure_future(self._complete(request, command))
        try:
            await asyncio.wait((completing,), timeout=self.config.keep_alive_space_ms / 1_000)
        except asyncio.CancelledError:
            completing.cancel()
            raise
        if completing.done():
            return xml_response(DECLARATION.encode() + completing.result())
        return Response(
            200,
            [(b"content-type", b"application/xml")],
            stream=self._keep_alive(request, completing),
        )

    async def _check_claim(
        self, request: S3Request, command: om.CompleteUploadRequest, claim: ObjectChecksum | None
    ) -> None:
        """What is claimed of the whole must be of the upload's own algorithm and type."""
        declared = request.head.header("x-amz-checksum-type")
        if claim is None and declared is None:
            return
        reply = await self.backend.call(
            om.LookupUploadRequest(
                bucket=command.bucket, key=command.key, upload_id=command.upload_id
            ),
            om.LookupUploadReply,
        )
        if not reply.found:
            return
        upload = records.upload_checksum(reply.upload)
        if upload is None:
            return
        kind = declared.upper() if declared else None
        if kind is not None and kind != upload.type.value:
            raise S3Error(
                "InvalidRequest",
                f"The upload was created using the {upload.type.value} checksum mode."
                " The complete request must use the same checksum mode.",
            )
        if claim is not None and claim.algorithm is not upload.algorithm:
            raise S3Error(
                "InvalidRequest",
                f"The upload was created using a {upload.algorithm.value.lower()} checksum;"
                " the complete request must use the same.",
            )
        if claim is not None and claim.part_count not in (None, len(command.parts)):
            raise checksums.checksum_mismatch(claim.algorithm)

    async def _complete(self, request: S3Request, command: om.CompleteUploadRequest) -> bytes:
        try:
            reply = await self.backend.call(command, om.CompleteUploadReply)
        except SizeMismatch as error:
            raise S3Error(
                "InvalidRequest",
                "The provided 'x-amz-mp-object-size' header value"
                f" {command.size_bytes} does not match what was computed: {error.facts['size']}",
            ) from error
        except ChecksumMismatch as error:
            claimed = records.ALGORITHMS.get(command.checksum.algorithm, Algorithm.CRC64NVME)
            raise checksums.checksum_mismatch(claimed) from error
        assert request.key is not None
        algorithm = records.ALGORITHMS.get(reply.checksum.algorithm)
        checksum = None
        if algorithm is not None:
            kind = records.TYPES.get(reply.checksum.type)
            composite = reply.checksum.type == types_pb2.COMPOSITE
            checksum = ObjectChecksum(
                algorithm=algorithm,
                digest=reply.checksum.value,
                type=kind,
                part_count=int(reply.etag.rpartition("-")[2]) if composite else None,
            )
        host = request.head.header("host") or ""
        raw_path = request.head.raw_path.decode("ascii", "replace")
        return xml_multipart.complete_multipart_upload(
            location=f"{request.scheme}://{host}{raw_path}",
            bucket=request.bucket_name,
            key=request.key,
            etag=reply.etag,
            checksum=checksum,
            with_declaration=False,
        )

    async def _keep_alive(
        self, request: S3Request, completing: "asyncio.Future[bytes]"
    ) -> AsyncIterator[bytes]:
        """A space now and then, then the document: a 200 is out already, so errors stand in the
        body."""
        yield DECLARATION.encode()
        while not completing.done():
            yield b" "
            await asyncio.wait((completing,), timeout=self.config.keep_alive_space_ms / 1_000)
        try:
            yield completing.result()
        except (S3Error, TrioxygenError) as error:
            yield error_body(request, s3_error(error, request), with_declaration=False)


def _part(part: CompletedPart) -> om.CompletePart:
    if len(part.checksums) > 1:
        raise S3Error("InvalidRequest", "Expecting a single checksum for each part.")
    for algorithm, digest in part.checksums.items():
        return om.CompletePart(
            number=part.number,
            etag=part.etag,
            checksum=digest,
            checksum_algorithm=records.algorithm_to_wire(algorithm),
        )
    return om.CompletePart(number=part.number, etag=part.etag)


def _claimed(claim: ObjectChecksum | None) -> types_pb2.Checksum | None:
    if claim is None:
        return None
    return types_pb2.Checksum(
        algorithm=records.algorithm_to_wire(claim.algorithm), value=claim.digest
    )


def _claimed_size(request: S3Request) -> int:
    text = request.head.header("x-amz-mp-object-size")
    if text is None:
        return -1
    size_bytes = read_integer(text)
    if size_bytes is None or not 0 <= size_bytes < BOUND:
        problem = "invalid" if size_bytes is None or size_bytes > 0 else "less than zero"
        raise S3Error(
            "InvalidRequest", f"Value for x-amz-mp-object-size header is {problem}: '{text}'"
        )
    return size_bytes
