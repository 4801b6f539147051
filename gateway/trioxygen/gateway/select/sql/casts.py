"""CAST of S3 Select. Pure. Source: S3 user guide, "Conversion functions", "Data types"."""

from collections.abc import Callable
from datetime import datetime
from decimal import Context, Decimal, DecimalException
from functools import partial
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.timestamps import read_timestamp
from trioxygen.gateway.select.sql.values import (
    MISSING,
    Value,
    as_float,
    checked_int,
    kind_of,
    number_of,
    text_of,
)

# An integer of fewer fits 64 bits.
_CERTAIN_DIGITS: Final = 19


def cast_to(
    type_name: str, parameters: tuple[int, ...], context: Context
) -> Callable[[Value], Value]:
    """Of NULL and MISSING it is that. Raises, what is returned: S3Error CastFailed."""
    if type_name == "DECIMAL":
        convert: Callable[[Value], Value] = partial(
            _decimal, parameters=parameters, context=context
        )
    else:
        convert = _CASTS[type_name]

    def cast(value: Value) -> Value:
        if value is None or value is MISSING:
            return value
        converted = convert(value)
        if converted is None:
            raise S3Error("CastFailed", f"{kind_of(value)} is no {type_name}.")
        return converted

    return cast


def _bool(value: Value) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower()[:8])
    return None if isinstance(value, datetime | list | dict) else bool(value)


def _number(value: Value) -> int | float | Decimal | None:
    if isinstance(value, str):
        return number_of(value)
    return None if isinstance(value, datetime | list | dict) else value


def _int(value: Value) -> int | None:
    if isinstance(value, str):
        if len(value) < _CERTAIN_DIGITS and value.isdigit() and value.isascii():
            return int(value)
        try:
            number = int(value) if value.isascii() and "_" not in value else None
        except ValueError:
            number = None
        if number is not None:
            return checked_int(number)
    read = _number(value)
    return None if read is None else checked_int(int(read))


def _float(value: Value) -> float | None:
    number = _number(value)
    return None if number is None else as_float(number)


def _decimal(value: Value, *, parameters: tuple[int, ...], context: Context) -> Decimal | None:
    number = _number(value)
    if number is None:
        return None
    try:
        made = context.create_decimal(repr(number) if isinstance(number, float) else number)
        if not parameters:
            return made
        precision, scale = parameters
        made = made.quantize(Decimal(1).scaleb(-scale), context=context)
    except DecimalException:
        return None
    return made if made.adjusted() < precision - scale or made == 0 else None


def _string(value: Value) -> str | None:
    return None if isinstance(value, list | dict) else text_of(value)


def _timestamp(value: Value) -> datetime | None:
    if isinstance(value, str):
        return read_timestamp(value.strip())
    return value if isinstance(value, datetime) else None


_CASTS: Final[dict[str, Callable[[Value], Value]]] = {
    "BOOL": _bool,
    "INT": _int,
    "FLOAT": _float,
    "STRING": _string,
    "TIMESTAMP": _timestamp,
}
