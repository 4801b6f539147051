"""Keys of pieces under a master key, or under an intermediate one: AES-SIV, with the master key's
name and the encryption context as additional data. Pure.

Source: RFC 5297.
"""

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from trioxygen.common.errors import ChecksumMismatch


def wrapped_with(
    cipher: AESSIV, master_key: str, context: bytes, keys: Sequence[bytes]
) -> list[bytes]:
    said, encrypt = [master_key.encode(), context], cipher.encrypt
    return [encrypt(key, said) for key in keys]


def unwrapped_with(cipher: AESSIV, master_key: str, context: bytes, sealed: bytes) -> bytes:
    """Raises: ChecksumMismatch."""
    try:
        return cipher.decrypt(sealed, [master_key.encode(), context])
    except (InvalidTag, ValueError):
        raise ChecksumMismatch(
            "a wrapped key is not what was wrapped, or of another context", master_key=master_key
        ) from None
