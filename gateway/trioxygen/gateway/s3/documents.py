"""Documents that requests bring: received, verified and read, here alone.

While one waits to be read, which goes one by one, its bytes are still its holder's: of what all
requests may keep in memory, it takes its part."""

from collections.abc import Callable
from typing import Final, TypeVar

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services

# Of most settings and of what is said of one object.
_BYTES_MAX: Final = 64 * KIB

_Read = TypeVar("_Read")


async def read_document(
    services: Services,
    request: S3Request,
    read: Callable[[bytes], _Read],
    *,
    bytes_max: int = _BYTES_MAX,
    has_checksum: bool = True,
    is_digest_demanded: bool = False,
) -> _Read:
    """What `read` makes of the body.

    Args:
        has_checksum: x-amz-checksum-* headers are of the body, and not of an object.
        is_digest_demanded: see `Body.demand_digest`.
    Raises: S3Errors of the body and of `read`.
    """
    demanded = checksums.read_checksum_request(request.head) if has_checksum else None
    body = Body(request, services.blocking, checksum=demanded)
    if is_digest_demanded:
        body.demand_digest()
    document = await body.read(bytes_max)
    try:
        body.verify()
        return await services.parse(read, document)
    finally:
        body.give_back()
