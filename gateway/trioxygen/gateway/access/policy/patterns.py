"""Texts with wildcards, matched without going back: many `*` cost no more than one.

Wildcards are written as two characters that no text has (halves of surrogate pairs), so that a `*`
that is meant as one, or comes with the value of a variable, is nothing special."""

import re
from collections.abc import Callable
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
    """All places of the pattern that a text can have come to, as bits of a number: bit i says that
    i characters of the pattern are behind. A character of the text moves all of them at once.

    Source: Baeza-Yates and Gonnet, "A new approach to text searching" (1992)."""

    __slots__ = ("_characters", "_end", "_shortest", "_stays", "_wild")

    def __init__(self, pattern: str) -> None:
        self._stays = 0
        self._wild = 0
        self._characters: dict[str, int] = {}
        behind = 0
        for character in pattern:
            if character == ANY:
                self._stays |= 1 << behind
                continue
            behind += 1
            if character == ONE:
                self._wild |= 1 << behind
            else:
                self._characters[character] = self._characters.get(character, 0) | 1 << behind
        self._shortest, self._end = behind, 1 << behind
        for character in self._characters:
            self._characters[character] |= self._wild

    def match(self, text: str) -> bool:
        if len(text) < self._shortest:
            return False
        characters, wild, stays = self._characters, self._wild, self._stays
        places = 1
        for character in text:
            places = (places << 1) & characters.get(character, wild) | places & stays
            if not places:
                return False
        return bool(places & self._end)


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
