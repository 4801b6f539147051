"""What S3 has set of a bucket by a document: how one is read, looked over and written. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from trioxygen.gateway.protocol.errors import CODES
from trioxygen.gateway.protocol.request_headers import RequestHeaders
from trioxygen.gateway.store.values.buckets import SettingKind

Value = TypeVar("Value")
Headers = Sequence[tuple[bytes, bytes]]

# The stored form of a setting that was deleted, where nothing stored means its default.
NONE: Final = b"none"


def _no_headers(value: object) -> Headers:
    return ()


def _unchecked(value: object) -> None:
    pass


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
        show: its document.
        absent: the code of S3's error where nothing is set, or nothing is in it; "": it is always
            set.
        check: raises S3Errors: S3 refuses what it says.
        is_digest_demanded: S3 takes its document with Content-MD5 or a checksum only.
        complete: what of it comes in headers, and what S3 gives it itself. Raises S3Errors.
        headers: of the answers to GET and PUT.
        store, load: to the stored form and back, where that is not the document; both or none.
            `load` raises ValueError: `store` has not written it.
        default: what is set where nothing is stored; None: nothing.
        deleted: what is stored when it is deleted, where nothing stored means the default; None:
            nothing.
    """

    kind: SettingKind
    body_bytes_max: int
    parse: Callable[[bytes], Value]
    show: Callable[[Value], bytes]
    absent: str = ""
    check: Callable[[Value], None] = _unchecked
    is_digest_demanded: bool = False
    complete: Callable[[Value, RequestHeaders], Value] = _as_parsed
    headers: Callable[[Value], Headers] = _no_headers
    store: Callable[[Value], bytes] | None = None
    load: Callable[[bytes], Value] | None = None
    default: Value | None = None
    deleted: bytes | None = None

    def __post_init__(self) -> None:
        assert self.absent in CODES or (self.default is not None and self.deleted is None), (
            f"unknown S3 error code {self.absent}"
        )
        assert (self.store is None) == (self.load is None), "a stored form is written and read"
