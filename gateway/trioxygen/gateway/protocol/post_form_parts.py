"""A multipart/form-data body, taken apart as it comes: fields, then the bytes of the file. No I/O.

A form of S3 ends with its file, and what comes before it is bounded: fields are kept, of the file
nothing but what may be the beginning of a delimiter.
Source: RFC 7578; RFC 2046, section 5.1; S3 API, POST Object.
"""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument

# Before the file, and as much may follow it.
FIELDS_BYTES_MAX: Final = 20 * KIB
FILE: Final = "file"

_BOUNDARY: Final = re.compile(r"[ !-~]{0,69}[!-~]")
_MEDIA_TYPE: Final = "multipart/form-data"
_TOKEN: Final = r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)"
_VALUE: Final = r"(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\";]*))"
_PARAMETER: Final = re.compile(rf";[ \t]*(?:{_TOKEN}[ \t]*=[ \t]*{_VALUE})?[ \t]*", re.DOTALL)
_LINE_END: Final = b"\r\n"
_HEAD_END: Final = b"\r\n\r\n"


def malformed() -> S3Error:
    return S3Error("MalformedPOSTRequest")


def wrong_file_count(count: int) -> S3Error:
    return invalid_argument("POST requires exactly one file upload per request.", FILE, str(count))


def read_boundary(content_type: str | None) -> bytes:
    """Raises: PreconditionFailed: it is no form; MalformedPOSTRequest: without a boundary."""
    media_type, _, _ = (content_type or "").partition(";")
    if media_type.strip().lower() != _MEDIA_TYPE:
        raise S3Error(
            "PreconditionFailed",
            details={"Condition": f"Bucket POST must be of the enclosure-type {_MEDIA_TYPE}"},
        )
    assert content_type is not None
    boundary = _parameters(content_type[len(media_type) :]).get("boundary", "")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise malformed()
    return boundary.encode()


def _parameters(text: str) -> dict[str, str]:
    """By name in lower case, of what follows the value of a header; the first of equal names.

    Raises: MalformedPOSTRequest."""
    read: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise malformed()
        position = match.end()
        name, quoted, plain = match.groups()
        if name is not None:
            # Paths of Windows have backslashes that escape nothing.
            value = plain if quoted is None else quoted.replace('\\"', '"')
            read.setdefault(name.lower(), value)
    return read


class _At(Enum):
    FIELDS = auto()
    FILE = auto()
    REST = auto()
    END = auto()


class FormParts:
    """Args: boundary: of 1 to 70 characters.

    Attributes:
        fields: (name in lower case, value) in order, until the file has begun.
        file_name: "" where the form does not say.
        file_offset_bytes: where the file begins in the body; 0: it has not.
    """

    def __init__(self, boundary: bytes) -> None:
        self.fields: list[tuple[str, str]] = []
        self.file_name = ""
        self.file_offset_bytes = 0
        self._delimiter = b"\r\n--" + boundary
        # The first delimiter stands at the body's beginning, where no line ends.
        self._buffer = bytearray(_LINE_END)
        self._position = 0
        # Of the part whose content comes; None: what stands before the first one.
        self._name: str | None = None
        self._in_content = True
        self._held = b""
        self._ignored_bytes = 0
        self._at = _At.FIELDS

    @property
    def is_at_file(self) -> bool:
        """Whether all fields are there."""
        return self._at is not _At.FIELDS

    @property
    def closing_bytes(self) -> int:
        """How long what ends a form behind its file is at least."""
        return len(self._delimiter) + len(b"--")

    def feed(self, data: bytes) -> Sequence[bytes | memoryview]:
        """What of it is the file's, in order.

        Raises: MalformedPOSTRequest, MaxPostPreDataLengthExceededError, InvalidArgument."""
        if self._at is _At.FILE:
            return self._feed_file(data, 0)
        if self._at is _At.FIELDS:
            return self._feed_fields(data)
        self._feed_rest(data)
        return ()

    def finish(self) -> None:
        """The body has ended. Raises: MalformedPOSTRequest: the form has not."""
        if self._at is not _At.END:
            raise malformed()

    def _feed_fields(self, data: bytes) -> Sequence[bytes | memoryview]:
        before = len(self._buffer)
        room = FIELDS_BYTES_MAX + len(_LINE_END) - before
        self._buffer += data[:room]
        start = self._read_parts()
        if start is None:
            if len(data) > room:
                raise S3Error(
                    "MaxPostPreDataLengthExceededError",
                    details={"MaxPostPreDataLengthBytes": str(FIELDS_BYTES_MAX)},
                )
            return ()
        assert start > before, "the end of its head came just now"
        self._at, self.file_offset_bytes = _At.FILE, start - len(_LINE_END)
        self._buffer, self._position = bytearray(), 0
        return self._feed_file(data, start - before)

    def _feed_file(self, data: bytes, start: int) -> Sequence[bytes | memoryview]:
        if self._held:
            data, start = self._held + data[start:], 0
            self._held = b""
        end = data.find(self._delimiter, start)
        if end >= 0:
            self._at, self._in_content = _At.REST, False
            self._feed_rest(data[end + len(self._delimiter) :])
        else:
            end = self._cut(data, start)
            self._held = data[end:]
        if end == start:
            return ()
        return (data if end - start == len(data) else memoryview(data)[start:end],)

    def _cut(self, data: bytes, start: int) -> int:
        """Where what may be the beginning of a delimiter starts. Only its first byte is a CR."""
        position = data.rfind(b"\r", max(start, len(data) - len(self._delimiter) + 1))
        if position >= 0 and self._delimiter.startswith(data[position:]):
            return position
        return len(data)

    def _feed_rest(self, data: bytes) -> None:
        """What follows the file is ignored, but for another file."""
        if self._at is _At.END:
            self._ignored_bytes += len(data)
        else:
            self._buffer += data[: FIELDS_BYTES_MAX + 1]
            if self._read_parts() is not None:
                raise wrong_file_count(2)
        if len(self._buffer) + self._ignored_bytes > FIELDS_BYTES_MAX:
            raise malformed()

    def _read_parts(self) -> int | None:
        """Where the file begins in the buffer; None: it is not there yet, or the form has ended."""
        buffer = self._buffer
        while True:
            if self._in_content:
                end = buffer.find(self._delimiter, self._position)
                if end < 0:
                    return None
                self._take(bytes(buffer[self._position : end]))
                self._position, self._in_content = end + len(self._delimiter), False
            if buffer.startswith(b"--", self._position):
                self._end()
                return None
            start = self._read_head()
            if start is None or self._name == FILE:
                return start
            self._position, self._in_content = start, True

    def _read_head(self) -> int | None:
        """Where the content of the part begins; None: its head has not come yet."""
        buffer, position = self._buffer, self._position
        line_end = buffer.find(_LINE_END, position)
        # Blanks may follow a boundary (RFC 2046, "transport-padding").
        padding = bytes(buffer[position : line_end if line_end >= 0 else None])
        if padding.strip(b" \t") not in ((b"",) if line_end >= 0 else (b"", b"\r", b"-")):
            raise malformed()
        head_end = buffer.find(_HEAD_END, line_end) if line_end >= 0 else -1
        if head_end < 0:
            return None
        self._name, file_name = _read_disposition(bytes(buffer[line_end + 2 : head_end]))
        if self._at is _At.FIELDS and self._name == FILE:
            self.file_name = file_name
        return head_end + len(_HEAD_END)

    def _take(self, content: bytes) -> None:
        if self._name is not None and self._at is _At.FIELDS:
            self.fields.append((self._name, _text(content)))

    def _end(self) -> None:
        if self._at is _At.FIELDS:
            raise wrong_file_count(0)
        self._at = _At.END


def _read_disposition(head: bytes) -> tuple[str, str]:
    """(name in lower case, file name or "") of a part.

    Raises: MalformedPOSTRequest."""
    for line in head.split(_LINE_END):
        field, _, value = line.partition(b":")
        if field.strip().lower() != b"content-disposition":
            continue
        text = _text(value)
        kind, semicolon, rest = text.partition(";")
        parameters = _parameters(semicolon + rest)
        name = parameters.get("name", "").lower()
        if kind.strip().lower() != "form-data" or not name:
            break
        return name, parameters.get("filename", "")
    raise malformed()


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise malformed() from None
