"""COUNT, SUM, MIN, MAX and AVG. Pure. NULL and MISSING do not count."""

from datetime import datetime
from decimal import Context, Decimal
from typing import Final, Protocol

from trioxygen.gateway.select.sql.values import (
    Value,
    as_number,
    as_timestamp,
    calculated,
    checked_int,
    compared,
    is_nothing,
)


class Accumulator(Protocol):
    def add(self, value: Value) -> None: ...

    def result(self) -> Value: ...


class _Count:
    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Value) -> None:
        if not is_nothing(value):
            self._count += 1

    def result(self) -> Value:
        return self._count


class _Sum:
    """Of numbers, and texts that are some."""

    __slots__ = ("_context", "_sum", "count")

    def __init__(self, context: Context) -> None:
        self._context, self.count = context, 0
        self._sum: int | float | Decimal | None = None

    def add(self, value: Value) -> None:
        if type(value) is int and type(self._sum) is int:
            self.count += 1
            self._sum = checked_int(self._sum + value)
            return
        number = as_number(value)
        if number is None:
            return
        self.count += 1
        self._sum = number if self._sum is None else self._plus(number)

    def _plus(self, number: int | float | Decimal) -> int | float | Decimal:
        total: int | float | Decimal = calculated("+", self._sum, number, self._context)
        return total

    def result(self) -> Value:
        return self._sum


class _Average(_Sum):
    __slots__ = ()

    def result(self) -> Value:
        if self._sum is None:
            return None
        total = Decimal(self._sum) if isinstance(self._sum, int) else self._sum
        return calculated("/", total, self.count, self._context)


class _Extreme:
    """Of numbers (also in texts), or of timestamps.

    Args: sign: how the value compares with whatever comes before it."""

    __slots__ = ("_best", "_sign")

    def __init__(self, sign: str) -> None:
        self._sign, self._best = sign, None

    def add(self, value: Value) -> None:
        if is_nothing(value):
            return
        if not isinstance(value, datetime):
            value = as_number(value)
        best = self._best
        if best is not None and isinstance(best, datetime) != isinstance(value, datetime):
            value = as_timestamp(value) if isinstance(best, datetime) else as_number(value)
        if best is None or compared(self._sign, value, best):
            self._best = value

    def result(self) -> Value:
        return self._best


_SIGNS: Final = {"MIN": "<", "MAX": ">"}


def accumulator(name: str, context: Context) -> Accumulator:
    if name == "COUNT":
        return _Count()
    if name in _SIGNS:
        return _Extreme(_SIGNS[name])
    return _Sum(context) if name == "SUM" else _Average(context)
