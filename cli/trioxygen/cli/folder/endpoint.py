"""The file of a data folder that says where its process can be reached."""

import json
import os
from typing import Final

from trioxygen.cli.folder.data_folder import DataFolder
from trioxygen.cli.folder.names import ENDPOINT_FILE
from trioxygen.common import logs
from trioxygen.common.errors import NoSpace
from trioxygen.common.runtime import Runtime

log = logs.get(__name__)

_ENDPOINT_KEPT: Final = f"{ENDPOINT_FILE}.kept"


def write_endpoint(runtime: Runtime, folder: DataFolder, **fields: str) -> None:
    """Where the process can be reached, for commands that are given its data folder. On a full disk
    it takes the space of the last one. Where that is not there either, commands need --admin-url.
    """
    disk, path = runtime.disk, folder.path / ENDPOINT_FILE
    text = json.dumps({**fields, "pid": os.getpid()})
    try:
        remove_endpoint(runtime, folder)
        file = disk.open(folder.path / _ENDPOINT_KEPT, create=True)
        try:
            data = text.encode() + b"\n"
            file.pwrite((data,), 0)
            file.truncate(len(data))
            file.datasync()
        finally:
            file.close()
        disk.rename(folder.path / _ENDPOINT_KEPT, path)
        disk.sync_directory(folder.path)
    except NoSpace as error:
        log.error("endpoint_not_written", path=path, reason=error)


def remove_endpoint(runtime: Runtime, folder: DataFolder) -> None:
    """The process cannot be reached any more. The file's space is kept for the next start."""
    path = folder.path / ENDPOINT_FILE
    if runtime.disk.exists(path):
        runtime.disk.rename(path, folder.path / _ENDPOINT_KEPT)
