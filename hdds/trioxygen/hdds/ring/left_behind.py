"""A member that lacks entries which the others' logs hold no more. A ring has no snapshots: blocks
are copied container by container, and the pipeline is replaced. What travels in a snapshot's place
says how far the leader is; whoever would have to install it takes part no more."""

import struct
from collections.abc import AsyncIterator
from typing import Final

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ChecksumMismatch
from trioxygen.metadata.raft.ports import Applied, ReplicaFailed

log = logs.get(__name__)

FORMAT: Final = "ring-position/1"

_POSITION: Final = struct.Struct("<QQ")


class Position:
    """Implements `raft.ports.Snapshot`, without a state."""

    format = FORMAT

    def __init__(self, applied: Applied) -> None:
        self.applied = applied

    async def pieces(self) -> AsyncIterator[Buffer]:
        yield _POSITION.pack(self.applied.index, self.applied.term)

    async def close(self) -> None:
        """Nothing is kept for it."""


class OutOfReach:
    """Implements `raft.ports.IncomingSnapshot`: it cannot be installed."""

    def __init__(self, pipeline_id: int) -> None:
        self._pipeline_id = pipeline_id
        self._received = b""

    async def write(self, piece: Buffer) -> None:
        self._received += piece

    async def complete(self) -> Applied:
        if len(self._received) != _POSITION.size:
            raise ChecksumMismatch("not the position of a ring", size_bytes=len(self._received))
        return Applied(*_POSITION.unpack(self._received))

    async def install(self, configuration: bytes) -> None:
        """Raises: ReplicaFailed: always. The core asks for it only where the log does not reach."""
        log.error("ring_member_left_behind", pipeline=self._pipeline_id)
        raise ReplicaFailed(
            "it lacks entries that no log of its ring holds any more: it is replaced",
            pipeline=self._pipeline_id,
        )

    async def abort(self) -> None:
        """Nothing was kept."""
