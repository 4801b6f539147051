"""Texts with wildcards, matched without going back: many `*` cost no more than one.

Wildcards are written as two characters that no text has (halves of surrogate pairs), so that a `*`
that is meant as one, or comes with the value of a variable, is nothing special."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

ANY: Final = "\ud800"
ONE: Final = "\ud801"
_RUNS: Final = re.compile(f"{ANY}+")

Matcher = Callable[[str], bool]


def marked(text: str) -> str:
    """With `*` and `?` as wildcards."""
    return text.replace("*", ANY).replace("?", ONE)


def shown(pattern: str) -> str:
    """As people write it."""
    return pattern.replace(ANY, "*").replace(ONE, "?")


def has_wildcards(pattern: str) -> bool:
    return ANY in pattern or ONE in pattern


def matcher(pattern: str) -> Matcher:
    """Of a marked pattern, for a whole text."""
    if ONE in pattern:
        return _Positions(pattern).match
    if ANY not in pattern:
        return pattern.__eq__
    pieces = pattern.split(ANY)
    first, last = pieces[0], pieces[-1]
    middle = tuple(piece for piece in pieces[1:-1] if piece)
    if middle:
        return _in_order(first, middle, last)
    if last:
        return _around(first, last)
    return _beginning(first) if first else always


def always(text: str) -> bool:
    return True


def _beginning(first: str) -> Matcher:
    return lambda text: text.startswith(first)


def _around(first: str, last: str) -> Matcher:
    shortest = len(first) + len(last)
    return lambda text: len(text) >= shortest and text.startswith(first) and text.endswith(last)


def _in_order(first: str, middle: tuple[str, ...], last: str) -> Matcher:
    """Each piece where it comes first after the one before: any later place leaves less room."""
    shortest = len(first) + sum(map(len, middle)) + len(last)

    def match(text: str) -> bool:
        if len(text) < shortest or not (text.startswith(first) and text.endswith(last)):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return match


class _Positions:
    """Of a pattern with `?`. All places of the text that the pattern can have come to are bits of a
    number: bit i says that i characters of the text are behind. A character of the pattern moves
    all of them at once, so a long text costs little more than a short one, however many patterns
    there are: of a policy and a request of somebody who wants to hold up all others, some ten
    milliseconds.

    Source: after Baeza-Yates and Gonnet, "A new approach to text searching" (1992), where the bits
    are the pattern's."""

    __slots__ = ("_beginning", "_end", "_shortest", "_steps")

    def __init__(self, pattern: str) -> None:
        plain = _WILDCARDS.split(pattern)
        self._beginning, self._end = plain[0], plain[-1]
        # How many characters are passed over, ANY, or characters that the text has there.
        self._steps: list[int | str] = []
        for run in _STEPS.findall(pattern, len(self._beginning)):
            self._steps.append(len(run) if run[0] == ONE else ANY if run[0] == ANY else run)
        self._shortest = len(pattern) - pattern.count(ANY)

    def match(self, text: str) -> bool:
        if len(text) < self._shortest or not (
            text.startswith(self._beginning) and text.endswith(self._end)
        ):
            return False
        where = _where_in(text)
        all_places = where.all_places
        places = 1 << len(self._beginning)
        for step in self._steps:
            if step is ANY:
                # All from the first on.
                places = all_places ^ ((places & -places) - 1)
            elif isinstance(step, int):
                places = places << step & all_places
            else:
                for character in step:
                    places = (places & where.of(character)) << 1
            if not places:
                return False
        return bool(places >> len(text))


_WILDCARDS: Final = re.compile(f"[{ANY}{ONE}]")
_STEPS: Final = re.compile(f"{ANY}+|{ONE}+|[^{ANY}{ONE}]+")
# Of a character that is in a text more often, all its places are found in one go.
_SELDOM: Final = 16


class _Where:
    """Where each character is in a text: bit i, if it is the one behind i others."""

    __slots__ = ("_known", "_text", "all_places")

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, int] = {}
        self.all_places = (1 << len(text) + 1) - 1

    def of(self, character: str) -> int:
        places = self._known.get(character)
        if places is None:
            places = self._known[character] = self._find(character)
        return places

    def _find(self, character: str) -> int:
        text, places = self._text, 0
        if text.count(character) > _SELDOM:
            backwards = text[::-1]
            digits = backwards.translate(_OnlyOf(character))
            return int(digits, 2)
        at = text.find(character)
        while at >= 0:
            places |= 1 << at
            at = text.find(character, at + 1)
        return places


class _OnlyOf(dict[int, str]):
    """Of `str.translate`: the character as 1, all others as 0."""

    def __init__(self, character: str) -> None:
        super().__init__({ord(character): "1"})

    def __missing__(self, code: int) -> str:
        self[code] = "0"
        return "0"


# A decision asks about a resource, and about a few values of its request.
_where_in: Final = lru_cache(maxsize=4)(_Where)


def can_begin(pattern: str, beginning: str) -> bool:
    """Whether a text of the pattern can begin so."""
    pattern = _RUNS.sub(ANY, pattern)
    places = {0}
    for character in beginning:
        reached: set[int] = set()
        for place in _past_any(pattern, places):
            if place == len(pattern):
                continue
            if pattern[place] == ANY:
                reached.add(place)
            elif pattern[place] in (ONE, character):
                reached.add(place + 1)
        places = reached
    return bool(places)


def _past_any(pattern: str, places: set[int]) -> set[int]:
    """With the places behind wildcards that stand for nothing; no two of them come together."""
    behind = {place + 1 for place in places if pattern[place : place + 1] == ANY}
    return places | behind
