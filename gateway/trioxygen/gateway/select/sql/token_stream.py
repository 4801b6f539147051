"""Tokens, one after the other, and what is said when they are not what was waited for. Pure."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.lexer import END, Kind, Token
from trioxygen.gateway.select.sql.nodes import Name

# Of parentheses in one another: each takes a dozen frames of the stack.
DEPTH_MAX: Final = 32

RESERVED: Final = frozenset(
    "SELECT FROM WHERE LIMIT AND OR NOT IN LIKE ESCAPE BETWEEN IS NULL MISSING TRUE FALSE CASE WHEN"
    " THEN ELSE END CAST AS".split()
)


class TokenStream:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    @property
    def after_next(self) -> Token:
        return self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else END

    def advance(self) -> None:
        self._at += 1

    def shows(self, text: str) -> bool:
        """Args: text: a keyword in upper case, or a symbol."""
        token = self.next
        return token.text == text and token.kind in (Kind.WORD, Kind.SYMBOL)

    def takes(self, text: str) -> bool:
        if not self.shows(text):
            return False
        self._at += 1
        return True

    def takes_any(self, *texts: str) -> str | None:
        return next((text for text in texts if self.takes(text)), None)

    def need(self, text: str, code: str = "") -> None:
        if self.takes(text):
            return
        if not code:
            code = "ParseExpectedKeyword" if text.isalpha() else "ParseExpectedTokenType"
        raise S3Error(code, f"The SQL expression lacks {text} before {self.next.shown[:64]}.")

    def name(self) -> Name | None:
        """Of a column, a step or an alias; None: it is none."""
        token = self.next
        if token.kind is Kind.QUOTED_NAME:
            self._at += 1
            return Name(token.text, is_quoted=True)
        if token.kind is Kind.WORD and token.text not in RESERVED:
            self._at += 1
            return Name(token.shown)
        return None

    def unexpected(self) -> S3Error:
        token = self.next
        is_keyword = token.kind is Kind.WORD and token.text in RESERVED
        return S3Error(
            "ParseUnExpectedKeyword" if is_keyword else "ParseUnexpectedToken",
            f"The SQL expression cannot go on with {token.shown[:64]} there.",
        )

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Raises MaxOperatorsExceeded."""
        if self._depth == DEPTH_MAX:
            raise S3Error("MaxOperatorsExceeded", f"More than {DEPTH_MAX} parentheses deep.")
        self._depth += 1
        yield
        self._depth -= 1
