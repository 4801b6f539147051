"""The tokens of an expression of S3 Select. Pure."""

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from trioxygen.gateway.protocol.errors import S3Error

TOKENS_MAX: Final = 100_000


class Kind(Enum):
    WORD = auto()
    QUOTED_NAME = auto()
    STRING = auto()
    ION = auto()
    NUMBER = auto()
    SYMBOL = auto()
    END = auto()


class Token(NamedTuple):
    """text: without quotes; of a word, in upper case. shown: as it was written."""

    kind: Kind
    text: str
    shown: str


END: Final = Token(Kind.END, "", "end of expression")

_SCANNER: Final = re.compile(
    r"""\s+|--[^\n]*
    |(?P<WORD>[^\W\d]\w*)
    |(?P<NUMBER>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    |'(?P<STRING>[^']*(?:''[^']*)*)'
    |"(?P<QUOTED_NAME>[^"]*(?:""[^"]*)*)"
    |`(?P<ION>[^`]*)`
    |(?P<SYMBOL><>|!=|<=|>=|\|\||[-+*/%=<>(),.;\[\]])""",
    re.VERBOSE,
)


def tokens_of(expression: str) -> list[Token]:
    """Raises S3Error LexerInvalidChar, LexerInvalidLiteral, MaxOperatorsExceeded."""
    tokens: list[Token] = []
    at = 0
    while at < len(expression):
        match = _SCANNER.match(expression, at)
        if match is None:
            character = expression[at]
            if character in "'\"`":
                raise S3Error("LexerInvalidLiteral", f"What begins at {at} does not end.")
            raise S3Error("LexerInvalidChar", f"The SQL expression has a {character!r} at {at}.")
        at = match.end()
        if match.lastgroup is not None:
            tokens.append(_token(Kind[match.lastgroup], match[match.lastgroup]))
        if len(tokens) > TOKENS_MAX:
            raise S3Error("MaxOperatorsExceeded")
    return tokens


def _token(kind: Kind, text: str) -> Token:
    if kind is Kind.WORD:
        return Token(kind, text.upper(), text)
    if kind is Kind.STRING:
        return Token(kind, text.replace("''", "'"), text)
    if kind is Kind.QUOTED_NAME:
        return Token(kind, text.replace('""', '"'), text)
    return Token(kind, "<>" if text == "!=" else text, text)
