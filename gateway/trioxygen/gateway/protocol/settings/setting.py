"""What S3 has set of a bucket by a document: how one is read, looked over and written. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from trioxygen.gateway.protocol.errors import CODES
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.store.values.buckets import SettingKind

Value = TypeVar("Value")
Headers = Sequence[tuple[bytes, bytes]]


def _no_headers(value: object) -> Headers:
    return ()


def _as_parsed(value: Value, head: RequestHeaders) -> Value:
    return value


@dataclass(frozen=True, slots=True)
class Setting(Generic[Value]):
    """One of S3's settings. What is stored is what `show` writes, and is read as what clients send,
    unless it has a form of its own.

    Attributes:
        kind: what it is stored as.
        body_bytes_max: of what a client sends.
        parse: what a document says. Raises S3Errors: it is none, or not of this setting.
        check: raises S3Errors: S3 refuses what it says.
        show: its document.
        absent: the code of S3's error where nothing is set, or nothing is in it.
        is_digest_demanded: S3 takes its document with Content-MD5 or a checksum only.
        complete: what of it comes in headers, and what S3 gives it itself. Raises S3Errors.
        headers: of the answers to GET and PUT.
        store, load: to the stored form and back, where that is not the document; both or none.
            `load` raises ValueError: `store` has not written it.
    """

    kind: SettingKind
    body_bytes_max: int
    parse: Callable[[bytes], Value]
    check: Callable[[Value], None]
    show: Callable[[Value], bytes]
    absent: str
    is_digest_demanded: bool
    complete: Callable[[Value, RequestHeaders], Value] = _as_parsed
    headers: Callable[[Value], Headers] = _no_headers
    store: Callable[[Value], bytes] | None = None
    load: Callable[[bytes], Value] | None = None

    def __post_init__(self) -> None:
        assert self.absent in CODES, f"unknown S3 error code {self.absent}"
        assert (self.store is None) == (self.load is None), "a stored form is written and read"
