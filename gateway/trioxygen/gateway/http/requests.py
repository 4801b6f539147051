"""Requests out of the bytes of a connection: httptools parses, and what it lets through is held to
RFC 9112 and to this server's bounds. No sockets, no application.

Copies of a body of known length: none.
"""

from typing import Final, NoReturn, Protocol

import httptools

from trioxygen.gateway.http.limits import Listening
from trioxygen.gateway.http.refusal import Reason, Refusal
from trioxygen.gateway.http.scope import Headers, HttpHead
from trioxygen.gateway.http.target import is_authority
from trioxygen.gateway.protocol.numbers import read_natural

_WATCHED: Final = frozenset(
    (b"content-length", b"transfer-encoding", b"host", b"expect", b"upgrade")
)
_CONTINUE: Final = b"100-continue"


class RequestSink(Protocol):
    def begin_request(self, head: HttpHead) -> None:
        """Raises Refusal."""

    def take_body(self, piece: bytes) -> None: ...

    def end_body(self) -> bool:
        """Whether another request may follow."""
        ...


class RequestReader:
    """Attributes:
    is_in_head: a head has begun and is not complete.
    head_since: `listening.now` when it began.
    """

    __slots__ = (
        "_expects_continue",
        "_first_segment_bytes",
        "_has_upgrade",
        "_host",
        "_headers",
        "_hosts",
        "_is_ended",
        "_left_bytes",
        "_length_bytes",
        "_listening",
        "_parser",
        "_quiet_bytes",
        "_segment_bytes",
        "_sink",
        "_target",
        "head_since",
        "is_in_head",
    )

    def __init__(self, sink: RequestSink, listening: Listening) -> None:
        self._sink, self._listening = sink, listening
        self.is_in_head = False
        self.head_since = 0.0
        self._is_ended = False
        # Of the body that comes in; what its head announces, while that is read.
        self._left_bytes = self._length_bytes = 0
        self._segment_bytes = 0
        # Since a request, or a piece of a body, was last recognized.
        self._quiet_bytes = 0
        self._target = b""
        # The last one that was found to be an authority.
        self._host = b""
        self._parser = httptools.HttpRequestParser(self)

    @property
    def method(self) -> str:
        """Of the head that is being read; empty before it is known for certain."""
        return self._parser.get_method().decode() if self.is_in_head and self._target else ""

    def feed(self, data: bytes) -> Reason | None:
        """Hands on what has come. Returns why nothing more can be read, or None."""
        left = self._left_bytes
        if left:
            # Inside a body of known length there is nothing to parse.
            size_bytes = len(data)
            if size_bytes < left:
                self._left_bytes = left - size_bytes
                self._sink.take_body(data)
                return None
            self._left_bytes = 0
            self._sink.take_body(data if size_bytes == left else data[:left])
            self._end_body()
            self._parser = httptools.HttpRequestParser(self)
            if size_bytes == left:
                return None
            data = data[left:]
        return None if self._is_ended else self._parse(data)

    def _parse(self, data: bytes) -> Reason | None:
        self._segment_bytes = len(data)
        self._quiet_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._go_on_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            refusal = error.__context__
            if not isinstance(refusal, Refusal):
                raise  # a defect of ours
            return refusal.reason
        except httptools.HttpParserError:
            return Reason.MALFORMED
        if self._quiet_bytes > self._listening.limits.head_bytes_max:
            return Reason.HEAD_TOO_LARGE
        return None

    def _go_on_without_upgrade(self, rest: bytes) -> Reason | None:
        """The parser stops where another protocol would begin; HTTP/1.1 goes on (RFC 9110, 7.8)."""
        self._parser = httptools.HttpRequestParser(self)
        return self.feed(rest) if rest else None

    def _end_body(self) -> None:
        self._is_ended = not self._sink.end_body()

    # ---- the parser's callbacks ----

    def on_message_begin(self) -> None:
        self.is_in_head = True
        self.head_since = self._listening.now
        self._quiet_bytes = 0
        # Some of it, or all, may be of the message before.
        self._first_segment_bytes = self._segment_bytes
        self._target = b""
        self._headers: Headers = []
        self._hosts = 0
        self._length_bytes = 0
        self._expects_continue = False
        self._has_upgrade = False

    def on_url(self, target: bytes) -> None:
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_in_head:
            return  # a trailer field: bounded with the rest, and of no use to S3
        name = name.lower()
        value = value.strip()
        self._headers.append((name, value))
        if name in _WATCHED:
            self._watch(name, value)

    def _watch(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            length_bytes = read_natural(value.decode("latin-1"))
            if length_bytes is None:
                _refuse(Reason.MALFORMED)
            self._length_bytes = length_bytes
        elif name == b"host":
            self._hosts += 1
            if value != self._host:  # nearly always that of the request before
                if value and not is_authority(value):
                    _refuse(Reason.MALFORMED)
                self._host = value
        elif name == b"expect":
            # Whatever else is expected is ignored, as AWS does.
            if any(expectation.strip() == _CONTINUE for expectation in value.lower().split(b",")):
                self._expects_continue = True
        elif name == b"upgrade":
            self._has_upgrade = True
        elif value.lower() != b"chunked":
            _refuse(Reason.CODING_UNKNOWN)

    def on_headers_complete(self) -> None:
        parser = self._parser
        version = parser.get_http_version()
        method = parser.get_method()
        self._check_head(version, method)
        self._quiet_bytes = 0
        # What was to be said of HTTP/1.1 alone: there is no Expect in HTTP/1.0 (RFC 9110, 10.1.1).
        is_11 = version == "1.1"
        head = HttpHead(
            method,
            self._target,
            self._headers,
            version,
            keep_alive=is_11 and parser.should_keep_alive(),
            expects_continue=is_11 and self._expects_continue,
        )
        self._sink.begin_request(head)
        self.is_in_head = False
        self._left_bytes = self._length_bytes

    def _check_head(self, version: str, method: bytes) -> None:
        if version not in ("1.1", "1.0"):
            _refuse(Reason.VERSION_UNKNOWN)
        if self._hosts != 1 and (version == "1.1" or self._hosts):
            _refuse(Reason.MALFORMED)
        limits, headers = self._listening.limits, self._headers
        if self._first_segment_bytes + self._quiet_bytes > limits.head_bytes_max:
            size_bytes = len(self._target) + sum(len(n) + len(v) + 4 for n, v in headers)
            if size_bytes > limits.head_bytes_max:
                _refuse(Reason.HEAD_TOO_LARGE)
        if len(headers) > limits.fields_max:
            _refuse(Reason.HEAD_TOO_LARGE)
        if method == b"CONNECT":
            _refuse(Reason.MALFORMED)  # its target is a host: this is no proxy
        # The parser leaves the chunks of such a request to the other protocol.
        if self._parser.should_upgrade() and any(n == b"transfer-encoding" for n, _ in headers):
            _refuse(Reason.CODING_UNKNOWN)

    def on_body(self, body: bytes) -> None:
        self._quiet_bytes = 0
        if self._left_bytes:
            self._left_bytes -= len(body)
        self._sink.take_body(body)

    def on_message_complete(self) -> None:
        # An upgrade's body is not parsed: it comes by length, below the parser.
        if not (self._has_upgrade and self._left_bytes):
            self._end_body()


def _refuse(reason: Reason) -> NoReturn:
    """Makes the parser stop, which hands it on."""
    raise Refusal(reason)
