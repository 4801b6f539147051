"""The data folder of one store: made, locked by one process, of a known format. No services."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.common.disk import Lock
from trioxygen.common.ids import random_token
from trioxygen.common.runtime import Runtime

FORMAT: Final = 1
_VERSION_FILE: Final = "VERSION"
_LOCK_FILE: Final = "lock"
# What a first start that was cut short, or a file system, leaves behind.
_NOT_DATA: Final = {_LOCK_FILE, f"{_VERSION_FILE}.new", "lost+found", "logs"}
_CLUSTER_ID_LENGTH: Final = 26


@dataclass(frozen=True, slots=True)
class DataFolder:
    """An open data folder; `lock` is held until it is released or the process ends."""

    path: Path
    cluster_id: str
    is_new: bool
    lock: Lock


def open_data_folder(runtime: Runtime, path: Path) -> DataFolder:
    """Makes the folder if need be, locks it and checks its format.

    Raises:
        CommandFailed: it is in use, not ours, of another format, or the disk refuses.
    """
    try:
        runtime.disk.make_directory(path)
        lock = runtime.disk.lock(path / _LOCK_FILE)
        if lock is None:
            raise CommandFailed(Exit.DATA_FOLDER, _in_use(runtime, path))
        try:
            _note_pid(runtime, path)
            is_new = not runtime.disk.exists(path / _VERSION_FILE)
            cluster_id = _begin(runtime, path) if is_new else _cluster_id(runtime, path)
        except BaseException:
            lock.release()
            raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandFailed(
            Exit.DATA_FOLDER, f"cannot use data folder {path}: {reason}: choose one with --data"
        ) from error
    return DataFolder(path=path, cluster_id=cluster_id, is_new=is_new, lock=lock)


def _in_use(runtime: Runtime, path: Path) -> str:
    pid = runtime.disk.read(path / _LOCK_FILE).decode("ascii", "replace").strip()
    who = f" (pid {pid})" if pid.isdigit() else ""
    return (
        f"data folder {path} is in use by another o3 process{who}: "
        "stop it, or choose another folder with --data"
    )


def _note_pid(runtime: Runtime, path: Path) -> None:
    file = runtime.disk.open(path / _LOCK_FILE)
    try:
        file.truncate(0)
        file.pwrite((f"{os.getpid()}\n".encode(),), 0)
    finally:
        file.close()


def _begin(runtime: Runtime, path: Path) -> str:
    found = sorted(set(runtime.disk.list(path)) - _NOT_DATA)
    if found:
        raise CommandFailed(
            Exit.DATA_FOLDER,
            f"{path} is not a data folder of o3 and not empty (it holds {found[0]}): "
            "choose a new folder with --data",
        )
    cluster_id = random_token(runtime.rng, _CLUSTER_ID_LENGTH)
    text = json.dumps({"format": FORMAT, "cluster_id": cluster_id})
    runtime.disk.replace(path / _VERSION_FILE, f"{text}\n".encode())
    return cluster_id


def _cluster_id(runtime: Runtime, path: Path) -> str:
    file = path / _VERSION_FILE
    try:
        version = json.loads(runtime.disk.read(file))
        found, cluster_id = version["format"], version["cluster_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFailed(
            Exit.DATA_FOLDER, f"{file} is damaged: restore it, or choose another folder with --data"
        ) from error
    if found != FORMAT:
        raise CommandFailed(
            Exit.DATA_FOLDER,
            f"data folder {path} has format {found!r}, this o3 knows format {FORMAT}: "
            "use the version of o3 that wrote it",
        )
    return str(cluster_id)
