"""Records of CSV: from bytes in pieces to lists of texts. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.settings import RECORD_BYTES_MAX, CsvInput

_BOM: Final = "\ufeff"


class CsvReader:
    """Blank lines are no records, nor are lines that begin with the sign of comments."""

    def __init__(self, settings: CsvInput) -> None:
        self._settings = settings
        self._field_delimiter, self._quote = settings.field_delimiter, settings.quote
        self._lines = _Lines(settings.record_delimiter)
        self._strips_return = settings.record_delimiter == "\n"
        self._quoted = _QuotedFields(settings) if settings.quote else None
        self._is_open = False

    def records(self, data: bytes) -> Iterator[list[str]]:
        """Raises, as it goes on: S3Error OverMaxRecordSize, InvalidTextEncoding,
        CSVUnescapedQuote."""
        return self._read(self._lines.feed(data))

    def finish(self) -> Iterator[list[str]]:
        """What comes last, without a delimiter behind it."""
        yield from self._read(self._lines.finish())
        if self._is_open:
            raise S3Error("CSVUnescapedQuote")

    def _read(self, lines: list[str]) -> Iterator[list[str]]:
        comments, delimiter, quote = (
            self._settings.comments,
            self._field_delimiter,
            self._quote,
        )
        for line in lines:
            if not self._is_open:
                if comments and line.startswith(comments):
                    continue
                if not quote or quote not in line:
                    if self._strips_return and line.endswith("\r"):
                        line = line[:-1]
                    if line:
                        yield line.split(delimiter)
                    continue
            record = self._with_quotes(line)
            if record is not None:
                yield record

    def _with_quotes(self, line: str) -> list[str] | None:
        """None: the record goes on with the next line."""
        assert self._quoted is not None
        record = self._quoted.feed(line)
        self._is_open = record is None
        if self._is_open and not self._settings.has_quoted_record_delimiters:
            raise S3Error("CSVUnescapedQuote")
        return record


class _Lines:
    """Bytes cut at a delimiter, as text."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter, self._delimiter_bytes = delimiter, delimiter.encode()
        self._rest = b""
        self._is_first = True

    def feed(self, data: bytes) -> list[str]:
        data = self._rest + data
        end = data.rfind(self._delimiter_bytes)
        if end < 0:
            self._keep(data)
            return []
        self._keep(data[end + len(self._delimiter_bytes) :])
        lines = self._text(data[:end]).split(self._delimiter)
        for line in lines:
            if len(line) > RECORD_BYTES_MAX:
                raise S3Error("OverMaxRecordSize")
        return lines

    def finish(self) -> list[str]:
        rest, self._rest = self._rest, b""
        return [self._text(rest)] if rest else []

    def _keep(self, rest: bytes) -> None:
        if len(rest) > RECORD_BYTES_MAX:
            raise S3Error("OverMaxRecordSize")
        self._rest = rest

    def _text(self, data: bytes) -> str:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise S3Error("InvalidTextEncoding") from error
        if self._is_first:
            self._is_first = False
            text = text.removeprefix(_BOM)
        return text


class _QuotedFields:
    """Fields of a record that has quotes, line by line."""

    def __init__(self, settings: CsvInput) -> None:
        self._quote, self._delimiter = settings.quote, settings.field_delimiter
        self._record_delimiter = settings.record_delimiter
        self._strips_return = settings.record_delimiter == "\n"
        quote, escape = re.escape(settings.quote), re.escape(settings.quote_escape)
        escaped = f"{escape}{quote}" if settings.quote_escape else "(?!)"
        if settings.quote_escape not in ("", settings.quote):
            escaped = f"{escape}(?:{quote}|{escape})"
        # What is escaped comes first: two quotes are one quote, and no end.
        self._inside = re.compile(f"({escaped})|{quote}")
        self._fields: list[str] = []
        self._parts: list[str] = []
        self._size = 0

    def feed(self, line: str) -> list[str] | None:
        """The record; None: a quote is open. Raises S3Error CSVUnescapedQuote,
        OverMaxRecordSize."""
        self._size += len(line) + 1
        if self._size > RECORD_BYTES_MAX:
            raise S3Error("OverMaxRecordSize")
        at = 0
        if self._parts:
            self._parts.append(self._record_delimiter)
            at = self._until_quote(line, 0)
            if at < 0:
                return None
            at = self._behind_quote(line, at)
        while 0 <= at:
            if line.startswith(self._quote, at):
                at = self._until_quote(line, at + 1)
                if at < 0:
                    return None
                at = self._behind_quote(line, at)
                continue
            end = line.find(self._delimiter, at)
            self._fields.append(self._last(line, at) if end < 0 else line[at:end])
            at = -1 if end < 0 else end + len(self._delimiter)
        record, self._fields, self._size = self._fields, [], 0
        return record

    def _until_quote(self, line: str, at: int) -> int:
        """Takes what is between quotes: where they end; -1: not in this line."""
        parts = self._parts
        while True:
            match = self._inside.search(line, at)
            if match is None:
                parts.append(line[at:])
                return -1
            parts.append(line[at : match.start()])
            at = match.end()
            if match[1] is None:
                self._fields.append("".join(parts))
                parts.clear()
                return at
            parts.append(match[1][-1])

    def _behind_quote(self, line: str, at: int) -> int:
        """Where the next field begins; -1: there is none."""
        if not self._last(line, at):
            return -1
        if not line.startswith(self._delimiter, at):
            raise S3Error("CSVUnescapedQuote")
        return at + len(self._delimiter)

    def _last(self, line: str, at: int) -> str:
        """From there on."""
        rest = line[at:]
        return rest.removesuffix("\r") if self._strips_return else rest
