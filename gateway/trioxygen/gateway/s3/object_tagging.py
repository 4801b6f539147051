"""GetObjectTagging, PutObjectTagging, DeleteObjectTagging."""

from typing import Final

from trioxygen.gateway.protocol.versions import read_version_id, version_headers
from trioxygen.gateway.protocol.xml.tags import check_object_tags, read_tags, tags_document
from trioxygen.gateway.s3 import records
from trioxygen.gateway.s3.context import sent_tag_keys
from trioxygen.gateway.s3.documents import read_ahead, read_document
from trioxygen.gateway.s3.needs import KEY
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.keys import Tags


async def get_object_tagging(services: Services, request: S3Request) -> Response:
    record = request.record
    version = records.shown_version(request.bucket_record, record)
    return xml_response(tags_document(record.tags), version_headers(version))


async def _sent_tags(services: Services, request: S3Request) -> Tags:
    return await read_document(services, request, read_tags)


async def put_object_tagging(services: Services, request: S3Request) -> Response:
    wanted = read_version_id(request.head.query_value("versionId"))
    tags = await _sent_tags(services, request)
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
        accesses=(
            Access("s3:GetObjectTagging", Resource.OBJECT, KEY, "s3:GetObjectVersionTagging"),
        ),
        handler=get_object_tagging,
    ),
    Operation(
        name="PutObjectTagging",
        route=Route("PUT", Level.OBJECT, "tagging"),
        accesses=(
            Access(
                "s3:PutObjectTagging",
                Resource.OBJECT,
                KEY,
                "s3:PutObjectVersionTagging",
                reads=read_ahead(_sent_tags, sent_tag_keys),
            ),
        ),
        reads_body=True,
        handler=put_object_tagging,
    ),
    Operation(
        name="DeleteObjectTagging",
        route=Route("DELETE", Level.OBJECT, "tagging"),
        accesses=(
            Access("s3:DeleteObjectTagging", Resource.OBJECT, KEY, "s3:DeleteObjectVersionTagging"),
        ),
        handler=delete_object_tagging,
    ),
)
