"""The change feed: committed deltas by index, for those who keep a copy up to date."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from google.protobuf.message import DecodeError

from trioxygen.common.errors import Stopping
from trioxygen.common.units import MIB
from trioxygen.metadata.raft.ports import EntryKind, LogCompacted, Replica
from trioxygen.proto.v1.replication_pb2 import Delta

_READ_BYTES: Final = 1 * MIB


class Changes:
    """Of one replica, leader or not."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._applied_index = 0
        # The state did not come here by entries: what the log holds before is not what led to it.
        self._installed_index = 0
        self._is_over = False
        self._waiting: list[asyncio.Future[None]] = []

    def applied_to(self, index: int) -> None:
        """The state holds everything through `index`."""
        self._applied_index = index
        self._wake()

    def installed(self, index: int) -> None:
        """A snapshot took the state's place."""
        self._installed_index = index
        self.applied_to(index)

    def end(self) -> None:
        """Nothing more is applied."""
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def after(self, index: int) -> AsyncIterator[tuple[int, Delta]]:
        """What the entries after `index` changed, as they are applied here, without end. Indexes
        rise; those of entries that change nothing are left out.

        Raises: LogCompacted: too far behind, start over from a snapshot; Stopping."""
        while True:
            while index < self._applied_index:
                self._check(index)
                entries = await self._replica.read_log(index + 1, bytes_max=_READ_BYTES)
                for entry in entries:
                    self._check(index)
                    if entry.index > self._applied_index:
                        # It may not be committed.
                        break
                    index = entry.index
                    if entry.kind is EntryKind.NORMAL:
                        try:
                            delta = Delta.FromString(entry.payload)
                        except DecodeError:
                            continue  # refused, and said, when it was applied
                        yield index, delta
            if self._is_over:
                raise Stopping("nothing more is applied here")
            advanced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(advanced)
            await advanced

    def _check(self, index: int) -> None:
        if index < self._installed_index:
            raise LogCompacted(
                "a snapshot took the place of the log", index=self._installed_index, after=index
            )
