"""Encryption of objects: what is claimed of it, and what a write asks for."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple


class EncryptionKind(Enum):
    """Whose the key is that an object's keys are wrapped with: the store's own, one of the KMS, or
    one that the client brings along each time."""

    SSE_S3 = auto()
    SSE_KMS = auto()
    SSE_C = auto()


class Encryption(NamedTuple):
    """What S3 says of an object.

    Attributes:
        kms_key_id: "": the KMS's key for S3.
        context: of SSE_KMS, JSON as the client gave it; "": none.
        customer_key_md5: of SSE_C, base64, of the client's key.
    """

    kind: EncryptionKind
    kms_key_id: str = ""
    context: str = ""
    has_bucket_key: bool = False
    customer_key_md5: str = ""


SSE_S3: Final = Encryption(EncryptionKind.SSE_S3)


def has_md5_etags(encryption: Encryption | None) -> bool:
    """Of what was written so. Other ETags tell nothing of the bytes."""
    return encryption is None or encryption.kind is EncryptionKind.SSE_S3


class CustomerKey:
    """32 bytes that are never stored, logged or shown."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def reveal(self) -> bytes:
        return self._key

    def __repr__(self) -> str:
        return "CustomerKey(...)"


@dataclass(frozen=True, slots=True)
class Sealing:
    """How bytes are to be sealed. customer_key: of SSE_C."""

    encryption: Encryption
    customer_key: CustomerKey | None = None
