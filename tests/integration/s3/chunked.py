"""aws-chunked bodies, encoded and signed as clients do it."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.integration.endpoint import REGION, Endpoint
from tests.integration.s3.wire import Request, Signed, sign, signing_key

SIGNED: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_EMPTY: Final = hashlib.sha256(b"").hexdigest()


@dataclass(kw_only=True)
class ChunkedPut:
    """A PUT with an aws-chunked body.

    Attributes:
        payload: one of the three kinds.
        trailers: (name, value) after the last chunk.
        decoded_length: what is announced; None: the truth.
    """

    endpoint: Endpoint
    path: str
    chunks: Sequence[bytes]
    payload: str = SIGNED
    trailers: Sequence[tuple[str, str]] = ()
    decoded_length: int | None = None
    fields: dict[str, str] = field(default_factory=dict)
    query: str = ""

    def signed(self) -> Signed:
        """The request without its body; its fields announce a plain Content-Length."""
        length = sum(map(len, self.chunks)) if self.decoded_length is None else self.decoded_length
        fields = {
            "Content-Encoding": "aws-chunked",
            "X-Amz-Decoded-Content-Length": str(length),
            **self.fields,
        }
        if self.trailers:
            fields["X-Amz-Trailer"] = ",".join(name for name, _ in self.trailers)
        return sign(
            self.endpoint,
            Request("PUT", self.path, self.query, fields=fields),
            payload=self.payload,
        )

    def body(self, signed: Signed) -> bytes:
        key = signing_key(self.endpoint.main, signed.timestamp)
        scope = f"{signed.timestamp[:8]}/{REGION}/s3/aws4_request"
        previous = signed.signature

        def signature(kind: str, *hashes: str) -> str:
            text = "\n".join((kind, signed.timestamp, scope, previous, *hashes))
            return hmac.digest(key, text.encode(), "sha256").hex()

        encoded = b""
        for chunk in (*self.chunks, b""):
            encoded += b"%x" % len(chunk)
            if self.payload != UNSIGNED_TRAILER:
                digest = hashlib.sha256(chunk).hexdigest()
                previous = signature("AWS4-HMAC-SHA256-PAYLOAD", _EMPTY, digest)
                encoded += f";chunk-signature={previous}".encode()
            encoded += b"\r\n"
            if chunk:
                encoded += chunk + b"\r\n"
        lines = [f"{name}:{value}" for name, value in self.trailers]
        for line in lines:
            encoded += line.encode() + b"\r\n"
        if self.payload == SIGNED_TRAILER:
            digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
            previous = signature("AWS4-HMAC-SHA256-TRAILER", digest)
            encoded += f"x-amz-trailer-signature:{previous}\r\n".encode()
        return encoded + b"\r\n"

    def request(self) -> tuple[bytes, bytes]:
        """(head with Content-Length, body)."""
        signed = self.signed()
        body = self.body(signed)
        fields = {**signed.fields, "Content-Length": str(len(body))}
        return signed.request.bytes(fields, signed.host), body
