"""Keeps files as blocks on DataNodes, without an OM: an example of `trioxygen.hdds.client`.

    python examples/hdds_files.py --scm HOST:PORT [--scm HOST:PORT ...] put FILE ...
    python examples/hdds_files.py --scm HOST:PORT list
    python examples/hdds_files.py --scm HOST:PORT get NAME > FILE
    python examples/hdds_files.py --scm HOST:PORT delete NAME ...

The label of a file's blocks says its name, which version they are of, and how long that is: nothing
else has to be kept. Who reads while a file is written again gets one version or the other. An empty
file has no blocks, and is not kept."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from trioxygen.common.errors import NamespaceAlreadyExists, TrioxygenError
from trioxygen.hdds.client import BlockRef, ListedBlock, Namespace, connect

NAMESPACE = "example-files"
PIECE_BYTES = 1 << 20


@dataclass
class Version:
    """Of a file, as its label says it. The later one is the greater."""

    name: str
    written_ns: int
    size_bytes: int
    listed: list[ListedBlock] = field(default_factory=list)

    @classmethod
    def of(cls, label: bytes) -> "Version":
        name, written_ns, size_bytes = label.decode().split("\0")
        return cls(name, int(written_ns), int(size_bytes))

    @property
    def label(self) -> bytes:
        return f"{self.name}\0{self.written_ns}\0{self.size_bytes}".encode()

    @property
    def blocks(self) -> list[BlockRef]:
        return [block.ref for block in sorted(self.listed, key=lambda block: block.place)]

    @property
    def is_whole(self) -> bool:
        """A listing may have begun before all of it was committed."""
        return sum(block.ref.size_bytes for block in self.listed) == self.size_bytes


async def versions(namespace: Namespace) -> list[Version]:
    """All that are there, the newest last: who is stopped in `put` leaves an older one."""
    known: dict[bytes, Version] = {}
    async for block in namespace.blocks():
        known.setdefault(block.label, Version.of(block.label)).listed.append(block)
    return sorted(known.values(), key=lambda version: version.written_ns)


async def files(namespace: Namespace) -> dict[str, Version]:
    return {each.name: each for each in await versions(namespace) if each.is_whole}


async def put(namespace: Namespace, path: Path) -> None:
    """In as many blocks as it needs. They are there for others when `commit` returns; those of the
    file as it was before go then."""
    before = [each for each in await versions(namespace) if each.name == path.name]
    with path.open("rb") as file:
        begun = os.fstat(file.fileno())
        version = Version(path.name, time.time_ns(), begun.st_size)
        async with namespace.writer(begun.st_size) as writer:
            while piece := file.read(PIECE_BYTES):
                await writer.write(piece)
            ended = os.fstat(file.fileno())
            if (begun.st_size, begun.st_mtime_ns) != (ended.st_size, ended.st_mtime_ns):
                sys.exit(f"{path} was written meanwhile: put it again")
            blocks = await writer.commit(label=version.label)
    await namespace.delete([block for each in before for block in each.blocks])
    print(f"{path.name}: {len(blocks)} blocks")


async def version_of(namespace: Namespace, name: str) -> Version:
    known = await files(namespace)
    if name not in known:
        sys.exit(f"there is no file {name}")
    return known[name]


async def get(namespace: Namespace, name: str) -> None:
    async for piece in namespace.read((await version_of(namespace, name)).blocks):
        sys.stdout.buffer.write(piece)


async def delete(namespace: Namespace, names: Iterable[str]) -> None:
    for name in names:
        found = [each for each in await versions(namespace) if each.name == name]
        count = await namespace.delete([block for each in found for block in each.blocks])
        print(f"{name}: {count} blocks deleted")


async def run(scms: list[str], command: str, names: list[str]) -> None:
    async with connect(scms, client="example") as hdds:
        try:
            await hdds.create_namespace(NAMESPACE)
        except NamespaceAlreadyExists:
            print(f"goes on in {NAMESPACE}", file=sys.stderr)
        async with hdds.open(NAMESPACE) as namespace:
            if command == "put":
                for name in names:
                    await put(namespace, Path(name))
            elif command == "get":
                for name in names:
                    await get(namespace, name)
            elif command == "delete":
                await delete(namespace, names)
            else:
                for name, version in sorted((await files(namespace)).items()):
                    print(f"{version.size_bytes:>12} {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scm", action="append", required=True, metavar="HOST:PORT")
    parser.add_argument("command", choices=("put", "list", "get", "delete"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if not options.names and options.command != "list":
        parser.error(f"{options.command} what?")
    try:
        asyncio.run(run(options.scm, options.command, options.names))
    except (TrioxygenError, OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
