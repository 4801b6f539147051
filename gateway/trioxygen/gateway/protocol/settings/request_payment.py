"""Who pays for requests to a bucket: its owner, or who asks.

Nobody pays here. But a bucket that says so refuses whoever does not say that they would.
Source: S3 API, PutBucketRequestPayment; S3 user guide, "Using Requester Pays buckets"."""

from enum import Enum
from typing import Final

from trioxygen.common.units import KIB
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.protocol.settings.setting import Headers, Setting
from trioxygen.gateway.protocol.xml.document import document, element
from trioxygen.gateway.protocol.xml.reading import children, parse_document
from trioxygen.gateway.store.values.buckets import SettingKind

REQUEST_PAYER: Final = "x-amz-request-payer"
_REQUESTER: Final = "requester"
# Of an answer to who pays.
CHARGED: Final[Headers] = [(b"x-amz-request-charged", _REQUESTER.encode())]


class Payer(Enum):
    BUCKET_OWNER = "BucketOwner"
    REQUESTER = "Requester"


def says_it_pays(head: RequestHeaders) -> bool:
    """Whether a request says that who sent it pays."""
    return (head.header(REQUEST_PAYER) or "").lower() == _REQUESTER


def read_request_payment(body: bytes) -> Payer:
    """Raises: MissingRequestBodyError, MalformedXML."""
    if not body:
        raise S3Error("MissingRequestBodyError")
    fields = children(parse_document(body, "RequestPaymentConfiguration", rows_max=1))
    if fields.keys() != {"Payer"}:
        raise S3Error("MalformedXML")
    try:
        return Payer(fields["Payer"])
    except ValueError:
        raise S3Error("MalformedXML") from None


def request_payment_document(payer: Payer) -> bytes:
    return document("RequestPaymentConfiguration", element("Payer", payer.value))


def load_request_payment(stored: bytes) -> Payer:
    return Payer(stored.decode())


REQUEST_PAYMENT: Final[Setting[Payer]] = Setting(
    kind=SettingKind.REQUEST_PAYMENT,
    body_bytes_max=64 * KIB,
    parse=read_request_payment,
    show=request_payment_document,
    store=lambda payer: payer.value.encode(),
    load=load_request_payment,
    default=Payer.BUCKET_OWNER,
)
