"""One stream on its way in: its pieces, and the file that they are written to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.finishing import joined
from trioxygen.hdds.container.block_file import BlockFile
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.container.volume import Volume

log = logs.get(__name__)


class Arriving:
    """The pieces of one stream. The container counts them as they come."""

    def __init__(
        self, container: Container, size_bytes_max: int, pieces: AsyncIterator[Buffer]
    ) -> None:
        self._container, self.pieces = container, pieces
        self._size_bytes_max = size_bytes_max
        self.size_bytes = 0

    def count(self, piece: Buffer) -> None:
        """Raises: InvalidRequest: more than was announced."""
        self.size_bytes += len(piece)
        self._container.stream_grew(len(piece))
        if self.size_bytes > self._size_bytes_max:
            raise InvalidRequest(
                "a block is larger than announced", size_bytes_max=self._size_bytes_max
            )

    @property
    def is_whole(self) -> bool:
        """All that was announced is here."""
        return self.size_bytes == self._size_bytes_max

    def check_whole(self) -> None:
        """At the end of the pieces. Raises: InvalidRequest: there was none."""
        if self.size_bytes == 0:
            raise InvalidRequest("a block of no bytes")

    def end(self) -> None:
        self._container.stream_ended(self.size_bytes)


class FileWriting:
    """One file's calls on the blocking pool, one after the other."""

    def __init__(self, volume: Volume, file: BlockFile) -> None:
        self._volume, self.file = volume, file
        self._job: asyncio.Future[Any] | None = None

    def begin_write(self, buffers: list[Buffer], size_bytes: int) -> asyncio.Future[Any]:
        """Raises: NoSpace, before anything is written."""
        room = self._volume.room
        room.take(size_bytes)
        self.begin(self.file.write, buffers)
        assert self._job is not None
        # Also when nobody waits for it any more.
        self._job.add_done_callback(lambda _: room.give_back(size_bytes))
        return self._job

    def begin(self, function: Any, *arguments: Any) -> None:
        assert self._job is None
        self._job = self._volume.blocking.run(function, *arguments)

    async def ended(self) -> Any:
        """The result of the call under way; it goes on when the waiter is cancelled.

        Raises: NoSpace; Unavailable: the disk fails."""
        if self._job is None:
            return None
        try:
            result = await joined(self._job)
        except OSError as error:
            raise self._volume.unwritable(error) from error
        self._job = None
        return result

    async def write_all(self, pieces: AsyncIterator[Buffer]) -> None:
        """Each while the next one comes.

        Raises: as `begin_write` and `ended`; what `pieces` raise."""
        async for piece in pieces:
            await self.ended()
            self.begin_write([piece], len(piece))
        await self.ended()

    async def run(self, function: Any, *arguments: Any) -> Any:
        self.begin(function, *arguments)
        return await self.ended()

    async def abandon(self) -> None:
        if self._job is not None:
            await asyncio.wait((self._job,))
            # What it failed with has been told, or nobody waits for it any more.
            self._job.exception()
        try:
            await self._volume.blocking.run(self.file.abandon)
        except OSError as error:
            # The next start removes it.
            self._volume.trouble()
            log.warning("received_file_stays", volume=self._volume.volume_id, error=error)
