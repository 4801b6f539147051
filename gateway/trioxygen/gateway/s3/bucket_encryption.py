"""GetBucketEncryption, PutBucketEncryption, DeleteBucketEncryption."""

from typing import Final

from trioxygen.gateway.protocol.encryption import (
    BucketEncryption,
    bucket_encryption_document,
    read_bucket_encryption,
)
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, no_content, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.encryption import SSE_S3


async def get_bucket_encryption(services: Services, request: S3Request) -> Response:
    bucket = request.bucket_record
    is_implied = services.config.encrypts and services.config.dialect.shows_implied_encryption
    default = bucket.encryption or (SSE_S3 if is_implied else None)
    if default is None:
        raise S3Error("ServerSideEncryptionConfigurationNotFoundError")
    shown = BucketEncryption(default, bucket.blocks_customer_keys)
    return xml_response(bucket_encryption_document(shown))


async def put_bucket_encryption(services: Services, request: S3Request) -> Response:
    wanted = await read_document(services, request, read_bucket_encryption)
    await services.store.buckets.set_encryption(
        request.bucket_record, wanted.default, blocks_customer_keys=wanted.blocks_customer_keys
    )
    return Response(200)


async def delete_bucket_encryption(services: Services, request: S3Request) -> Response:
    await services.store.buckets.set_encryption(
        request.bucket_record, None, blocks_customer_keys=False
    )
    return no_content()


ROWS: Final = (
    Operation(
        name="GetBucketEncryption",
        route=Route("GET", Level.BUCKET, "encryption"),
        accesses=(Access("s3:GetEncryptionConfiguration", Resource.BUCKET, BUCKET),),
        handler=get_bucket_encryption,
    ),
    Operation(
        name="PutBucketEncryption",
        route=Route("PUT", Level.BUCKET, "encryption"),
        accesses=(Access("s3:PutEncryptionConfiguration", Resource.BUCKET, BUCKET),),
        reads_body=True,
        handler=put_bucket_encryption,
    ),
    Operation(
        name="DeleteBucketEncryption",
        route=Route("DELETE", Level.BUCKET, "encryption"),
        accesses=(Access("s3:PutEncryptionConfiguration", Resource.BUCKET, BUCKET),),
        handler=delete_bucket_encryption,
    ),
)
