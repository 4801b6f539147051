"""Seals: four bytes behind each stored value that bind it to its table and its key.

The seal is the CRC32C of table, key and value. Chained on over the seal itself, a CRC of data and
its own CRC is always the same number: a row is checked with one pass over what is stored. So a
flipped bit of a value or of a key is found when the row is read, and so is a value that stands
under another key or in another table. Measured: 0.3 to 0.5 us for a row of 300 bytes.

Seals are the store's own: what a transaction is given and gives, what deltas and dumps carry, has
none. A member of a group checks what it reads, and seals anew what it writes.
"""

from typing import Final

from trioxygen.common.checksum import raw_crc32c
from trioxygen.common.errors import DamagedRow
from trioxygen.metadata.store.ports import Table

SEAL_BYTES: Final = 4
# CRC of anything followed by its own CRC, little endian.
WHOLE: Final = raw_crc32c(raw_crc32c(b"", 0).to_bytes(SEAL_BYTES, "little"), 0)

_KEY_SHOWN_BYTES: Final = 200


def seed_of(table: Table) -> int:
    """Where the CRC of a table's rows starts."""
    return raw_crc32c(table.name.encode(), raw_crc32c(table.number.to_bytes(4, "little"), 0))


def seal(seed: int, key: bytes, value: bytes) -> bytes:
    """What is stored."""
    return value + raw_crc32c(key + value, seed).to_bytes(SEAL_BYTES, "little")


def is_whole(seed: int, key: bytes, stored: bytes) -> bool:
    return len(stored) >= SEAL_BYTES and raw_crc32c(key + stored, seed) == WHOLE


def shown(key: bytes) -> str:
    """A key for people: text as it is, other bytes as \\xNN; cut when it is long."""
    text = key[:_KEY_SHOWN_BYTES].decode("ascii", "backslashreplace")
    text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return text if len(key) <= _KEY_SHOWN_BYTES else f"{text}..."


def damaged(table: Table, key: bytes, path: str) -> DamagedRow:
    """The error that names a row."""
    return DamagedRow(
        "a stored row is damaged", table=table.name, key=shown(key), key_hex=key.hex(), store=path
    )
