"""What the requests of one gateway share: nobody's many keep the others from going on."""

from dataclasses import dataclass

from trioxygen.common.fair_share import FairShare
from trioxygen.common.units import MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLimits:
    """Attributes:
    requests_max: under way at once.
    uploads_max: bodies over 64 KiB, and copies, that are being written at once.
    buffer_bytes_max: of bodies and answers, beyond the little that each request may always hold.
    document_bytes_max: of answers that are made at once (listings), where they are over 64 KiB.
    queries_max: of SelectObjectContent, under way at once.
    """

    requests_max: int = 8_192
    uploads_max: int = 2_048
    buffer_bytes_max: int = 48 * MIB
    document_bytes_max: int = 16 * MIB
    queries_max: int = 4


class Shares:
    """The holders are accounts, and for requests without one the addresses they come from."""

    __slots__ = ("buffers", "documents", "queries", "requests", "uploads")

    def __init__(self, limits: ShareLimits) -> None:
        self.requests = FairShare(limits.requests_max)
        self.uploads = FairShare(limits.uploads_max)
        self.buffers = FairShare(limits.buffer_bytes_max)
        self.documents = FairShare(limits.document_bytes_max)
        self.queries = FairShare(limits.queries_max)


class Buffers:
    """Bytes that one holder's requests may keep in memory."""

    __slots__ = ("_holder", "_share")

    def __init__(self, share: FairShare, holder: str) -> None:
        self._share, self._holder = share, holder

    @property
    def is_scarce(self) -> bool:
        return 2 * self._share.total > self._share.capacity

    def take(self, size_bytes: int) -> bool:
        """Whether it was granted; then `give_back` is owed."""
        return self._share.take(self._holder, size_bytes)

    def take_anyway(self, size_bytes: int) -> None:
        """The little without which a request cannot go on at all."""
        self._share.take_anyway(self._holder, size_bytes)

    def give_back(self, size_bytes: int) -> None:
        if size_bytes:
            self._share.give_back(self._holder, size_bytes)
