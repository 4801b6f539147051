"""A query over bytes, as the operation runs it."""

from datetime import UTC, datetime
from typing import Any, Final

from trioxygen.gateway.protocol.dialect import AWS, Dialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.evaluation import Evaluation
from trioxygen.gateway.select.records.window import ScanWindow
from trioxygen.gateway.select.settings import (
    CsvInput,
    CsvOutput,
    HeaderInfo,
    Input,
    JsonInput,
    JsonOutput,
    Output,
    Selection,
)
from trioxygen.gateway.select.sql.parser import parse_query

NOW: Final = datetime(2026, 12, 1, 10, 20, 30, tzinfo=UTC)
WITH_HEADER: Final = CsvInput(header=HeaderInfo.USE)
LINES: Final = JsonInput(is_lines=True)
DOCUMENT: Final = JsonInput(is_lines=False)
AS_JSON: Final = JsonOutput()


def select(
    expression: str,
    data: bytes,
    source: Input | None = None,
    output: Output | None = None,
    *,
    dialect: Dialect = AWS,
    piece_bytes: int = 1 << 16,
    window: ScanWindow | None = None,
    **settings: Any,
) -> str:
    """Raises S3Error."""
    selection = Selection(
        query=parse_query(expression, dialect.select),
        input=source or CsvInput(),
        output=output or CsvOutput(),
        **settings,
    )
    evaluation = Evaluation(selection, dialect.select, NOW, window=window)
    written: list[bytes] = []
    for at in range(window.begin if window else 0, len(data), piece_bytes):
        written += evaluation.feed(data[at : at + piece_bytes])
        if evaluation.is_done:
            break
    written += evaluation.finish()
    return b"".join(written).decode()


def value(expression: str, data: bytes = b"1\n", dialect: Dialect = AWS) -> str:
    """Of an expression, as CSV without its delimiter."""
    return select(f"SELECT {expression} FROM S3Object", data, dialect=dialect).removesuffix("\n")


def code(expression: str, data: bytes = b"1\n", source: Input | None = None, **more: Any) -> str:
    """Of the refusal; "": it is none."""
    try:
        select(expression, data, source, **more)
    except S3Error as error:
        return error.code
    return ""
