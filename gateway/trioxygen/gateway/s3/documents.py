"""Documents that requests bring: received, verified and read, here alone.

While one waits to be read, which goes one by one, its bytes are still its holder's: of what all
requests may keep in memory, it takes its part."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, TypeVar

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol import checksums
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.body import Body
from trioxygen.gateway.s3.request import BodyKeys, S3Request
from trioxygen.gateway.s3.services import Services

# Of most settings and of what is said of one object.
_BYTES_MAX: Final = 64 * KIB

_Read = TypeVar("_Read")


class _Ahead(NamedTuple):
    """What came of reading a body before it was decided."""

    value: Any
    refusal: S3Error | None = None


def read_ahead(
    read: Callable[[Services, S3Request], Awaitable[_Read]],
    keys: Callable[[_Read], BodyKeys],
) -> Callable[[Services, S3Request], Awaitable[None]]:
    """For `Access.reads`: the handler's `read_document` gives what was read, or raises what it
    would have raised.

    Args:
        read: by `read_document`.
        keys: condition keys, by what it made of the body."""

    async def reads(services: Services, request: S3Request) -> None:
        try:
            value = await read(services, request)
        except S3Error as error:
            request.ahead = _Ahead(None, error)
        else:
            request.ahead, request.body_keys = _Ahead(value), keys(value)

    return reads


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
    ahead = request.ahead
    if ahead is not None:
        assert isinstance(ahead, _Ahead)
        if ahead.refusal is not None:
            raise ahead.refusal
        value: _Read = ahead.value
        return value
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
