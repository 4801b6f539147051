"""Which S3 operation a request is: by method, level, sub-resource and headers. One table.

A sub-resource that S3 knows and this store does not is NotImplemented, never taken for something
else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from trioxygen.common.blocking import Blocking
from trioxygen.common.clock import Clock
from trioxygen.gateway.auth.claim import STREAMING
from trioxygen.gateway.backend import ObjectBackend
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.request import Response, S3Request
from trioxygen.gateway.s3.buckets import BucketOperations
from trioxygen.gateway.s3.complete_multipart import CompleteOperations
from trioxygen.gateway.s3.copy_object import CopyOperations
from trioxygen.gateway.s3.delete_objects import DeleteOperations
from trioxygen.gateway.s3.errors import S3Error, invalid_argument, not_implemented
from trioxygen.gateway.s3.get_object import GetOperations
from trioxygen.gateway.s3.list_objects import ListOperations
from trioxygen.gateway.s3.multipart import MultipartOperations
from trioxygen.gateway.s3.put_object import PutOperations

Operation = Callable[[S3Request], Awaitable[Response]]


class Level(Enum):
    SERVICE = auto()
    BUCKET = auto()
    OBJECT = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """name: of the operation, for logs and metrics. reads_body: it has one, which it reads."""

    name: str
    operation: Operation
    reads_body: bool


# Query names that choose an operation. Source: S3 API, "Actions".
SUBRESOURCES: Final = frozenset(
    (
        "abac accelerate acl analytics annotation annotations attributes cors delete encryption"
        " intelligent-tiering inventory legal-hold lifecycle list-type location logging "
        "metadataAnnotationTable"
        " metadataConfiguration metadataInventoryTable metadataJournalTable metadataTable metrics "
        "notification"
        " object-lock ownershipControls policy policyStatus publicAccessBlock renameObject "
        "replication"
        " requestPayment restore retention select session tagging torrent uploadId uploads "
        "versioning versions"
        " website x-id"
    ).split()
) - {"x-id"}

# The methods that S3 has for the sub-resources that are here; those that are not here yet are
# NotImplemented, all others MethodNotAllowed.
_METHODS: Final = {
    (Level.SERVICE, ""): "GET",
    (Level.BUCKET, ""): "GET, HEAD, PUT, POST, DELETE",
    (Level.BUCKET, "delete"): "POST",
    (Level.BUCKET, "list-type"): "GET",
    (Level.BUCKET, "location"): "GET",
    (Level.BUCKET, "uploads"): "GET",
    (Level.BUCKET, "versioning"): "GET, PUT",
    (Level.BUCKET, "versions"): "GET",
    (Level.OBJECT, ""): "GET, HEAD, PUT, DELETE",
    (Level.OBJECT, "attributes"): "GET",
    (Level.OBJECT, "uploadId"): "GET, PUT, POST, DELETE",
    (Level.OBJECT, "uploads"): "POST",
}


_READ_BODIES: Final = frozenset(
    ("CompleteMultipartUpload", "CreateBucket", "DeleteObjects", "PutObject", "UploadPart")
)


class Router:
    def __init__(
        self, backend: ObjectBackend, blocking: Blocking, clock: Clock, config: S3Config
    ) -> None:
        shared = (backend, blocking, clock, config)
        buckets, listing = BucketOperations(*shared), ListOperations(*shared)
        get, put, copy = GetOperations(*shared), PutOperations(*shared), CopyOperations(*shared)
        delete, multipart = DeleteOperations(*shared), MultipartOperations(*shared)
        complete = CompleteOperations(*shared)
        table: dict[tuple[str, Level, str], Operation] = {
            ("GET", Level.SERVICE, ""): buckets.list_buckets,
            ("PUT", Level.BUCKET, ""): buckets.create_bucket,
            ("HEAD", Level.BUCKET, ""): buckets.head_bucket,
            ("DELETE", Level.BUCKET, ""): buckets.delete_bucket,
            ("GET", Level.BUCKET, ""): listing.list_objects,
            ("GET", Level.BUCKET, "list-type"): listing.list_objects_v2,
            ("GET", Level.BUCKET, "versions"): listing.list_object_versions,
            ("GET", Level.BUCKET, "location"): buckets.get_bucket_location,
            ("GET", Level.BUCKET, "versioning"): buckets.get_bucket_versioning,
            ("GET", Level.BUCKET, "uploads"): multipart.list_multipart_uploads,
            ("POST", Level.BUCKET, "delete"): delete.delete_objects,
            ("GET", Level.OBJECT, ""): get.get_object,
            ("HEAD", Level.OBJECT, ""): get.head_object,
            ("GET", Level.OBJECT, "attributes"): get.get_object_attributes,
            ("PUT", Level.OBJECT, ""): put.put_object,
            ("PUT", Level.OBJECT, "copy"): copy.copy_object,
            ("DELETE", Level.OBJECT, ""): put.delete_object,
            ("POST", Level.OBJECT, "uploads"): multipart.create_multipart_upload,
            ("PUT", Level.OBJECT, "uploadId"): multipart.upload_part,
            ("PUT", Level.OBJECT, "uploadId copy"): multipart.upload_part_copy,
            ("GET", Level.OBJECT, "uploadId"): multipart.list_parts,
            ("DELETE", Level.OBJECT, "uploadId"): multipart.abort_multipart_upload,
            ("POST", Level.OBJECT, "uploadId"): complete.complete_multipart_upload,
        }
        self._routes = {
            key: Route(name := _title(operation), operation, name in _READ_BODIES)
            for key, operation in table.items()
        }

    def route(self, request: S3Request) -> Route:
        """Raises NotImplemented, MethodNotAllowed, InvalidArgument, InvalidRequest."""
        head = request.head
        if request.bucket is None:
            level = Level.SERVICE
        else:
            level = Level.BUCKET if request.key is None else Level.OBJECT
        sub = _sub_resource(request, level) if head.raw_query else ""
        wanted = sub
        if head.method == "PUT" and head.raw_header(b"x-amz-copy-source") is not None:
            if level is not Level.OBJECT or sub not in ("", "uploadId"):
                raise invalid_argument(
                    "You can only specify a copy source header for copy requests.",
                    "x-amz-copy-source",
                    head.header("x-amz-copy-source") or "",
                )
            wanted = f"{sub} copy".strip()
        found = self._routes.get((head.method, level, wanted))
        if found is not None:
            claim = request.claim
            if (
                not found.reads_body
                and claim is not None
                and claim.payload_hash.startswith(STREAMING)
            ):
                raise S3Error(
                    "InvalidRequest", "The value of x-amz-content-sha256 header is invalid."
                )
            return found
        raise _no_route(head.method, level, sub)


def _sub_resource(request: S3Request, level: Level) -> str:
    """The query name that chooses the operation, "" if none does."""
    head = request.head
    asked = [name for name, _ in head.query_pairs if name in SUBRESOURCES]
    sub = asked[0] if asked else ""
    if level is Level.OBJECT:
        if "uploads" in asked and "uploadId" in asked:
            raise invalid_argument("Conflicting query string parameters", "ResourceType", "uploads")
        if sub == "versions":
            raise S3Error(
                "InvalidRequest",
                "There is no such thing as the ?versions sub-resource for a key",
            )
        if sub == "uploads" and head.method == "GET":
            raise S3Error(
                "InvalidRequest", "Key is not expected for the GET method ?uploads subresource"
            )
        if head.method not in ("GET", "HEAD") and "uploadId" not in asked:
            number = head.query_value("partNumber")
            if number is not None:
                raise invalid_argument(
                    "This operation does not accept partNumber without uploadId",
                    "partNumber",
                    number,
                )
        if sub == "uploadId" and head.method == "PUT" and not head.has_query("partNumber"):
            raise _not_allowed("UPLOAD", "GET, POST, DELETE")
    if sub == "list-type" and head.query_value("list-type") != "2":
        return ""
    return sub


def _no_route(method: str, level: Level, sub: str) -> S3Error:
    allowed = _METHODS.get((level, sub))
    if allowed is None:
        return not_implemented(f"{method} with ?{sub} is not implemented.")
    if method not in allowed.split(", "):
        return _not_allowed("UPLOAD" if sub == "uploadId" else level.name, allowed)
    if sub:
        return not_implemented(f"{method} with ?{sub} is not implemented.")
    return not_implemented("POST of a browser form is not implemented.")


def _not_allowed(resource: str, allowed: str) -> S3Error:
    return S3Error(
        "MethodNotAllowed", details={"ResourceType": resource}, headers={"Allow": allowed}
    )


def _title(operation: Operation) -> str:
    """`put_object` is PutObject."""
    name: str = operation.__name__
    return "".join(word.capitalize() for word in name.split("_"))
