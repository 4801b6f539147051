"""PostObject: the form that browsers upload with. The gate's request is the form's, as `forms` has
read it: its fields are headers, its file is the body."""

from typing import Final
from urllib.parse import quote

from trioxygen.gateway.protocol import headers
from trioxygen.gateway.protocol.post_form import answer_of
from trioxygen.gateway.s3.arguments import check_of_put
from trioxygen.gateway.s3.further_accesses import OF_WRITTEN
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.owning import owned
from trioxygen.gateway.s3.put_object import store_object
from trioxygen.gateway.s3.refused_headers import refuse_unimplemented
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.s3.writing import read_attributes, read_condition


async def post_object(services: Services, request: S3Request) -> Response:
    assert request.form is not None, "the row says that it is a form"
    stored = headers.read_object_headers(request.head)
    attributes = read_attributes(services, request)
    owner = await owned(services, request)
    condition = read_condition(services, request)
    etag, fields = await store_object(services, request, stored, attributes, owner, condition)
    answer = answer_of(
        request.form.content,
        bucket=request.bucket_name,
        etag=etag,
        location=_location(request),
    )
    fields.append((b"location", answer.location.encode()))
    if answer.document:
        fields.append((b"content-type", b"application/xml"))
    return Response(answer.status, fields, answer.document)


def _location(request: S3Request) -> str:
    """Of the object, under the bucket's own address: its host, or its path."""
    host = request.head.header("host") or ""
    path = request.head.raw_path.decode("ascii", "replace").rstrip("/")
    return (
        f"{request.scheme}://{quote(host, safe=':[]')}{path}/{quote(request.key_name, safe='/~')}"
    )


ROWS: Final = (
    Operation(
        name="PostObject",
        route=Route("POST", Level.BUCKET),
        accesses=(Access("s3:PutObject", Resource.OBJECT, BUCKET), *OF_WRITTEN),
        reads_body=True,
        is_form=True,
        refuses=refuse_unimplemented,
        arguments=check_of_put,
        handler=post_object,
    ),
)
