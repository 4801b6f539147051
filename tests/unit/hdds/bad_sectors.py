"""A disk that is there, and does not read or write some of its files."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from trioxygen.common.disk import Buffer
from trioxygen.common.system_disk import SystemDisk, SystemFile


class BadSectors(SystemDisk):
    """Attributes:
    unreadable, unwritable, unsynced: endings of the names of files that meet the error `code`.
    met: how often it was met. probes: how often the disk was tried.
    """

    def __init__(self) -> None:
        self.unreadable: tuple[str, ...] = ()
        self.unwritable: tuple[str, ...] = ()
        self.unsynced: tuple[str, ...] = ()
        self.code = errno.EIO
        self.met = self.probes = 0

    def check(self, name: str, bad: tuple[str, ...]) -> None:
        if bad and name.endswith(bad):
            self.met += 1
            raise OSError(self.code, os.strerror(self.code))

    def open(self, path: Path, *, create: bool = False) -> SystemFile:
        return _File(super().open(path, create=create), path.name, self)

    def replace(self, path: Path, data: bytes) -> None:
        self.probes += path.name == "probe"
        super().replace(path, data)


class _File(SystemFile):
    __slots__ = ("_disk", "_name")

    def __init__(self, opened: SystemFile, name: str, disk: BadSectors) -> None:
        super().__init__(opened._fd, opened._path)
        # As it is received, a block's file has another name.
        self._name, self._disk = name.removesuffix(".1"), disk

    def pread(self, size_bytes: int, offset_bytes: int) -> bytes:
        self._disk.check(self._name, self._disk.unreadable)
        return super().pread(size_bytes, offset_bytes)

    def pread_nowait(self, size_bytes: int, offset_bytes: int) -> bytes | None:
        self._disk.check(self._name, self._disk.unreadable)
        return super().pread_nowait(size_bytes, offset_bytes)

    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        self._disk.check(self._name, self._disk.unwritable)
        return super().pwrite(buffers, offset_bytes)

    def datasync(self) -> None:
        self._disk.check(self._name, self._disk.unsynced)
        super().datasync()
