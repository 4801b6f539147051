"""The parts of an erasure-coded block as a reader gets at them: from whoever holds each index."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, TrioxygenError, Unreachable
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.client.patience import AWAY
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.replica_search import ELSEWHERE
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.proto.v1.datanode_pb2 import (
    ReadSmallBlockReply,
    ReadSmallBlockRequest,
    ReadStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress


class PartLost(Exception):
    """A part cannot be read; others are to stand for it. Its cause says why."""

    def __init__(self, index: int, error: TrioxygenError) -> None:
        super().__init__(f"index {index}: {error}")
        self.index, self.error = index, error


@dataclass(frozen=True, slots=True)
class CodedBlock:
    """Attributes: tag: None: the reader's reference has none."""

    container: int
    local: int
    tag: int | None
    layout: GroupLayout

    @property
    def block(self) -> BlockId:
        return BlockId(container=self.container, local=self.local)


class PartStream:
    """A range of one index's block, in order; the next piece comes while one is used."""

    def __init__(
        self, pool: DataNodePool, source: DataNodeAddress, index: int, header: ReadStreamHeader
    ) -> None:
        self.index, self._source, self._pool = index, source, pool
        self._pieces = pool.channel(source.address).download(
            "DataNode/ReadStream", header, timeout_ms=pool.config.call_timeout_ms
        )
        self._left_bytes = header.length_bytes
        self._rest: Buffer = b""
        self._ahead: asyncio.Task[Buffer | None] | None = None
        self._look_ahead()

    def _look_ahead(self) -> None:
        if self._left_bytes:
            self._ahead = asyncio.ensure_future(_next_of(self._pieces))

    async def take(self, length_bytes: int, silence_ms: float) -> Buffer:
        """Exactly so many bytes. Raises: PartLost."""
        parts: list[Buffer] = []
        missing_bytes = length_bytes
        while missing_bytes:
            if not self._rest:
                self._rest = await self._next_piece(silence_ms)
            part = self._rest
            if len(part) > missing_bytes:
                part = memoryview(part)[:missing_bytes]
            self._rest = memoryview(self._rest)[len(part) :]
            missing_bytes -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _next_piece(self, silence_ms: float) -> Buffer:
        ahead, clock = self._ahead, self._pool.clock
        if ahead is None:
            raise self._lost(Unreachable("the stream ended early", index=self.index))
        began_ms = clock.monotonic_ms()
        done, _ = await asyncio.wait((ahead,), timeout=silence_ms / SECOND_MS)
        if not done:
            self._pool.unreadable.note_silent(self._source, began_ms)
            raise self._lost(DeadlineExceeded("a part does not come", index=self.index))
        self._ahead = None
        try:
            piece = ahead.result()
        except ELSEWHERE as error:
            raise self._lost(error) from error
        if piece is None:
            raise self._lost(Unreachable("the stream ended early", index=self.index))
        self._pool.unreadable.answered(self._source.address)
        self._left_bytes -= len(piece)
        self._look_ahead()
        return piece

    def _lost(self, error: TrioxygenError) -> PartLost:
        return lost_part(self._pool, self._source, self.index, error)

    async def close(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.gather(self._ahead, return_exceptions=True)
        close = getattr(self._pieces, "aclose", None)
        if close is not None:
            await close()


async def _next_of(pieces: AsyncIterator[Buffer]) -> Buffer | None:
    return await anext(pieces, None)


def lost_part(
    pool: DataNodePool, source: DataNodeAddress, index: int, error: TrioxygenError
) -> PartLost:
    if isinstance(error, AWAY) and not isinstance(error, DeadlineExceeded):
        pool.unreadable.note(source)
    return PartLost(index, error)


async def read_part(
    pool: DataNodePool,
    source: DataNodeAddress,
    coded: CodedBlock,
    index: int,
    offset_bytes: int,
    length_bytes: int,
    silence_ms: float,
) -> bytes:
    """At most 1 MiB. Raises: PartLost."""
    request = ReadSmallBlockRequest(
        block=coded.block,
        offset_bytes=offset_bytes,
        length_bytes=length_bytes,
        tag=coded.tag,
        replica_index=index,
    )
    began_ms = pool.clock.monotonic_ms()
    try:
        reply = await pool.channel(source.address).call(
            "DataNode/ReadSmallBlock", request, ReadSmallBlockReply, timeout_ms=silence_ms
        )
    except ELSEWHERE as error:
        if isinstance(error, DeadlineExceeded):
            pool.unreadable.note_silent(source, began_ms)
        raise lost_part(pool, source, index, error) from error
    pool.unreadable.answered(source.address)
    return reply.data


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
