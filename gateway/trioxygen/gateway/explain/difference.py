"""Where the canonical request of a client and that of the server part.

Pure: what both are is given. What may be shown of it `masking` says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.explain.canonical_request import CanonicalRequest
from trioxygen.gateway.explain.masking import NOT_SHOWN, is_secret, masked

_AROUND_BYTES: Final = 40


@dataclass(frozen=True, slots=True)
class Difference:
    """Attributes:
    part: `method`, `path`, `query`, `header host`, `signed headers`, `payload hash`.
    column: of the first byte that differs, in the part, from 0.
    server, client: the part around it; None: the other has no such header.
    """

    part: str
    column: int
    server: str | None
    client: str | None

    @property
    def sentence(self) -> str:
        if self.client is None:
            return f"The {self.part} arrived as {self.server!r}; the client did not sign it."
        if self.server is None:
            return f"The {self.part} was signed as {self.client!r}; here it is not signed."
        return (
            f"The {self.part} is {self.server!r} here, and {self.client!r} as the client signed it:"
            f" they part at byte {self.column}."
        )


def first_difference(server: CanonicalRequest, client: CanonicalRequest) -> int | None:
    """The first byte, from 0, that is another in the whole of both; None: they are the same."""
    ours, theirs = server.text(), client.text()
    return None if ours == theirs else _common(ours, theirs)


def differences(server: CanonicalRequest, client: CanonicalRequest) -> list[Difference]:
    """By parts, in the order of the canonical request."""
    return [
        _difference(part, name, ours, theirs)
        for part, name, ours, theirs in _parts(server, client)
        if ours != theirs
    ]


def _parts(
    server: CanonicalRequest, client: CanonicalRequest
) -> Iterator[tuple[str, bytes, bytes | None, bytes | None]]:
    """(part, name of a header, the server's, the client's)."""
    yield "method", b"", server.method, client.method
    yield "path", b"", server.path, client.path
    yield "query", b"", server.query, client.query
    ours, theirs = dict(server.headers), dict(client.headers)
    for name in dict.fromkeys((*ours, *theirs)):
        part = f"header {name.decode(errors='backslashreplace')}"
        yield part, name, ours.get(name), theirs.get(name)
    yield "signed headers", b"", server.signed_headers, client.signed_headers
    yield "payload hash", b"", server.payload_hash, client.payload_hash


def _difference(part: str, name: bytes, ours: bytes | None, theirs: bytes | None) -> Difference:
    column = _common(ours or b"", theirs or b"")
    server, client = (_around(part, name, value, column) for value in (ours, theirs))
    return Difference(part, column, server, client)


def _common(left: bytes, right: bytes) -> int:
    """How many bytes both begin with."""
    shorter = min(len(left), len(right))
    return next((at for at in range(shorter) if left[at] != right[at]), shorter)


def _around(part: str, name: bytes, value: bytes | None, column: int) -> str | None:
    if value is None:
        return None
    if is_secret(name):
        return NOT_SHOWN
    if part == "query":
        # A whole parameter: a piece of a secret would not be known as such.
        start = value.rfind(b"&", 0, column) + 1
        end = value.find(b"&", column)
        return masked(value[start : end if end >= 0 else len(value)])
    start, end = max(0, column - _AROUND_BYTES), column + _AROUND_BYTES
    before, after = "…" if start else "", "…" if end < len(value) else ""
    return before + value[start:end].decode(errors="backslashreplace") + after
