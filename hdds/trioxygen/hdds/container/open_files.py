"""Open files of a volume's blocks: a bounded cache, closed only when nobody uses them any more."""

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from trioxygen.common.blocking import Blocking
from trioxygen.common.disk import Disk, File
from trioxygen.common.finishing import joined
from trioxygen.hdds.container.blocks import OWN_FILE
from trioxygen.hdds.container.layout import VolumeLayout, make_folder


class FileId(NamedTuple):
    """A packed segment (`local` is 0), or a block's own file (`segment` is OWN_FILE)."""

    container: int
    segment: int
    local: int


class OpenFile:
    """Used by `users` jobs; once `dropped`, the last of them closes it."""

    __slots__ = ("dropped", "file", "users")

    def __init__(self, file: File) -> None:
        self.file = file
        self.users = 0
        self.dropped = False


class OpenFiles:
    """Only for the event loop; the opening itself runs on the blocking pool.

    Args:
        files_max: those in use may exceed it.
    """

    def __init__(
        self, disk: Disk, blocking: Blocking, layout: VolumeLayout, *, files_max: int
    ) -> None:
        self._disk, self._blocking, self._layout = disk, blocking, layout
        self._files_max = files_max
        self._open: OrderedDict[FileId, OpenFile] = OrderedDict()
        self._opening: dict[FileId, asyncio.Future[File]] = {}

    def path(self, file_id: FileId) -> Path:
        container, segment, local = file_id
        if segment == OWN_FILE:
            return self._layout.block(container, local)
        return self._layout.segment(container, segment)

    def peek(self, file_id: FileId) -> OpenFile | None:
        """One that is open already. Count a use with `users` before waiting for anything."""
        entry = self._open.get(file_id)
        if entry is not None:
            self._open.move_to_end(file_id)
        return entry

    async def acquire(self, file_id: FileId, *, create: bool = False) -> OpenFile:
        """One more user of the file, who must `release` it.

        Raises: FileNotFoundError, NoSpace.
        """
        while True:
            entry = self.peek(file_id)
            if entry is not None:
                entry.users += 1
                return entry
            opening = self._opening.get(file_id)
            if opening is None:
                opening = self._blocking.run(self._open_now, self.path(file_id), create)
                self._opening[file_id] = opening
                opening.add_done_callback(
                    lambda done, file_id=file_id: self._opened(file_id, done)  # type: ignore[misc]
                )
            # The opening outlives one that is cancelled: others may wait for it too.
            await joined(opening)
            if self._opening.get(file_id) is opening:
                # Done, but its callback has yet to run: waiting for what is done does not let it.
                await asyncio.sleep(0)

    def _open_now(self, path: Path, create: bool) -> File:
        if not create or self._disk.exists(path):
            return self._disk.open(path)
        make_folder(self._disk, path.parent)
        file = self._disk.open(path, create=True)
        self._disk.sync_directory(path.parent)
        return file

    def _opened(self, file_id: FileId, done: "asyncio.Future[File]") -> None:
        current = self._opening.get(file_id) is done
        if current:
            del self._opening[file_id]
        if done.cancelled() or done.exception() is not None:
            return
        if not current:
            # Dropped while it was being opened.
            done.result().close()
            return
        self._open[file_id] = OpenFile(done.result())
        self._evict()

    def _evict(self) -> None:
        if len(self._open) <= self._files_max:
            return
        newest = next(reversed(self._open))
        for file_id in [at for at, entry in self._open.items() if entry.users == 0]:
            if len(self._open) <= self._files_max or file_id == newest:
                return
            self.drop(file_id)

    def release(self, used: OpenFile) -> None:
        used.users -= 1
        assert used.users >= 0
        if used.dropped and used.users == 0:
            used.file.close()

    def drop(self, file_id: FileId) -> None:
        """Forgets a file; it is closed as soon as nobody uses it."""
        self._opening.pop(file_id, None)
        entry = self._open.pop(file_id, None)
        if entry is not None:
            entry.dropped = True
            if entry.users == 0:
                entry.file.close()

    def drop_container(self, container_id: int) -> None:
        """All of one."""
        for file_id in [*self._open, *self._opening]:
            if file_id.container == container_id:
                self.drop(file_id)

    def close(self) -> None:
        for file_id in list(self._open):
            self.drop(file_id)
