"""What a power loss may leave of a folder, from a trace of what a process did to it.

What is assumed of the disk and the file system, on purpose less than ext4 or XFS give:

- A file's fsync or fdatasync makes durable what was written to that file before it began: its bytes
  and its size, never its name. It counts from its return on. (ext4 makes a new file's name
  durable too; POSIX does not promise it.)
- A directory's fsync makes durable the names in it, never its own name in its parent.
- Of what was not synced, each sector (512 bytes) or page (4 KiB, chosen for each image) has any of
  the states that it went through since the last sync, whatever its neighbours have. A sector is
  never torn. The size has any of the values that it went through, or one on the way to a larger
  one; what was not written in between reads as zeros.
- Of changes of names that were not synced, any may be missing, or only the last ones of a
  directory (chosen for each image). A rename is atomic; changes that concern the same file or the
  same name do not overtake each other.
- What is durable stays: no bits rot, and the device keeps what it said is flushed.

A file without a durable name is gone. Locks (`lock.mdb`, written through a memory map) are left
empty: LMDB makes them anew when nobody holds them.
"""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.powerloss.trace import Event, Flag, Kind

_SECTOR_BYTES: Final = 512
_PAGE_BYTES: Final = 4_096
_MAPPED_NAME: Final = "lock.mdb"
# How likely a change is to have reached the disk by itself: all, none, and what is between.
_SURVIVAL: Final = (0.0, 0.0, 0.1, 0.5, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Change:
    """Of a file's bytes. `data` None: zeros. `size_after`: what the file's size is then."""

    start: int
    end: int
    data: memoryview | None
    size_after: int
    is_durable: bool = False


@dataclass(slots=True, eq=False)
class File:
    """Attributes:
    durable: bytes that no power loss takes.
    pending: changes that one may take, in order.
    dropped: how many changes have left the front of `pending`, ever.
    size: with all changes.
    """

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)
    dropped: int = 0
    size: int = 0

    def change(self, start: int, end: int, data: memoryview | None, *, is_durable: bool) -> None:
        self.size = max(self.size, end)
        self.pending.append(Change(start, end, data, self.size, is_durable))

    def resize(self, size: int) -> None:
        former, self.size = self.size, size
        # What is cut off is zeros when the file grows again.
        self.pending.append(Change(size, max(size, former), None, size))

    def sync(self, through: int) -> None:
        """Changes up to a count, from the very first, are durable."""
        count = through - self.dropped
        if count <= 0:
            return
        for change in self.pending[:count]:
            _apply(self.durable, change, change.start, change.end)
            _resize(self.durable, change.size_after)
        del self.pending[:count]
        self.dropped = through


@dataclass(frozen=True, slots=True)
class NameChange:
    """`name` stands for `node` from now on (None: for nothing); `former` does no more."""

    name: str
    node: "File | Directory | None"
    former: str | None = None
    moved: "File | Directory | None" = None

    def names(self) -> set[str]:
        return {self.name} if self.former is None else {self.name, self.former}


@dataclass(slots=True, eq=False)
class Directory:
    """Attributes: names: those that no power loss takes; now: with all changes."""

    names: dict[str, "File | Directory"] = field(default_factory=dict)
    now: dict[str, "File | Directory"] = field(default_factory=dict)
    pending: list[NameChange] = field(default_factory=list)
    dropped: int = 0

    def change(self, change: NameChange) -> None:
        _rename(self.now, change)
        self.pending.append(change)

    def sync(self, through: int) -> None:
        count = through - self.dropped
        if count <= 0:
            return
        for change in self.pending[:count]:
            _rename(self.names, change)
        del self.pending[:count]
        self.dropped = through


Node = File | Directory


class Replay:
    """The folder as the trace goes on. `apply` the events in order; `write_image` at any place.

    Args:
        root: the folder of the trace.
        initial: what was there before the trace began, all of it durable.
    """

    def __init__(self, root: Path, initial: Path | None = None) -> None:
        self._root_path = str(root)
        self._root = Directory()
        self._parent = Directory(names={"root": self._root}, now={"root": self._root})
        self._handles: dict[int, Node] = {}
        self._syncing: dict[int, tuple[Node, int]] = {}
        self.skipped_syncs = 0
        if initial is not None:
            _load(initial, self._root)

    def _place(self, path: str) -> tuple[Directory, str]:
        """The directory that holds a name, and the name."""
        assert path.startswith(self._root_path), path
        parts = [part for part in path[len(self._root_path) :].split("/") if part]
        assert not {".", ".."} & set(parts), path
        if not parts:
            return self._parent, "root"
        at = self._root
        for part in parts[:-1]:
            below = at.now[part]
            assert isinstance(below, Directory), path
            at = below
        return at, parts[-1]

    def apply(self, event: Event) -> None:
        match event.kind:
            case Kind.START:
                self._handles.clear()
                self._syncing.clear()
            case Kind.OPEN:
                self._open(event)
            case Kind.MAKE_DIRECTORY:
                directory, name = self._place(event.path)
                if directory is not self._parent:
                    directory.change(NameChange(name, Directory()))
            case Kind.UNLINK | Kind.REMOVE_DIRECTORY:
                directory, name = self._place(event.path)
                directory.change(NameChange(name, None, moved=directory.now[name]))
            case Kind.RENAME:
                directory, name = self._place(event.target)
                source, former = self._place(event.path)
                if source is not directory:
                    raise NotImplementedError(f"a rename between directories: {event.path}")
                directory.change(NameChange(name, source.now[former], former, source.now[former]))
            case Kind.SYNC_BEGIN:
                node = self._handles[event.handle]
                self._syncing[event.offset] = node, node.dropped + len(node.pending)
            case Kind.SYNC_END:
                node, through = self._syncing.pop(event.offset)
                node.sync(through)
            case Kind.SYNC_SKIPPED:
                self.skipped_syncs += 1
            case Kind.UNSUPPORTED:
                raise NotImplementedError(f"the trace holds what is not modelled: {event}")
            case _:
                self._change_file(event)

    def _open(self, event: Event) -> None:
        directory, name = self._place(event.path)
        if Flag.CREATED in event.flags:
            directory.change(NameChange(name, File()))
        self._handles[event.handle] = directory.now[name]

    def _change_file(self, event: Event) -> None:
        file = self._handles[event.handle]
        assert isinstance(file, File), event
        end = event.offset + event.size
        match event.kind:
            case Kind.WRITE:
                is_durable = Flag.DURABLE in event.flags
                file.change(event.offset, end, event.data, is_durable=is_durable)
            case Kind.TRUNCATE:
                file.resize(event.size)
            case Kind.ALLOCATE:
                if end > file.size:
                    file.resize(end)
            case Kind.PUNCH:
                end = min(end, file.size)
                if event.offset < end:
                    file.change(event.offset, end, None, is_durable=False)
            case _:
                assert event.kind is Kind.MAP, event
                directory_name = [
                    name for name, node in self._all_names(self._root) if node is file
                ]
                if directory_name != [_MAPPED_NAME]:
                    raise NotImplementedError(f"writes through a map of {directory_name}")

    def _all_names(self, directory: Directory) -> list[tuple[str, Node]]:
        actual: list[tuple[str, Node]] = []
        for name, node in directory.now.items():
            actual.append((name, node))
            if isinstance(node, Directory):
                actual += self._all_names(node)
        return actual

    def write_image(self, target: Path, rng: random.Random | None) -> None:
        """A folder as a power loss now could leave it; `rng` None: as the end of the process does.

        Args:
            target: must not be there yet.
        """
        chances = None if rng is None else _Chances(rng)
        _write_directory(target, self._root, chances)


class _Chances:
    """How one image comes to be."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.survival = rng.choice(_SURVIVAL)
        self.unit_bytes = rng.choice((_SECTOR_BYTES, _PAGE_BYTES))
        self.names_in_order = rng.random() < 0.5


def _write_directory(target: Path, directory: Directory, chances: _Chances | None) -> None:
    target.mkdir()
    names = directory.now if chances is None else _names(directory, chances)
    for name, node in names.items():
        if isinstance(node, Directory):
            _write_directory(target / name, node, chances)
        elif name == _MAPPED_NAME:
            (target / name).touch()
        else:
            _write_file(target / name, _content(node, chances))


def _names(directory: Directory, chances: _Chances) -> dict[str, Node]:
    names = dict(directory.names)
    rng, pending = chances.rng, directory.pending
    if chances.names_in_order:
        kept = len(pending)
        if chances.survival < 1 and pending:
            kept = 0 if chances.survival == 0 else rng.randint(0, len(pending))
        for change in pending[:kept]:
            _rename(names, change)
        return names
    lost_names: set[str] = set()
    lost_nodes: set[int] = set()
    for change in pending:
        node = change.node or change.moved
        follows_lost = bool(change.names() & lost_names) or id(node) in lost_nodes
        if follows_lost or rng.random() >= chances.survival:
            lost_names |= change.names()
            lost_nodes.add(id(node))
        else:
            _rename(names, change)
    return names


def _content(file: File, chances: _Chances | None) -> bytearray:
    content = bytearray(file.durable)
    if chances is None or chances.survival == 1:
        for change in file.pending:
            _apply(content, change, change.start, change.end)
            _resize(content, change.size_after)
        return content
    if not file.pending:
        return content
    size = _size(file, chances)
    unit, rng = chances.unit_bytes, chances.rng
    # How many changes touch each unit, and how many at least must be there.
    touched: dict[int, int] = {}
    least: dict[int, int] = {}
    for change in file.pending:
        for at in range(change.start // unit, -(-change.end // unit)):
            touched[at] = touched.get(at, 0) + 1
            if change.is_durable:
                least[at] = touched[at]
    left: dict[int, int] = {}
    for at, most in touched.items():
        fewest = least.get(at, 0)
        if chances.survival == 0 or fewest == most:
            left[at] = fewest
        else:
            survives = rng.random() < chances.survival
            left[at] = most if survives else rng.randint(fewest, most - 1)
    for change in file.pending:
        for at in range(change.start // unit, -(-change.end // unit)):
            if left[at]:
                left[at] -= 1
                _apply(
                    content,
                    change,
                    max(change.start, at * unit),
                    min(change.end, (at + 1) * unit),
                )
    _resize(content, size)
    return content


def _size(file: File, chances: _Chances) -> int:
    durable_size = len(file.durable)
    sizes = [durable_size]
    for change in file.pending:
        if change.is_durable:
            sizes = [change.size_after]
        else:
            sizes.append(change.size_after)
    if chances.survival == 0:
        return sizes[0]
    at = chances.rng.randrange(len(sizes))
    if at + 1 < len(sizes) and sizes[at + 1] > sizes[at] and chances.rng.random() < 0.5:
        return chances.rng.randint(sizes[at], sizes[at + 1])
    return sizes[at]


def _apply(content: bytearray, change: Change, start: int, end: int) -> None:
    """The part of a change between two offsets."""
    if start >= end:
        return
    if len(content) < end:
        if change.data is None:
            # Beyond the end everything is zeros.
            end = max(start, len(content))
        else:
            _resize(content, end)
    if change.data is None:
        content[start:end] = bytes(end - start)
    else:
        content[start:end] = change.data[start - change.start : end - change.start]


def _resize(content: bytearray, size: int) -> None:
    if len(content) > size:
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


def _rename(names: dict[str, Node], change: NameChange) -> None:
    if change.former is not None:
        names.pop(change.former, None)
    if change.node is None:
        names.pop(change.name, None)
    else:
        names[change.name] = change.node


def _load(path: Path, directory: Directory) -> None:
    for entry in sorted(path.iterdir()):
        node: Node
        if entry.is_dir():
            node = Directory()
            _load(entry, node)
        else:
            content = bytearray(entry.read_bytes())
            node = File(durable=content, size=len(content))
        directory.names[entry.name] = directory.now[entry.name] = node


def _write_file(path: Path, content: bytearray) -> None:
    """Pieces that are zeros become holes."""
    piece = 1 << 16
    zeros = bytes(piece)
    # Traces know no modes; what is its owner's alone has to be.
    path.touch(mode=0o600)
    with path.open("wb") as file:
        view = memoryview(content)
        for at in range(0, len(content), piece):
            part = view[at : at + piece]
            if part != zeros[: len(part)]:
                os.pwrite(file.fileno(), part, at)
        file.truncate(len(content))
