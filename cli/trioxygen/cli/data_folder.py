"""The data folder of one store, or of one node: made, locked by one process, of a known format and
owner. No services."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.cli.exits import CommandFailed, Exit, reason_of
from trioxygen.common.disk import Lock
from trioxygen.common.errors import NoSpace
from trioxygen.common.ids import random_token
from trioxygen.common.runtime import Runtime

# 2: rows are sealed, and references to blocks carry tags.
FORMAT: Final = 2
VERSION_FILE: Final = "VERSION"
_LOCK_FILE: Final = "lock"
# What a first start that was cut short, or a file system, leaves behind.
_NOT_DATA: Final = {_LOCK_FILE, f"{VERSION_FILE}.new", "lost+found", "logs"}
_CLUSTER_ID_LENGTH: Final = 26
_NODE_ID_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class DataFolder:
    """An open data folder; `lock` is held until it is released or the process ends."""

    path: Path
    cluster_id: str
    node_id: str
    is_new: bool
    lock: Lock


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose folder it is to be. Ids are empty where the folder may decide; a new one draws them."""

    role: str
    cluster_id: str = ""
    node_id: str = ""


WHAT_TO_DO: Final = "see docs/operations/damage.md"
STORE: Final = Owner("serve")


def open_data_folder(runtime: Runtime, path: Path, owner: Owner = STORE) -> DataFolder:
    """Makes the folder if need be, locks it and checks its format and its owner.

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
            is_new = not runtime.disk.exists(path / VERSION_FILE)
            found = _begin(runtime, path, owner) if is_new else _owner(runtime, path)
            _check_owner(path, found, owner)
        except BaseException:
            lock.release()
            raise
    except NoSpace as error:
        raise CommandFailed(
            Exit.DATA_FOLDER, f"cannot use data folder {path}: {error}: free some space"
        ) from error
    except OSError as error:
        reason = reason_of(error)
        if error.filename not in (None, str(path), path):
            reason = f"{error.filename}: {reason}"
        raise CommandFailed(
            Exit.DATA_FOLDER, f"cannot use data folder {path}: {reason}: choose one with --data"
        ) from error
    return DataFolder(path, found.cluster_id, found.node_id, is_new, lock)


def unusable(path: Path, error: OSError) -> CommandFailed:
    """What the disk said while the folder's parts were opened."""
    reason = reason_of(error)
    where = f"{error.filename}: " if error.filename else ""
    return CommandFailed(
        Exit.DATA_FOLDER, f"data folder {path} cannot be used: {where}{reason}: {WHAT_TO_DO}"
    )


def _in_use(runtime: Runtime, path: Path) -> str:
    pid = runtime.disk.read(path / _LOCK_FILE).decode("ascii", "replace").strip()
    who = f" (pid {pid})" if pid.isdigit() else ""
    return (
        f"data folder {path} is in use by another o3 process{who}: "
        "stop it, or choose another folder with --data"
    )


def _note_pid(runtime: Runtime, path: Path) -> None:
    file = runtime.disk.open(path / _LOCK_FILE)
    told = f"{os.getpid()}\n".encode()
    try:
        # Over the last one's: on a full disk there may be no other place.
        file.pwrite((told,), 0)
        file.truncate(len(told))
    finally:
        file.close()


def _begin(runtime: Runtime, path: Path, owner: Owner) -> Owner:
    found = sorted(set(runtime.disk.list(path)) - _NOT_DATA)
    if found:
        raise CommandFailed(
            Exit.DATA_FOLDER,
            f"{path} is not a data folder of o3 and not empty (it holds {found[0]}): "
            "choose a new folder with --data",
        )
    cluster_id = owner.cluster_id or random_token(runtime.rng, _CLUSTER_ID_LENGTH)
    made = {"format": FORMAT, "cluster_id": cluster_id}
    node_id = owner.node_id
    if owner.role != STORE.role:
        node_id = node_id or f"{owner.role}-{random_token(runtime.rng, _NODE_ID_LENGTH).lower()}"
        made |= {"role": owner.role, "node_id": node_id}
    runtime.disk.replace(path / VERSION_FILE, f"{json.dumps(made)}\n".encode())
    return Owner(owner.role, cluster_id, node_id)


def _owner(runtime: Runtime, path: Path) -> Owner:
    file = path / VERSION_FILE
    try:
        version = json.loads(runtime.disk.read(file))
        found, cluster_id = version["format"], version["cluster_id"]
        role, node_id = version.get("role", STORE.role), version.get("node_id", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CommandFailed(
            Exit.DATA_FOLDER, f"{file} is damaged: restore it, or choose another folder with --data"
        ) from error
    if found != FORMAT:
        raise CommandFailed(
            Exit.DATA_FOLDER,
            f"data folder {path} has format {found!r}, this o3 knows format {FORMAT}: "
            "use the version of o3 that wrote it",
        )
    return Owner(str(role), str(cluster_id), str(node_id))


def _check_owner(path: Path, found: Owner, wanted: Owner) -> None:
    for what, is_of, asked in (
        ("of 'o3 ROLE'", found.role, wanted.role),
        ("of cluster", found.cluster_id, wanted.cluster_id),
        ("of node", found.node_id, wanted.node_id),
    ):
        if asked and is_of != asked:
            told = what.replace("ROLE", is_of) if "ROLE" in what else f"{what} {is_of!r}"
            raise CommandFailed(
                Exit.DATA_FOLDER,
                f"data folder {path} is {told}, not of {asked!r}: choose another with --data",
            )
