"""Sizes and times with their units, as people write them: `"256MiB"`, `"10s"`. Keys say by their
names what they hold; a plain number is in the unit of the name."""

import re
from typing import Any, Final

from trioxygen.common.units import DAY_MS, GIB, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS, TIB

_SIZES: Final = {"B": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB, "TiB": TIB}
_TIMES_MS: Final = {"ms": 1, "s": SECOND_MS, "min": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_TEXT: Final = re.compile(r"([0-9][0-9_]{0,30}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)")


def in_unit_of(name: str, value: Any) -> Any:
    """A text with a unit as the number that the key `name` means; anything else as it is.

    Raises ValueError: one that is not a size, or not a time, or no whole number of the key's unit.
    """
    if not isinstance(value, str):
        return value
    words = name.split("_")
    if "bytes" in words:
        return _number(value, _SIZES, 1, "a size", "bytes")
    if "ms" in words:
        return _number(value, _TIMES_MS, 1, "a time", "milliseconds")
    if "seconds" in words:
        return _number(value, _TIMES_MS, SECOND_MS, "a time", "seconds")
    return value


def _number(text: str, units: dict[str, int], own: int, what: str, own_name: str) -> int:
    known = ", ".join(units)
    match = _TEXT.fullmatch(text.strip())
    if match is None or not match[2]:
        raise ValueError(
            f"'{text}' is not {what}: write a number of {own_name}, or a text with one of {known}"
        )
    if match[2] not in units:
        raise ValueError(f"'{text}' is not {what}: its unit is none of {known}")
    exact = float(match[1]) * units[match[2]] / own
    if not exact.is_integer():
        raise ValueError(f"'{text}' is not a whole number of {own_name}")
    return int(exact)
