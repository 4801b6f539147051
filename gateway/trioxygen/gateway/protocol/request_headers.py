"""What the S3 protocol modules need to know of a request. Ports, nothing else."""

from collections.abc import Iterable, Sequence
from typing import Protocol


class RequestHeaders(Protocol):
    """Header fields of one request.

    Names are lower case. Values are the bytes of the wire decoded as ISO-8859-1, without
    leading and trailing white space.
    """

    def header(self, name: str) -> str | None:
        """The value of the header, or None when it was not sent."""
        ...

    def has_any(self, names: Iterable[bytes]) -> bool:
        """Whether one of these was sent."""
        ...

    def headers_with_prefix(self, prefix: str) -> list[tuple[str, str]]:
        """(full name, value) of every header field whose name starts so, in the order sent."""
        ...


class RequestQuery(Protocol):
    """Query of one request, percent-decoded."""

    @property
    def query_pairs(self) -> Sequence[tuple[str, str]]:
        """(name, value) in the order sent; a name without ``=`` has the value ""."""
        ...
