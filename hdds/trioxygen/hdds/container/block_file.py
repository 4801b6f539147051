"""A large block that is being received into a file of its own. Blocking: for the blocking pool.

It has a name of its own until it is sealed: two writers of one block cannot mix their bytes.
"""

from collections.abc import Sequence
from pathlib import Path

from trioxygen.common.disk import Buffer, Disk, File
from trioxygen.hdds.checksums import RunningChecksums
from trioxygen.hdds.container.layout import make_folder


class BlockFile:
    """One call at a time. `create`, then `write` in order, then `seal`, `replace` or `abandon`.

    Args:
        beside: the name while it is received; target: its name once sealed (same directory).
    """

    def __init__(self, disk: Disk, *, beside: Path, target: Path) -> None:
        self._disk, self._beside, self._target = disk, beside, target
        self._file: File | None = None
        self._renamed = False
        self._checksums = RunningChecksums()
        self._stored: bytes | None = None
        self.size_bytes = 0

    def create(self) -> None:
        """Makes the file, empty: what is only announced takes no space. Raises: NoSpace."""
        make_folder(self._disk, self._beside.parent)
        self._file = self._disk.open(self._beside, create=True)

    def write(self, buffers: Sequence[Buffer]) -> None:
        assert self._file is not None
        self._checksums.update(buffers)
        self.size_bytes += self._file.pwrite(buffers, self.size_bytes)

    def checksums(self) -> bytes:
        """After the last `write`."""
        if self._stored is None:
            self._stored = self._checksums.finish()
        return self._stored

    def seal(self) -> None:
        """On stable storage under its name, which nobody else may use."""
        assert self._file is not None
        # The rename first: the file's sync then commits both in one go on journaling file systems,
        # and the directory's (which makes the name durable for certain) finds nothing left to do.
        self._disk.rename(self._beside, self._target)
        self._renamed = True
        self._file.datasync()
        self._disk.sync_directory(self._target.parent)
        self._file.close()
        self._file = None

    def replace(self) -> None:
        """As `seal`, in the place of a file that has the name: that goes when this one's bytes are
        on stable storage, not before."""
        assert self._file is not None
        self._file.datasync()
        self._disk.rename(self._beside, self._target)
        self._disk.sync_directory(self._target.parent)
        self._file.close()
        self._file = None

    def abandon(self) -> None:
        """Leaves nothing behind, but for what has replaced another one."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._disk.remove(self._target if self._renamed else self._beside)
