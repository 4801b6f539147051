"""Disk space that a store's file holds beyond its last page. A commit copies the pages that it
changes, a deletion too: with room held ahead it finds some on a full disk, whoever filled it.

File systems that write elsewhere (copy on write) do not keep the promise. Where one cannot give it,
the disk's free space has to do. All of this blocks.
"""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import NoSpace
from trioxygen.common.units import KIB

log = logs.get(__name__)

DATA_FILE: Final = "data.mdb"
_LOCK_FILE: Final = "lock.mdb"
# 64 for each of 512 readers, and a head.
_LOCK_BYTES: Final = 40 * KIB
_STEP_BYTES: Final = 256 * KIB
# What is held of a small disk: 8 MiB of 256.
_CAPACITY_SHARE: Final = 32


class HeldRoom:
    """Args:
    folder: of the store, which is open.
    used_bytes: of its file, to the last page in use.
    reserve_bytes: to be held; less on a small disk. 0: nothing is.
    map_bytes: which the file cannot outgrow.
    Attributes:
        is_short: under half of it is left, and the disk has no more: only what frees space should
            be committed.
    """

    def __init__(
        self,
        disk: Disk,
        folder: Path,
        used_bytes: Callable[[], int],
        *,
        reserve_bytes: int,
        map_bytes: int,
    ) -> None:
        self._disk, self._file, self._used_bytes = disk, folder / DATA_FILE, used_bytes
        self._map_bytes = map_bytes
        capacity_bytes = disk.space(folder).capacity_bytes
        self._reserve_bytes = min(reserve_bytes, capacity_bytes // _CAPACITY_SHARE)
        self._held_bytes = 0
        self._can_hold = True
        self.is_short = False
        self.renew()

    def renew(self) -> None:
        """The file is another one now."""
        # It has no holes.
        self._held_bytes = self._disk.allocated_bytes(self._file)
        self.keep()

    def keep(self) -> None:
        """Takes more where too little is left. After each commit: 3 us, mostly."""
        reserve_bytes = self._reserve_bytes
        if not reserve_bytes:
            return
        used_bytes = self._used_bytes()
        if self._can_hold and self._held_bytes - used_bytes < reserve_bytes * 3 // 4:
            self._hold(used_bytes + reserve_bytes)
        end_bytes = self._held_bytes if self._can_hold else used_bytes + self._free_bytes()
        left_bytes = min(end_bytes, self._map_bytes) - used_bytes
        self.is_short = left_bytes < reserve_bytes // 2

    def _free_bytes(self) -> int:
        return self._disk.space(self._file.parent).free_bytes

    def _hold(self, end_bytes: int) -> None:
        more_bytes = min(end_bytes - self._held_bytes, self._free_bytes())
        if more_bytes < _STEP_BYTES:
            return
        file = self._disk.open(self._file)
        try:
            file.allocate(self._held_bytes, more_bytes, keep_size=True)
        except NoSpace:
            # Another was faster; some of it may be held all the same.
            pass
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            self._can_hold = False
            log.warning("no_room_can_be_held", file=self._file, reason=error)
        finally:
            file.close()
        self._held_bytes = self._disk.allocated_bytes(self._file)


def hold_lock_file(disk: Disk, folder: Path) -> None:
    """LMDB maps this file and writes into it as it is used: a page that finds no room then is a
    fatal signal, not an error. Before it is opened. Raises: NoSpace."""
    lock = disk.open(folder / _LOCK_FILE, create=True)
    try:
        lock.allocate(0, max(_LOCK_BYTES, lock.size_bytes()))
    finally:
        # Nobody in this process has a lock on it yet, which closing would take away.
        lock.close()
