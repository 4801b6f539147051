"""S3 Control: what an account blocks for all its buckets.

The names are those under which AWS records them, which tell them from a bucket's: SDKs call both
alike. Source: S3 API reference, "Amazon S3 Control", PutPublicAccessBlock, GetPublicAccessBlock,
DeletePublicAccessBlock; S3 user guide, "Amazon S3 CloudTrail events"."""

from typing import Final

from trioxygen.gateway.account_directory import public_access_of, set_public_access
from trioxygen.gateway.protocol.control import account_of, in_controls_namespace
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.public_access import (
    public_access_document,
    read_public_access,
)
from trioxygen.gateway.s3.documents import read_document
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource, Route
from trioxygen.gateway.s3.request import Response, S3Request, no_content, xml_response
from trioxygen.gateway.s3.services import Services

_GET: Final = Access("s3:GetAccountPublicAccessBlock", Resource.ACCOUNT)
_PUT: Final = Access("s3:PutAccountPublicAccessBlock", Resource.ACCOUNT)


async def get_account_public_access(services: Services, request: S3Request) -> Response:
    account_id = account_of(request.head)
    block = await public_access_of(services.store.iam.directory, account_id)
    if block is None:
        raise S3Error("NoSuchPublicAccessBlockConfiguration", details={"AccountId": account_id})
    return xml_response(in_controls_namespace(public_access_document(block)))


async def put_account_public_access(services: Services, request: S3Request) -> Response:
    block = await read_document(services, request, read_public_access)
    await set_public_access(services.store.iam.directory, account_of(request.head), block)
    return Response()


async def delete_account_public_access(services: Services, request: S3Request) -> Response:
    await set_public_access(services.store.iam.directory, account_of(request.head), None)
    return no_content()


def _route(method: str) -> Route:
    return Route(method, Level.ACCOUNT, "configuration/publicAccessBlock")


ROWS: Final = (
    Operation(
        name="GetAccountPublicAccessBlock",
        route=_route("GET"),
        accesses=(_GET,),
        handler=get_account_public_access,
    ),
    Operation(
        name="PutAccountPublicAccessBlock",
        route=_route("PUT"),
        accesses=(_PUT,),
        reads_body=True,
        handler=put_account_public_access,
    ),
    Operation(
        name="DeleteAccountPublicAccessBlock",
        route=_route("DELETE"),
        accesses=(_PUT,),
        handler=delete_account_public_access,
    ),
)
