"""GetBucketVersioning, PutBucketVersioning."""

from typing import Final

from trioxygen.gateway.protocol.xml.versioning import read_versioning, versioning_document
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Versioning


async def get_bucket_versioning(services: Services, request: S3Request) -> Response:
    return xml_response(versioning_document(request.bucket_record.versioning))


async def put_bucket_versioning(services: Services, request: S3Request) -> Response:
    wanted = await read_document(services, request, read_versioning)
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
