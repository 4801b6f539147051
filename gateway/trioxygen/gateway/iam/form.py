"""What a query-API request asks for: its form, read into texts. Pure.

Source: AWS's query protocol: `Action=…&Version=…&Tags.member.1.Key=…`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.escapes import form_decoded

# More than any action takes: a list of 1,000 actions to be simulated, each with its number.
_FIELDS_MAX: Final = 4_096
_MEMBER: Final = ".member."


class Form:
    """Args: pairs: (name, value), decoded. Of several equal names the last counts, as in AWS."""

    __slots__ = ("_fields",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._fields = dict(pairs)

    @classmethod
    def read(cls, *encoded: bytes) -> "Form":
        """Args: encoded: queries and bodies, later ones count.

        Raises: IamError MalformedQueryString."""
        pairs: list[tuple[str, str]] = []
        for text in encoded:
            if text.count(b"&") >= _FIELDS_MAX:
                raise IamError("MalformedQueryString", "The query string has too many parameters.")
            try:
                pairs += _pairs(text)
            except S3Error:
                raise IamError(
                    "MalformedQueryString", "The query string contains a syntax error"
                ) from None
        return cls(pairs)

    def mapped(self, change: Callable[[str], str]) -> "Form":
        """With each value as `change` gives it."""
        return Form((name, change(value)) for name, value in self._fields.items())

    def text(self, name: str) -> str | None:
        return self._fields.get(name)

    def members(self, name: str) -> list[str] | None:
        """Of `name.member.N`, by their numbers; None: there are none, and no empty list either."""
        numbered = self._numbered(name)
        if not numbered:
            return [] if self._fields.get(name) == "" else None
        return [self._fields[f"{name}{_MEMBER}{number}"] for number in numbered if number]

    def structures(self, name: str) -> list[Mapping[str, str]] | None:
        """Of `name.member.N.Field`: fields by their names, dots below them kept."""
        rows: dict[int, dict[str, str]] = {}
        prefix = name + _MEMBER
        for key, value in self._fields.items():
            if key.startswith(prefix):
                number, _, field = key.removeprefix(prefix).partition(".")
                if _is_number(number) and field:
                    rows.setdefault(int(number), {})[field] = value
        if not rows:
            return [] if self._fields.get(name) == "" else None
        return [rows[number] for number in sorted(rows)]

    def _numbered(self, name: str) -> list[int]:
        prefix = name + _MEMBER
        numbers = (key.removeprefix(prefix) for key in self._fields if key.startswith(prefix))
        return sorted(
            int(number) for number in numbers if _is_number(number) and str(int(number)) == number
        )


def _is_number(text: str) -> bool:
    return 0 < len(text) <= 5 and text.isascii() and text.isdigit()


def _pairs(encoded: bytes) -> Iterable[tuple[str, str]]:
    for part in encoded.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            yield form_decoded(name), form_decoded(value)
