"""Entries of the ring's log that cannot be applied, and what of a failed container cannot be
written.

They are set aside in files below the volume's `refused`, named in the log, counted, and passed: one
entry costs what it said, one container its own writes, never the node. What is set aside is a
serialized `RefusedEntries`: a later version, or a person, may still make something of it."""

from collections.abc import Sequence
from typing import Final

from trioxygen.common import logs
from trioxygen.hdds.container.layout import make_folder
from trioxygen.hdds.container.volume import Volume
from trioxygen.proto.v1.datanode_pb2 import RefusedEntries

log = logs.get(__name__)

_FILES_MAX: Final = 10_000


class Refusals:
    """Of one volume.

    Attributes:
    entries: how many were refused since the start.
    """

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self.entries = 0

    async def entry(self, ring: int, index: int, payload: bytes, error: Exception) -> None:
        """Of a ring's log. It is passed even if it cannot be kept: else no start would end."""
        self.entries += 1
        log.error("log_entry_refused", ring=ring, index=index, size_bytes=len(payload), error=error)
        try:
            await self.keep(f"{ring}-{index}.entry", [payload], str(error))
        except Exception as failure:
            log.error("refused_entry_not_kept", ring=ring, index=index, error=failure)

    async def keep(self, name: str, payloads: Sequence[bytes], reason: str) -> None:
        """Raises: NoSpace, OSError."""
        kept = RefusedEntries(reason=reason, payloads=payloads).SerializeToString()
        await self._volume.blocking.run(self._write, name, kept)

    def _write(self, name: str, kept: bytes) -> None:
        disk, folder = self._volume.disk, self._volume.layout.refused
        make_folder(disk, folder)
        if len(disk.list(folder)) >= _FILES_MAX and not disk.exists(folder / name):
            log.error("too_many_refused_entries", folder=folder, most=_FILES_MAX)
            return
        disk.replace(folder / name, kept)
