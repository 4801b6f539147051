"""The disk of the machine: `disk`'s port over the operating system."""

import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trioxygen.common.disk import Buffer, DiskSpace, FileStamp
from trioxygen.common.errors import NoSpace

_IOV_MAX: Final = 1024
_FALLOC_FL_KEEP_SIZE: Final = 1
_FALLOC_FL_PUNCH_HOLE: Final = 2


def _check_space(error: OSError, path: object) -> None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise NoSpace("the disk is full", path=str(path)) from error


class SystemFile:
    __slots__ = ("_fd", "_path")

    def __init__(self, fd: int, path: Path) -> None:
        self._fd, self._path = fd, path

    def pwrite(self, buffers: Sequence[Buffer], offset_bytes: int) -> int:
        total = sum(map(len, buffers))
        done = 0
        pending = list(buffers)
        try:
            while pending:
                written = os.pwritev(self._fd, pending[:_IOV_MAX], offset_bytes + done)
                done += written
                if done == total:
                    break
                # A short write: drop what is done, cut the buffer it stopped in.
                while pending and written >= len(pending[0]):
                    written -= len(pending.pop(0))
                if written:
                    pending[0] = memoryview(pending[0])[written:]
        except OSError as error:
            _check_space(error, self._path)
            raise
        return total

    def pread(self, size_bytes: int, offset_bytes: int) -> bytes:
        data = os.pread(self._fd, size_bytes, offset_bytes)
        if len(data) == size_bytes or not data:
            return data
        pieces = [data]
        got = len(data)
        while got < size_bytes:
            data = os.pread(self._fd, size_bytes - got, offset_bytes + got)
            if not data:
                break
            pieces.append(data)
            got += len(data)
        return b"".join(pieces)

    def pread_nowait(self, size_bytes: int, offset_bytes: int) -> bytes | None:
        buffer = bytearray(size_bytes)
        try:
            got = os.preadv(self._fd, (buffer,), offset_bytes, os.RWF_NOWAIT)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EOPNOTSUPP):
                return None
            raise
        return bytes(buffer) if got == size_bytes else None

    def datasync(self) -> None:
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            _check_space(error, self._path)
            raise

    def allocate(self, offset_bytes: int, size_bytes: int, *, keep_size: bool = False) -> None:
        try:
            if keep_size:
                _fallocate(self._fd, _FALLOC_FL_KEEP_SIZE, offset_bytes, size_bytes)
            else:
                os.posix_fallocate(self._fd, offset_bytes, size_bytes)
        except OSError as error:
            _check_space(error, self._path)
            raise

    def punch_hole(self, offset_bytes: int, size_bytes: int) -> None:
        _fallocate(self._fd, _FALLOC_FL_PUNCH_HOLE | _FALLOC_FL_KEEP_SIZE, offset_bytes, size_bytes)

    def truncate(self, size_bytes: int) -> None:
        os.ftruncate(self._fd, size_bytes)

    def size_bytes(self) -> int:
        return os.fstat(self._fd).st_size

    def close(self) -> None:
        os.close(self._fd)


def _fallocate(fd: int, mode: int, offset_bytes: int, size_bytes: int) -> None:
    # The standard library has posix_fallocate only, which cannot punch holes (fallocate(2)).
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.fallocate(fd, mode, ctypes.c_int64(offset_bytes), ctypes.c_int64(size_bytes))
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class SystemLock:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def release(self) -> None:
        os.close(self._fd)


def _made(path: Path) -> int:
    """A new file for its owner alone. One that is there already, of a write that was broken off or
    of somebody else, has who knows which permissions, and may be a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        os.unlink(path)
        return os.open(path, flags, 0o600)


class SystemDisk:
    """The machine's file systems."""

    def open(self, path: Path, *, create: bool = False) -> SystemFile:
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        try:
            return SystemFile(os.open(path, flags, 0o600), path)
        except OSError as error:
            _check_space(error, path)
            raise

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def replace(self, path: Path, data: bytes) -> None:
        beside = path.with_name(path.name + ".new")
        try:
            fd = _made(beside)
        except OSError as error:
            _check_space(error, path)
            raise
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        except OSError as error:
            _check_space(error, path)
            raise
        finally:
            os.close(fd)
        os.rename(beside, path)
        # rename() is atomic but not durable until its parent is synced (rename(2), fsync(2)).
        self.sync_directory(path.parent)

    def make_directory(self, path: Path) -> None:
        missing = []
        while not path.exists():
            missing.append(path)
            path = path.parent
        for directory in reversed(missing):
            try:
                directory.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                _check_space(error, directory)
                raise
            self.sync_directory(directory.parent)

    def list(self, path: Path) -> Sequence[str]:
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return ()

    def exists(self, path: Path) -> bool:
        return path.exists()

    def rename(self, source: Path, target: Path) -> None:
        try:
            os.rename(source, target)
        except OSError as error:
            _check_space(error, target)
            raise

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def remove_directory(self, path: Path) -> None:
        try:
            path.rmdir()
        except FileNotFoundError:
            return

    def sync_directory(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        except OSError as error:
            _check_space(error, path)
            raise
        finally:
            os.close(fd)

    def space(self, path: Path) -> DiskSpace:
        usage = os.statvfs(path)
        return DiskSpace(
            capacity_bytes=usage.f_blocks * usage.f_frsize,
            free_bytes=usage.f_bavail * usage.f_frsize,
        )

    def device(self, path: Path) -> int:
        return path.stat().st_dev

    def allocated_bytes(self, path: Path) -> int:
        return os.stat(path).st_blocks * 512

    def stamp(self, path: Path) -> FileStamp:
        status = os.stat(path)
        permissions = stat.S_IMODE(status.st_mode) & 0o777
        return FileStamp(status.st_ino, status.st_mtime_ns, status.st_size, permissions)

    def lock(self, path: Path) -> SystemLock | None:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            _check_space(error, path)
            raise
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return SystemLock(fd)
