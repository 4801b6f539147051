"""DeleteObject, and DeleteObjects: up to 1,000 keys in one request, one commit."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from trioxygen.common.errors import NoSuchKey, TrioxygenError
from trioxygen.common.units import MIB
from trioxygen.gateway.protocol import conditions, names
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.versions import known_version, read_version_id, version_id
from trioxygen.gateway.protocol.xml import requests as xml_requests
from trioxygen.gateway.protocol.xml import results as xml_results
from trioxygen.gateway.protocol.xml.requests import ObjectIdentifier
from trioxygen.gateway.protocol.xml.results import DeletedObject, DeleteError
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.error_response import s3_error
from trioxygen.gateway.s3.further_accesses import (
    BYPASS,
    BYPASS_ACTION,
    READ_ACTION,
    TO_BYPASS,
    TO_MATCH,
    asks_to_bypass,
    bypasses_governance,
)
from trioxygen.gateway.s3.needs import BUCKET, not_there
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Headers, Response, S3Request, xml_response
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.keys import Deleted, KeyToDelete

# 1,000 keys of 1,024 bytes, each byte escaped, and their elements.
_BODY_BYTES_MAX: Final = 8 * MIB


async def delete_object(services: Services, request: S3Request) -> Response:
    head = request.head
    version = read_version_id(head.query_value("versionId"))
    _check_bypass(request)
    condition = conditions.read_deletion_condition(head, now_s=services.now_s)
    doomed = KeyToDelete(
        request.key_name,
        condition.if_match,
        version,
        condition.size_bytes,
        condition.modified_s,
    )
    [done] = await services.store.keys.delete(
        request.bucket_record, (doomed,), bypasses_governance=bypasses_governance(request)
    )
    if isinstance(done, NoSuchKey):
        raise not_there(request.key_name, head.query_value("versionId"))
    if isinstance(done, TrioxygenError):
        raise done
    headers: Headers = []
    if done.is_marker:
        headers.append((b"x-amz-delete-marker", b"true"))
    shown = done.version if version is None else version
    if shown is not None:
        headers.append((b"x-amz-version-id", version_id(shown).encode()))
    return Response(204, headers)


def _check_bypass(request: S3Request) -> None:
    """Raises InvalidArgument where nothing can be locked; S3 lets it pass in DeleteObjects."""
    if asks_to_bypass(request) and not request.bucket_record.has_lock:
        raise invalid_argument(
            f"{BYPASS} is only applicable to Object Lock enabled buckets.",
            BYPASS,
            request.head.header(BYPASS) or "",
        )


async def delete_objects(services: Services, request: S3Request) -> Response:
    wanted = await read_document(
        services,
        request,
        partial(xml_requests.read_delete_request, now_s=services.now_s),
        bytes_max=_BODY_BYTES_MAX,
        is_digest_demanded=True,
    )
    errors: list[DeleteError] = []
    doomed: list[ObjectIdentifier] = []
    for identifier in wanted.objects:
        error = _refused(request, identifier)
        if error is None:
            doomed.append(identifier)
        else:
            errors.append(error)
    deleted: list[DeletedObject] = []
    for bypasses, group in _by_bypass(request, doomed):
        results = await services.store.keys.delete(
            request.bucket_record,
            [_doomed(each) for each in group],
            bypasses_governance=bypasses,
        )
        for each, done in zip(group, results, strict=True):
            if isinstance(done, TrioxygenError):
                errors.append(_error(each, s3_error(done, request)))
            elif not wanted.quiet:
                deleted.append(_deleted(each, done))
    return xml_response(xml_results.delete_result(deleted=deleted, errors=errors))


def _by_bypass(
    request: S3Request, doomed: Sequence[ObjectIdentifier]
) -> Sequence[tuple[bool, Sequence[ObjectIdentifier]]]:
    """Those of which GOVERNANCE is lifted, and those of which it is not."""
    if not asks_to_bypass(request):
        return [(False, doomed)]
    groups: dict[bool, list[ObjectIdentifier]] = {}
    for each in doomed:
        refusal = request.refusal(each.key, each.version_id, BYPASS_ACTION)
        groups.setdefault(refusal is None, []).append(each)
    return list(groups.items())


def _doomed(identifier: ObjectIdentifier) -> KeyToDelete:
    return KeyToDelete(
        identifier.key,
        identifier.etag,
        known_version(identifier.version_id),
        identifier.size_bytes,
        identifier.modified_s,
    )


def _deleted(identifier: ObjectIdentifier, done: Deleted) -> DeletedObject:
    marker = version_id(done.version) if done.is_marker and done.version is not None else None
    return DeletedObject(
        key=identifier.key,
        version_id=identifier.version_id,
        delete_marker=done.is_marker,
        delete_marker_version_id=marker,
    )


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
    version = identifier.version_id
    refusal = request.refusal(identifier.key, version)
    if refusal is None and _asks_what_is_there(identifier):
        refusal = request.refusal(identifier.key, None, READ_ACTION)
    if refusal is not None:
        return _error(identifier, refusal)
    if version is not None and known_version(version) is None:
        return _error(identifier, S3Error("NoSuchVersion"))
    return None


def _asks_what_is_there(identifier: ObjectIdentifier) -> bool:
    """As `TO_MATCH`, of one key."""
    return (
        identifier.etag not in ("", "*")
        or identifier.size_bytes is not None
        or identifier.modified_s is not None
    )


ROWS: Final = (
    Operation(
        name="DeleteObject",
        route=Route("DELETE", Level.OBJECT),
        accesses=(
            Access("s3:DeleteObject", Resource.OBJECT, BUCKET, "s3:DeleteObjectVersion"),
            TO_MATCH,
            TO_BYPASS,
        ),
        handler=delete_object,
    ),
    Operation(
        name="DeleteObjects",
        route=Route("POST", Level.BUCKET, "delete"),
        accesses=(Access("s3:DeleteObject", Resource.OBJECTS, BUCKET, "s3:DeleteObjectVersion"),),
        reads_body=True,
        handler=delete_objects,
    ),
)
