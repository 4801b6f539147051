"""Requests of S3 Control, which are about an account and come to the same port: which they are, and
their documents. Pure.

An SDK writes the account before the host (`111122223333.s3.example`), and in the header. Path and
header together say that it is one, whatever the host is: no request of S3's own API has that
header, so a bucket may be called `v20180820`, or by twelve digits.
Source: S3 API reference, "Amazon S3 Control"; botocore, model and endpoint rules of s3control."""

from typing import Final

from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.protocol.xml.document import XMLNS as S3_XMLNS

ACCOUNT_HEADER: Final = "x-amz-account-id"
PATH: Final = "/v20180820/"
_XMLNS: Final = b'xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"'

_RAW_PATH: Final = PATH.encode()
_RAW_HEADER: Final = ACCOUNT_HEADER.encode()


def is_control(head: RequestHead) -> bool:
    return head.raw_path.startswith(_RAW_PATH) and head.raw_header(_RAW_HEADER) is not None


def control_resource(head: RequestHead) -> str:
    """Of such a request: the path behind the version, as it was sent."""
    return head.raw_path[len(_RAW_PATH) :].decode("latin-1")


def account_of(head: RequestHeaders) -> str:
    """Of such a request: the account that it is about, which need not be an id."""
    return head.header(ACCOUNT_HEADER) or ""


def in_controls_namespace(document: bytes) -> bytes:
    """One that S3 has in its own."""
    return document.replace(S3_XMLNS.encode(), _XMLNS, 1)
