"""What a disk's error is about: one file, all of the disk, or this process."""

import errno
from enum import Enum, auto
from typing import Final

from trioxygen.common.disk import Disk
from trioxygen.hdds.container.layout import VolumeLayout


class Fault(Enum):
    """FILE: others on the disk may be read. DISK: none can. PROCESS: it has no means to open or to
    read any now; nothing is wrong with the disk."""

    FILE = auto()
    DISK = auto()
    PROCESS = auto()


_OF_DISK: Final = frozenset(
    (
        errno.ESTALE,
        errno.ENODEV,
        errno.ENXIO,
        errno.EROFS,
        errno.ESHUTDOWN,
        errno.ENOTCONN,
        errno.EHOSTDOWN,
        errno.ETIMEDOUT,
    )
)
_OF_PROCESS: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))


def fault_of(error: OSError, *, is_mounted: bool) -> Fault:
    """Of an error that a read met. Args: is_mounted: the volume's folder is still there."""
    if error.errno in _OF_PROCESS:
        return Fault.PROCESS
    return Fault.DISK if error.errno in _OF_DISK or not is_mounted else Fault.FILE


def is_mounted(disk: Disk, layout: VolumeLayout) -> bool:
    """Blocks. One that cannot even say so is not."""
    try:
        return disk.exists(layout.containers)
    except OSError:
        return False
