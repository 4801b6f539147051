"""Pages of lists: Marker and MaxItems, IsTruncated.

A marker is the name of the last row of the page before."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from trioxygen.gateway.iam.action import Call
from trioxygen.gateway.iam.shown import Fields

_ITEMS_DEFAULT: Final = 100

_Row = TypeVar("_Row")


def count_max(call: Call) -> int:
    return call.arguments.number("MaxItems", _ITEMS_DEFAULT)


def marker(call: Call) -> str:
    return call.arguments.maybe("Marker")


def truncation(*, is_truncated: bool, last: str) -> Fields:
    """Args: last: name of the last row."""
    if not is_truncated:
        return {"IsTruncated": False}
    return {"IsTruncated": True, "Marker": last}


def page_of(
    call: Call, rows: Sequence[_Row], name: Callable[[_Row], str]
) -> tuple[Sequence[_Row], Fields]:
    """Of rows that are all there already: those of the page, in order of name, and what is said of
    the rest."""
    after, at_most = marker(call), count_max(call)
    behind = sorted((row for row in rows if name(row) > after), key=name)
    page = behind[:at_most]
    return page, truncation(
        is_truncated=len(behind) > at_most, last=name(page[-1]) if page else after
    )


def itself(name: str) -> str:
    return name
