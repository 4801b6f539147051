"""Where a keyring is: read, made and changed, one change at a time. Blocks."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trioxygen.common.disk import Disk, FileStamp
from trioxygen.gateway.kms.keyring_content import KeyringContent
from trioxygen.gateway.kms.keyring_file import (
    KeyringUnusable,
    is_encrypted,
    keyring_bytes,
    keyring_of,
    protected,
    read_secret,
)


class KeyringBusy(KeyringUnusable):
    """For a moment: another process is changing it."""


@dataclass(frozen=True, slots=True)
class KeyringRead:
    """Attributes:
    stamp: of the file when it was read.
    is_encrypted: under a passphrase.
    """

    content: KeyringContent
    stamp: FileStamp
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class KeyringStore:
    """Attributes:
    passphrase_path: None: the file is not encrypted, or will no more be once it is written.
    """

    disk: Disk
    rng: random.Random
    path: Path
    passphrase_path: Path | None = None

    def exists(self) -> bool:
        return self.disk.exists(self.path)

    def _passphrase(self) -> bytes | None:
        if self.passphrase_path is None:
            return None
        return read_secret(self.disk, self.passphrase_path, "the passphrase file")

    def read(self) -> KeyringRead:
        """Raises: KeyringUnusable, OSError."""
        stamp = protected(self.disk, self.path, "the keyring")
        data = self.disk.read(self.path)
        content = keyring_of(data, self._passphrase(), str(self.path))
        return KeyringRead(content, stamp, is_encrypted(data))

    def write(self, content: KeyringContent) -> None:
        """Atomic and durable; its owner alone may read it."""
        data = keyring_bytes(content, self._passphrase(), self.rng.randbytes)
        self.disk.replace(self.path, data)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Raises: KeyringBusy."""
        lock = self.disk.lock(self.path.with_name(f"{self.path.name}.lock"))
        if lock is None:
            raise KeyringBusy("another process is changing the keyring", path=str(self.path))
        try:
            yield
        finally:
            lock.release()

    def change(self, change: Callable[[KeyringContent], KeyringContent]) -> KeyringContent:
        with self.alone():
            content = change(self.read().content)
            self.write(content)
            return content

    def make(self, content: KeyringContent) -> bool:
        """False: there is one meanwhile. The folder has to be there."""
        with self.alone():
            if self.exists():
                return False
            self.write(content)
            return True

    def remove(self) -> None:
        self.disk.remove(self.path)
