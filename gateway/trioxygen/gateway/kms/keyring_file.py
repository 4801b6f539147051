"""A keyring as a file: JSON with a checksum, its keys encrypted where there is a passphrase.

    {"format": 1, "keys": {...}, "crc32c": ...}                       without a passphrase
    {"format": 1, "scrypt": {...}, "sealed": base64, "crc32c": ...}   AES-256-GCM of the keys

Pure but for `protected`, which looks at who may read a file.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from trioxygen.common.disk import Disk, FileStamp
from trioxygen.common.errors import Refused
from trioxygen.common.sealed_json import check_seal, sealed
from trioxygen.gateway.kms.keyring_content import (
    SECRET_BYTES,
    KeyringContent,
    KeyVersion,
    MasterKey,
)

_FORMAT: Final = 1
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
_AAD: Final = b"trioxygen keyring 1"
# 128 MiB and some 0.3 s. Source: RFC 7914; OWASP, "Password Storage Cheat Sheet".
_COST: Final = 2**17
_COSTS: Final = range(2**14, 2**20 + 1)
_BLOCK: Final = 8
_FILE_BYTES_MAX: Final = 64 * 1024 * 1024

# Of JSON that is something else.
_NOT_WRITTEN_SO: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)

OWNER_ONLY: Final = 0o077
NOT_EVERYBODY: Final = 0o007


class KeyringUnusable(Refused):
    """A keyring, or what is needed to open it. Facts: path."""


def protected(disk: Disk, path: Path, what: str, forbidden: int = OWNER_ONLY) -> FileStamp:
    """Before a file with a secret is read. Raises: KeyringUnusable: others may read it, OSError."""
    stamp = disk.stamp(path)
    if stamp.permissions & forbidden:
        raise KeyringUnusable(
            f"{what} may be read by others (mode {stamp.permissions:04o}): chmod 600 it",
            path=str(path),
        )
    return stamp


def read_secret(disk: Disk, path: Path, what: str, forbidden: int = OWNER_ONLY) -> bytes:
    """A passphrase or a token: the first line of a file that not everybody may read."""
    protected(disk, path, what, forbidden)
    lines = disk.read(path).splitlines()
    if not lines or not lines[0].strip():
        raise KeyringUnusable(f"{what} is empty", path=str(path))
    return lines[0].strip()


def _derived(passphrase: bytes, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=_BLOCK, p=1).derive(passphrase)


def _plain_keys(content: KeyringContent) -> dict[str, Any]:
    return {
        key_id: {
            "primary": key.primary,
            "disabled": key.is_disabled,
            "versions": {
                str(number): {
                    "secret": b64encode(version.secret).decode(),
                    "made_ms": version.made_ms,
                }
                for number, version in sorted(key.versions.items())
            },
        }
        for key_id, key in sorted(content.keys.items())
    }


def _keys_of(plain: Mapping[str, Any]) -> KeyringContent:
    """Raises: ValueError, KeyError, TypeError, AttributeError: it is not what is written there."""
    keys = {}
    for key_id, said in plain.items():
        versions = {
            int(number): KeyVersion(
                int(number), b64decode(version["secret"], validate=True), int(version["made_ms"])
            )
            for number, version in said["versions"].items()
        }
        key = MasterKey(key_id, int(said["primary"]), versions, bool(said["disabled"]))
        if key.primary not in versions:
            raise ValueError("the primary version is missing")
        if any(len(version.secret) != SECRET_BYTES for version in versions.values()):
            raise ValueError("a key is not of its size")
        keys[key_id] = key
    return KeyringContent(keys)


def keyring_bytes(
    content: KeyringContent, passphrase: bytes | None, random_bytes: Callable[[int], bytes]
) -> bytes:
    """The file. With a passphrase it takes a third of a second: not on the event loop."""
    keys = _plain_keys(content)
    if passphrase is None:
        return sealed({"format": _FORMAT, "keys": keys})
    salt, nonce = random_bytes(_SALT_BYTES), random_bytes(_NONCE_BYTES)
    cipher = AESGCM(_derived(passphrase, salt, _COST))
    box = nonce + cipher.encrypt(nonce, json.dumps(keys).encode(), _AAD)
    return sealed(
        {
            "format": _FORMAT,
            "scrypt": {"n": _COST, "salt": b64encode(salt).decode()},
            "sealed": b64encode(box).decode(),
        }
    )


def is_encrypted(data: bytes) -> bool:
    """Of a file that `keyring_of` has read."""
    return "sealed" in json.loads(data)


@dataclass(frozen=True, slots=True)
class _Box:
    """Attributes: sealed: the nonce, then what it was sealed with."""

    cost: int
    salt: bytes
    sealed: bytes

    def opened(self, passphrase: bytes) -> bytes:
        cipher = AESGCM(_derived(passphrase, self.salt, self.cost))
        return cipher.decrypt(self.sealed[:_NONCE_BYTES], self.sealed[_NONCE_BYTES:], _AAD)


def _box_of(stored: Mapping[str, Any]) -> _Box:
    cost = int(stored["scrypt"]["n"])
    if cost not in _COSTS or cost & (cost - 1):
        raise ValueError("a cost that is never written")
    salt = b64decode(stored["scrypt"]["salt"], validate=True)
    return _Box(cost, salt, b64decode(stored["sealed"], validate=True))


def keyring_of(data: bytes, passphrase: bytes | None, path: str) -> KeyringContent:
    """What a file holds; `passphrase` is not needed where it is not encrypted.

    Raises: KeyringUnusable: it is damaged, of another format, or the passphrase is not its."""
    damaged = KeyringUnusable("the keyring is damaged: put a copy of it back", path=path)
    if len(data) > _FILE_BYTES_MAX:
        raise damaged
    try:
        stored = json.loads(data)
        if stored["format"] != _FORMAT:
            raise KeyringUnusable(f"the keyring has format {stored['format']!r:.20}", path=path)
        check_seal(stored, ())
        if "sealed" not in stored:
            return _keys_of(stored["keys"])
        box = _box_of(stored)
    except _NOT_WRITTEN_SO:
        # What was read is in the cause of such an error: no part of it is told.
        raise damaged from None
    if passphrase is None:
        raise KeyringUnusable("the keyring is encrypted: set encryption.passphrase_file", path=path)
    try:
        opened = box.opened(passphrase)
    except (InvalidTag, ValueError):
        raise KeyringUnusable("the passphrase is not the keyring's", path=path) from None
    try:
        return _keys_of(json.loads(opened))
    except _NOT_WRITTEN_SO:
        raise damaged from None
