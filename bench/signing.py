"""AWS Signature Version 4 in the header form, for requests that are signed before the clock starts.

Source: AWS, "Signature Version 4 signing process". Independent of the server's own code, so that a
mistake made there is not made twice.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SIGNED_HEADERS = "host;x-amz-content-sha256;x-amz-date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the store listens: `host_header` is what is signed and sent as Host."""

    host: str
    port: int
    tls: bool
    host_header: str

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """Raises ValueError: neither http nor https, or no host."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"not an http or https endpoint: {url!r}")
        tls = parts.scheme == "https"
        return cls(
            host=parts.hostname,
            port=parts.port or (443 if tls else 80),
            tls=tls,
            host_header=parts.netloc.rpartition("@")[2],
        )


class Signer:
    """Signs for one endpoint and one access key; the derived key is kept for its day."""

    def __init__(
        self, *, endpoint: Endpoint, access_key: str, secret_key: str, region: str
    ) -> None:
        self._host = endpoint.host_header
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._day = ""
        self._day_key = b""

    def head(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        payload_sha256: str = EMPTY_SHA256,
        size_bytes: int | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> bytes:
        """The whole request head, ready to be written; valid for 15 minutes.

        Args:
            path: not yet percent-encoded.
            payload_sha256: hex, or UNSIGNED_PAYLOAD.
            size_bytes: of the body that follows; None sends no Content-Length.
            headers: more of them, signed: lower-case names that sort after `x-amz-date`.
        """
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        target = quote(path, safe="/-_.~")
        query_string = "&".join(
            sorted(
                f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query
            )
        )
        signed = ";".join((SIGNED_HEADERS, *(name for name, _ in headers)))
        canonical = (
            f"{method}\n{target}\n{query_string}\nhost:{self._host}\n"
            f"x-amz-content-sha256:{payload_sha256}\nx-amz-date:{stamp}\n"
            f"{''.join(f'{name}:{value}{chr(10)}' for name, value in headers)}\n"
            f"{signed}\n{payload_sha256}"
        )
        scope = f"{stamp[:8]}/{self._region}/s3/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.digest(
            self._key(stamp[:8]), f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode(), "sha256"
        ).hex()
        length = "" if size_bytes is None else f"Content-Length: {size_bytes}\r\n"
        return (
            f"{method} {target}{'?' if query_string else ''}{query_string} HTTP/1.1\r\n"
            f"Host: {self._host}\r\nx-amz-content-sha256: {payload_sha256}\r\n"
            f"x-amz-date: {stamp}\r\n{length}"
            f"{''.join(f'{name}: {value}{chr(13)}{chr(10)}' for name, value in headers)}"
            f"Authorization: AWS4-HMAC-SHA256 Credential={self._access_key}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}\r\n\r\n"
        ).encode()

    def _key(self, day: str) -> bytes:
        if day != self._day:
            key = f"AWS4{self._secret_key}".encode()
            for part in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day, self._day_key = day, key
        return self._day_key
