"""Texts of a policy with `${...}`, which the request fills in.

Source: IAM user guide, "IAM policy elements: Variables and tags"."""

import re
from typing import Final, NamedTuple

from trioxygen.gateway.access.policy.patterns import marked
from trioxygen.gateway.access.question import Context

# ${key} · ${key, 'default'} · ${*} ${?} ${$}: the character itself
_VARIABLE: Final = re.compile(r"\$\{(?P<key>[^{}']*?)(?:,\s*'(?P<default>[^']*)'\s*)?\}")
_CHARACTERS: Final = frozenset("*?$")
# More than the longest value of a request (8 KiB of headers) and the longest policy (20 KiB) have
# together: such a text is the same as nothing, and matches nothing.
_FILLED_MAX: Final = 32 * 1024


class Variable(NamedTuple):
    """key: in lower case. default: None: there is none."""

    key: str
    default: str | None

    def value(self, context: Context) -> str | None:
        """None: the request does not say, or says many."""
        values = context.values(self.key)
        if values is not None and len(values) == 1:
            return values[0]
        return None if values else self.default


class Template(NamedTuple):
    """A text in which something is to be filled in. Attributes:
    source: as the policy has it.
    parts: in order: marked texts (`patterns`) and variables.
    """

    source: str
    parts: tuple[str | Variable, ...]

    def text(self, context: Context) -> str | None:
        """A marked text. None: a variable has no value, or the text is longer than anything it
        could match: it matches nothing."""
        pieces: list[str] = []
        length = 0
        for part in self.parts:
            piece = part.value(context) if isinstance(part, Variable) else part
            if piece is None:
                return None
            length += len(piece)
            if length > _FILLED_MAX:
                return None
            pieces.append(piece)
        return "".join(pieces)


def read_text(source: str, *, has_variables: bool, has_wildcards: bool) -> str | Template:
    """Args:
    has_variables: of the version of the language that has them.
    has_wildcards: `*` and `?` are such.
    Returns: a marked text, or a template of marked texts.
    """

    def plain(text: str) -> str:
        return marked(text) if has_wildcards else text

    if not has_variables or "${" not in source:
        return plain(source)
    parts: list[str | Variable] = []
    end = 0
    for place in _VARIABLE.finditer(source):
        parts.append(plain(source[end : place.start()]))
        key = place["key"].strip()
        parts.append(key if key in _CHARACTERS else Variable(key.lower(), place["default"]))
        end = place.end()
    parts.append(plain(source[end:]))
    if any(isinstance(part, Variable) for part in parts):
        return Template(source, tuple(part for part in parts if part))
    return "".join(part for part in parts if isinstance(part, str))
