"""XML as S3 writes it: escaping, encoding-type, the document frame, the error document.

Documents are built as text, which is several times faster than building a tree. Values go
through `text` (or `url_encoded`), element names come from this package only.

Characters that XML 1.0 cannot carry (most control characters, U+FFFE, U+FFFF) become character
references such as ``&#x1;``: that is what AWS sends, though a strict parser refuses it. A client
that may meet such keys asks for encoding-type=url, as every AWS SDK does by itself. Error documents
have no such way out, and whoever reads one needs its code: there, U+FFFD stands for them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
XMLNS: Final = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

_SPECIAL: Final = re.compile('[\x00-\x08\x0b-\x1f\x7f&<>"\ufffe\uffff\ud800-\udfff]')
# Everything else than the Char of XML 1.0; DEL is one.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NAMED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}

# As S3 does it, and Java's URLEncoder: form encoding, but for the slash.
_URL_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.*/-]")
_URL_UNSAFE_BUT_NEWLINE: Final = re.compile(r"[^A-Za-z0-9_.*/\n-]")
# Before a page's characters are replaced one after the other, "%" and "+" are replaced already.
_URL_KEPT_IN_PAGE: Final = frozenset(ascii_letters + digits + "_.-*/%+\n")
# For `str.translate`: everything that `_SPECIAL` finds. A lone surrogate has no UTF-8 form at all:
# it can only be shown as replaced.
_REFERENCES: Final = {
    **{ord(character): name for character, name in _NAMED.items()},
    **{code: f"&#x{code:X};" for code in (*range(0x09), *range(0x0B, 0x20), 0x7F, 0xFFFE, 0xFFFF)},
    **dict.fromkeys(range(0xD800, 0xE000), "&#xFFFD;"),
}
# Of UTF-8 bytes decoded as ISO-8859-1.
_URL_ESCAPES: Final = {chr(byte): f"%{byte:02X}" for byte in range(256)} | {" ": "+"}
# The same of each byte by its number; what is safe stays as it is.
_URL_FORMS: Final = [
    character if _URL_UNSAFE.match(character) is None else form
    for character, form in _URL_ESCAPES.items()
]


@dataclass(frozen=True, slots=True)
class Owner:
    """A canonical user: id (64 hex digits on AWS) and display name, which S3 does not show since
    November 2025; None: neither do we."""

    id: str
    display_name: str | None = None


def text(value: str) -> str:
    """Escaped for element content; carriage returns survive as references."""
    if _SPECIAL.search(value) is None:
        return value
    # A tenth of what a substitution with a callback costs: a page of such names is 1 MB.
    return value.translate(_REFERENCES)


def readable(value: str) -> str:
    """With U+FFFD for what XML cannot carry."""
    return _NO_XML.sub("\ufffd", value)


def url_encoded(value: str) -> str:
    """As encoding-type=url wants names: percent-encoded UTF-8 but for ``-_.*/``; space is ``+``."""
    if _URL_UNSAFE.search(value) is None:
        return value
    return "".join([_URL_FORMS[byte] for byte in value.encode("utf-8", "surrogatepass")])


def _percent_encoded(value: str) -> str:
    """The same with blanks as in a path. A plus sign is escaped: those that are left are blanks."""
    return url_encoded(value).replace("+", "%20")


def name_encoder(encoding_type: str | None, *, is_form: bool = True) -> Callable[[str], str]:
    """How a listing writes keys, prefixes, delimiters and markers.

    Args:
        encoding_type: "url", or None; the caller refuses anything else.
        is_form: "url" writes a blank as S3 does.
    """
    assert encoding_type in (None, "url"), encoding_type
    if encoding_type is None:
        return text
    return url_encoded if is_form else _percent_encoded


def encoded_names(
    names: Sequence[str], encoding_type: str | None, *, is_form: bool = True
) -> Sequence[str]:
    """`name_encoder` of many names at once: one search a page instead of one a name."""
    joined = "\n".join(names)
    if joined.count("\n") >= len(names) or not is_form:
        encode = name_encoder(encoding_type, is_form=is_form)
        return [encode(name) for name in names]
    unsafe = _SPECIAL if encoding_type is None else _URL_UNSAFE_BUT_NEWLINE
    if unsafe.search(joined) is None:
        return names
    if encoding_type is None:
        return joined.translate(_REFERENCES).split("\n")
    # Replacing each character that occurs takes half the time of a substitution with a callback.
    escaped = joined.encode("utf-8", "surrogatepass").decode("latin-1")
    escaped = escaped.replace("%", "%25").replace("+", "%2B")
    for character in set(escaped) - _URL_KEPT_IN_PAGE:
        escaped = escaped.replace(character, _URL_ESCAPES[character])
    return escaped.split("\n")


def element(name: str, value: str | int | None) -> str:
    """``<name>value</name>``, or nothing for None."""
    if value is None:
        return ""
    return f"<{name}>{text(value) if isinstance(value, str) else value}</{name}>"


def boolean(value: bool) -> str:
    return "true" if value else "false"


def owner_element(name: str, owner: Owner | None) -> str:
    """Owner or Initiator, or nothing for None."""
    if owner is None:
        return ""
    return f"<{name}>{element('ID', owner.id)}{element('DisplayName', owner.display_name)}</{name}>"


def document(name: str, content: str, *, with_declaration: bool = True) -> bytes:
    """A whole document in S3's namespace.

    Args:
        with_declaration: False where `DECLARATION` was sent before (white space that keeps a
            long request alive goes between it and the root element).
    """
    root = f"<{name} {XMLNS}>{content}</{name}>"
    return (DECLARATION + root if with_declaration else root).encode()


def error_document(
    *,
    code: str,
    message: str,
    request_id: str,
    host_id: str,
    details: Mapping[str, str] | None = None,
    explanation: str = "",
    with_declaration: bool = True,
    is_wrapped: bool = False,
) -> bytes:
    """The error document; `details` become elements between Message and RequestId, in order.

    Args:
        explanation: JSON, for who asked for it; an element of ours, behind S3's.
        is_wrapped: as S3 Control has it: the error in an ErrorResponse, which has the ids.
    Well-formed whatever the values hold: they may be what a client sent.
    """
    error = _readable_elements({"Code": code, "Message": message, **(details or {})})
    ids = {"RequestId": request_id, "HostId": host_id}
    if explanation:
        ids["Explanation"] = explanation
    about = _readable_elements(ids)
    root = f"<Error>{error}{about}</Error>"
    if is_wrapped:
        root = f"<ErrorResponse><Error>{error}</Error>{about}</ErrorResponse>"
    return (DECLARATION + root if with_declaration else root).encode()


def _readable_elements(values: Mapping[str, str]) -> str:
    return "".join(element(name, readable(value)) for name, value in values.items())
