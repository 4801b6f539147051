"""What all listings read of a query: how many entries, and how names are written, where the next
page goes on."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Final

from trioxygen.gateway.protocol.errors import invalid_argument
from trioxygen.gateway.protocol.numbers import count_of_query
from trioxygen.gateway.s3.request import S3Request

PAGE_MAX: Final = 1_000


def page_size(request: S3Request, name: str) -> int:
    """The number of entries asked for; at most 1,000 are given, and said to have been asked for."""
    text = request.head.query_value(name)
    if text is None or text == "":
        return PAGE_MAX
    return min(count_of_query(name, text), PAGE_MAX)


def encoding_type(request: S3Request) -> str | None:
    value = request.head.query_value("encoding-type")
    if value in (None, ""):
        return None
    if value != "url":
        raise invalid_argument(
            "Invalid Encoding Method specified in Request", "encoding-type", value or ""
        )
    return value


def token_of(position: str) -> str:
    """A continuation token: of a page that goes on behind this name."""
    return urlsafe_b64encode(position.encode()).decode()


def position_of(token: str) -> str:
    """Raises InvalidArgument: it is none of ours."""
    try:
        position = urlsafe_b64decode(token.encode("ascii")).decode()
    except (Base64Error, UnicodeError):
        position = ""
    if not position:
        raise invalid_argument(
            "The continuation token provided is incorrect", "continuation-token", token
        )
    return position
