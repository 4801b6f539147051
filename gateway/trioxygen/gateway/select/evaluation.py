"""A query over an object: bytes in, bytes out, in small steps. Pure.

Whoever runs it takes one step after the other on a worker's thread: none takes more than some
milliseconds, whatever the object and the expression are."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from trioxygen.gateway.protocol.dialect import SelectDialect
from trioxygen.gateway.select.event_stream import Counts
from trioxygen.gateway.select.plan import Plan
from trioxygen.gateway.select.records.csv import CsvReader
from trioxygen.gateway.select.records.inflating import inflater
from trioxygen.gateway.select.records.json import JsonDocumentReader, JsonLinesReader
from trioxygen.gateway.select.records.window import ScanWindow
from trioxygen.gateway.select.settings import CsvInput, HeaderInfo, Selection
from trioxygen.gateway.select.sql.columns import CsvColumns, JsonColumns, records_at
from trioxygen.gateway.select.sql.values import Value
from trioxygen.gateway.select.writers import writer

_PIECE_BYTES: Final = 64 * 1_024


class Evaluation:
    """Args:
    header: of CSV: the first record, where the bytes do not begin with it.
    window: of the bytes that are looked at; None: all.

    Attributes: is_done: it needs no more bytes."""

    def __init__(
        self,
        selection: Selection,
        dialect: SelectDialect,
        now: datetime,
        *,
        header: Sequence[str] | None = None,
        window: ScanWindow | None = None,
    ) -> None:
        self._selection, self._dialect, self._now = selection, dialect, now
        self._inflater, self._window = inflater(selection.compression), window
        self._writer = writer(selection.output)
        source = selection.input
        self._reader: CsvReader | JsonLinesReader | JsonDocumentReader
        self._plan: Plan | None = None
        if isinstance(source, CsvInput):
            self._reader = CsvReader(source)
            if header is not None or source.header is HeaderInfo.NONE:
                self._plan = self._csv_plan(header)
        else:
            self._reader = JsonLinesReader() if source.is_lines else JsonDocumentReader()
            query = selection.query
            columns = JsonColumns(query.alias, query.path)
            self._plan = Plan(query, columns, None, dialect, now)
        self._scanned = self._processed = self._returned = 0

    @property
    def is_done(self) -> bool:
        is_limited = self._plan is not None and self._plan.is_done
        return is_limited or (self._window is not None and self._window.is_done)

    @property
    def counts(self) -> Counts:
        return Counts(self._scanned, self._processed, self._returned)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What is to be sent, and b"" in between. Raises S3Error."""
        self._scanned += len(data)
        for at in range(0, len(data), _PIECE_BYTES):
            piece = data[at : at + _PIECE_BYTES]
            if self._window is not None:
                piece = self._window.cut(piece)
            for expanded in self._inflater.pieces(piece):
                self._processed += len(expanded)
                yield from self._run(self._reader.records(expanded))
            if self.is_done:
                return

    def finish(self) -> Iterator[bytes]:
        """The same, once all bytes were there, or it is done."""
        is_cut = self._plan is not None and self._plan.is_done
        if not is_cut:
            self._inflater.finish()
            if self._window is not None:
                yield from self._run(self._reader.records(self._window.finish()))
            yield from self._run(self._reader.finish())
        if self._plan is None:
            self._plan = self._csv_plan(())
        yield self._counted(self._plan.finish(self._writer))

    def _run(self, records: Iterator[Value]) -> Iterator[bytes]:
        if self._plan is None:
            first = next(records, None)
            if first is None:
                return
            self._plan = self._csv_plan(first)
        if not isinstance(self._selection.input, CsvInput):
            records = self._at_path(records)
        for output in self._plan.run(records, self._writer):
            yield self._counted(output)

    def _counted(self, output: bytes) -> bytes:
        self._returned += len(output)
        return output

    def _at_path(self, documents: Iterator[Value]) -> Iterator[Value]:
        path, spreads = self._selection.query.path, self._dialect.spreads_lists
        for document in documents:
            yield from records_at(path, document, spreads_lists=spreads and bool(path))

    def _csv_plan(self, header: Sequence[str] | None) -> Plan:
        """Args: header: the first record, if it is not data."""
        selection = self._selection
        assert isinstance(selection.input, CsvInput)
        if selection.input.header is not HeaderInfo.USE:
            header = None
        query = selection.query
        columns = CsvColumns(
            header, query.alias, query.path, empty_is_null=self._dialect.names_nulls
        )
        return Plan(query, columns, tuple(header or ()), self._dialect, self._now)
