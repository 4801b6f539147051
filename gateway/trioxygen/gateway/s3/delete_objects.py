"""DeleteObjects: up to 1,000 keys in one request, one commit."""

from collections.abc import Sequence
from typing import Final

from trioxygen.common.errors import ErrorCode, error_of
from trioxygen.common.units import MIB
from trioxygen.gateway.body import Body
from trioxygen.gateway.error_response import s3_error
from trioxygen.gateway.operations import Operations
from trioxygen.gateway.request import Response, S3Request, xml_response
from trioxygen.gateway.s3 import checksums, names, xml_requests, xml_results
from trioxygen.gateway.s3.errors import S3Error
from trioxygen.gateway.s3.xml_requests import ObjectIdentifier
from trioxygen.gateway.s3.xml_results import DeletedObject, DeleteError
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.om_pb2 import BucketRow

# 1,000 keys of 1,024 bytes, each byte escaped, and their elements.
_BODY_BYTES_MAX: Final = 8 * MIB


class DeleteOperations(Operations):
    async def delete_objects(self, request: S3Request) -> Response:
        bucket = await self.owned_bucket(request)
        demanded = checksums.read_checksum_request(request.head)
        body = Body(request, self.blocking, checksum=demanded)
        if not body.has_content_md5 and not demanded.by_client:
            raise S3Error(
                "InvalidRequest",
                "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
            )
        document = await body.read(_BODY_BYTES_MAX)
        body.verify()
        wanted = await self.parse(xml_requests.read_delete_request, document)
        errors: list[DeleteError] = []
        doomed: list[ObjectIdentifier] = []
        for identifier in wanted.objects:
            error = _refused(identifier)
            if error is None:
                doomed.append(identifier)
            else:
                errors.append(error)
        deleted: list[DeletedObject] = []
        for one, code in zip(doomed, await self._delete(bucket, doomed), strict=True):
            if code:
                errors.append(_error(one, s3_error(error_of(code), request)))
            elif not wanted.quiet:
                deleted.append(DeletedObject(key=one.key, version_id=one.version_id))
        return xml_response(xml_results.delete_result(deleted=deleted, errors=errors))

    async def _delete(
        self, bucket: BucketRow, doomed: Sequence[ObjectIdentifier]
    ) -> list[ErrorCode]:
        """A result for each. The OM may take fewer at once than are asked for, never none."""
        results: list[ErrorCode] = []
        while len(results) < len(doomed):
            keys = [
                om.KeyToDelete(key=one.key.encode(), if_match=one.etag)
                for one in doomed[len(results) :]
            ]
            reply = await self.backend.call(
                om.DeleteKeysRequest(bucket=bucket.name, bucket_id=bucket.bucket_id, keys=keys),
                om.DeleteKeysReply,
            )
            assert reply.results, "the OM deleted nothing of what it was asked for"
            results.extend(reply.results)
        return results


def _error(identifier: ObjectIdentifier, error: S3Error) -> DeleteError:
    return DeleteError(
        key=identifier.key,
        code=error.code,
        message=error.message,
        version_id=identifier.version_id,
    )


def _refused(identifier: ObjectIdentifier) -> DeleteError | None:
    try:
        names.check_key(identifier.key)
    except S3Error as error:
        return _error(identifier, error)
    if identifier.version_id not in (None, "null"):
        return _error(identifier, S3Error("NoSuchVersion"))
    return None
