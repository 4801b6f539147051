"""How a store's folder is replaced by another one. Names and renames only; nothing here opens a
store.

    <store>             in use
    <store>.incoming    being received; worth nothing
    <store>.installed   received whole and checked: it takes the store's place, now or at next start
    <store>.replaced    was in use before

The one atomic step is the rename from `.incoming` to `.installed`. Before it a crash leaves the old
state, after it the new one; whatever is left behind is removed at the next start.
"""

from pathlib import Path

from trioxygen.common.disk import Disk


class StoreFolder:
    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self.path = path
        self.incoming = path.with_name(path.name + ".incoming")
        self._installed = path.with_name(path.name + ".installed")
        self._replaced = path.with_name(path.name + ".replaced")

    def recover(self) -> None:
        """Completes a replacement that a crash cut short, and removes leftovers."""
        if self._disk.exists(self._installed):
            self._take_place()
        self.remove_incoming()
        self._remove(self._replaced)

    def make_incoming(self) -> None:
        """Empty."""
        self.remove_incoming()
        self._disk.make_directory(self.incoming)

    def remove_incoming(self) -> None:
        self._remove(self.incoming)

    def replace(self) -> None:
        """`incoming`, whose files are durable, becomes the store's folder."""
        self._disk.sync_directory(self.incoming)
        self._disk.rename(self.incoming, self._installed)
        self._disk.sync_directory(self.path.parent)
        self._take_place()
        self._remove(self._replaced)

    def _take_place(self) -> None:
        if self._disk.exists(self.path):
            self._remove(self._replaced)
            self._disk.rename(self.path, self._replaced)
        self._disk.rename(self._installed, self.path)
        # Durable before the old state is removed.
        self._disk.sync_directory(self.path.parent)

    def _remove(self, folder: Path) -> None:
        for name in self._disk.list(folder):
            self._disk.remove(folder / name)
        self._disk.remove_directory(folder)
