"""RestoreObject: nothing is archived here, so there is nothing to be restored."""

from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import read_integer
from trioxygen.gateway.protocol.xml.reading import local_name, parse_document
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.needs import KEY
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services

_KNOWN: Final = frozenset(
    {
        "Days",
        "GlacierJobParameters",
        "Type",
        "Tier",
        "Description",
        "SelectParameters",
        "OutputLocation",
    }
)


async def restore_object(services: Services, request: S3Request) -> Response:
    """Raises what S3 says of an object of a class that is read at once."""
    await read_document(services, request, _check_document)
    raise S3Error(
        "InvalidObjectState",
        "Restore is not allowed for the object's current storage class",
        details={"StorageClass": request.record.headers.storage_class},
    )


def _check_document(body: bytes) -> None:
    """Raises MalformedXML; there may be none."""
    if not body:
        return
    seen: set[str] = set()
    for child in parse_document(body, "RestoreRequest", rows_max=16):
        name = local_name(child)
        days = read_integer((child.text or "").strip()) if name == "Days" else 1
        if name not in _KNOWN or name in seen or days is None or days < 1:
            raise S3Error("MalformedXML")
        seen.add(name)


ROWS: Final = (
    Operation(
        name="RestoreObject",
        route=Route("POST", Level.OBJECT, "restore"),
        accesses=(Access("s3:RestoreObject", Resource.OBJECT, KEY),),
        reads_body=True,
        handler=restore_object,
    ),
)
