"""At which folders of a DataNode disks have been mounted. Where one is not any more, what is below
its mount point is another disk: that of the operating system, as a rule."""

import asyncio
import json
from pathlib import Path

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import StoreDamaged, TrioxygenError
from trioxygen.common.runtime import Runtime

log = logs.get(__name__)


class Mounts:
    """Args: file: noted there, on none of these disks, for the next start; None: they are known
    while the node runs."""

    def __init__(self, runtime: Runtime, file: Path | None) -> None:
        self._disk, self._blocking, self._file = runtime.disk, runtime.blocking, file
        self._known: frozenset[str] | None = None
        # Of whoever reads or writes the file.
        self._turn = asyncio.Lock()

    async def check(self, path: Path) -> None:
        """Raises: StoreDamaged: a disk was mounted there, and none is; or the file is damaged."""
        if str(path) in await self._read() and not await self._is_mount(path):
            raise StoreDamaged("nothing is mounted there", path=str(path))

    async def learn(self, path: Path) -> None:
        """The volume there is in use."""
        known = await self._read()
        if str(path) in known or not await self._is_mount(path):
            return
        async with self._turn:
            assert self._known is not None
            self._known |= {str(path)}
            if self._file is None:
                return
            text = json.dumps({"mounts": sorted(self._known)})
            try:
                await self._blocking.run(self._disk.replace, self._file, f"{text}\n".encode())
            except (TrioxygenError, OSError) as error:
                # The disk itself is well.
                log.error("mount_not_noted", path=path, reason=error)

    async def _is_mount(self, path: Path) -> bool:
        """Outside of any turn: a disk that does not answer holds up no other."""
        return await self._blocking.run(is_mount, self._disk, path)

    async def _read(self) -> frozenset[str]:
        async with self._turn:
            if self._known is not None:
                return self._known
            noted = await self._blocking.run(_noted, self._disk, self._file)
            self._known = noted
            return noted


def _noted(disk: Disk, file: Path | None) -> frozenset[str]:
    if file is None or not disk.exists(file):
        return frozenset()
    try:
        return frozenset(str(path) for path in json.loads(disk.read(file))["mounts"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreDamaged("the note of mounted disks is damaged", path=str(file)) from error


def is_mount(disk: Disk, path: Path) -> bool:
    """Whether a file system of its own is mounted there. Blocks."""
    return disk.exists(path) and disk.device(path) != disk.device(path.parent)
