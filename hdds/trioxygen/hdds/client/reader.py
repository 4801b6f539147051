"""Reading blocks from any replica: the next one is tried where one fails."""

from collections import deque
from collections.abc import AsyncGenerator
from typing import Final, Literal, Protocol

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    Corrupt,
    NoSuchBlock,
    NoSuchContainer,
    TrioxygenError,
    Unavailable,
    Unreachable,
)
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.datanode_pb2 import (
    ReadSmallBlockReply,
    ReadSmallBlockRequest,
    ReadStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import BlockId

# With the tries of a usual client it covers the restart of a DataNode.
_PATIENCE_MS: Final = 4_000.0

# What another replica may do better.
_ELSEWHERE: Final = (Unavailable, Corrupt, NoSuchBlock, NoSuchContainer)


class Slice(Protocol):
    """A piece of a block: a protobuf BlockSlice."""

    @property
    def container(self) -> int: ...
    @property
    def local(self) -> int: ...
    @property
    def offset_bytes(self) -> int: ...
    @property
    def length_bytes(self) -> int: ...
    @property
    def tag(self) -> int: ...
    @property
    def replica_index(self) -> int: ...
    def HasField(self, name: Literal["tag"], /) -> bool: ...


def tag_in(piece: Slice) -> int | None:
    """What a reference says of its block; None: it was made before there were tags."""
    return piece.tag if piece.HasField("tag") else None


class BlockReader:
    def __init__(self, pool: DataNodePool) -> None:
        self._pool = pool

    async def read_small(self, piece: Slice) -> bytes:
        """At most 1 MiB, at once.

        Raises: NoSuchBlock, ChecksumMismatch, WrongBlock, ... as the last replica that was tried.
        """
        return await self._pool.retry(lambda: self._read_small(piece), most_ms=_PATIENCE_MS)

    async def _read_small(self, piece: Slice) -> bytes:
        container = piece.container
        index = piece.replica_index
        addresses = self._pool.known(container, index)
        if not addresses:
            addresses = await self._pool.addresses(container, index)
        request = ReadSmallBlockRequest(
            block=BlockId(container=container, local=piece.local),
            offset_bytes=piece.offset_bytes,
            length_bytes=piece.length_bytes,
            tag=tag_in(piece),
            replica_index=index,
        )
        failure: TrioxygenError | None = None
        for address in addresses:
            try:
                reply = await self._pool.channel(address).call(
                    "DataNode/ReadSmallBlock",
                    request,
                    ReadSmallBlockReply,
                    timeout_ms=self._pool.call_timeout_ms,
                )
            except _ELSEWHERE as error:
                failure = error
                self._pool.forget(container, index)
                continue
            return reply.data
        raise failure or Unreachable("no replica is known", container=container)

    async def stream(self, piece: Slice) -> AsyncGenerator[Buffer, None]:
        """Pieces in order. Where a replica fails, the next goes on at the byte wanted.

        Raises: as `read_small`, possibly after some pieces.
        """
        container, local, tag = piece.container, piece.local, tag_in(piece)
        index = piece.replica_index
        block = BlockId(container=container, local=local)
        at, end = piece.offset_bytes, piece.offset_bytes + piece.length_bytes
        patience = self._pool.patience(_PATIENCE_MS)
        addresses: deque[str] = deque()
        failure: TrioxygenError | None = None
        while True:
            if not addresses:
                if failure is not None:
                    await patience.bear(failure)
                addresses.extend(await self._pool.addresses(container, index))
                failure = Unreachable("no replica is known", container=container)
            if not addresses:
                continue
            address = addresses.popleft()
            header = ReadStreamHeader(
                block=block,
                offset_bytes=at,
                length_bytes=end - at,
                tag=tag,
                replica_index=index,
            )
            pieces = self._pool.channel(address).download(
                "DataNode/ReadStream", header, timeout_ms=self._pool.call_timeout_ms
            )
            try:
                async for data in pieces:
                    at += len(data)
                    yield data
            except _ELSEWHERE as error:
                failure = error
                self._pool.forget(container, index)
                continue
            finally:
                close = getattr(pieces, "aclose", None)
                if close is not None:
                    await close()
            if at == end:
                return
            failure = Unreachable("the stream ended early", container=container, local=local)
