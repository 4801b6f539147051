"""LIKE of S3 Select. Pure.

A pattern is cut at its "%": what stands between them is looked for from left to right, each as
early as it can be, which needs no going back. Long texts are searched in pieces, so that no call
keeps other threads waiting for long.
"""

import re
from collections.abc import Callable
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error

_PATTERN_CHARACTERS_MAX: Final = 1_024
_SEARCHED_AT_ONCE: Final = 4_096

Matcher = Callable[[str], bool]


class _Part:
    """What stands between two "%": as many characters as it has elements.

    Attributes: literal: the text that it is; None: it has wildcards."""

    __slots__ = ("_regex", "length", "literal")

    def __init__(self, elements: list[str], literals: list[str | None]) -> None:
        self.length = len(elements)
        texts = [text for text in literals if text is not None]
        self.literal = "".join(texts) if len(texts) == len(elements) else None
        self._regex = re.compile("".join(elements), re.DOTALL)

    def begins(self, text: str, at: int) -> bool:
        if self.literal is not None:
            return text.startswith(self.literal, at)
        return self._regex.match(text, at) is not None

    def end_of_first(self, text: str, at: int, end: int) -> int:
        """Where the first one in text[at:end] ends; -1: there is none."""
        if self.literal is not None:
            begin = text.find(self.literal, at, end)
            return -1 if begin < 0 else begin + self.length
        while at + self.length <= end:
            match = self._regex.search(text, at, min(end, at + _SEARCHED_AT_ONCE + self.length))
            if match is not None:
                return match.end()
            at += _SEARCHED_AT_ONCE
        return -1


def matcher(pattern: str, escape: str | None, *, has_sets: bool) -> Matcher:
    """Whether a text is of the pattern.

    Args: has_sets: [a-z] is one of these characters.
    Raises: S3Error LikeInvalidInputs, EvaluatorLikePatternInvalidEscapeSequence.
    """
    if len(pattern) > _PATTERN_CHARACTERS_MAX:
        raise S3Error(
            "LikeInvalidInputs", f"A pattern has at most {_PATTERN_CHARACTERS_MAX} characters."
        )
    if escape is not None and len(escape) != 1:
        raise S3Error("LikeInvalidInputs", "ESCAPE takes a single character.")
    parts = _parts_of(pattern, escape, has_sets)
    if len(parts) == 1:
        [whole] = parts
        return lambda text: len(text) == whole.length and whole.begins(text, 0)
    first, *middle, last = parts
    middle = [part for part in middle if part.length]
    length_min = sum(part.length for part in parts)

    def matches(text: str) -> bool:
        if len(text) < length_min or not first.begins(text, 0):
            return False
        at, end = first.length, len(text) - last.length
        if not last.begins(text, end):
            return False
        for part in middle:
            at = part.end_of_first(text, at, end)
            if at < 0:
                return False
        return True

    return matches


def _parts_of(pattern: str, escape: str | None, has_sets: bool) -> list[_Part]:
    parts: list[_Part] = []
    elements: list[str] = []
    literals: list[str | None] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        # The escape first: it may be "%" itself.
        if character == escape:
            if at == len(pattern):
                raise S3Error("EvaluatorLikePatternInvalidEscapeSequence")
            character = pattern[at]
            at += 1
        elif character == "%":
            parts.append(_Part(elements, literals))
            elements, literals = [], []
            continue
        elif character == "_":
            elements.append(".")
            literals.append(None)
            continue
        elif character == "[" and has_sets and (end := pattern.find("]", at + 1)) > 0:
            elements.append(_set_of(pattern[at:end]))
            literals.append(None)
            at = end + 1
            continue
        elements.append(re.escape(character))
        literals.append(character)
    parts.append(_Part(elements, literals))
    return parts


def _set_of(text: str) -> str:
    """`a-z0` as a regular expression. Raises S3Error LikeInvalidInputs."""
    is_negated = len(text) > 1 and text[0] == "^"
    ranges: list[str] = []
    at = 1 if is_negated else 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-":
            if text[at] > text[at + 2]:
                raise S3Error("LikeInvalidInputs", "A range of characters is upside down.")
            ranges.append(f"{re.escape(text[at])}-{re.escape(text[at + 2])}")
            at += 3
        else:
            ranges.append(re.escape(text[at]))
            at += 1
    return f"[{'^' if is_negated else ''}{''.join(ranges)}]"
