"""The disk port over a `Platter`: one life's handle. Every operation may be the one that a crash
cuts short, and takes virtual time, which `blocking` makes its caller wait for."""

import errno
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto, unique
from pathlib import Path
from typing import Final

from trioxygen.common.checksum import crc32c
from trioxygen.common.disk import Buffer, DiskSpace, FileStamp
from trioxygen.common.errors import NoSpace
from trioxygen.sim.platter import Change, Inode, Link, Platter


class Crashed(BaseException):
    """The node is gone in the middle of what it did. Not an Exception: nobody may handle it."""


@unique
class Ailment(Enum):
    """What one disk of several has.

    BROKEN: nothing on it is read or written any more.
    READ_ONLY: the system has mounted it so, after errors.
    FULL: nothing on it can grow.
    SLOW: everything takes its time.
    """

    BROKEN = auto()
    READ_ONLY = auto()
    FULL = auto()
    SLOW = auto()


_SLOW_MS: Final = (5.0, 80.0)


@dataclass(slots=True, kw_only=True)
class DiskBehaviour:
    """How a node's disks are at the moment; the fault plan turns these.

    Attributes:
    ailing: disks, as the platter has them, and what they have.
    sync_ms: bounds of a usual sync.
    slow_sync_rate, slow_sync_ms: how often a sync is slow, and how slow at most.
    sync_failures_left: so many syncs fail.
    full: nothing can grow.
    operations_to_crash: this many operations more, then the node crashes; None: no such plan.
    """

    ailing: dict[Path, Ailment] = field(default_factory=dict)
    sync_ms: tuple[float, float] = (0.1, 0.6)
    slow_sync_rate: float = 0.0
    slow_sync_ms: float = 0.0
    sync_failures_left: int = 0
    full: bool = False
    operations_to_crash: int | None = None


class SimDisk:
    """Args:
    crash: called when an operation is the last one.
    """

    def __init__(
        self,
        platter: Platter,
        behaviour: DiskBehaviour,
        rng: random.Random,
        now: Callable[[], float],
        crash: Callable[[], None],
    ) -> None:
        self.platter, self.behaviour = platter, behaviour
        self._rng, self._now, self._crash = rng, now, crash
        self._severed = False
        self._cost_ms = 0.0
        self._locks: dict[Path, None] = {}
        # Covered by the last sync of the call under way.
        self._syncing: list[Change] = []

    # ---- for the simulation ----

    def sever(self) -> None:
        """The life is over: nothing it may still try reaches the disk."""
        self._severed = True

    def take_cost_ms(self) -> float:
        """How long the operations since the last call took."""
        cost_ms, self._cost_ms = self._cost_ms, 0.0
        self._syncing = []
        return cost_ms

    def operate(self, path: Path, cost_ms: float = 0.0, *, changes: bool = False) -> None:
        """Before each operation. Raises: Crashed; OSError: the disk does not do it."""
        if self._severed:
            raise Crashed
        for change in self._syncing:
            # Who does something else has seen the sync return.
            change.durable_at = self._now()
        self._syncing = []
        left = self.behaviour.operations_to_crash
        if left is not None:
            self.behaviour.operations_to_crash = left - 1 if left else None
            if not left:
                self._crash()
                raise Crashed
        self._cost_ms += cost_ms
        self._suffer(path, changes=changes)

    def _suffer(self, path: Path, *, changes: bool) -> None:
        """Raises: OSError."""
        if not self.behaviour.ailing:
            return
        match self.behaviour.ailing.get(self.platter.disk_of(path)):
            case Ailment.BROKEN:
                raise OSError(errno.EIO, "Input/output error", str(path))
            case Ailment.READ_ONLY if changes:
                raise OSError(errno.EROFS, "Read-only file system", str(path))
            case Ailment.SLOW:
                self._cost_ms += self._rng.uniform(*_SLOW_MS)
            case _:
                return

    def sync_cost_ms(self) -> float:
        behaviour = self.behaviour
        if behaviour.slow_sync_rate and self._rng.random() < behaviour.slow_sync_rate:
            return self._rng.uniform(behaviour.sync_ms[1], behaviour.slow_sync_ms)
        return self._rng.uniform(*behaviour.sync_ms)

    def check_space(self, more_bytes: int, path: Path) -> None:
        if more_bytes > 0 and more_bytes > self._free_bytes(path):
            raise NoSpace("the disk is full", path=str(path))

    def _free_bytes(self, path: Path) -> int:
        disk, behaviour = self.platter.disk_of(path), self.behaviour
        if behaviour.full or behaviour.ailing.get(disk) is Ailment.FULL:
            return 0
        return self.platter.capacity_bytes - self.platter.used_bytes(disk)

    def sync_inode(self, inode: Inode, path: Path) -> None:
        try:
            self.operate(path, self.sync_cost_ms(), changes=True)
        except OSError:
            inode.sync_failed()
            raise
        if self.behaviour.sync_failures_left:
            self.behaviour.sync_failures_left -= 1
            inode.sync_failed()
            raise OSError(errno.EIO, "Input/output error", str(path))
        now = self._now()
        inode.forget_durable(now)
        self._syncing = inode.sync(now + self._cost_ms / 1_000)

    # ---- the port ----

    def open(self, path: Path, *, create: bool = False) -> "SimFile":
        self.operate(path, 0.01)
        inode = self.platter.names.get(path)
        if inode is None:
            if not create:
                raise FileNotFoundError(2, "No such file", str(path))
            self._suffer(path, changes=True)
            self.check_space(1, path)
            inode = Inode()
            self.platter.link(Link(path, inode))
        return SimFile(self, inode, path)

    def read(self, path: Path) -> bytes:
        self.operate(path, 0.02)
        inode = self.platter.names.get(path)
        if inode is None:
            raise FileNotFoundError(2, "No such file", str(path))
        return bytes(inode.data)

    def replace(self, path: Path, data: bytes) -> None:
        beside = path.with_name(path.name + ".new")
        file = self.open(beside, create=True)
        file.truncate(0)
        file.pwrite([data], 0)
        file.datasync()
        self.rename(beside, path)
        self.sync_directory(path.parent)

    def make_directory(self, path: Path) -> None:
        self.operate(path, 0.02, changes=True)
        for directory in (*reversed(path.parents), path):
            self.platter.directories[directory] = None

    def list(self, path: Path) -> Sequence[str]:
        self.operate(path, 0.01)
        return self.platter.children(path)

    def exists(self, path: Path) -> bool:
        self.operate(path)
        return path in self.platter.names or path in self.platter.directories

    def rename(self, source: Path, target: Path) -> None:
        self.operate(target, 0.01, changes=True)
        platter = self.platter
        if source in platter.directories:
            self._rename_directory(source, target)
            return
        inode = platter.names.get(source)
        if inode is None:
            raise FileNotFoundError(2, "No such file", str(source))
        platter.link(Link(target, inode, source))

    def _rename_directory(self, source: Path, target: Path) -> None:
        """At once durable, with what is in it: finer grains are not simulated."""
        platter = self.platter
        assert not platter.children(target), f"{target} is not empty"
        for name in [known for known in platter.names if source in known.parents]:
            moved = target / name.relative_to(source)
            platter.link(Link(moved, platter.names[name], name))
            platter.sync_directory(moved.parent)
            platter.sync_directory(name.parent)
        for name in [
            known for known in platter.directories if known == source or source in known.parents
        ]:
            del platter.directories[name]
            platter.directories[target / name.relative_to(source)] = None

    def remove(self, path: Path) -> None:
        self.operate(path, 0.01, changes=True)
        if path in self.platter.names:
            self.platter.link(Link(path, None))

    def remove_directory(self, path: Path) -> None:
        self.operate(path, 0.01, changes=True)
        if path in self.platter.directories:
            if self.platter.children(path):
                raise OSError(39, "Directory not empty", str(path))
            del self.platter.directories[path]

    def sync_directory(self, path: Path) -> None:
        self.operate(path, self.sync_cost_ms(), changes=True)
        self.platter.sync_directory(path)

    def space(self, path: Path) -> DiskSpace:
        self.operate(path)
        return DiskSpace(
            capacity_bytes=self.platter.capacity_bytes, free_bytes=self._free_bytes(path)
        )

    def device(self, path: Path) -> int:
        return 1

    def allocated_bytes(self, path: Path) -> int:
        self.operate(path)
        return len(self.platter.names[path].data)

    def stamp(self, path: Path) -> FileStamp:
        self.operate(path)
        data = bytes(self.platter.names[path].data)
        return FileStamp(crc32c(data), 0, len(data), 0o600)

    def lock(self, path: Path) -> "SimLock | None":
        self.operate(path)
        if path in self._locks:
            return None
        self._locks[path] = None
        return SimLock(self._locks, path)


class SimLock:
    def __init__(self, locks: dict[Path, None], path: Path) -> None:
        self._locks, self._path = locks, path

    def release(self) -> None:
        self._locks.pop(self._path, None)


class SimFile:
    __slots__ = ("_disk", "_inode", "_path")

    def __init__(self, disk: SimDisk, inode: Inode, path: Path) -> None:
        self._disk, self._inode, self._path = disk, inode, path

    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        data = b"".join(buffers)
        self._disk.operate(self._path, 0.01, changes=True)
        self._disk.check_space(offset_bytes + len(data) - len(self._inode.data), self._path)
        self._inode.write(data, offset_bytes)
        return len(data)

    def pread(self, size_bytes: int, offset_bytes: int) -> bytes:
        self._disk.operate(self._path, 0.02)
        return bytes(self._inode.data[offset_bytes : offset_bytes + size_bytes])

    def pread_nowait(self, size_bytes: int, offset_bytes: int) -> bytes | None:
        self._disk.operate(self._path)
        data = bytes(self._inode.data[offset_bytes : offset_bytes + size_bytes])
        return data if len(data) == size_bytes else None

    def datasync(self) -> None:
        self._disk.sync_inode(self._inode, self._path)

    def allocate(self, offset_bytes: int, size_bytes: int, *, keep_size: bool = False) -> None:
        self._disk.operate(self._path, 0.02, changes=True)
        more_bytes = offset_bytes + size_bytes - len(self._inode.data)
        self._disk.check_space(more_bytes, self._path)
        if more_bytes > 0 and not keep_size:
            self._inode.resize(offset_bytes + size_bytes)

    def punch_hole(self, offset_bytes: int, size_bytes: int) -> None:
        self._disk.operate(self._path, 0.02, changes=True)
        end = min(len(self._inode.data), offset_bytes + size_bytes)
        if end > offset_bytes:
            self._inode.write(bytes(end - offset_bytes), offset_bytes)

    def truncate(self, size_bytes: int) -> None:
        self._disk.operate(self._path, 0.01, changes=True)
        self._disk.check_space(size_bytes - len(self._inode.data), self._path)
        self._inode.resize(size_bytes)

    def size_bytes(self) -> int:
        self._disk.operate(self._path)
        return len(self._inode.data)

    def close(self) -> None:
        # Of a life that is over, too: nothing happens.
        return
