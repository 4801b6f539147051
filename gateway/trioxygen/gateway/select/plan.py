"""A query, compiled for the columns of an object: from records to what is answered. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from trioxygen.gateway.protocol.dialect import SelectDialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.columns import Columns
from trioxygen.gateway.select.sql.compiler import Compiler
from trioxygen.gateway.select.sql.nodes import Item, Name, Query, Reference
from trioxygen.gateway.select.sql.values import MISSING, Value
from trioxygen.gateway.select.writers import Writer

# A step on a worker's thread: a few milliseconds.
_OPERATORS_AT_ONCE: Final = 40_000
# What a record costs beside them.
_OPERATORS_PER_RECORD: Final = 4
_WRITTEN_AT_ONCE: Final = 128 * 1_024


class Plan:
    """Attributes: is_done: it needs no more records: LIMIT.

    Args: header: names of the columns of CSV, if it has some; None: it is not CSV.
    Raises: S3Error: of columns that are not there, of what cannot be in one query."""

    def __init__(
        self,
        query: Query,
        columns: Columns,
        header: Sequence[str] | None,
        dialect: SelectDialect,
        now: datetime,
    ) -> None:
        compiler = Compiler(columns, dialect, now)
        if dialect.knows_aliases:
            compiler.aliases = {
                item.alias: item.node for item in query.items or () if item.alias is not None
            }
        self._where = None if query.where is None else compiler.compile(query.where)
        if compiler.aggregates:
            raise S3Error("UnsupportedSqlStructure", "WHERE cannot have aggregates.")
        compiler.has_columns = False
        items = query.items or ()
        self._getters = [compiler.compile(item.node) for item in items]
        self._names = [_name_of(item, position) for position, item in enumerate(items, 1)]
        self._aggregates = compiler.aggregates
        if self._aggregates and compiler.has_columns:
            raise S3Error(
                "UnsupportedSqlStructure", "Aggregates and columns cannot be in one SELECT list."
            )
        self._takes_all = query.items is None
        self._header = header
        self._left = query.limit
        self.is_done = query.limit == 0
        self._records_at_once = max(
            1, _OPERATORS_AT_ONCE // (compiler.size + _OPERATORS_PER_RECORD)
        )

    def run(self, records: Iterator[Value], writer: Writer) -> Iterator[bytes]:
        """What is to be sent, and b"" in between, so that no step takes long."""
        where, aggregates, until_pause = self._where, self._aggregates, self._records_at_once
        if self.is_done:
            return
        for record in records:
            until_pause -= 1
            if not until_pause or writer.size > _WRITTEN_AT_ONCE:
                until_pause = self._records_at_once
                yield writer.take()
            if where is not None and where(record) is not True:
                continue
            if aggregates:
                for state, get in aggregates:
                    state.add(get(record))
                continue
            self._write(record, writer)
            if self._left is not None:
                self._left -= 1
                if self._left == 0:
                    self.is_done = True
                    break
        yield writer.take()

    def finish(self, writer: Writer) -> bytes:
        """What is known once all records were there."""
        if self._aggregates and not self.is_done:
            writer.write(self._names, [get(MISSING) for get in self._getters])
        return writer.take()

    def _write(self, record: Value, writer: Writer) -> None:
        if not self._takes_all:
            writer.write(self._names, [get(record) for get in self._getters])
        elif self._header is not None:
            writer.write(self._names_of(len(record)), record)
        elif isinstance(record, dict):
            writer.write(list(record), list(record.values()))
        else:
            writer.write(("_1",), (record,))

    def _names_of(self, count: int) -> Sequence[str]:
        """Of all columns of a record of CSV."""
        names = self._names
        if len(names) != count:
            names = list((self._header or ())[:count])
            names += [f"_{position}" for position in range(len(names) + 1, count + 1)]
            self._names = names
        return names


def _name_of(item: Item, position: int) -> str:
    if item.alias is not None:
        return item.alias
    if isinstance(item.node, Reference):
        last = item.node.steps[-1]
        if isinstance(last, Name):
            return last.text
    return f"_{position}"
