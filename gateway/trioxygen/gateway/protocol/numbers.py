"""Decimal numbers that clients write into queries and header fields: the one place that reads them.

ASCII digits only, in time linear in the text and whatever its length: `int()` refuses more than
4,300 digits, and takes underscores, white space and the digits of other scripts, which S3 does not.
"""

import re
from typing import Final

from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.gateway.protocol.errors import invalid_argument

# A number is below it, or "too large": nothing that is counted here comes near.
BOUND: Final = 10**18
INT_MAX: Final = 2**31 - 1

_SIGNED: Final = re.compile(r"([+-]?)(?=[0-9])0*+([0-9]*+)")
_DIGITS_MAX: Final = 18


def read_integer(text: str) -> int | None:
    """Its value, leading zeros and a sign allowed; ±`BOUND` for any beyond; None: not a number."""
    match = _SIGNED.fullmatch(text)
    if match is None:
        return None
    sign, digits = match.groups()
    size = BOUND if len(digits) > _DIGITS_MAX else int(digits or "0")
    return -size if sign == "-" else size


def read_natural(text: str) -> int | None:
    """The same of digits alone: a sign is not allowed."""
    return read_integer(text) if text[:1] not in ("+", "-") else None


def count_of_query(name: str, text: str) -> int:
    """What max-keys, max-parts, max-uploads and part-number-marker hold.

    Raises:
        S3Error: InvalidArgument, in two wordings: not a 32-bit integer, and negative.
    """
    number = read_integer(text)
    if number is None or not -INT_MAX - 1 <= number <= INT_MAX:
        raise invalid_argument(
            f"Provided {name} not an integer or within integer range", name, text
        )
    if number < 0:
        camel = _camel(name)
        raise invalid_argument(
            f"Argument {camel} must be an integer between 0 and {INT_MAX}", camel, text
        )
    return number


def _camel(name: str) -> str:
    """As S3 spells it of a negative number only."""
    first, *others = name.split("-")
    return first + "".join(word.capitalize() for word in others)


def natural_up_to(text: str, maximum: int) -> int | None:
    """None for what is not a number from 0 to `maximum`."""
    number = read_natural(text)
    return None if number is None or number > maximum else number


def read_part_number(text: str) -> int:
    """Raises S3Error InvalidArgument for what is not 1 to 10,000."""
    number = natural_up_to(text, PART_NUMBER_MAX)
    if not number:
        raise invalid_argument(
            f"Part number must be an integer between 1 and {PART_NUMBER_MAX}, inclusive",
            "partNumber",
            text,
        )
    return number


def clamped(digits: str) -> int:
    """Of digits that a pattern has found already; `BOUND` for all that are larger."""
    number = read_natural(digits)
    assert number is not None, "not digits"
    return number
