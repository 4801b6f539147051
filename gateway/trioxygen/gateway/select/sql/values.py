"""Values of S3 Select, and how they are compared and converted. Pure.

A value is None (NULL), MISSING, a bool, int of 64 bits, float, Decimal, str, datetime with an
offset, list or dict. What comes from CSV is a str; where a number or a timestamp stands on the
other side, it is read as what that is. What cannot be compared is neither true nor false: None.
"""

import operator
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Context, Decimal, DecimalException
from enum import Enum
from math import fmod, isfinite
from typing import Any, Final, TypeAlias

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql import timestamps
from trioxygen.gateway.select.sql.timestamps import read_timestamp

Value: TypeAlias = Any


class Missing(Enum):
    MISSING = "missing"


MISSING: Final = Missing.MISSING
INT_MAX: Final = 2**63 - 1
INT_MIN: Final = -(2**63)
TEXT_CHARACTERS_MAX: Final = 1_024 * 1_024

_NUMBER: Final = re.compile(
    r"\s{0,16}([+-]?)(\d{1,400})?(\.\d{0,400})?([eE][+-]?\d{1,6})?\s{0,16}", re.ASCII
)
_INTEGER: Final = re.compile(r"\s{0,16}[+-]?\d{1,400}\s{0,16}", re.ASCII)
_NUMERIC: Final = (int, float, Decimal)
OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# Results out of it are refused: digits as S3's decimals have, exponents that can be written out.
_CONTEXT: Final = Context(prec=38, Emax=999, Emin=-999)


def is_nothing(value: Value) -> bool:
    return value is None or value is MISSING


def in_context() -> Context:
    """Of one query: a context is not shared by threads."""
    return _CONTEXT.copy()


def number_of(value: str) -> int | float | Decimal | None:
    """None: the text is no number."""
    if _INTEGER.fullmatch(value) is not None:
        return int(value)
    match = _NUMBER.fullmatch(value)
    if match is None or (match[2] is None and len(match[3] or "") < 2):
        return None
    return read_decimal(value.strip())


def read_decimal(text: str) -> Decimal | None:
    """Of a number as JSON and SQL write it; None: its exponent is too large."""
    try:
        return _CONTEXT.copy().create_decimal(text)
    except DecimalException:
        return None


def compared(sign: str, left: Value, right: Value) -> bool | None:
    """None: NULL, or of what has no order."""
    if is_nothing(left) or is_nothing(right):
        return None
    left, right = _alike(left, right)
    is_numeric = isinstance(left, _NUMERIC) and isinstance(right, _NUMERIC)
    if (is_numeric and isinstance(left, bool) == isinstance(right, bool)) or (
        type(left) is type(right) and not isinstance(left, list | dict)
    ):
        return OPERATORS[sign](left, right)
    if sign not in ("=", "<>"):
        return None
    is_equal = type(left) is type(right) and left == right
    return is_equal if sign == "=" else not is_equal


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """A text is read as what the other is, where it can be."""
    if isinstance(left, str) == isinstance(right, str):
        return left, right
    if isinstance(left, str):
        read = _read_as(left, right)
        return (left if read is None else read), right
    read = _read_as(right, left)
    return left, (right if read is None else read)


def _read_as(text: str, other: Value) -> Value:
    if isinstance(other, bool):
        return {"true": True, "false": False}.get(text.strip().lower()[:8])
    if isinstance(other, _NUMERIC):
        return number_of(text)
    if isinstance(other, datetime):
        return read_timestamp(text)
    return None


def as_number(value: Value) -> int | float | Decimal | None:
    """None: of NULL and MISSING. Raises S3Error IncorrectSqlFunctionArgumentType."""
    if is_nothing(value):
        return None
    number = number_of(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, _NUMERIC):
        raise S3Error(
            "IncorrectSqlFunctionArgumentType",
            f"{kind_of(value)} stands where a number has to.",
        )
    return number


def as_text(value: Value) -> str | None:
    """None: of NULL and MISSING. Raises S3Error IncorrectSqlFunctionArgumentType."""
    if is_nothing(value):
        return None
    if not isinstance(value, str):
        raise S3Error(
            "IncorrectSqlFunctionArgumentType", f"{kind_of(value)} stands where a text has to."
        )
    return value


def as_timestamp(value: Value) -> datetime | None:
    """The same of a timestamp."""
    if is_nothing(value):
        return None
    timestamp = read_timestamp(value) if isinstance(value, str) else value
    if not isinstance(timestamp, datetime):
        raise S3Error(
            "IncorrectSqlFunctionArgumentType",
            f"{kind_of(value)} stands where a timestamp has to.",
        )
    return timestamp


def as_int(value: Value) -> int | None:
    number = as_number(value)
    if number is None or isinstance(number, int):
        return number if number is None else checked_int(number)
    return checked_int(int(number))


def checked_int(number: int) -> int:
    if not INT_MIN <= number <= INT_MAX:
        raise S3Error("IntegerOverflow")
    return number


def checked_float(number: float) -> float:
    if not isfinite(number):
        raise S3Error("NumberFormatError", "A number is too large.")
    return number


def as_float(number: int | float | Decimal) -> float:
    """Raises S3Error NumberFormatError."""
    try:
        return checked_float(float(number))
    except OverflowError as error:
        raise S3Error("NumberFormatError", "A number is too large.") from error


def checked_text(text: str) -> str:
    if len(text) > TEXT_CHARACTERS_MAX:
        raise S3Error("OverMaxRecordSize")
    return text


def calculated(sign: str, left: Value, right: Value, context: Context) -> Value:
    """Raises S3Error: of types, of sizes, and of a division by zero."""
    first, second = as_number(left), as_number(right)
    if first is None or second is None:
        return None
    if sign in "/%" and second == 0:
        raise S3Error("ExternalEvalException", "Division by zero.")
    if isinstance(first, int) and isinstance(second, int):
        return checked_int(_of_integers(sign, first, second))
    if isinstance(first, float) or isinstance(second, float):
        return _of_floats(sign, as_float(first), as_float(second))
    calculate = {
        "+": context.add,
        "-": context.subtract,
        "*": context.multiply,
        "/": context.divide,
        "%": context.remainder,
    }[sign]
    try:
        return calculate(Decimal(first), Decimal(second))
    except DecimalException as error:
        raise S3Error("NumberFormatError", "A number is too large.") from error


def _of_integers(sign: str, first: int, second: int) -> int:
    if sign == "+":
        return first + second
    if sign == "-":
        return first - second
    if sign == "*":
        return first * second
    # Towards zero, as SQL does.
    quotient = abs(first) // abs(second)
    if (first < 0) != (second < 0):
        quotient = -quotient
    return quotient if sign == "/" else first - quotient * second


def _of_floats(sign: str, first: float, second: float) -> float:
    if sign == "+":
        return checked_float(first + second)
    if sign == "-":
        return checked_float(first - second)
    if sign == "*":
        return checked_float(first * second)
    if sign == "/":
        return checked_float(first / second)
    return fmod(first, second)


def kind_of(value: Value) -> str:
    """For a message, which never has a value: operators see it, too, and of what lies under a
    customer's key nobody else may see anything."""
    if isinstance(value, bool):
        return "a bool"
    if isinstance(value, _NUMERIC):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, datetime):
        return "a timestamp"
    return "NULL" if is_nothing(value) else "a list or an object"


def text_of(value: Value) -> str:
    """Of a value that has no parts; "" of NULL and MISSING."""
    if isinstance(value, str):
        return value
    if is_nothing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return timestamps.shown(value)
    return repr(value)
