"""What names in an expression stand for in a record of CSV or of JSON. Pure.

A record of CSV is a list of texts; of JSON, what JSON's values are in Python."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Protocol

from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.nodes import Name, Step, Wildcard
from trioxygen.gateway.select.sql.values import MISSING, Value

Getter = Callable[[Value], Value]
_POSITION: Final = re.compile(r"_(\d{1,9})", re.ASCII)


class Columns(Protocol):
    def getter(self, steps: Sequence[Step]) -> Getter:
        """Raises S3Error: there is no such column."""
        ...

    def names(self, name: str) -> bool:
        """Whether a column of the object has the name."""
        ...


def without_alias(steps: Sequence[Step], alias: str | None) -> Sequence[Step]:
    """`s.name` is `name`."""
    first = steps[0]
    assert isinstance(first, Name)
    wanted = "s3object" if alias is None else alias
    matches = first.text == wanted if first.is_quoted else first.text.lower() == wanted.lower()
    return steps[1:] if matches and (len(steps) > 1 or alias is not None) else steps


class CsvColumns:
    """Args:
    header: None: columns have positions alone.
    path: of FROM, which CSV has none of.
    empty_is_null: of fields.

    Raises: S3Error InvalidKeyPath."""

    def __init__(
        self,
        header: Sequence[str] | None,
        alias: str | None,
        path: Sequence[Step] = (),
        *,
        empty_is_null: bool = False,
    ) -> None:
        if path:
            raise S3Error("InvalidKeyPath", "Nothing in CSV is at a path.")
        self._header, self._alias = header, alias
        self._field = _field_or_null if empty_is_null else _field

    def names(self, name: str) -> bool:
        return self._header is not None and name in self._header

    def getter(self, steps: Sequence[Step]) -> Getter:
        steps = without_alias(steps, self._alias)
        if len(steps) != 1 or not isinstance(steps[0], Name):
            raise S3Error("InvalidKeyPath", "A column of CSV is a name or a position.")
        return partial(self._field, self._position(steps[0]))

    def _position(self, name: Name) -> int:
        if self._header is not None:
            position = _position_in(self._header, name)
            if position is not None:
                return position
        match = _POSITION.fullmatch(name.text)
        if match is None:
            raise self._unknown(name.text)
        if int(match[1]) == 0:
            raise S3Error("InvalidColumnIndex", "The first column is _1.")
        return int(match[1]) - 1

    def _unknown(self, name: str) -> S3Error:
        return S3Error(
            "EvaluatorBindingDoesNotExist" if self._header is None else "MissingHeaders",
            # In Ceph's words, which its clients look for.
            f"{name[:64]!r} is unknown: alias {{{name[:64]}}} or column not exist in schema",
            case=Case.SELECT_COLUMN_IS_UNKNOWN,
        )


def _position_in(header: Sequence[str], name: Name) -> int | None:
    """Raises S3Error AmbiguousFieldName."""
    if name.text in header:
        return header.index(name.text)
    if name.is_quoted:
        return None
    lower = name.text.lower()
    positions = [at for at, column in enumerate(header) if column.lower() == lower]
    if len(positions) > 1:
        raise S3Error("AmbiguousFieldName", f"{name.text[:64]} names several columns.")
    return positions[0] if positions else None


def _field(position: int, record: list[str]) -> Value:
    return record[position] if position < len(record) else MISSING


def _field_or_null(position: int, record: list[str]) -> Value:
    return record[position] or None if position < len(record) else MISSING


class JsonColumns:
    """Args: path: of FROM; what its last name names is the record, where no alias says another."""

    def __init__(self, alias: str | None, path: Sequence[Step]) -> None:
        last = path[-1] if path else None
        self._alias = last.text if alias is None and isinstance(last, Name) else alias

    def names(self, name: str) -> bool:
        return False

    def getter(self, steps: Sequence[Step]) -> Getter:
        steps = without_alias(steps, self._alias)
        if steps and steps[0] == Name("_1"):
            steps = steps[1:]
        if any(isinstance(step, Wildcard) for step in steps):
            raise S3Error("UnsupportedSyntax", "A value cannot be a path with an asterisk.")
        if len(steps) == 1 and isinstance(steps[0], Name):
            return partial(_member, steps[0])
        return partial(_at_path, tuple(steps))


def _member(name: Name, value: Value) -> Value:
    if not isinstance(value, dict):
        return MISSING
    member = value.get(name.text, MISSING)
    if member is not MISSING or name.is_quoted:
        return member
    lower = name.text.lower()
    members = [value[key] for key in value if key.lower() == lower]
    if len(members) > 1:
        raise S3Error("AmbiguousFieldName", f"{name.text[:64]} names several fields.")
    return members[0] if members else MISSING


def _at_path(steps: tuple[Step, ...], value: Value) -> Value:
    for step in steps:
        value = _at_step(step, value)
    return value


def _at_step(step: Step, value: Value) -> Value:
    if isinstance(step, Name):
        return _member(step, value)
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else MISSING
    raise AssertionError(f"a value at {step}")


def records_at(path: Sequence[Step], value: Value, *, spreads_lists: bool) -> Iterator[Value]:
    """What FROM takes of a document; where nothing is at the path, a record that is MISSING.

    Args: spreads_lists: see `SelectDialect`."""
    if not path:
        if spreads_lists and isinstance(value, list):
            yield from value
        else:
            yield value
        return
    step, rest = path[0], path[1:]
    if step is Wildcard.ELEMENTS:
        values: Sequence[Value] = value if isinstance(value, list) else (value,)
    elif step is Wildcard.VALUES:
        values = list(value.values()) if isinstance(value, dict) else (MISSING,)
    else:
        values = (_at_step(step, value),)
    for each in values:
        yield from records_at(rest, each, spreads_lists=spreads_lists)
