"""S3 on a raw socket: requests signed by botocore, sent as the test wants them."""

import datetime
import hashlib
import hmac
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote
from xml.etree import ElementTree

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.endpoint import REGION, Endpoint, Keys

UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_TIMEOUT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, str]:
        """Elements of the error document."""
        root = ElementTree.fromstring(self.body)
        assert root.tag == "Error", root.tag
        return {child.tag: child.text or "" for child in root}

    @property
    def code(self) -> str:
        return self.error["Code"]


class Connection:
    """One connection; it may carry several requests."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=_TIMEOUT_SECONDS)
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def half_close(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def head(self) -> tuple[int, dict[str, str]]:
        """Status line and header fields of what comes next, interim answers included."""
        status = self._file.readline()
        assert status.startswith(b"HTTP/1.1 "), status
        fields: dict[str, str] = {}
        while (line := self._file.readline().rstrip(b"\r\n")) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        return int(status.split()[1]), fields

    def answer(self, *, of_head: bool = False) -> Answer:
        """The next final answer."""
        status, fields = self.head()
        while status == 100:
            status, fields = self.head()
        body = b""
        if of_head or status in (204, 304):
            pass
        elif fields.get("transfer-encoding") == "chunked":
            while size := int(self._file.readline(), 16):
                body += self._file.read(size)
                assert self._file.readline() == b"\r\n"
            assert self._file.readline() == b"\r\n"
        else:
            body = self._file.read(int(fields["content-length"]))
        return Answer(status, fields, body)

    def is_closed(self) -> bool:
        """Waits for what comes: the end of the connection, or something else."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def connection(endpoint: Endpoint) -> Iterator[Connection]:
    made = Connection(endpoint.address)
    try:
        yield made
    finally:
        made.close()


@dataclass
class Request:
    """A request to be signed.

    Attributes:
        path: as it is sent; signed_path: its canonical form, where that is another one.
        host: None, that of the endpoint.
    """

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    fields: dict[str, str] = field(default_factory=dict)
    host: str | None = None
    signed_path: str = ""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def bytes(self, fields: Mapping[str, str], host: str) -> bytes:
        """The request with these fields; Content-Length is theirs to have or not."""
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {self.host or host}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if name.lower() != "host"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body


class _Auth(S3SigV4Auth):
    """botocore's signer at another time, for a payload that is given as text."""

    def __init__(self, keys: Keys, region: str, payload: str, skew: datetime.timedelta) -> None:
        super().__init__(Credentials(keys.access, keys.secret, keys.token), "s3", region)
        self._payload_text, self._skew = payload, skew

    def payload(self, request: Any) -> str:
        return self._payload_text

    def add_auth(self, request: Any) -> None:
        now = datetime.datetime.now(datetime.UTC) + self._skew
        request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
        self.canonical = _sign(self, request)


def _sign(auth: Any, request: Any) -> str:
    """What botocore's `add_auth` does after it has read the clock; the canonical request."""
    auth._modify_request_before_signing(request)
    canonical: str = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    auth._inject_signature_to_request(request, signature)
    return canonical


@dataclass(frozen=True)
class Signed:
    """A signed request. Attributes: canonical, the canonical request that the client signed."""

    request: Request
    fields: dict[str, str]
    canonical: str
    host: str

    @property
    def bytes(self) -> bytes:
        return self.request.bytes(self.fields, self.host)

    @property
    def signature(self) -> str:
        return self.fields["Authorization"].rpartition("Signature=")[2]

    @property
    def timestamp(self) -> str:
        return self.fields["X-Amz-Date"]


def sign(
    endpoint: Endpoint,
    request: Request,
    *,
    keys: Keys | None = None,
    region: str = REGION,
    payload: str | None = None,
    skew_seconds: int = 0,
) -> Signed:
    """Args:
    payload: of x-amz-content-sha256; None: the hash of the body.
    """
    host = request.host or endpoint.host
    value = hashlib.sha256(request.body).hexdigest() if payload is None else payload
    url = f"http://{host}{request.signed_path or request.path}"
    if request.query:
        url += f"?{request.query}"
    aws = AWSRequest(request.method, url, headers={})
    if request.host is not None:
        # As it is sent: botocore would make one of the URL, in lower case.
        aws.headers["Host"] = request.host
    for name, field_value in request.fields.items():
        aws.headers[name] = field_value
    aws.headers["X-Amz-Content-SHA256"] = value
    skew = datetime.timedelta(seconds=skew_seconds)
    auth = _Auth(keys or endpoint.main, region, value, skew)
    auth.add_auth(aws)
    return Signed(request, dict(aws.headers.items()), auth.canonical, endpoint.host)


def send(endpoint: Endpoint, request: Request, **options: Any) -> Answer:
    """Signs and sends a request with its whole body on a connection of its own."""
    if request.body or request.method in ("PUT", "POST"):
        request.fields.setdefault("Content-Length", str(len(request.body)))
    signed = sign(endpoint, request, **options)
    with connection(endpoint) as wire:
        wire.send(signed.bytes)
        return wire.answer(of_head=request.method == "HEAD")


def presign(
    endpoint: Endpoint,
    request: Request,
    expires_seconds: int,
    *,
    keys: Keys | None = None,
    region: str = REGION,
    skew_seconds: int = 0,
) -> str:
    """The target, path and query, of a presigned request."""
    chosen = keys or endpoint.main
    credentials = Credentials(chosen.access, chosen.secret, chosen.token)
    host = request.host or endpoint.host
    aws = AWSRequest(request.method, f"http://{host}{request.target}", headers={})
    auth = S3SigV4QueryAuth(credentials, "s3", region, expires=expires_seconds)
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=skew_seconds)
    aws.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    _sign(auth, aws)
    assert aws.url is not None
    return aws.url.partition(host)[2]


def path_of(bucket: str, key: str) -> str:
    return f"/{bucket}/{quote(key, safe='/~')}"


def signing_key(keys: Keys, timestamp: str) -> bytes:
    key = f"AWS4{keys.secret}".encode()
    for part in (timestamp[:8], REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
