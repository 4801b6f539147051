"""GetBucketVersioning, PutBucketVersioning."""

from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.protocol.xml.versioning import read_versioning, versioning_document
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Versioning

_BODY_BYTES_MAX: Final = 64 * KIB


async def get_bucket_versioning(services: Services, request: S3Request) -> Response:
    return xml_response(versioning_document(request.bucket_record.versioning))


async def put_bucket_versioning(services: Services, request: S3Request) -> Response:
    body = Body(request, services.blocking, checksum=checksums.read_checksum_request(request.head))
    document = await body.read(_BODY_BYTES_MAX)
    body.verify()
    wanted = await services.parse(read_versioning, document)
    await services.store.buckets.set_versioning(
        request.bucket_record, is_enabled=wanted is Versioning.ENABLED
    )
    return Response(200)


ROWS: Final = (
    Operation(
        name="GetBucketVersioning",
        route=Route("GET", Level.BUCKET, "versioning"),
        accesses=(Access("s3:GetBucketVersioning", Resource.BUCKET, BUCKET),),
        handler=get_bucket_versioning,
    ),
    Operation(
        name="PutBucketVersioning",
        route=Route("PUT", Level.BUCKET, "versioning"),
        accesses=(Access("s3:PutBucketVersioning", Resource.BUCKET, BUCKET),),
        reads_body=True,
        handler=put_bucket_versioning,
    ),
)
