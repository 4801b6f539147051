"""Records of JSON: from bytes in pieces to values. Pure."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.settings import DOCUMENT_BYTES_MAX, RECORD_BYTES_MAX
from trioxygen.gateway.select.sql.values import Value, read_decimal

_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = re.compile(r"[ \t\r\n]*")


def _decimal(text: str) -> Decimal:
    number = read_decimal(text)
    if number is None:
        raise S3Error("NumberFormatError")
    return number


def _refused(text: str) -> Value:
    raise S3Error("JSONParsingError", f"{text} is no JSON.")


_DECODER: Final = json.JSONDecoder(parse_float=_decimal, parse_constant=_refused)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise S3Error("InvalidTextEncoding") from error


def _decoded(text: str, at: int) -> tuple[Value, int]:
    """The value that begins there, and where it ends. Raises S3Error JSONParsingError."""
    try:
        return _DECODER.raw_decode(text, at)
    # ValueError: an integer of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise S3Error("JSONParsingError") from error


def _values(text: str) -> Iterator[Value]:
    """One or several, with nothing but blanks between them."""
    at = _end_of_blanks(text, 0)
    while at < len(text):
        value, at = _decoded(text, at)
        at = _end_of_blanks(text, at)
        yield value


def _end_of_blanks(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    assert match is not None
    return match.end()


class JsonLinesReader:
    def __init__(self) -> None:
        self._rest = b""

    def records(self, data: bytes) -> Iterator[Value]:
        """Raises, as it goes on: S3Error OverMaxRecordSize, JSONParsingError, NumberFormatError,
        InvalidTextEncoding."""
        data = self._rest + data
        lines = data.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > RECORD_BYTES_MAX:
            raise S3Error("OverMaxRecordSize")
        for line in lines:
            if len(line) > RECORD_BYTES_MAX:
                raise S3Error("OverMaxRecordSize")
            yield from _values(_text(line.removeprefix(_BOM)))

    def finish(self) -> Iterator[Value]:
        rest, self._rest = self._rest, b""
        return _values(_text(rest.removeprefix(_BOM)))


class JsonDocumentReader:
    """Documents, one after the other: their ends are looked for by their brackets alone."""

    _MARKS: Final = re.compile(rb'["{}\[\]]')
    _QUOTES: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)

    def __init__(self) -> None:
        self._rest = b""
        self._scanned = self._depth = 0

    def records(self, data: bytes) -> Iterator[Value]:
        """Raises as `JsonLinesReader.records`."""
        text, begin = self._rest + data, 0
        while (end := self._end(text)) >= 0:
            yield from _values(_text(text[begin:end].removeprefix(_BOM)))
            begin = end
        self._rest = text[begin:]
        self._scanned -= begin
        if len(self._rest) > DOCUMENT_BYTES_MAX:
            raise S3Error("OverMaxRecordSize", "A document is longer than 4 MB.")

    def finish(self) -> Iterator[Value]:
        rest, self._rest = self._rest, b""
        return _values(_text(rest.removeprefix(_BOM)))

    def _end(self, text: bytes) -> int:
        """Behind the next document; -1: not yet here."""
        while (match := self._MARKS.search(text, self._scanned)) is not None:
            mark = match[0]
            if mark == b'"':
                string = self._QUOTES.match(text, match.end())
                if string is None:
                    self._scanned = match.start()
                    return -1
                self._scanned = string.end()
                continue
            self._scanned = match.end()
            self._depth += 1 if mark in b"{[" else -1
            if self._depth <= 0:
                self._depth = 0
                return self._scanned
        self._scanned = len(text)
        return -1
