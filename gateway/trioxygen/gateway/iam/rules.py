"""What arguments of IAM and STS may hold, and how those that do not are refused. Pure.

Sources: botocore's service models (lengths, patterns, values); IAM user guide, "IAM and AWS STS
quotas". Texts are AWS's."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

# Longer ones are not repeated in an answer.
_SHOWN_MAX: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRule:
    """Attributes:
    lengths: least and greatest, in characters.
    pattern: as AWS writes it; "": any characters.
    matches: whether a text is of the pattern.
    text: what is said in place of the pattern; with `{name}`.
    is_secret: what was sent is not repeated.
    """

    lengths: tuple[int, int]
    pattern: str = ""
    matches: Callable[[str], object] = bool
    text: str = ""
    is_secret: bool = False

    def faults(self, path: str, value: str) -> Iterator[str]:
        """Args: path: of the member, such as `tags.1.member.key`."""
        start = self._start(path, value)
        least, greatest = self.lengths
        if len(value) > greatest:
            yield f"{start}Member must have length less than or equal to {greatest}"
        if len(value) < least:
            yield f"{start}Member must have length greater than or equal to {least}"
        if self.pattern and not self.text and not self.matches(value):
            yield f"{start}Member must satisfy regular expression pattern: {self.pattern}"

    def refusal(self, path: str, value: str) -> str | None:
        """Where AWS says it by a sentence of its own; once lengths are right."""
        if self.text and not self.matches(value):
            return self.text.format(name=path)
        return None

    def _start(self, path: str, value: str) -> str:
        shown = "" if self.is_secret or len(value) > _SHOWN_MAX else f" '{value}'"
        return f"Value{shown} at '{path}' failed to satisfy constraint: "


def _like(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.ASCII).fullmatch


def _patterned(pattern: str, least: int, greatest: int) -> TextRule:
    return TextRule(lengths=(least, greatest), pattern=pattern, matches=_like(pattern))


_NAME_TEXT: Final = (
    "The specified value for {name} is invalid. It must contain only alphanumeric characters"
    " and/or the following: +=,.@_-"
)
_PATH_TEXT: Final = (
    "The specified value for {name} is invalid. It must begin and end with / and contain only"
    " alphanumeric characters and/or / characters."
)
_PREFIX_TEXT: Final = (
    "The specified value for {name} is invalid. It must begin with / and contain only"
    " alphanumeric characters and/or / characters."
)
_NAME_PATTERN: Final = r"[\w+=,.@-]+"


def _name(greatest: int) -> TextRule:
    return TextRule(
        lengths=(1, greatest),
        pattern=_NAME_PATTERN,
        matches=_like(_NAME_PATTERN),
        text=_NAME_TEXT,
    )


def _path(pattern: str, text: str) -> TextRule:
    return TextRule(lengths=(1, 512), pattern=pattern, matches=_like(pattern), text=text)


_TAG_CHARACTERS: Final = frozenset("_.:/=+-@")


def _is_of_tag(value: str) -> bool:
    return all(
        character in _TAG_CHARACTERS or unicodedata.category(character)[0] in "LZN"
        for character in value
    )


NAME_64: Final = _name(64)
NAME_128: Final = _name(128)
PATH: Final = _path(r"(\x2F)|(\x2F[\x21-\x7E]+\x2F)", _PATH_TEXT)
PATH_PREFIX: Final = _path(r"\x2F[\x21-\x7F]*", _PREFIX_TEXT)
POLICY_PATH: Final = _path(r"((/[A-Za-z0-9\.,\+@=_-]+)*)/", _PATH_TEXT)
ARN: Final = TextRule(lengths=(20, 2_048))
DOCUMENT: Final = _patterned(r"[\u0009\u000A\u000D\u0020-\u00FF]+", 1, 131_072)
SESSION_DOCUMENT: Final = _patterned(r"[\u0009\u000A\u000D\u0020-\u00FF]+", 1, 2_048)
DESCRIPTION: Final = _patterned(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*", 0, 1_000)
POLICY_DESCRIPTION: Final = TextRule(lengths=(0, 1_000))
VERSION_ID: Final = _patterned(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?", 1, 64)
MARKER: Final = _patterned(r"[\u0020-\u00FF]+", 1, 320)
ACCESS_KEY_ID: Final = _patterned(r"[\w]+", 16, 128)
ACCOUNT_ALIAS: Final = _patterned(r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", 3, 63)
PROVIDER_URL: Final = TextRule(lengths=(1, 255))
CLIENT_ID: Final = TextRule(lengths=(1, 255))
THUMBPRINT: Final = TextRule(lengths=(40, 40))
TAG_KEY: Final = TextRule(
    lengths=(1, 128), pattern=r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", matches=_is_of_tag
)
TAG_VALUE: Final = TextRule(
    lengths=(0, 256), pattern=r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", matches=_is_of_tag
)
SESSION_NAME: Final = _patterned(r"[\w+=,.@-]*", 2, 64)
EXTERNAL_ID: Final = _patterned(r"[\w+=,.@:\/-]*", 2, 1_224)
SOURCE_IDENTITY: Final = _patterned(r"[\w+=,.@-]*", 2, 64)
SERIAL_NUMBER: Final = _patterned(r"[\w+=/:,.@-]*", 9, 256)
TOKEN_CODE: Final = TextRule(lengths=(6, 6), is_secret=True)
WEB_TOKEN: Final = TextRule(lengths=(4, 20_000), is_secret=True)
PROVIDER_ID: Final = TextRule(lengths=(4, 2_048))
ENCODED_MESSAGE: Final = TextRule(lengths=(1, 10_240))
ACTION_NAME: Final = TextRule(lengths=(3, 128))
RESOURCE_NAME: Final = TextRule(lengths=(1, 2_048))


def choice(*values: str) -> TextRule:
    """One of these words."""
    return TextRule(
        lengths=(0, 64),
        pattern=f"[{', '.join(values)}]",
        matches=frozenset(values).__contains__,
    )
