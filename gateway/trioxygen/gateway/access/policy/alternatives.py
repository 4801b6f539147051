"""Several texts of a policy, any of which may match: values of a condition, actions, resources."""

from collections.abc import Callable, Sequence
from types import MethodWrapperType
from typing import Final

from trioxygen.gateway.access.policy.patterns import Matcher, always, shown
from trioxygen.gateway.access.policy.variables import Template
from trioxygen.gateway.access.question import Context

Compile = Callable[[str], Matcher]
"""Of a marked text (`patterns`)."""
# Of characters, of what templates gave: a policy of 20 KiB may give 10 MiB.
_REMEMBERED_MAX: Final = 16 * 1024


class Alternatives:
    """Args:
    texts: marked ones, and templates.
    compiled: what a text matches; called once for each text, and for each that a template gives.

    Attributes:
    fixed: what matches whatever the request says; None: a template has to be filled in.
    """

    __slots__ = ("_compile", "_last", "_matches", "_templates", "fixed", "texts")

    def __init__(self, texts: Sequence[str | Template], compiled: Compile) -> None:
        self.texts = tuple(texts)
        self._compile = compiled
        self._matches = any_of(
            [compiled(text) for text in self.texts if not isinstance(text, Template)]
        )
        self._templates = tuple(text for text in self.texts if isinstance(text, Template))
        self.fixed = None if self._templates else self._matches
        # What the templates gave last, and what that matches: the same caller asks again.
        self._last: tuple[tuple[str | None, ...], Matcher] = ((), _never)

    def matcher(self, context: Context) -> Matcher:
        """For this request."""
        if not self._templates:
            return self._matches
        given = tuple(template.text(context) for template in self._templates)
        last, matches = self._last
        if given != last:
            matches = any_of(
                [self._matches, *(self._compile(text) for text in given if text is not None)]
            )
            if sum(len(text) for text in given if text is not None) <= _REMEMBERED_MAX:
                self._last = (given, matches)
        return matches

    def shown(self, context: Context) -> list[str]:
        """As people write them, filled in where the request can."""
        filled: list[str] = []
        for text in self.texts:
            if isinstance(text, Template):
                given = text.text(context)
                filled.append(text.source if given is None else shown(given))
            else:
                filled.append(shown(text))
        return filled


def any_of(matchers: Sequence[Matcher]) -> Matcher:
    if always in matchers:
        return always
    # Of `text.__eq__` the text is known, and many of them are a set.
    exact = frozenset(
        matches.__self__ for matches in matchers if isinstance(matches, MethodWrapperType)
    )
    others = tuple(matches for matches in matchers if not isinstance(matches, MethodWrapperType))
    if len(matchers) == 1:
        return matchers[0]
    if not others:
        return exact.__contains__

    def match(text: str) -> bool:
        if text in exact:
            return True
        for matches in others:
            if matches(text):
                return True
        return False

    return match


def _never(text: str) -> bool:
    return False
