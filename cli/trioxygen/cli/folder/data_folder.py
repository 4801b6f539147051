"""The data folder of one store, or of one node: made, locked by one process, of a known format and
owner. No services."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.cli.config.encryption import KEYRING_FILE
from trioxygen.cli.exits import CommandFailed, Exit, named_reason_of, reason_of
from trioxygen.cli.folder.names import VERSION_FIELDS, VERSION_FILE
from trioxygen.common import logs
from trioxygen.common.disk import Lock
from trioxygen.common.errors import NoSpace
from trioxygen.common.runtime import Runtime
from trioxygen.common.sealed_json import check_seal, sealed
from trioxygen.common.tokens import random_token

log = logs.get(__name__)

# 2: rows are sealed, and references to blocks carry tags. 3: pipelines have numbers, buckets have
# settings and volumes. 4: keys have versions, and their bytes may be sealed.
FORMAT: Final = 4
# What a store or node goes on from. From then on the folder has the format above: what reads an
# older one only would find rows there that it does not know.
_TAKEN_OVER: Final = (2, 3)
_LOCK_FILE: Final = "lock"
# What a first start that was cut short, or a file system, leaves behind; a keyring is put there
# before the first start of another gateway.
_NOT_DATA: Final = {_LOCK_FILE, f"{VERSION_FILE}.new", "lost+found", "logs"} | {
    f"{KEYRING_FILE}{suffix}" for suffix in ("", ".lock", ".new")
}
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

    A folder of an older format that this version goes on from is noted to have the present one,
    before anything else is written; not where it is only looked at (an owner without a role).

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
            known = _begin(runtime, path, owner) if is_new else _owner(runtime, path)
            _check_owner(path, known, owner)
            if owner.role:
                _note_format(runtime, path)
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
    return DataFolder(path, known.cluster_id, known.node_id, is_new, lock)


def unusable(path: Path, error: OSError) -> CommandFailed:
    """What the disk said while the folder's parts were opened."""
    reason = named_reason_of(error)
    return CommandFailed(
        Exit.DATA_FOLDER, f"data folder {path} cannot be used: {reason}: {WHAT_TO_DO}"
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
    line = f"{os.getpid()}\n".encode()
    try:
        # Over the last one's: on a full disk there may be no other place.
        file.pwrite((line,), 0)
        file.truncate(len(line))
    finally:
        file.close()


def _begin(runtime: Runtime, path: Path, owner: Owner) -> Owner:
    strangers = sorted(set(runtime.disk.list(path)) - _NOT_DATA)
    if strangers:
        raise CommandFailed(
            Exit.DATA_FOLDER,
            f"{path} is not a data folder of o3 and not empty (it holds {strangers[0]}): "
            "choose a new folder with --data",
        )
    cluster_id = owner.cluster_id or random_token(runtime.rng, _CLUSTER_ID_LENGTH)
    made = {"format": FORMAT, "cluster_id": cluster_id}
    node_id = owner.node_id
    if owner.role != STORE.role:
        node_id = node_id or f"{owner.role}-{random_token(runtime.rng, _NODE_ID_LENGTH).lower()}"
        made |= {"role": owner.role, "node_id": node_id}
    runtime.disk.replace(path / VERSION_FILE, sealed(made))
    return Owner(owner.role, cluster_id, node_id)


def _owner(runtime: Runtime, path: Path) -> Owner:
    file = path / VERSION_FILE
    try:
        version = json.loads(runtime.disk.read(file))
        written_format, cluster_id = version["format"], version["cluster_id"]
        role, node_id = version.get("role", STORE.role), version.get("node_id", "")
        # Another format may be sealed otherwise.
        if is_known := written_format == FORMAT or written_format in _TAKEN_OVER:
            check_seal(version, VERSION_FIELDS)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CommandFailed(
            Exit.DATA_FOLDER, f"{file} is damaged: restore it, or choose another folder with --data"
        ) from error
    if not is_known:
        raise CommandFailed(
            Exit.DATA_FOLDER,
            f"data folder {path} has format {written_format!r}, this o3 knows format {FORMAT}: "
            "use the version of o3 that wrote it",
        )
    return Owner(str(role), str(cluster_id), str(node_id))


def _note_format(runtime: Runtime, path: Path) -> None:
    file = path / VERSION_FILE
    version = json.loads(runtime.disk.read(file))
    if version["format"] != FORMAT:
        log.info("data_folder_taken_over", path=path, format=version["format"], now=FORMAT)
        runtime.disk.replace(file, sealed({**version, "format": FORMAT}))


def _check_owner(path: Path, known: Owner, wanted: Owner) -> None:
    for what, is_of, asked in (
        ("of 'o3 ROLE'", known.role, wanted.role),
        ("of cluster", known.cluster_id, wanted.cluster_id),
        ("of node", known.node_id, wanted.node_id),
    ):
        if asked and is_of != asked:
            owner = what.replace("ROLE", is_of) if "ROLE" in what else f"{what} {is_of!r}"
            raise CommandFailed(
                Exit.DATA_FOLDER,
                f"data folder {path} is {owner}, not of {asked!r}: choose another with --data",
            )
