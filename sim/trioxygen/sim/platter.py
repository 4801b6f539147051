"""What a simulated disk holds, and what of it a loss of power leaves.

Written bytes are on stable storage when the sync that covers them has ended. Of the rest any
sectors may have arrived, in any order; of the changes of a directory any prefix. A sync that failed
leaves its bytes in doubt for ever: a later one that works says nothing about them (Linux marks the
pages clean; Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SECTORS: Final = (512, 4096)
ROOT: Final = Path("/")


@dataclass(slots=True, eq=False)
class Change:
    """An unsynced write, or a new size (`offset` is then the smaller one).

    Attributes:
    old, new: the bytes from `offset` on, before and after.
    durable_at: when the sync that covers it ends, in seconds; None: no sync covers it.
    """

    offset: int
    old: bytes
    new: bytes
    resizes: bool
    durable_at: float | None = None
    in_doubt: bool = False


@dataclass(slots=True, eq=False)
class Inode:
    """Attributes:
    data: as the system shows it.
    changes: what may not be durable, oldest first.
    """

    data: bytearray = field(default_factory=bytearray)
    changes: list[Change] = field(default_factory=list)

    def write(self, data: bytes, offset: int) -> None:
        end = offset + len(data)
        if end > len(self.data):
            self.resize(end)
        self.changes.append(Change(offset, bytes(self.data[offset:end]), data, resizes=False))
        self.data[offset:end] = data

    def resize(self, size_bytes: int) -> None:
        size_before = len(self.data)
        if size_bytes == size_before:
            return
        if size_bytes > size_before:
            self.changes.append(
                Change(size_before, b"", bytes(size_bytes - size_before), resizes=True)
            )
            self.data.extend(bytes(size_bytes - size_before))
        else:
            old = bytes(self.data[size_bytes:])
            self.changes.append(Change(size_bytes, old, b"", resizes=True))
            del self.data[size_bytes:]

    def sync(self, durable_at: float) -> list[Change]:
        """What it covers."""
        covered = [change for change in self.changes if change.durable_at is None]
        for change in covered:
            change.durable_at = durable_at
        return covered

    def sync_failed(self) -> None:
        for change in self.changes:
            if change.durable_at is None:
                change.in_doubt, change.durable_at = True, 0.0

    def forget_durable(self, now: float) -> None:
        changes = self.changes
        if not changes or not any(_is_durable(change, now) for change in changes):
            return
        pending: list[Change] = []
        for change in changes:
            if not _is_durable(change, now):
                pending.append(change)
                continue
            for before in pending:
                _overwrite(before, change)
        self.changes = [change for change in changes if not _is_durable(change, now)]

    def lose_power(self, now: float, rng: random.Random) -> None:
        self.forget_durable(now)
        changes, self.changes = self.changes, []
        data = self.data
        for change in reversed(changes):
            data[change.offset : change.offset + len(change.new)] = change.old
        survival = rng.choice((0.0, 0.5, 0.9, 1.0))
        sector = rng.choice(_SECTORS)
        for change in changes:
            if change.resizes:
                if rng.random() < survival:
                    data[change.offset : change.offset + len(change.old)] = change.new
                continue
            at, end = change.offset, change.offset + len(change.new)
            while at < end:
                stop = min(end, at - at % sector + sector)
                if rng.random() < survival:
                    if len(data) < at:
                        data.extend(bytes(at - len(data)))
                    data[at:stop] = change.new[at - change.offset : stop - change.offset]
                at = stop


def _overwrite(before: Change, durable: Change) -> None:
    """Bytes that were written again, and synced since, are no longer what became of them before: a
    failed sync, or one that a killed process left under way."""
    start = max(before.offset, durable.offset)
    for name in ("old", "new"):
        data = bytearray(getattr(before, name))
        end = min(before.offset + len(data), durable.offset + len(durable.new))
        if start < end:
            data[start - before.offset : end - before.offset] = durable.new[
                start - durable.offset : end - durable.offset
            ]
            setattr(before, name, bytes(data))


def _is_durable(change: Change, now: float) -> bool:
    return change.durable_at is not None and change.durable_at <= now and not change.in_doubt


@dataclass(frozen=True, slots=True)
class Link:
    """A name that now leads to an inode, or to nothing; with `source`: that name went away."""

    name: Path
    inode: Inode | None
    source: Path | None = None


class Platter:
    """A node's disk. Outlives the node's crashes; `SimDisk` is one life's handle of it.

    Attributes:
    capacity_bytes: of a disk: what would grow beyond it meets a full one.
    disks: folders that are disks of their own, which fail and are replaced alone.
    stores: images of key-value environments by their folder, kept by `store`.
    """

    def __init__(self) -> None:
        self.names: dict[Path, Inode] = {}
        self.directories: dict[Path, None] = {ROOT: None}
        self.capacity_bytes = 1 << 40
        self.disks: tuple[Path, ...] = ()
        self.stores: dict[Path, object] = {}
        self._durable_names: dict[Path, Inode] = {}
        self._unsynced_links: dict[Path, list[Link]] = {}

    def disk_of(self, path: Path) -> Path:
        """The folder that is the disk on which `path` is."""
        for disk in self.disks:
            if path == disk or disk in path.parents:
                return disk
        return ROOT

    def used_bytes(self, disk: Path) -> int:
        return sum(len(inode.data) for name, inode in self.names.items() if _is_on(name, disk))

    def link(self, link: Link) -> None:
        _relink(self.names, link)
        self._unsynced_links.setdefault(link.name.parent, []).append(link)

    def sync_directory(self, path: Path) -> None:
        for link in self._unsynced_links.pop(path, ()):
            _relink(self._durable_names, link)

    def lose_power(self, now: float, rng: random.Random) -> None:
        """Only what is on stable storage stays for sure. `now` in seconds."""
        for links in self._unsynced_links.values():
            for link in links[: rng.randint(0, len(links))]:
                _relink(self._durable_names, link)
        self._unsynced_links = {}
        self.names = dict(self._durable_names)
        # An inode may have two names here, when half of a rename across directories was lost.
        for inode in dict.fromkeys(self.names.values()):
            inode.lose_power(now, rng)

    def wipe(self, disk: Path) -> None:
        """A new one is in its place: its folder is there, and empty."""
        for kept in (self.names, self._durable_names, self.stores, self._unsynced_links):
            for name in [each for each in kept if _is_on(each, disk)]:
                del kept[name]
        self.directories = {
            each: None for each in self.directories if each == disk or not _is_on(each, disk)
        }

    def children(self, path: Path) -> Sequence[str]:
        names = {name.name for name in (*self.names, *self.directories) if name.parent == path}
        return sorted(names - {""})


def _is_on(path: Path, disk: Path) -> bool:
    return disk is ROOT or path == disk or disk in path.parents


def _relink(names: dict[Path, Inode], link: Link) -> None:
    if link.source is not None:
        names.pop(link.source, None)
    if link.inode is None:
        names.pop(link.name, None)
    else:
        names[link.name] = link.inode
