"""The JSON of a policy, from whoever sent it: bounded, and without names that come twice."""

import json
import re
from collections.abc import Sequence
from typing import Final, TypeGuard

from trioxygen.gateway.access.policy.faults import Fault, Malformed

# A policy's own is six: statements, conditions, operators, keys, values.
_DEPTH_MAX: Final = 16

# Strings whole, also one that does not end: so each character is looked at once.
_TOKENS: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]|[ \t\r\n]+', re.DOTALL)
_OPENING: Final = "[{"
_CLOSING: Final = "]}"
_BLANKS: Final = " \t\r\n"


class Number(str):
    """As it is written: conditions compare text."""

    __slots__ = ()


def is_text(value: object) -> TypeGuard[str]:
    """Not a number, which is kept as text as well."""
    return isinstance(value, str) and not isinstance(value, Number)


def read_object(text: str) -> dict[str, object]:
    """Of a JSON object: objects, lists, strings, `Number`s, booleans and None.

    Raises Malformed: FIRST_BYTE: something else; JSON: no JSON, or one that is nested without need,
    or has a name twice."""
    if not text.startswith("{"):
        raise Malformed(Fault.FIRST_BYTE)
    try:
        _check_depth(text)
        read: object = json.loads(
            text,
            object_pairs_hook=_without_repetition,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_constant,
        )
        if "\\u" in text:
            # Half a surrogate pair is no character.
            json.dumps(read, ensure_ascii=False).encode()
    except ValueError:
        raise Malformed(Fault.JSON) from None
    assert isinstance(read, dict)
    return read


def decode(document: bytes) -> str:
    """Raises Malformed: JSON: not UTF-8; FIRST_BYTE: not even the first byte is right."""
    if not document.startswith(b"{"):
        raise Malformed(Fault.FIRST_BYTE)
    try:
        return document.decode()
    except UnicodeDecodeError:
        raise Malformed(Fault.JSON) from None


def bytes_without_blanks(text: str) -> int:
    """What counts of a policy's size: white space between its tokens does not."""
    blanks = sum(
        len(token.group()) for token in _TOKENS.finditer(text) if token.group()[0] in _BLANKS
    )
    return len(text.encode(errors="surrogatepass")) - blanks


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token.group()[0]
        if first in _OPENING:
            depth += 1
            if depth > _DEPTH_MAX:
                raise ValueError("nested without need")
        elif first in _CLOSING:
            depth -= 1


def _without_repetition(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name twice")
    return members


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
