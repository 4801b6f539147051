"""What S3 has set of a bucket by a document: how one is read, looked over and written. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from trioxygen.gateway.protocol.errors import CODES
from trioxygen.gateway.store.values.buckets import SettingKind

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Setting(Generic[Value]):
    """One of S3's settings. What is stored is what `show` writes, and is read as what clients send.

    Attributes:
        kind: what it is stored as.
        body_bytes_max: of what a client sends.
        parse: what a document says. Raises S3Errors: it is none, or not of this setting.
        check: raises S3Errors: S3 refuses what it says.
        show: its document.
        absent: the code of S3's error where nothing is set, or nothing is in it.
        is_digest_demanded: S3 takes its document with Content-MD5 or a checksum only.
    """

    kind: SettingKind
    body_bytes_max: int
    parse: Callable[[bytes], Value]
    check: Callable[[Value], None]
    show: Callable[[Value], bytes]
    absent: str
    is_digest_demanded: bool

    def __post_init__(self) -> None:
        assert self.absent in CODES, f"unknown S3 error code {self.absent}"
