"""How an expectation is written down, and compared with what came.

A document is written as an outline: `Root(Name=value Empty= Parent(Child=value))`, elements in the
order of the wire and no others; an attribute of XML Schema is written before them, as one of them.
In values `{name}` is something that the tests made (`place.py`) and `@name` stands for whatever has
a form (`FORMS`); those with blanks stand in single quotes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree import ElementTree

from tests.integration.s3.answers.messages import MESSAGES

XMLNS: Final = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
FORMS: Final = {
    "date": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z",
    "http-date": r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT",
    "account": r"[0-9a-f]{64}",
    "tag": r"[0-9a-f]{32}",
    "version": r"[0-9a-f]{16}",
    "upload": r"[0-9a-f]{32}",
    "crc64": r"[A-Za-z0-9+/]{11}=",
    "sha256": r"[A-Za-z0-9+/]{43}=",
    "token": r"[A-Za-z0-9_=-]+",
    "any": r".*",
}
_FORM: Final = re.compile("@(" + "|".join(sorted(FORMS, key=len, reverse=True)) + ")")
_TOKEN: Final = re.compile(r"\s*(?:([\w-]+)(?:=('[^']*'|[^\s()]*)|(\())|(\)))")

# What says of an object how it is encrypted; if nothing else is asked for, as S3 does it itself.
_TELLS_OF_ENCRYPTION: Final = {
    "PutObject",
    "GetObject",
    "HeadObject",
    "CopyObject",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
}
_ENCRYPTION: Final = "x-amz-server-side-encryption"

# Path from the root, and the text of what has no elements in it.
Line = tuple[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer.

    Attributes:
        operation: of the S3 API; "Unrouted": none.
        asked: "METHOD target".
        headers: all but those of every answer, and what says how a body travels.
        document: the outline of what is answered; content: or the bytes.
        sent: header fields; body: of the request.
        signer: "main", "other" (another account), "nobody".
    """

    operation: str
    situation: str
    asked: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    document: str = ""
    content: str | bytes = b""
    sent: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""
    signer: str = "main"

    @property
    def id(self) -> str:
        return f"{self.operation}: {self.situation}"


def gives(
    operation: str,
    situation: str,
    asked: str,
    status: int,
    headers: Mapping[str, str] | None = None,
    document: str = "",
    **more: Any,
) -> Row:
    shown = dict(headers or {})
    if document:
        shown["content-type"] = "application/xml"
    is_told = any(name.startswith(_ENCRYPTION) for name in shown)
    if operation in _TELLS_OF_ENCRYPTION and status in (200, 206) and not is_told:
        shown[_ENCRYPTION] = "AES256"
    return Row(
        operation=operation,
        situation=situation,
        asked=asked,
        status=status,
        headers=shown,
        document=document,
        **more,
    )


def refuses(
    operation: str,
    situation: str,
    asked: str,
    answer: str,
    elements: str = "",
    *,
    message: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Row:
    """Args:
    answer: status and code.
    elements: between Message and RequestId.
    message: where the code has several."""
    status, code = answer.split()
    text = MESSAGES[code] if message is None else message
    quoted = text.replace("'", "@quote")
    document = f"Error(Code={code} Message='{quoted}' {elements} RequestId=@any HostId=@any)"
    if asked.startswith("HEAD"):
        shown = {**(headers or {}), "content-type": "application/xml"}
        return gives(operation, situation, asked, int(status), shown, **more)
    return gives(operation, situation, asked, int(status), headers, document, **more)


def filled(text: str, place: Mapping[str, str]) -> str:
    for name, value in place.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def is_like(actual: str | None, expected: str | None) -> bool:
    """Whether the text has the form that is written down."""
    if actual is None or expected is None:
        return actual is expected
    pieces = _FORM.split(expected.replace("@quote", "'"))
    # Every second one is a form's name.
    pattern = [FORMS[piece] if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)]
    return re.fullmatch("".join(pattern), actual, re.DOTALL) is not None


def outline(text: str) -> list[Line]:
    """What is written down, line by line."""
    lines: list[Line] = []
    parents: list[str] = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None, f"no outline: {text[position:]!r}"
        name, value, opens, closes = match.groups()
        position = match.end()
        if closes:
            parents.pop()
            continue
        path = "/".join([*parents, name])
        if opens:
            parents.append(name)
            lines.append((path, None))
        else:
            quoted = len(value) > 1 and value[0] == value[-1] == "'"
            lines.append((path, value[1:-1] if quoted else value))
    assert not parents, f"not closed: {parents}"
    return lines


def lines_of(document: bytes) -> list[Line]:
    """What came. Errors and answers to forms have no namespace, all else has S3's."""
    root = ElementTree.fromstring(document)
    namespace = "" if root.tag in ("Error", "PostResponse") else XMLNS
    return list(_lines(root, "", namespace))


def _lines(node: ElementTree.Element, above: str, namespace: str) -> Iterator[Line]:
    assert node.tag.startswith(namespace) and "}" not in node.tag[len(namespace) :], node.tag
    path = f"{above}{node.tag[len(namespace) :]}"
    is_parent = len(node) > 0
    yield path, None if is_parent else node.text or ""
    for name, value in node.attrib.items():
        yield f"{path}/{name.removeprefix(_XSI)}", value
    for child in node:
        yield from _lines(child, f"{path}/", namespace)
