"""Records as they are answered: CSV or JSON. Pure."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.settings import (
    RECORD_BYTES_MAX,
    CsvOutput,
    JsonOutput,
    Output,
)
from trioxygen.gateway.select.sql.values import MISSING, Value, is_nothing, text_of

_TEXT: Final = json.JSONEncoder(ensure_ascii=False).encode


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(each) for each in texts if each) or "(?!)")


class CsvWriter:
    """Attributes: size: characters that were written and not taken."""

    def __init__(self, settings: CsvOutput) -> None:
        self._settings = settings
        self._quote = settings.quote
        self._written: list[str] = []
        self.size = 0
        quoted = {settings.record_delimiter, self._quote, "\r", "\n"}
        self._quoted = _any_of(quoted)
        self._special = _any_of(quoted | {settings.field_delimiter})
        escape = settings.quote_escape
        self._escapes = {each: escape + each for each in {self._quote, escape} if each and escape}
        self._escaped = _any_of(self._escapes)

    def write(self, names: Sequence[str], values: Sequence[Value]) -> None:
        """Raises S3Error OverMaxRecordSize."""
        line = None if self._settings.always_quotes else self._plain(values)
        if line is not None:
            self._written.append(line)
            self._written.append(self._settings.record_delimiter)
            self.size += len(line) + 1
            return
        fields: list[str] = []
        size = 0
        for value in values:
            field = self._field(value)
            size += len(field) + 1
            if size > RECORD_BYTES_MAX:
                raise S3Error("OverMaxRecordSize")
            fields.append(field)
        line = self._settings.field_delimiter.join(fields)
        self._written.append(line)
        self._written.append(self._settings.record_delimiter)
        self.size += size

    def _plain(self, values: Sequence[Value]) -> str | None:
        """Of texts that need no quotes, as most records are; None: of others."""
        delimiter = self._settings.field_delimiter
        try:
            if sum(map(len, values)) + len(values) > RECORD_BYTES_MAX:
                return None
            line = delimiter.join(values)
        except TypeError:
            return None
        is_plain = line.count(delimiter) == len(values) - 1 and not self._quoted.search(line)
        return line if is_plain else None

    def _field(self, value: Value) -> str:
        settings = self._settings
        if is_nothing(value):
            return settings.null
        text = json_text(value) if isinstance(value, list | dict) else text_of(value)
        if not self._quote or not (settings.always_quotes or self._special.search(text)):
            return text
        escaped = self._escaped.sub(lambda match: self._escapes[match[0]], text)
        return f"{self._quote}{escaped}{self._quote}"

    def take(self) -> bytes:
        """What was written since."""
        text = "".join(self._written)
        self._written.clear()
        self.size = 0
        return text.encode("utf-8", "replace")


class JsonWriter:
    """As `CsvWriter`. A member that is MISSING is not written."""

    def __init__(self, settings: JsonOutput) -> None:
        self._delimiter = settings.record_delimiter
        self._written: list[str] = []
        self.size = 0

    def write(self, names: Sequence[str], values: Sequence[Value]) -> None:
        members: list[str] = []
        size = 0
        for name, value in zip(names, values, strict=True):
            if value is MISSING:
                continue
            member = f"{_TEXT(name)}:{json_text(value)}"
            size += len(member) + 1
            if size > RECORD_BYTES_MAX:
                raise S3Error("OverMaxRecordSize")
            members.append(member)
        self._written.append(f"{{{','.join(members)}}}{self._delimiter}")
        self.size += size

    def take(self) -> bytes:
        text = "".join(self._written)
        self._written.clear()
        self.size = 0
        return text.encode("utf-8", "replace")


Writer = CsvWriter | JsonWriter


def writer(output: Output) -> Writer:
    return CsvWriter(output) if isinstance(output, CsvOutput) else JsonWriter(output)


def json_text(value: Value) -> str:
    """Raises S3Error OverMaxRecordSize: of what is too deep to be written, too."""
    parts: list[str] = []
    try:
        _add_json(value, parts)
    except RecursionError as error:
        raise S3Error("OverMaxRecordSize", "A value is nested too deeply.") from error
    return "".join(parts)


def _add_json(value: Value, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(_TEXT(value))
    elif isinstance(value, dict):
        sign = "{"
        for name, member in value.items():
            parts.append(f"{sign}{_TEXT(name)}:")
            _add_json(member, parts)
            sign = ","
        parts.append("}" if value else "{}")
    elif isinstance(value, list):
        sign = "["
        for member in value:
            parts.append(sign)
            _add_json(member, parts)
            sign = ","
        parts.append("]" if value else "[]")
    elif isinstance(value, datetime):
        parts.append(_TEXT(text_of(value)))
    else:
        parts.append(text_of(value) or "null")
