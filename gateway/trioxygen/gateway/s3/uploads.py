"""CreateMultipartUpload and AbortMultipartUpload."""

from typing import Final

from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.gateway.protocol import checksums, headers
from trioxygen.gateway.protocol.xml import multipart as xml_multipart
from trioxygen.gateway.s3.arguments import check_of_upload
from trioxygen.gateway.s3.encryption import target_of
from trioxygen.gateway.s3.further_accesses import OF_WRITTEN
from trioxygen.gateway.s3.lifecycle_headers import abort_headers
from trioxygen.gateway.s3.needs import BUCKET, UPLOAD
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.owning import initiator_of, owned
from trioxygen.gateway.s3.refused_headers import refuse_unimplemented
from trioxygen.gateway.s3.request import Headers, Response, S3Request, no_content, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.writing import read_attributes
from trioxygen.gateway.store.values.uploads import NewUpload, UploadChecksum

_DEFAULT_CHECKSUM: Final = UploadChecksum(
    algorithm=Algorithm.CRC64NVME, type=ChecksumType.FULL_OBJECT
)


async def create_multipart_upload(services: Services, request: S3Request) -> Response:
    stored = headers.read_object_headers(request.head)
    attributes = read_attributes(services, request)
    owner = await owned(services, request)
    target = await target_of(services, request)
    asked = checksums.read_upload_checksum(request.head)
    bucket, key = request.bucket_record, request.key_name
    new = NewUpload(
        account_id=owner.account_id,
        headers=stored,
        checksum=asked or _DEFAULT_CHECKSUM,
        is_checksum_chosen=asked is not None,
        replication=services.replication_of(bucket, stored.storage_class),
        tags=attributes.tags,
        lock=attributes.lock,
        encryption=target.encryption,
        acl=owner.acl,
        initiator=initiator_of(request),
    )
    upload_id = await services.store.uploads.create(bucket, key, new)
    document = xml_multipart.initiate_multipart_upload(
        bucket=bucket.name, key=key, upload_id=upload_id.hex()
    )
    aborted = await abort_headers(services, bucket, key, begun_ms=services.clock.wall_ms())
    return xml_response(document, [*_checksum_headers(asked), *target.headers, *aborted])


def _checksum_headers(asked: UploadChecksum | None) -> Headers:
    """S3 says nothing of what nobody asked for."""
    if asked is None:
        return []
    return [
        (b"x-amz-checksum-algorithm", asked.algorithm.value.encode()),
        (b"x-amz-checksum-type", asked.type.value.encode()),
    ]


async def abort_multipart_upload(services: Services, request: S3Request) -> Response:
    await services.store.uploads.abort(request.bucket_record, request.upload)
    return no_content()


ROWS: Final = (
    Operation(
        name="CreateMultipartUpload",
        route=Route("POST", Level.OBJECT, "uploads"),
        accesses=(Access("s3:PutObject", Resource.OBJECT, BUCKET), *OF_WRITTEN),
        refuses=refuse_unimplemented,
        arguments=check_of_upload,
        handler=create_multipart_upload,
    ),
    Operation(
        name="AbortMultipartUpload",
        route=Route("DELETE", Level.OBJECT, "uploadId"),
        accesses=(Access("s3:AbortMultipartUpload", Resource.OBJECT, UPLOAD),),
        handler=abort_multipart_upload,
    ),
)
