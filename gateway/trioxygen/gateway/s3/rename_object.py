"""RenameObject: atomic, and no byte is moved. With a header of ours, all keys of a prefix."""

import re
from typing import Final

from trioxygen.common.errors import BucketState, InvalidRequest, NoSuchKey
from trioxygen.gateway.protocol import conditions
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.protocol.names import KEY_SIZE_BYTES_MAX
from trioxygen.gateway.s3.further_accesses import TO_MATCH
from trioxygen.gateway.s3.needs import BUCKET, RENAME_SOURCE
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.refused_headers import refuse_unimplemented
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Versioning
from trioxygen.gateway.store.values.keys import HttpCondition, Rename

_PREFIX_HEADER: Final = "x-o3-rename-prefix"
_COUNT_HEADER: Final = b"x-o3-renamed-keys"
_TOKEN_HEADER: Final = "x-amz-client-token"
_TOKEN: Final = re.compile("[!-~]{1,64}")
_NO_CONDITION: Final = HttpCondition()


async def rename_object(services: Services, request: S3Request) -> Response:
    bucket = request.bucket_record
    if bucket.versioning is not Versioning.NEVER:
        raise _keeps_versions()
    rename = _wanted(services, request)
    try:
        count = await services.store.keys.rename(bucket, rename)
    except NoSuchKey as error:
        raise S3Error("NoSuchKey", details={"Key": rename.source}) from error
    except BucketState as error:
        raise _keeps_versions() from error
    except InvalidRequest as error:
        raise _of_arguments(error) from error
    if not rename.is_prefix:
        return Response()
    if not count and not rename.token:
        raise S3Error("NoSuchKey", details={"Key": rename.source})
    return Response(200, [(_COUNT_HEADER, str(count).encode())])


def _of_arguments(error: InvalidRequest) -> S3Error | InvalidRequest:
    if "token" in error.facts:
        return S3Error("IdempotencyParameterMismatch")
    if "size_bytes" in error.facts:
        details = {
            "Size": error.facts["size_bytes"],
            "MaxSizeAllowed": str(KEY_SIZE_BYTES_MAX),
        }
        return S3Error("KeyTooLongError", details=details)
    return error


def _keeps_versions() -> S3Error:
    return S3Error(
        "InvalidBucketState",
        "Objects of a bucket that keeps versions, or has kept some, are not renamed.",
    )


def _wanted(services: Services, request: S3Request) -> Rename:
    head, source, key = request.head, request.source.key, request.key_name
    token = head.header(_TOKEN_HEADER)
    if token is not None and not _TOKEN.fullmatch(token):
        raise invalid_argument(
            "A client token has 1 to 64 printable characters of ASCII.", _TOKEN_HEADER, token
        )
    rename = Rename(
        source=source,
        key=key,
        condition=conditions.read_http_condition(head, now_s=services.now_s),
        source_condition=conditions.read_http_condition(
            head, prefix="x-amz-rename-source-", now_s=services.now_s
        ),
        token=b"" if token is None else token.encode(),
    )
    if _is_prefix(request):
        if request.claim is None:
            # Version 2 signs no header of ours: whoever has a presigned URL could add it.
            raise S3Error("AccessDenied", "Prefixes are renamed with Signature Version 4 alone.")
        if not request.is_of_owners_root:
            # Each key would have to be asked for, and none is known before.
            raise S3Error("AccessDenied", "Prefixes are renamed by root of the bucket's account.")
        return _of_prefix(rename)
    if source.endswith("/") or key.endswith("/"):
        raise S3Error(
            "InvalidRequest",
            "RenameObject does not rename objects whose key ends with a slash (/). To rename all"
            f" keys that begin with it, send {_PREFIX_HEADER}: true.",
        )
    if source == key:
        raise S3Error("InvalidRequest", "An object cannot be renamed to its own key.")
    return rename


def _is_prefix(request: S3Request) -> bool:
    value = request.head.header(_PREFIX_HEADER)
    if value not in (None, "true", "false"):
        raise invalid_argument("It is true or false.", _PREFIX_HEADER, value or "")
    return value == "true"


def _of_prefix(rename: Rename) -> Rename:
    is_new = rename.condition == HttpCondition(if_none_match=("*",))
    if rename.source_condition != _NO_CONDITION or not (
        is_new or rename.condition == _NO_CONDITION
    ):
        raise not_implemented("Prefixes are renamed with no condition but If-None-Match: *.")
    if rename.key.startswith(rename.source) or rename.source.startswith(rename.key):
        raise S3Error("InvalidRequest", "One of the two prefixes begins with the other.")
    return rename._replace(condition=_NO_CONDITION, is_prefix=True, is_new_prefix=is_new)


ROWS: Final = (
    Operation(
        name="RenameObject",
        route=Route("PUT", Level.OBJECT, "renameObject"),
        # In AWS the session of a directory bucket allows it.
        accesses=(
            Access("s3:PutObject", Resource.OBJECT, BUCKET),
            TO_MATCH,
            Access("s3:GetObject", Resource.SOURCE, RENAME_SOURCE),
            Access("s3:DeleteObject", Resource.SOURCE),
        ),
        refuses=refuse_unimplemented,
        handler=rename_object,
    ),
)
