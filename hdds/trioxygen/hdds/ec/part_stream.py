"""The parts of an erasure-coded block as they are read: a stream of each, taken from in step."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    Corrupt,
    DeadlineExceeded,
    NoSuchBlock,
    NoSuchContainer,
    TrioxygenError,
    Unavailable,
    Unreachable,
)
from trioxygen.common.rpc.network import Channel
from trioxygen.common.units import SECOND_MS
from trioxygen.proto.v1.datanode_pb2 import ReadStreamHeader

# What one says that has no part of a block that can be read.
WITHOUT: Final = (Corrupt, NoSuchBlock, NoSuchContainer)
# What other parts may stand for.
ELSEWHERE: Final = (Unavailable, *WITHOUT)


class PartLost(Exception):
    """A part cannot be read; others are to stand for it. Its cause says why."""

    def __init__(self, index: int, error: TrioxygenError) -> None:
        super().__init__(f"index {index}: {error}")
        self.index, self.error = index, error


class PartStream:
    """A range of one index's block, in order; the next piece comes while one is used."""

    def __init__(self, channel: Channel, header: ReadStreamHeader, *, timeout_ms: float) -> None:
        self.index = header.replica_index
        self._pieces = channel.download("DataNode/ReadStream", header, timeout_ms=timeout_ms)
        self._left_bytes = header.length_bytes
        self._rest: Buffer = b""
        self._has_begun = False
        self._ahead: asyncio.Task[Buffer | None] | None = None
        self._look_ahead()

    def _look_ahead(self) -> None:
        if self._left_bytes:
            self._ahead = asyncio.ensure_future(_next_of(self._pieces))

    @property
    def has_begun(self) -> bool:
        """Whether something of it has come."""
        return self._has_begun

    async def take(self, length_bytes: int, silence_ms: float) -> Buffer:
        """Exactly so many bytes. Raises: PartLost."""
        parts: list[Buffer] = []
        missing_bytes = length_bytes
        while missing_bytes:
            part = await self.take_some(missing_bytes, silence_ms)
            missing_bytes -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def take_some(self, length_bytes_max: int, silence_ms: float) -> Buffer:
        """What is here, or comes next, without a copy. Raises: PartLost."""
        if not self._rest:
            self._rest = await self._next_piece(silence_ms)
        part = self._rest
        if len(part) > length_bytes_max:
            part = memoryview(part)[:length_bytes_max]
            self._rest = memoryview(self._rest)[length_bytes_max:]
        else:
            self._rest = b""
        return part

    async def _next_piece(self, silence_ms: float) -> Buffer:
        ahead = self._ahead
        if ahead is None:
            raise self._lost(Unreachable("the stream ended early", index=self.index))
        done, _ = await asyncio.wait((ahead,), timeout=silence_ms / SECOND_MS)
        if not done:
            raise self._lost(DeadlineExceeded("a part does not come", index=self.index))
        self._ahead = None
        try:
            piece = ahead.result()
        except ELSEWHERE as error:
            raise self._lost(error) from error
        if piece is None:
            raise self._lost(Unreachable("the stream ended early", index=self.index))
        self._has_begun = True
        self._left_bytes -= len(piece)
        self._look_ahead()
        return piece

    def _lost(self, error: TrioxygenError) -> PartLost:
        return PartLost(self.index, error)

    async def close(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.gather(self._ahead, return_exceptions=True)
        close = getattr(self._pieces, "aclose", None)
        if close is not None:
            await close()


async def _next_of(pieces: AsyncIterator[Buffer]) -> Buffer | None:
    return await anext(pieces, None)


async def all_of(works: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What they give; where one fails, the others are ended first."""
    if len(works) == 1:
        return [await works[0]]
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
