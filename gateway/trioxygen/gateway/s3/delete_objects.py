"""DeleteObject, and DeleteObjects: up to 1,000 keys in one request, one commit."""

from typing import Final

from trioxygen.common.errors import ConditionFailed, NoSuchKey
from trioxygen.common.units import MIB
from trioxygen.gateway.protocol import checksums, conditions, names
from trioxygen.gateway.protocol.errors import S3Error, not_implemented
from trioxygen.gateway.protocol.versions import check_version_id
from trioxygen.gateway.protocol.xml import requests as xml_requests
from trioxygen.gateway.protocol.xml import results as xml_results
from trioxygen.gateway.protocol.xml.requests import ObjectIdentifier
from trioxygen.gateway.protocol.xml.results import DeletedObject, DeleteError
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.error_response import s3_error
from trioxygen.gateway.s3.needs import BUCKET
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.refused_headers import refuse_deletion_conditions
from trioxygen.gateway.s3.request import Response, S3Request, no_content, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.keys import KeyToDelete

# 1,000 keys of 1,024 bytes, each byte escaped, and their elements.
_BODY_BYTES_MAX: Final = 8 * MIB


async def delete_object(services: Services, request: S3Request) -> Response:
    check_version_id(request.head.query_value("versionId"))
    condition = conditions.read_write_condition(request.head)
    if condition is not None and condition.if_none_match:
        raise not_implemented("A deletion takes no If-None-Match header.", header="If-None-Match")
    doomed = KeyToDelete(request.key_name, "" if condition is None else condition.if_match)
    [error] = await services.store.keys.delete(request.bucket_record, (doomed,))
    if isinstance(error, ConditionFailed):
        raise S3Error("PreconditionFailed", details={"Condition": "If-Match"})
    if isinstance(error, NoSuchKey):
        raise S3Error("NoSuchKey", details={"Key": request.key_name})
    if error is not None:
        raise error
    return no_content()


async def delete_objects(services: Services, request: S3Request) -> Response:
    demanded = checksums.read_checksum_request(request.head)
    body = Body(request, services.blocking, checksum=demanded)
    body.demand_digest()
    document = await body.read(_BODY_BYTES_MAX)
    body.verify()
    wanted = await services.parse(xml_requests.read_delete_request, document)
    errors: list[DeleteError] = []
    doomed: list[ObjectIdentifier] = []
    for identifier in wanted.objects:
        error = _refused(request, identifier)
        if error is None:
            doomed.append(identifier)
        else:
            errors.append(error)
    deleted: list[DeletedObject] = []
    keys = [KeyToDelete(each.key, each.etag) for each in doomed]
    refusals = await services.store.keys.delete(request.bucket_record, keys)
    for each, refusal in zip(doomed, refusals, strict=True):
        if refusal is not None:
            errors.append(_error(each, s3_error(refusal, request)))
        elif not wanted.quiet:
            deleted.append(DeletedObject(key=each.key, version_id=each.version_id))
    return xml_response(xml_results.delete_result(deleted=deleted, errors=errors))


def _error(identifier: ObjectIdentifier, error: S3Error) -> DeleteError:
    return DeleteError(
        key=identifier.key,
        code=error.code,
        message=error.message,
        version_id=identifier.version_id,
    )


def _refused(request: S3Request, identifier: ObjectIdentifier) -> DeleteError | None:
    try:
        names.check_key(identifier.key)
    except S3Error as error:
        return _error(identifier, error)
    if not request.allows(identifier.key):
        return _error(identifier, S3Error("AccessDenied"))
    if identifier.version_id not in (None, "null"):
        return _error(identifier, S3Error("NoSuchVersion"))
    return None


ROWS: Final = (
    Operation(
        name="DeleteObject",
        route=Route("DELETE", Level.OBJECT),
        accesses=(Access("s3:DeleteObject", Resource.OBJECT, BUCKET),),
        refuses=refuse_deletion_conditions,
        handler=delete_object,
    ),
    Operation(
        name="DeleteObjects",
        route=Route("POST", Level.BUCKET, "delete"),
        accesses=(Access("s3:DeleteObject", Resource.OBJECTS, BUCKET),),
        reads_body=True,
        handler=delete_objects,
    ),
)
