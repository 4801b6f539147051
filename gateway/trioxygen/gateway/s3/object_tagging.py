"""GetObjectTagging, PutObjectTagging, DeleteObjectTagging."""

from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.protocol.versions import read_version_id, version_headers
from trioxygen.gateway.protocol.xml.tags import check_object_tags, read_tags, tags_document
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.needs import KEY
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services

_BODY_BYTES_MAX: Final = 64 * KIB


async def get_object_tagging(services: Services, request: S3Request) -> Response:
    record = request.record
    version = records.shown_version(request.bucket_record, record)
    return xml_response(tags_document(record.tags), version_headers(version))


async def put_object_tagging(services: Services, request: S3Request) -> Response:
    wanted = read_version_id(request.head.query_value("versionId"))
    body = Body(request, services.blocking, checksum=checksums.read_checksum_request(request.head))
    document = await body.read(_BODY_BYTES_MAX)
    body.verify()
    tags = await services.parse(read_tags, document)
    check_object_tags(tags)
    version = await services.store.keys.set_tags(
        request.bucket_record, request.key_name, wanted, tuple(sorted(tags))
    )
    return Response(200, version_headers(version))


async def delete_object_tagging(services: Services, request: S3Request) -> Response:
    wanted = read_version_id(request.head.query_value("versionId"))
    version = await services.store.keys.set_tags(
        request.bucket_record, request.key_name, wanted, ()
    )
    return Response(204, version_headers(version))


ROWS: Final = (
    Operation(
        name="GetObjectTagging",
        route=Route("GET", Level.OBJECT, "tagging"),
        accesses=(Access("s3:GetObjectTagging", Resource.OBJECT, KEY),),
        handler=get_object_tagging,
    ),
    Operation(
        name="PutObjectTagging",
        route=Route("PUT", Level.OBJECT, "tagging"),
        accesses=(Access("s3:PutObjectTagging", Resource.OBJECT, KEY),),
        reads_body=True,
        handler=put_object_tagging,
    ),
    Operation(
        name="DeleteObjectTagging",
        route=Route("DELETE", Level.OBJECT, "tagging"),
        accesses=(Access("s3:DeleteObjectTagging", Resource.OBJECT, KEY),),
        handler=delete_object_tagging,
    ),
)
