"""What a SelectObjectContent asks for, beside its expression. Plain values."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from trioxygen.gateway.select.sql.nodes import Query

RECORD_BYTES_MAX: Final = 1_024 * 1_024
# S3's bound on records is one on documents too; but a document is a table, as often as not.
DOCUMENT_BYTES_MAX: Final = 4 * 1_024 * 1_024


class Compression(Enum):
    NONE = "NONE"
    GZIP = "GZIP"
    BZIP2 = "BZIP2"


class HeaderInfo(Enum):
    """Of the first record: it is data, names the columns, or is skipped."""

    NONE = "NONE"
    USE = "USE"
    IGNORE = "IGNORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvInput:
    header: HeaderInfo = HeaderInfo.NONE
    comments: str = "#"
    quote: str = '"'
    quote_escape: str = '"'
    record_delimiter: str = "\n"
    field_delimiter: str = ","
    has_quoted_record_delimiters: bool = False


@dataclass(frozen=True, slots=True)
class JsonInput:
    """is_lines: a record ends with its line; else records are documents, one after the other."""

    is_lines: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOutput:
    """null: what stands for NULL and MISSING."""

    always_quotes: bool = False
    quote: str = '"'
    quote_escape: str = '"'
    record_delimiter: str = "\n"
    field_delimiter: str = ","
    null: str = ""


@dataclass(frozen=True, slots=True)
class JsonOutput:
    record_delimiter: str = "\n"


Input: TypeAlias = CsvInput | JsonInput
Output: TypeAlias = CsvOutput | JsonOutput


@dataclass(frozen=True, slots=True)
class ScanRange:
    """Bytes of the object; records that begin there are looked at.

    Attributes: start: None: the last `end` bytes. end: the last byte; None: the object's."""

    start: int | None
    end: int | None

    def of(self, size_bytes: int) -> tuple[int, int]:
        """(first, one behind the last), within the object."""
        if self.start is None:
            assert self.end is not None
            return max(size_bytes - self.end, 0), size_bytes
        last = size_bytes if self.end is None else min(self.end + 1, size_bytes)
        return min(self.start, last), last


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    query: Query
    input: Input
    output: Output
    compression: Compression = Compression.NONE
    scan_range: ScanRange | None = None
    tells_progress: bool = False
