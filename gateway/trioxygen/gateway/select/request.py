"""Body of SelectObjectContent. Source: S3 API, SelectObjectContent; botocore's service model."""

from collections.abc import Callable, Set
from dataclasses import replace
from enum import Enum
from typing import Final, TypeVar

from lxml import etree

from trioxygen.gateway.protocol.dialect import SelectDialect
from trioxygen.gateway.protocol.errors import S3Error, named_as_not_implemented
from trioxygen.gateway.protocol.numbers import BOUND, natural_up_to
from trioxygen.gateway.protocol.xml.reading import children, leaf_text, once, parse_document
from trioxygen.gateway.select.settings import (
    Compression,
    CsvInput,
    CsvOutput,
    HeaderInfo,
    Input,
    JsonInput,
    JsonOutput,
    Output,
    ScanRange,
    Selection,
)
from trioxygen.gateway.select.sql.parser import parse_query

_DELIMITER_CHARACTERS_MAX: Final = 8
_Member = TypeVar("_Member", bound=Enum)


def read_select_request(body: bytes, dialect: SelectDialect) -> Selection:
    """Raises S3Error: MalformedXML, NotImplemented (Parquet), and what S3 has for each parameter
    and for the expression."""
    fields = once(parse_document(body, "SelectObjectContentRequest", rows_max=4))
    unknown = fields.keys() - {
        "Expression",
        "ExpressionType",
        "RequestProgress",
        "InputSerialization",
        "OutputSerialization",
        "ScanRange",
    }
    if unknown:
        raise S3Error("MalformedXML")
    for name in ("Expression", "ExpressionType", "InputSerialization", "OutputSerialization"):
        if name not in fields:
            raise S3Error("MissingRequiredParameter", f"SelectRequest lacks {name}.")
    if leaf_text(fields["ExpressionType"]).strip().upper() != "SQL":
        raise S3Error("InvalidExpressionType")
    source, compression = _input(fields["InputSerialization"])
    output = _output(fields["OutputSerialization"])
    if dialect.writes_values_only and isinstance(output, JsonOutput):
        output = CsvOutput(record_delimiter=output.record_delimiter)
    if dialect.names_nulls and isinstance(output, CsvOutput):
        output = replace(output, null="null")
    scan_range = _scan_range(fields["ScanRange"]) if "ScanRange" in fields else None
    if scan_range is not None and not _is_scannable(source, compression):
        raise S3Error("UnsupportedScanRangeInput")
    return Selection(
        query=parse_query(leaf_text(fields["Expression"]), dialect),
        input=source,
        output=output,
        compression=compression,
        scan_range=scan_range,
        tells_progress=_tells_progress(fields.get("RequestProgress")),
    )


def _is_scannable(source: Input, compression: Compression) -> bool:
    """Whether it can be said of any place in the object where the next record begins."""
    if compression is not Compression.NONE:
        return False
    if isinstance(source, JsonInput):
        return source.is_lines
    return not source.has_quoted_record_delimiters


def _input(node: "etree._Element") -> tuple[Input, Compression]:
    fields = once(node)
    compression = Compression.NONE
    if "CompressionType" in fields:
        text = leaf_text(fields.pop("CompressionType"))
        compression = _member(Compression, text, "InvalidCompressionFormat") or compression
    _check_formats(fields.keys(), {"CSV", "JSON", "Parquet"})
    if "CSV" in fields:
        return _csv_input(children(fields["CSV"])), compression
    if "JSON" in fields:
        return _json_input(children(fields["JSON"])), compression
    if "Parquet" in fields:
        children(fields["Parquet"])
        raise named_as_not_implemented("Parquet in SelectObjectContent is not implemented.")
    raise S3Error("MissingRequiredParameter", "InputSerialization lacks a format.")


def _csv_input(fields: dict[str, str]) -> CsvInput:
    default = CsvInput()
    header = _member(HeaderInfo, fields.pop("FileHeaderInfo", ""), "InvalidFileHeaderInfo")
    made = CsvInput(
        header=header or default.header,
        comments=_character(fields, "Comments", default.comments),
        quote=_character(fields, "QuoteCharacter", default.quote),
        quote_escape=_character(fields, "QuoteEscapeCharacter", default.quote_escape),
        record_delimiter=_delimiter(fields, "RecordDelimiter", default.record_delimiter),
        field_delimiter=_delimiter(fields, "FieldDelimiter", default.field_delimiter),
        has_quoted_record_delimiters=_boolean(fields.pop("AllowQuotedRecordDelimiter", "")),
    )
    _check_known(fields)
    _check_delimiters(made.record_delimiter, made.field_delimiter, made.quote)
    return made


def _json_input(fields: dict[str, str]) -> JsonInput:
    text = fields.pop("Type", None)
    _check_known(fields)
    if text is None:
        raise S3Error("MissingRequiredParameter", "JSON lacks Type.")
    if text.strip().upper() not in ("LINES", "DOCUMENT"):
        raise S3Error("InvalidJsonType")
    return JsonInput(text.strip().upper() == "LINES")


def _output(node: "etree._Element") -> Output:
    fields = once(node)
    _check_formats(fields.keys(), {"CSV", "JSON"})
    if "CSV" in fields:
        return _csv_output(children(fields["CSV"]))
    if "JSON" in fields:
        members = children(fields["JSON"])
        made = JsonOutput(_delimiter(members, "RecordDelimiter", "\n"))
        _check_known(members)
        return made
    raise S3Error("MissingRequiredParameter", "OutputSerialization lacks a format.")


def _check_formats(names: Set[str], known: Set[str]) -> None:
    if names - known:
        raise S3Error("MalformedXML")
    if len(names) > 1:
        raise S3Error("ObjectSerializationConflict")


def _csv_output(fields: dict[str, str]) -> CsvOutput:
    default = CsvOutput()
    quoting = fields.pop("QuoteFields", "").strip().upper()
    if quoting not in ("", "ALWAYS", "ASNEEDED"):
        raise S3Error("InvalidQuoteFields")
    made = CsvOutput(
        always_quotes=quoting == "ALWAYS",
        quote=_character(fields, "QuoteCharacter", default.quote),
        quote_escape=_character(fields, "QuoteEscapeCharacter", default.quote_escape),
        record_delimiter=_delimiter(fields, "RecordDelimiter", default.record_delimiter),
        field_delimiter=_delimiter(fields, "FieldDelimiter", default.field_delimiter),
    )
    _check_known(fields)
    _check_delimiters(made.record_delimiter, made.field_delimiter, made.quote)
    return made


def _scan_range(node: "etree._Element") -> ScanRange:
    fields = children(node)
    start, end = (_offset(fields.pop(name, None)) for name in ("Start", "End"))
    _check_known(fields)
    if (start is None and end is None) or (start is not None and end is not None and start > end):
        raise S3Error("InvalidScanRange")
    return ScanRange(start, end)


def _offset(text: str | None) -> int | None:
    if text is None:
        return None
    number = natural_up_to(text.strip(), BOUND)
    if number is None:
        raise S3Error("InvalidScanRange")
    return number


def _tells_progress(node: "etree._Element | None") -> bool:
    if node is None:
        return False
    fields = children(node)
    enabled = _boolean(fields.pop("Enabled", ""))
    _check_known(fields)
    return enabled


def _boolean(text: str) -> bool:
    text = text.strip().lower()
    if text not in ("", "true", "false"):
        raise S3Error("InvalidRequestParameter")
    return text == "true"


def _member(members: "type[_Member]", text: str, code: str) -> _Member | None:
    """None: of an empty text. Raises S3Error of the code."""
    name = text.strip().upper()
    if not name:
        return None
    if name not in members.__members__:
        raise S3Error(code)
    return members[name]


def _text_of(
    fields: dict[str, str], name: str, default: str, is_sound: Callable[[str], bool]
) -> str:
    text = fields.pop(name, default)
    if not is_sound(text):
        raise S3Error("InvalidRequestParameter", f"{name} is not valid.")
    return text


def _character(fields: dict[str, str], name: str, default: str) -> str:
    """A single one; "": there is none such."""
    return _text_of(fields, name, default, lambda text: len(text) <= 1)


def _delimiter(fields: dict[str, str], name: str, default: str) -> str:
    return _text_of(fields, name, default, lambda text: 1 <= len(text) <= _DELIMITER_CHARACTERS_MAX)


def _check_known(fields: dict[str, str]) -> None:
    """That none is left."""
    if fields:
        raise S3Error("MalformedXML")


def _check_delimiters(record: str, field: str, quote: str) -> None:
    """That each can be told from the others."""
    if record in field or field in record or (quote and quote in record + field):
        raise S3Error("InvalidRequestParameter", "Delimiters and quotes have to differ.")
