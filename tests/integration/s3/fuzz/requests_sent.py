"""Requests of the fuzz: signed over the bytes that are sent, whatever these are, and checked for
an answer that S3 could have given."""

import datetime
import hashlib
import hmac
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final
from xml.etree import ElementTree

from tests.integration.endpoint import REGION, Endpoint
from tests.integration.s3.wire import UNSIGNED, Answer, Connection, signing_key
from trioxygen.gateway.protocol.errors import TABLE

_ANSWER_SECONDS_MAX: Final = 20
_CHARACTER: Final = re.compile(rb"&#x[0-9A-F]+;")
_IN_EACH: Final = {"Code", "Message", "RequestId", "HostId"}
Fields = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class OddRequest:
    """Attributes:
    query: names and values as they are sent, escaped as S3 has it, or the signature is wrong.
    """

    method: str
    path: bytes
    query: Sequence[tuple[bytes, bytes]] = ()
    fields: Fields = ()
    body: bytes = b""
    payload: str = UNSIGNED

    @property
    def target(self) -> bytes:
        if not self.query:
            return self.path
        pairs = [b"%b=%b" % pair if pair[1] else pair[0] for pair in self.query]
        return self.path + b"?" + b"&".join(pairs)


def _canonical(fields: Fields) -> tuple[bytes, bytes]:
    values: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(b" ".join(value.split(b" ")).strip())
    names = sorted(values)
    lines = [
        b"%b:%b\n" % (name, b",".join([b" ".join(v.split()) for v in values[name]]))
        for name in names
    ]
    return b"".join(lines), b";".join(names)


def signed_bytes(endpoint: Endpoint, request: OddRequest) -> bytes:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    fields = [
        (b"host", endpoint.host.encode()),
        (b"x-amz-date", now.encode()),
        (b"x-amz-content-sha256", request.payload.encode()),
        *request.fields,
    ]
    headers, names = _canonical(fields)
    query = b"&".join(b"%b=%b" % pair for pair in sorted(request.query))
    canonical = b"%b\n%b\n%b\n%b\n%b\n%b" % (
        *(request.method.encode(), request.path, query),
        *(headers, names, request.payload.encode()),
    )
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    digest = hashlib.sha256(canonical).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}"
    key = signing_key(endpoint.main, now)
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={endpoint.main.access}/{scope},"
        f"SignedHeaders={names.decode('latin-1')},Signature={signature}"
    )
    lines = [b"%b: %b" % field for field in fields]
    lines += [b"Authorization: " + authorization.encode("latin-1")]
    lines += [b"Content-Length: %d" % len(request.body)]
    start = b"%b %b HTTP/1.1\r\n" % (request.method.encode(), request.target)
    return start + b"\r\n".join(lines) + b"\r\n\r\n" + request.body


class Asker:
    """Sends one request after the other, on one connection while the store keeps it open."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection: Connection | None = None
        self.codes: dict[str, int] = {}

    def __enter__(self) -> "Asker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, request: OddRequest) -> Answer:
        """Its answer, which is one of S3's."""
        data = signed_bytes(self._endpoint, request)
        begun = time.monotonic()
        answer = self._exchanged(data, request.method)
        seconds = time.monotonic() - begun
        assert seconds < _ANSWER_SECONDS_MAX, f"answered after {seconds:.1f} s"
        check_answer(answer, is_of_head=request.method == "HEAD")
        if answer.fields.get("connection", "").lower() == "close":
            self._close()
        said = answer.code if answer.status >= 400 and answer.body else str(answer.status)
        self.codes[said] = self.codes.get(said, 0) + 1
        return answer

    def _exchanged(self, data: bytes, method: str) -> Answer:
        if self._connection is None:
            self._connection = Connection(self._endpoint.address)
        try:
            self._connection.send(data)
        except (BrokenPipeError, ConnectionResetError):
            # It has answered a part of it, and closed: the answer is there.
            pass
        return self._connection.answer(of_head=method == "HEAD")


def check_answer(answer: Answer, *, is_of_head: bool) -> None:
    """Raises AssertionError: S3 would not say so."""
    is_right = 200 <= answer.status < 500 or answer.status == 501
    assert is_right, (answer.status, answer.body)
    assert answer.fields["x-amz-request-id"] and answer.fields["x-amz-id-2"]
    is_document = answer.fields.get("content-type") == "application/xml" and answer.body.strip()
    if answer.status < 400:
        if is_document:
            check_success(answer)
        return
    if is_of_head:
        assert not answer.body
        return
    check_error(answer)


def check_success(answer: Answer) -> None:
    # Of keys with characters that XML cannot carry S3 writes these.
    root = ElementTree.fromstring(_CHARACTER.sub(b"?", answer.body))
    if root.tag == "Error":
        # The answer had begun before it failed.
        assert TABLE[root.findtext("Code", "")][0] < 500, answer.body


def check_error(answer: Answer) -> None:
    assert answer.fields["content-type"] == "application/xml", answer.fields
    names = [child.tag for child in ElementTree.fromstring(answer.body)]
    assert len(set(names)) == len(names), answer.body
    status, _, more = TABLE[answer.code]
    assert answer.status == status, answer.body
    assert _IN_EACH <= set(names) <= _IN_EACH | set(more.split()), answer.body
    assert answer.error["RequestId"] == answer.fields["x-amz-request-id"]
