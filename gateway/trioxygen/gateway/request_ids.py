"""The two ids that every S3 answer carries: of the request, and of the gateway that answered it."""

import random
from base64 import b64encode
from typing import NamedTuple


class RequestIds(NamedTuple):
    """Attributes:
    request: x-amz-request-id: 16 upper-case hexadecimal digits.
    host: x-amz-id-2: base64.
    """

    request: str
    host: str


class IdSource:
    """Of one gateway: ids differ between gateways and starts, and between requests."""

    __slots__ = ("_host_prefix", "_last", "_prefix")

    def __init__(self, rng: random.Random) -> None:
        # Gateways and starts differ by the first half of it, requests by the second.
        self._prefix = f"{rng.getrandbits(32):08X}"
        # Base64 of 57 bytes: 48 of this gateway, 9 of the request (upper-case hexadecimal digits
        # are base64 as well).
        self._host_prefix = b64encode(rng.randbytes(48)).decode()
        self._last = 0

    def next(self) -> RequestIds:
        self._last += 1
        request_id = f"{self._prefix}{self._last:08X}"
        return RequestIds(request_id, self._host_prefix + request_id[4:])
