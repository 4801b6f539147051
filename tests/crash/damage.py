"""What may befall the files of a stopped store: bits that flip, pages that are zeroed, garbled or
swapped, files that end early. Which and where is drawn from a seed."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PAGE_BYTES: Final = 4096
_BITS_MAX: Final = 8
# Not data of the store: what a process leaves for commands and people.
_NOT_STORED: Final = {"endpoint.json", "endpoint.json.kept", "lock", "access.log"}
# The kinds of files get the same share of the damage, however many files of a kind there are.
_KINDS: Final = ("om/", "scm/", "datanode/index/", "log/", "datanode/log/", "containers/", "")


def files_of(data: Path) -> dict[str, list[Path]]:
    """By kind, each kind's in order."""
    actual: dict[str, list[Path]] = {}
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if path.is_file() and path.name not in _NOT_STORED and path.stat().st_size:
            kind = next(kind for kind in _KINDS if name.startswith(kind) or f"/{kind}" in name)
            actual.setdefault(kind, []).append(path)
    return actual


def _used_bytes(path: Path) -> int:
    """To the last byte that is not zero: logs are filled with zeros ahead of their use."""
    return max(1, len(path.read_bytes().rstrip(b"\0")))


def _page(path: Path, rng: random.Random) -> int:
    return rng.randrange((_used_bytes(path) + _PAGE_BYTES - 1) // _PAGE_BYTES) * _PAGE_BYTES


def _read(path: Path, at: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(_PAGE_BYTES)


def _write(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def _bits(path: Path, rng: random.Random) -> str:
    """Of one place, and of several."""
    used_bytes, count = _used_bytes(path), rng.randint(1, _BITS_MAX)
    places = [(rng.randrange(used_bytes), rng.randrange(8)) for _ in range(count)]
    for at, bit in places:
        [byte] = _read(path, at)[:1]
        _write(path, at, bytes([byte ^ 1 << bit]))
    return f"bits {places}"


def _zeros(path: Path, rng: random.Random) -> str:
    at = _page(path, rng)
    _write(path, at, bytes(len(_read(path, at))))
    return f"zeros at {at}"


def _noise(path: Path, rng: random.Random) -> str:
    at = _page(path, rng)
    _write(path, at, rng.randbytes(len(_read(path, at))))
    return f"noise at {at}"


def _swap(path: Path, rng: random.Random) -> str:
    first, second = _page(path, rng), _page(path, rng)
    each, other = _read(path, first), _read(path, second)
    size_bytes = min(len(each), len(other))
    _write(path, first, other[:size_bytes])
    _write(path, second, each[:size_bytes])
    return f"pages at {first} and {second} swapped"


def _stale(path: Path, rng: random.Random) -> str:
    """A write that went elsewhere."""
    source, target = _page(path, rng), _page(path, rng)
    _write(path, target, _read(path, source)[: len(_read(path, target))])
    return f"page at {source} written at {target}"


def _cut(path: Path, rng: random.Random) -> str:
    size_bytes = rng.randrange(_used_bytes(path))
    if rng.random() < 0.5:
        size_bytes -= size_bytes % _PAGE_BYTES
    os.truncate(path, size_bytes)
    return f"cut to {size_bytes}"


_WAYS: Final[dict[Callable[[Path, random.Random], str], int]] = {
    _bits: 6,
    _zeros: 2,
    _noise: 1,
    _swap: 2,
    _stale: 1,
    _cut: 1,
}


def damage(data: Path, rng: random.Random) -> str:
    """Does one thing to one file; what and where."""
    files = files_of(data)
    path = rng.choice(files[rng.choice(sorted(files))])
    [way] = rng.choices(list(_WAYS), list(_WAYS.values()))
    return f"{path.relative_to(data)}: {way(path, rng)}"
