"""Files, as a port. All methods block: call them from a `blocking` lane, but for `pread_nowait`.

`system_disk` has the real one. Key-value environments (LMDB) open their own files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class DiskSpace:
    capacity_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Whether a file is the one of before, and who may read it.

    Attributes:
        serial, modified_ns, size_bytes: another content has another one of them.
        permissions: the nine bits of owner, group and others.
    """

    serial: int
    modified_ns: int
    size_bytes: int
    permissions: int


class File(Protocol):
    """One open file. Raises NoSpace when the disk is full, OSError otherwise."""

    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        """Writes all buffers in order at the offset; returns how many bytes."""
        ...

    def pread(self, size_bytes: int, offset_bytes: int) -> bytes:
        """Up to `size_bytes`; shorter only at the end of the file."""
        ...

    def pread_nowait(self, size_bytes: int, offset_bytes: int) -> bytes | None:
        """All of it from memory, or None when the disk would have to be waited for."""
        ...

    def datasync(self) -> None: ...

    def allocate(self, offset_bytes: int, size_bytes: int, *, keep_size: bool = False) -> None:
        """Reserves disk space; the file grows to hold it, unless its size is kept."""
        ...

    def punch_hole(self, offset_bytes: int, size_bytes: int) -> None:
        """Gives the space of a range back; it reads as zeros."""
        ...

    def truncate(self, size_bytes: int) -> None: ...

    def size_bytes(self) -> int: ...

    def close(self) -> None: ...


class Lock(Protocol):
    def release(self) -> None: ...


class Disk(Protocol):
    def open(self, path: Path, *, create: bool = False) -> File: ...

    def read(self, path: Path) -> bytes: ...

    def replace(self, path: Path, data: bytes) -> None:
        """Whole content, atomic and durable: write beside, fsync, rename, fsync the directory."""
        ...

    def make_directory(self, path: Path) -> None:
        """With its parents; durable."""
        ...

    def list(self, path: Path) -> Sequence[str]:
        """Names in a directory, sorted; empty when there is none."""
        ...

    def exists(self, path: Path) -> bool: ...

    def rename(self, source: Path, target: Path) -> None:
        """Atomic; durable after `sync_directory`."""
        ...

    def remove(self, path: Path) -> None:
        """A file, or nothing when it is gone already."""
        ...

    def remove_directory(self, path: Path) -> None:
        """An empty one, or nothing when it is gone already."""
        ...

    def sync_directory(self, path: Path) -> None: ...

    def space(self, path: Path) -> DiskSpace: ...

    def device(self, path: Path) -> int:
        """Which file system it is on: another one than its parent's where one is mounted."""
        ...

    def allocated_bytes(self, path: Path) -> int:
        """Disk space that a file really takes (holes take none)."""
        ...

    def stamp(self, path: Path) -> FileStamp: ...

    def lock(self, path: Path) -> Lock | None:
        """An exclusive lock on a file, held until released or the process ends; None: another holds
        it."""
        ...
