"""Keeps files as blocks on DataNodes, without an OM: an example of `trioxygen.hdds.client`.

    python examples/hdds_files.py --scm HOST:PORT [--scm HOST:PORT ...] put FILE ...
    python examples/hdds_files.py --scm HOST:PORT list
    python examples/hdds_files.py --scm HOST:PORT get NAME > FILE
    python examples/hdds_files.py --scm HOST:PORT delete NAME ...

A file's blocks carry its name as their label, so nothing else has to be kept."""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from trioxygen.common.errors import NamespaceAlreadyExists
from trioxygen.hdds.client import BlockRef, ListedBlock, Namespace, connect

NAMESPACE = "example-files"
PIECE_BYTES = 1 << 20


def size_of(path: Path) -> int:
    return path.stat().st_size


async def put(namespace: Namespace, path: Path) -> None:
    """In as many blocks as it needs. They are there for others when `commit` returns; those of the
    file as it was before go then."""
    before = (await files(namespace)).get(path.name, [])
    async with namespace.writer(size_of(path)) as writer:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                await writer.write(piece)
        blocks = await writer.commit(label=path.name.encode())
    await namespace.delete(before)
    print(f"{path.name}: {len(blocks)} blocks")


async def files(namespace: Namespace) -> dict[str, list[BlockRef]]:
    """Each with its blocks, in their order."""
    known: dict[str, list[ListedBlock]] = {}
    async for block in namespace.blocks():
        known.setdefault(block.label.decode(), []).append(block)
    return {
        name: [block.ref for block in sorted(blocks, key=lambda block: block.place)]
        for name, blocks in known.items()
    }


async def blocks_of(namespace: Namespace, name: str) -> list[BlockRef]:
    known = await files(namespace)
    if name not in known:
        sys.exit(f"there is no file {name}")
    return known[name]


async def get(namespace: Namespace, name: str) -> None:
    async for piece in namespace.read(await blocks_of(namespace, name)):
        sys.stdout.buffer.write(piece)


async def delete(namespace: Namespace, names: Iterable[str]) -> None:
    for name in names:
        count = await namespace.delete(await blocks_of(namespace, name))
        print(f"{name}: {count} blocks deleted")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scm", action="append", required=True, metavar="HOST:PORT")
    parser.add_argument("command", choices=("put", "list", "get", "delete"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    async with connect(options.scm, client="example") as hdds:
        try:
            await hdds.create_namespace(NAMESPACE)
        except NamespaceAlreadyExists:
            print(f"goes on in {NAMESPACE}", file=sys.stderr)
        async with hdds.open(NAMESPACE) as namespace:
            if options.command == "put":
                for name in options.names:
                    await put(namespace, Path(name))
            elif options.command == "get":
                await get(namespace, options.names[0])
            elif options.command == "delete":
                await delete(namespace, options.names)
            else:
                for name, blocks in sorted((await files(namespace)).items()):
                    print(f"{sum(block.size_bytes for block in blocks):>12} {name}")


if __name__ == "__main__":
    asyncio.run(main())
