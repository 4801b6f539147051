"""The contract of `Disk`, on the machine's file system."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trioxygen.common.disk import Buffer
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.units import KIB, MIB


@pytest.fixture
def disk() -> SystemDisk:
    return SystemDisk()


def test_written_buffers_are_read_back(disk: SystemDisk, tmp_path: Path) -> None:
    file = disk.open(tmp_path / "file", create=True)
    pieces: list[Buffer] = [b"ab", bytearray(b"cd"), memoryview(b"xefx")[1:3], b""]
    assert file.pwrite(pieces, 3) == 6
    assert file.pread(100, 0) == b"\0\0\0abcdef"
    assert file.pread(2, 4) == b"bc"
    assert file.pread(5, 100) == b""
    assert file.size_bytes() == 9
    assert file.pwrite([], 0) == 0
    assert file.pwrite([b"", b""], 0) == 0
    file.datasync()
    file.close()
    assert disk.read(tmp_path / "file") == b"\0\0\0abcdef"


def test_more_buffers_than_the_system_takes_at_once_are_written(
    disk: SystemDisk, tmp_path: Path
) -> None:
    file = disk.open(tmp_path / "file", create=True)
    pieces = [b"%04d" % number for number in range(5_000)]
    assert file.pwrite(pieces, 0) == 20_000
    assert file.pread(20_000, 0) == b"".join(pieces)
    file.close()


def test_open_makes_a_file_only_when_asked(disk: SystemDisk, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        disk.open(tmp_path / "file")
    disk.open(tmp_path / "file", create=True).close()
    disk.open(tmp_path / "file").close()
    assert disk.exists(tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_pread_nowait_gives_all_or_nothing(disk: SystemDisk, tmp_path: Path) -> None:
    file = disk.open(tmp_path / "file", create=True)
    file.pwrite([b"content"], 0)
    # Just written: in memory, unless the file system cannot tell.
    assert file.pread_nowait(7, 0) in (b"content", None)
    assert file.pread_nowait(3, 2) in (b"nte", None)
    assert file.pread_nowait(8, 0) is None
    assert file.pread_nowait(1, 100) is None
    file.close()


def test_replace_is_whole_and_leaves_nothing_beside(disk: SystemDisk, tmp_path: Path) -> None:
    path = tmp_path / "file"
    disk.replace(path, b"one")
    disk.replace(path, b"second")
    disk.replace(path, b"3")
    assert disk.read(path) == b"3"
    assert list(disk.list(tmp_path)) == ["file"]


def test_replace_survives_what_an_earlier_one_left(disk: SystemDisk, tmp_path: Path) -> None:
    (tmp_path / "file.new").write_bytes(b"torn and longer than what comes")
    disk.replace(tmp_path / "file", b"whole")
    assert disk.read(tmp_path / "file") == b"whole"


def test_what_is_replaced_is_its_owners_alone(disk: SystemDisk, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "secret", tmp_path / "elsewhere"
    mask = os.umask(0)
    try:
        for planted in (None, "file", "link"):
            beside = tmp_path / "secret.new"
            if planted == "file":
                beside.write_bytes(b"")
                beside.chmod(0o666)
            elif planted == "link":
                beside.symlink_to(elsewhere)
            disk.replace(path, b"new")
            assert path.stat().st_mode & 0o777 == 0o600 and not path.is_symlink(), planted
            assert disk.read(path) == b"new" and not elsewhere.exists()
    finally:
        os.umask(mask)


def test_replace_keeps_the_old_content_for_whoever_has_it_open(
    disk: SystemDisk, tmp_path: Path
) -> None:
    disk.replace(tmp_path / "file", b"old")
    file = disk.open(tmp_path / "file")
    disk.replace(tmp_path / "file", b"new")
    assert file.pread(10, 0) == b"old"
    file.close()


def test_replace_syncs_the_data_before_the_name_and_the_name_at_last(tmp_path: Path) -> None:
    """What the system is asked to do, in order."""
    program = (
        "import os, pathlib, sys\n"
        "calls = []\n"
        "sys.addaudithook(lambda name, told: calls.append('rename') if name == 'os.rename'"
        " else None)\n"
        "fsync = os.fsync\n"
        "def noted(fd):\n"
        "    kind = 'directory' if os.path.isdir(f'/proc/self/fd/{fd}') else 'file'\n"
        "    calls.append('fsync ' + kind)\n"
        "    fsync(fd)\n"
        "os.fsync = noted\n"
        "from trioxygen.common.system_disk import SystemDisk\n"
        "SystemDisk().replace(pathlib.Path(sys.argv[1]) / 'file', b'data')\n"
        "print(calls)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == "['fsync file', 'rename', 'fsync directory']"


def test_punched_hole_gives_its_space_back_and_reads_as_zeros(
    disk: SystemDisk, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    file = disk.open(path, create=True)
    file.pwrite([b"x" * MIB], 0)
    file.datasync()
    before = disk.allocated_bytes(path)
    file.punch_hole(64 * KIB, 512 * KIB)
    file.datasync()
    assert file.size_bytes() == MIB
    assert file.pread(512 * KIB, 64 * KIB) == bytes(512 * KIB)
    assert file.pread(64 * KIB, 0) == b"x" * 64 * KIB
    assert file.pread(10, 576 * KIB) == b"x" * 10
    assert before - disk.allocated_bytes(path) >= 500 * KIB
    file.close()


def test_allocate_reserves_space_and_grows_the_file(disk: SystemDisk, tmp_path: Path) -> None:
    file = disk.open(tmp_path / "file", create=True)
    file.pwrite([b"abc"], 0)
    file.allocate(0, 256 * KIB)
    assert file.size_bytes() == 256 * KIB
    assert disk.allocated_bytes(tmp_path / "file") >= 256 * KIB
    assert file.pread(5, 0) == b"abc\0\0"
    file.truncate(2)
    assert (file.size_bytes(), file.pread(5, 0)) == (2, b"ab")
    file.close()


def test_directories_are_made_listed_and_removed(disk: SystemDisk, tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    disk.make_directory(deep)
    disk.make_directory(deep)
    for name in ("z", "y"):
        disk.open(deep / name, create=True).close()
    assert list(disk.list(deep)) == ["y", "z"]
    assert list(disk.list(tmp_path / "none")) == []
    disk.rename(deep / "z", deep / "x")
    disk.sync_directory(deep)
    assert list(disk.list(deep)) == ["x", "y"]
    with pytest.raises(OSError, match="not empty"):
        disk.remove_directory(deep)
    for name in ("x", "y", "y"):
        disk.remove(deep / name)
    disk.remove_directory(deep)
    disk.remove_directory(deep)
    assert not disk.exists(deep)


def test_space_is_that_of_the_file_system(disk: SystemDisk, tmp_path: Path) -> None:
    space = disk.space(tmp_path)
    assert 0 < space.free_bytes < space.capacity_bytes


def test_lock_excludes_everybody_else_until_it_is_released(
    disk: SystemDisk, tmp_path: Path
) -> None:
    path = tmp_path / "lock"
    held = disk.lock(path)
    assert held is not None
    assert disk.lock(path) is None
    assert SystemDisk().lock(path) is None
    other = disk.lock(tmp_path / "other")
    assert other is not None
    held.release()
    again = disk.lock(path)
    assert again is not None
    again.release()
    other.release()


def test_lock_ends_with_its_process(disk: SystemDisk, tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = (
        "import pathlib, sys\n"
        "from trioxygen.common.system_disk import SystemDisk\n"
        "held = SystemDisk().lock(pathlib.Path(sys.argv[1]))\n"
        "print('held' if held else 'refused', flush=True)\n"
        "sys.stdin.read()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert disk.lock(path) is None
        holder.kill()
    held = disk.lock(path)
    assert held is not None
    held.release()
