import errno
import os
from pathlib import Path

import pytest

from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.container.disk_faults import Fault, fault_of, is_mounted
from trioxygen.hdds.container.layout import VolumeLayout


@pytest.mark.parametrize(
    ("code", "is_here", "fault"),
    [
        (errno.EIO, True, Fault.FILE),
        (errno.EIO, False, Fault.DISK),
        (errno.ENOENT, True, Fault.FILE),
        (errno.ENOENT, False, Fault.DISK),
        (errno.ESTALE, True, Fault.DISK),
        (errno.EROFS, True, Fault.DISK),
        (errno.EMFILE, True, Fault.PROCESS),
        (errno.EMFILE, False, Fault.PROCESS),
    ],
)
def test_error_of_a_read_is_about_a_file_a_disk_or_this_process(
    code: int, is_here: bool, fault: Fault
) -> None:
    assert fault_of(OSError(code, os.strerror(code)), is_mounted=is_here) is fault


class Unanswering(SystemDisk):
    def exists(self, path: Path) -> bool:
        raise OSError(errno.EIO, str(path))


def test_disk_that_cannot_say_what_is_there_is_not_there(tmp_path: Path) -> None:
    layout = VolumeLayout(tmp_path)
    assert not is_mounted(SystemDisk(), layout)
    layout.containers.mkdir()
    assert is_mounted(SystemDisk(), layout)
    assert not is_mounted(Unanswering(), layout)
