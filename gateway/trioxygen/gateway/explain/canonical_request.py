"""A canonical request in its parts, so that a part can be shown, compared or exchanged."""

from dataclasses import dataclass, replace
from typing import Final

from trioxygen.gateway.auth.canonical import canonical_headers, canonical_path, canonical_query
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.protocol.head import RequestHead

_LINES_MIN: Final = 6


@dataclass(frozen=True, slots=True)
class CanonicalRequest:
    """Attributes:
    path, query: encoded as they are signed.
    headers: (name, value), in the order of the signed headers.
    signed_headers: their names, with semicolons between.
    """

    method: bytes
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    signed_headers: bytes
    payload_hash: bytes

    def text(self) -> bytes:
        """What is hashed."""
        return b"%b\n%b\n%b\n%b\n%b\n%b" % (
            self.method,
            self.path,
            self.query,
            b"".join([b"%b:%b\n" % header for header in self.headers]),
            self.signed_headers,
            self.payload_hash,
        )

    def header(self, name: bytes) -> bytes | None:
        """None: it is not signed."""
        return dict(self.headers).get(name)

    def with_header(self, name: bytes, value: bytes) -> "CanonicalRequest":
        """With another value of one that is signed."""
        headers = [(each, value if each == name else was) for each, was in self.headers]
        return replace(self, headers=tuple(headers))


def as_arrived(claim: SignatureClaim, head: RequestHead) -> CanonicalRequest:
    """The one that `sigv4.verify` makes first. Raises S3Error InvalidURI."""
    lines = canonical_headers(head, claim.signed_headers, host=None).split(b"\n")[:-1]
    return CanonicalRequest(
        head.method.encode("latin-1"),
        canonical_path(head.raw_path),
        canonical_query(head, without_signature=claim.presigned),
        tuple(_header(line) for line in lines),
        ";".join(claim.signed_headers).encode(),
        claim.payload_hash.encode(),
    )


def parsed(text: bytes) -> CanonicalRequest | None:
    """What a client says that it signed; None: it is no canonical request."""
    lines = text.split(b"\n")
    if len(lines) < _LINES_MIN or lines[-3] != b"":
        return None
    method, path, query, *headers = lines[:-3]
    signed_headers, payload_hash = lines[-2:]
    return CanonicalRequest(
        method, path, query, tuple(map(_header, headers)), signed_headers, payload_hash
    )


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value
