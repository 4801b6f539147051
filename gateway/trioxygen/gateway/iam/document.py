"""Answers of the query APIs as XML. Pure.

Source: IAM API reference, "Making query requests"; botocore's models name the namespaces."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias
from urllib.parse import quote

from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.protocol.xml.document import boolean, readable, text

# A list's members are `<member>`; what is None is left out.
Value: TypeAlias = "str | int | bool | None | Sequence[Value] | Mapping[str, Value] | Entries"


class Entries(dict[str, int]):
    """A map, which is written as `<entry><key/><value/></entry>`."""


def response_document(
    action: str, xmlns: str, result: Mapping[str, Value] | None, request_id: str
) -> bytes:
    """Args: result: None: the action answers with nothing but that it was done."""
    shown = "" if result is None else f"<{action}Result>{_fields(result)}</{action}Result>"
    return (
        f'<{action}Response xmlns="{xmlns}">{shown}'
        f"<ResponseMetadata><RequestId>{text(request_id)}</RequestId></ResponseMetadata>"
        f"</{action}Response>\n"
    ).encode()


def error_document(error: IamError, xmlns: str, request_id: str) -> bytes:
    fault = "Receiver" if error.status >= 500 else "Sender"
    return (
        f'<ErrorResponse xmlns="{xmlns}"><Error><Type>{fault}</Type><Code>{error.code}</Code>'
        f"<Message>{text(readable(error.message))}</Message></Error>"
        f"<RequestId>{text(request_id)}</RequestId></ErrorResponse>\n"
    ).encode()


def _fields(value: Mapping[str, Value]) -> str:
    return "".join(_element(name, each) for name, each in value.items())


def _element(name: str, value: Value) -> str:
    if value is None:
        return ""
    return f"<{name}>{_content(value)}</{name}>"


def _content(value: Value) -> str:
    if isinstance(value, str):
        return text(readable(value))
    if isinstance(value, bool):
        return boolean(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Entries):
        return "".join(
            f"<entry><key>{text(key)}</key><value>{each}</value></entry>"
            for key, each in value.items()
        )
    if isinstance(value, Mapping):
        return _fields(value)
    assert value is not None, "a list has a hole"
    return "".join(f"<member>{_content(each)}</member>" for each in value)


_SAFE: Final = "-_.~"


def policy_text(document: str) -> str:
    """As answers hold policies: percent-encoded by RFC 3986."""
    return quote(document, safe=_SAFE)


def date_text(wall_ms: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`"""
    return datetime.fromtimestamp(wall_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
