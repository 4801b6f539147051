"""What a field of a message may hold: the kinds of rules.

A table (`rules/om.py`, ...) gives every field of every request a rule. Both networks hold requests
to them (`rules/table.py`) before a handler sees one, and so does whoever acts on what an answer
says. No lookups, no clock: what depends on the state is the handler's to refuse."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

Holds = Callable[[Any], bool]
# What is wrong with a message as a whole, or nothing.
Consistent = Callable[[Any], str | None]

# Controls, what breaks lines, and what turns the direction of a line's text around.
_NO_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_FIELD: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")

# Ids, positions and sums stay below it: they can be added, and fit signed 64-bit integers.
NUMBER_MAX: Final = 2**62


@dataclass(frozen=True, slots=True)
class Rule:
    """Attributes:
    says: for whoever sent something else.
    holds: of each value that is set; None: `expression` says it.
    expression: in Python, of a `value` that is set; empty: all that the type can hold. Beside a
        `holds`, what spares most values its call: it is true only of what holds.
    is_required: not left out, and neither zero nor empty.
    most: values of a repeated field.
    """

    says: str
    holds: Holds | None = None
    is_required: bool = False
    most: int | None = None
    expression: str = ""


def _replaced(_: Any) -> bool:
    raise AssertionError("replaced when the table is read")


def by_its_own(_: Any) -> bool:
    return _replaced(_)


def by_its_enum(_: Any) -> bool:
    return _replaced(_)


# Also of messages that are looked into no further.
ANY: Final = Rule("any value")
# A message that the rules of its own type hold.
PART: Final = Rule("a message", by_its_own)
REQUIRED_PART: Final = Rule("a message", by_its_own, is_required=True)


def number(low: int, high: int) -> Rule:
    """`low` above zero: required, since zero is what a field has that is left out."""
    says = f"{low:,} to {high:,}"
    return Rule(says, is_required=low > 0, expression=f"{low} <= value <= {high}")


def text(high: int, *, low: int = 0) -> Rule:
    """Characters, none of them NUL: rows' keys end texts with it."""
    says = f"{low:,} to {high:,} characters without NUL"
    expression = f"len(value) <= {high} and '\\0' not in value"
    return Rule(says, is_required=low > 0, expression=expression)


def line(high: int, *, low: int = 0) -> Rule:
    """Text that people read, in logs and on terminals: no control characters, no line breaks."""
    says = f"{low:,} to {high:,} characters without control characters"
    usual = f"len(value) <= {high} and value.isprintable()"
    return Rule(says, lambda value: len(value) <= high and is_line(value), low > 0, None, usual)


def is_line(value: str) -> bool:
    return _NO_LINE.search(value) is None


def field_value(high: int) -> Rule:
    """Of a header: what an answer can carry. C1 controls are bytes of UTF-8 there."""
    says = f"0 to {high:,} characters of a header field"
    usual = f"len(value) <= {high} and value.isprintable()"

    def holds(value: str) -> bool:
        return len(value) <= high and _NO_FIELD.search(value) is None

    return Rule(says, holds, expression=usual)


def matching(says: str, pattern: str, high: int, *, is_required: bool = False) -> Rule:
    """Args:
    pattern: of the whole text.
    """
    whole = re.compile(pattern).fullmatch
    return Rule(says, lambda value: len(value) <= high and whole(value) is not None, is_required)


def raw(high: int, *, low: int = 0) -> Rule:
    """Bytes; with a `low`, required."""
    says = f"{low:,} to {high:,} bytes"
    return Rule(says, is_required=low > 0, expression=f"{low} <= len(value) <= {high}")


def utf8(high: int, *, low: int = 0) -> Rule:
    """Bytes of UTF-8: rows' keys rely on what it never uses."""
    says = f"{low:,} to {high:,} bytes of UTF-8"

    def holds(value: bytes) -> bool:
        if len(value) > high:
            return False
        return value.isascii() or _is_utf8(value)

    return Rule(says, holds, low > 0)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def known(*, is_required: bool = False) -> Rule:
    """A value of the enum that this version knows."""
    return Rule("a known value", by_its_enum, is_required=is_required)


def each(rule: Rule, most: int) -> Rule:
    """Of a repeated field: at most so many values, each as the rule says."""
    return replace(rule, most=most, is_required=False)


def some(rule: Rule, most: int) -> Rule:
    """As `each`, and at least one."""
    return replace(rule, most=most, is_required=True)


@dataclass(frozen=True, slots=True)
class MessageRules:
    fields: Mapping[str, Rule]
    consistent: Consistent | None = None


def rules(consistent: Consistent | None = None, /, **fields: Rule) -> MessageRules:
    """Of one message.

    Args:
        consistent: of the whole; its fields hold already.
    """
    return MessageRules(fields, consistent)
