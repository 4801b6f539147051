"""A disk in memory that knows what was synced, and what a power loss at any moment could leave."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trioxygen.common.disk import Buffer, DiskSpace, FileStamp
from trioxygen.common.errors import NoSpace

SECTOR_BYTES = 64


@dataclass(frozen=True, slots=True)
class Write:
    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    inode: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Sync:
    inode: int


@dataclass(frozen=True, slots=True)
class Link:
    """Attributes: source: the name it had before, if any. inode: None when the name goes away."""

    name: Path
    inode: int | None
    source: Path | None = None


@dataclass(frozen=True, slots=True)
class SyncDirectory:
    path: Path


Step = Write | Truncate | Sync | Link | SyncDirectory


class MemoryFile:
    def __init__(self, disk: "MemoryDisk", inode: int) -> None:
        self._disk, self._inode = disk, inode
        self._closed = False

    @property
    def _content(self) -> bytearray:
        assert not self._closed, "a closed file was used"
        return self._disk.inodes[self._inode]

    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        data = b"".join(buffers)
        self._disk.check_space(max(0, offset_bytes + len(data) - len(self._content)))
        _write(self._content, offset_bytes, data)
        self._disk.journal.append(Write(self._inode, offset_bytes, data))
        return len(data)

    def pread(self, size_bytes: int, offset_bytes: int) -> bytes:
        return bytes(self._content[offset_bytes : offset_bytes + size_bytes])

    def pread_nowait(self, size_bytes: int, offset_bytes: int) -> bytes | None:
        data = self.pread(size_bytes, offset_bytes)
        return data if len(data) == size_bytes else None

    def datasync(self) -> None:
        assert self._content is not None
        self._disk.before_sync()
        self._disk.journal.append(Sync(self._inode))

    def allocate(self, offset_bytes: int, size_bytes: int, *, keep_size: bool = False) -> None:
        assert not keep_size
        missing = offset_bytes + size_bytes - len(self._content)
        if missing > 0:
            self.pwrite([bytes(missing)], len(self._content))

    def punch_hole(self, offset_bytes: int, size_bytes: int) -> None:
        self.pwrite([bytes(size_bytes)], offset_bytes)

    def truncate(self, size_bytes: int) -> None:
        _truncate(self._content, size_bytes)
        self._disk.journal.append(Truncate(self._inode, size_bytes))

    def size_bytes(self) -> int:
        return len(self._content)

    def close(self) -> None:
        self._closed = True


class MemoryLock:
    def __init__(self, locks: set[Path], path: Path) -> None:
        self._locks, self._path = locks, path

    def release(self) -> None:
        self._locks.discard(self._path)


@dataclass
class MemoryDisk:
    """Attributes:
    capacity_bytes: of all files; growing beyond it raises NoSpace. May be changed at any time.
    syncs_until_failure: how many syncs of files still work; None: all.
    journal: everything that changed the disk, in order.
    """

    capacity_bytes: int = 1 << 40
    syncs_until_failure: int | None = None
    journal: list[Step] = field(default_factory=list)
    inodes: dict[int, bytearray] = field(default_factory=dict)
    names: dict[Path, int] = field(default_factory=dict)
    _directories: set[Path] = field(default_factory=set)
    _locks: set[Path] = field(default_factory=set)

    def check_space(self, more_bytes: int) -> None:
        if more_bytes and self._used_bytes() + more_bytes > self.capacity_bytes:
            raise NoSpace("the disk is full")

    def before_sync(self) -> None:
        if self.syncs_until_failure is not None:
            if self.syncs_until_failure == 0:
                raise OSError(5, "Input/output error")
            self.syncs_until_failure -= 1

    def _used_bytes(self) -> int:
        return sum(len(self.inodes[inode]) for inode in set(self.names.values()))

    def open(self, path: Path, *, create: bool = False) -> MemoryFile:
        if path not in self.names:
            if not create:
                raise FileNotFoundError(path)
            inode = len(self.inodes)
            self.inodes[inode] = bytearray()
            self.names[path] = inode
            self.journal.append(Link(path, inode))
        return MemoryFile(self, self.names[path])

    def read(self, path: Path) -> bytes:
        return bytes(self.inodes[self.names[path]])

    def replace(self, path: Path, data: bytes) -> None:
        beside = path.with_name(path.name + ".new")
        file = self.open(beside, create=True)
        file.truncate(0)
        file.pwrite([data], 0)
        file.datasync()
        self.rename(beside, path)
        self.sync_directory(path.parent)

    def make_directory(self, path: Path) -> None:
        self._directories.add(path)

    def list(self, path: Path) -> Sequence[str]:
        return sorted(name.name for name in self.names if name.parent == path)

    def exists(self, path: Path) -> bool:
        return path in self.names or path in self._directories

    def rename(self, source: Path, target: Path) -> None:
        inode = self.names.pop(source)
        self.names[target] = inode
        self.journal.append(Link(target, inode, source))

    def remove(self, path: Path) -> None:
        if self.names.pop(path, None) is not None:
            self.journal.append(Link(path, None))

    def remove_directory(self, path: Path) -> None:
        self._directories.discard(path)

    def sync_directory(self, path: Path) -> None:
        self.journal.append(SyncDirectory(path))

    def space(self, path: Path) -> DiskSpace:
        used = self._used_bytes()
        return DiskSpace(capacity_bytes=self.capacity_bytes, free_bytes=self.capacity_bytes - used)

    def device(self, path: Path) -> int:
        return 1

    def allocated_bytes(self, path: Path) -> int:
        return len(self.inodes[self.names[path]])

    def stamp(self, path: Path) -> FileStamp:
        inode = self.names[path]
        return FileStamp(inode, 0, len(self.inodes[inode]), 0o600)

    def lock(self, path: Path) -> MemoryLock | None:
        if path in self._locks:
            return None
        self._locks.add(path)
        return MemoryLock(self._locks, path)

    def copy(self) -> "MemoryDisk":
        """As everything was synced."""
        return _with_content(self.inodes, self.names)

    def killed(self, steps: int) -> "MemoryDisk":
        """What the end of the process after so many steps leaves: all of it, but no more synced."""
        disk = MemoryDisk(journal=self.journal[:steps])
        for step in disk.journal:
            match step:
                case Write() | Truncate():
                    _change(disk.inodes.setdefault(step.inode, bytearray()), step)
                case Link():
                    _relink(disk.names, [step])
                    if step.inode is not None:
                        disk.inodes.setdefault(step.inode, bytearray())
                case Sync() | SyncDirectory():
                    pass
        return disk

    def image(self, steps: int, rng: random.Random) -> "MemoryDisk":
        """What a power loss after so many steps of the journal could leave.

        Of what was not synced, any sectors may have reached the disk, and of the changes of
        directories any prefix.
        """
        contents: dict[int, bytearray] = {}
        unsynced: dict[int, list[Write | Truncate]] = {}
        names: dict[Path, int] = {}
        unsynced_names: list[Link] = []
        for step in self.journal[:steps]:
            match step:
                case Write() | Truncate():
                    unsynced.setdefault(step.inode, []).append(step)
                case Sync(inode):
                    for change in unsynced.pop(inode, ()):
                        _change(contents.setdefault(inode, bytearray()), change)
                case Link():
                    unsynced_names.append(step)
                case SyncDirectory():
                    _relink(names, unsynced_names)
                    unsynced_names.clear()
        survival = rng.choice((0.0, 0.5, 0.9, 1.0))
        for inode, changes in unsynced.items():
            for change in changes:
                _change_partly(contents.setdefault(inode, bytearray()), change, rng, survival)
        _relink(names, unsynced_names[: rng.randint(0, len(unsynced_names))])
        for inode in names.values():
            contents.setdefault(inode, bytearray())
        return _with_content(contents, names)


def _with_content(contents: dict[int, bytearray], names: dict[Path, int]) -> MemoryDisk:
    disk = MemoryDisk()
    for number, (name, inode) in enumerate(names.items()):
        disk.inodes[number] = bytearray(contents[inode])
        disk.names[name] = number
        disk.journal += [
            Write(number, 0, bytes(contents[inode])),
            Sync(number),
            Link(name, number),
            SyncDirectory(name.parent),
        ]
    return disk


def _write(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _truncate(content: bytearray, size_bytes: int) -> None:
    del content[size_bytes:]
    content.extend(bytes(size_bytes - len(content)))


def _change(content: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Write):
        _write(content, change.offset, change.data)
    else:
        _truncate(content, change.size_bytes)


def _change_partly(
    content: bytearray, change: Write | Truncate, rng: random.Random, survival: float
) -> None:
    if isinstance(change, Truncate):
        if rng.random() < survival:
            _truncate(content, change.size_bytes)
        return
    start, end = change.offset, change.offset + len(change.data)
    while start < end:
        stop = min(end, start - start % SECTOR_BYTES + SECTOR_BYTES)
        if rng.random() < survival:
            _write(content, start, change.data[start - change.offset : stop - change.offset])
        start = stop


def _relink(names: dict[Path, int], links: Sequence[Link]) -> None:
    for link in links:
        if link.source is not None:
            names.pop(link.source, None)
        if link.inode is None:
            names.pop(link.name, None)
        else:
            names[link.name] = link.inode
