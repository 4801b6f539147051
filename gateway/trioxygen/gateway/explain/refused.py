"""A request that was refused, as it is kept: what an explanation is made of, and nothing made yet.

It holds what its client sent, secrets among it, and only in memory: it is never written, and shown
only through an explanation."""

from typing import Final, NamedTuple

from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.explain.accesses import AccessViews
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.store.values.accounts import Account

# Of an entry without its texts, and of a header's two objects; measured with CPython 3.11.
_ENTRY_BYTES: Final = 1_200
_HEADER_BYTES: Final = 140


class RefusedRequest(NamedTuple):
    """Attributes:
    wall_ms: when.
    head: as it arrived.
    own_port: of the S3 port; None: a socket without one.
    claim: of a signature that is right, and of requests of IAM and STS; else it is read again.
    account: whose signature is right; None: nobody's is.
    arn: of who signed; "": nobody did, or not as the key would.
    accesses: that it needs, in order; the last one is what it was refused for, if it was for that.
    unread: why nothing could be made of it: a sentence; "": it was read.
    """

    request_id: str
    host_id: str
    wall_ms: int
    peer: str
    head: RequestHead
    own_port: int | None
    status: int
    code: str
    message: str
    operation: str
    claim: SignatureClaim | None
    account: Account | None
    arn: str
    accesses: tuple[AccessViews, ...]
    unread: str = ""

    @property
    def size_bytes(self) -> int:
        """About what it takes of the memory."""
        head = self.head
        headers = head.headers
        size = _ENTRY_BYTES + len(head.raw_path) + len(head.raw_query) + len(self.message)
        size += _HEADER_BYTES * len(headers) + sum(
            [len(name) + len(text) for name, text in headers]
        )
        return size + sum([access.size_bytes for access in self.accesses])
