"""Reading blocks from any replica: the next one is tried where one fails, or is silent."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import DeadlineExceeded, TrioxygenError, Unreachable
from trioxygen.common.units import MIB, SECOND_MS
from trioxygen.hdds.client.ec_reader import STREAM_BYTES_MAX, EcReader
from trioxygen.hdds.client.hedges import ReadKind
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.replica_search import ELSEWHERE, ReplicaSearch
from trioxygen.hdds.client.slices import Slice, tag_in
from trioxygen.proto.v1.datanode_pb2 import (
    ReadSmallBlockReply,
    ReadSmallBlockRequest,
    ReadStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress

# A stream, and its first piece.
_Begun = tuple[AsyncIterator[Buffer], Buffer]


@dataclass(frozen=True, slots=True)
class ReadMemory:
    """What reads of a block may hold.

    Attributes:
    small_factor: of a small one until it has ended, for each byte that is asked for.
    stream_bytes: of a stream.
    """

    small_factor: int
    stream_bytes: int


# Of a stream: one piece being sent, one waiting, one being read.
_OF_REPLICAS: Final = ReadMemory(1, 3 * MIB)


class BlockReader:
    def __init__(self, pool: DataNodePool) -> None:
        self._pool, self._coded = pool, EcReader(pool)

    async def memory(self, piece: Slice) -> ReadMemory:
        """Raises: NoSuchContainer, and what the SCM raises."""
        if not piece.block_bytes:
            return _OF_REPLICAS
        coding = await self._pool.locations.coding(piece.container)
        # Where a cell is computed: as many parts as there are for data, and what comes of them.
        return ReadMemory(1 + coding.data, STREAM_BYTES_MAX)

    async def read_small(self, piece: Slice) -> bytes:
        """At most 1 MiB, at once.

        Raises: NoSuchBlock, ChecksumMismatch, WrongBlock, ... as the last replica that was tried.
        """
        if piece.block_bytes:
            return await self._coded.read_small(piece)
        pool = self._pool
        request = ReadSmallBlockRequest(
            block=BlockId(container=piece.container, local=piece.local),
            offset_bytes=piece.offset_bytes,
            length_bytes=piece.length_bytes,
            tag=tag_in(piece),
            replica_index=piece.replica_index,
        )

        async def ask(node: DataNodeAddress, timeout_ms: float) -> bytes:
            reply = await pool.channel(node.address).call(
                "DataNode/ReadSmallBlock", request, ReadSmallBlockReply, timeout_ms=timeout_ms
            )
            return reply.data

        container, index = piece.container, piece.replica_index
        nodes = pool.locations.known(container, index)
        failed: tuple[DataNodeAddress, TrioxygenError] | None = None
        if nodes is not None and len(nodes) == 1:
            # There is nothing to search, and this is the way of every small object.
            try:
                return await ask(nodes[0], pool.config.call_timeout_ms)
            except ELSEWHERE as error:
                failed = (nodes[0], error)
        search = ReplicaSearch(pool, container, piece.local, index, ask)
        if failed is not None:
            search.failed(*failed)
        return (await search.first(ReadKind.SMALL))[1]

    async def stream(self, piece: Slice) -> AsyncGenerator[Buffer, None]:
        """Pieces in order. Where a replica fails, the next goes on at the byte wanted. Whoever
        leaves it early closes it: as long as it is kept a call is under way at a DataNode, whose
        stop waits for that.

        Raises: as `read_small`, possibly after some pieces.
        """
        if piece.block_bytes:
            async with aclosing(self._coded.stream(piece)) as coded:
                async for data in coded:
                    yield data
            return
        pool, clock = self._pool, self._pool.clock
        at, end = piece.offset_bytes, piece.offset_bytes + piece.length_bytes

        async def begin(node: DataNodeAddress, timeout_ms: float) -> _Begun:
            header = ReadStreamHeader(
                block=BlockId(container=piece.container, local=piece.local),
                offset_bytes=at,
                length_bytes=end - at,
                tag=tag_in(piece),
                replica_index=piece.replica_index,
            )
            pieces = pool.channel(node.address).download(
                "DataNode/ReadStream", header, timeout_ms=pool.config.call_timeout_ms
            )
            return pieces, await _next_of(pieces, timeout_ms)

        search = ReplicaSearch(
            pool, piece.container, piece.local, piece.replica_index, begin, _drop
        )
        node, (pieces, data) = await search.first(ReadKind.FIRST)
        try:
            while True:
                at += len(data)
                yield data
                if at >= end:
                    return
                asked_ms = clock.monotonic_ms()
                try:
                    data = await _next_of(pieces, search.wait_ms(ReadKind.NEXT))
                    search.answered(node, asked_ms, ReadKind.NEXT)
                    continue
                except ELSEWHERE as error:
                    await _close(pieces)
                    is_silent = isinstance(error, DeadlineExceeded)
                    if not is_silent:
                        search.failed(node, error)
                if is_silent:
                    pool.unreadable.note_silent(node, asked_ms)
                    node, (pieces, data) = await search.second(node, asked_ms, ReadKind.NEXT)
                else:
                    node, (pieces, data) = await search.first(ReadKind.FIRST)
        finally:
            await _close(pieces)


async def _next_of(pieces: AsyncIterator[Buffer], timeout_ms: float) -> Buffer:
    """Raises: DeadlineExceeded; Unreachable: there is none."""
    try:
        async with asyncio.timeout(timeout_ms / SECOND_MS):
            piece = await anext(pieces, None)
    except TimeoutError as error:
        raise DeadlineExceeded("the next piece is late", timeout_ms=int(timeout_ms)) from error
    if piece is None:
        raise Unreachable("the stream ended early")
    return piece


async def _close(pieces: AsyncIterator[Buffer]) -> None:
    """Ends the stream at its DataNode."""
    close = getattr(pieces, "aclose", None)
    if close is not None:
        await close()


async def _drop(begun: _Begun) -> None:
    await _close(begun[0])
