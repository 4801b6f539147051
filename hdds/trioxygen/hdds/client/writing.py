"""Bytes written into blocks, and those that are cut into blocks as they come."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    BlockExists,
    ContainerNotOpen,
    InvalidRequest,
    NoSpace,
    Overloaded,
    TrioxygenError,
)
from trioxygen.common.replication import Replication
from trioxygen.hdds.client.block_stream import BlockStream
from trioxygen.hdds.client.leases.blocks import LeasedBlocks, defect_of
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.leases.lease import TakenBlock
from trioxygen.hdds.client.patience import AWAY
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.proto.v1.types_pb2 import EC, BlockSlice

# Another DataNode, or another container, may take what fails with these.
_ELSEWHERE: Final = (*AWAY, NoSpace, ContainerNotOpen)


class BlocksWritten:
    """In leased blocks. Exactly one of the three ends is to be called."""

    __slots__ = ("_keeper", "_taken", "slices")

    def __init__(
        self,
        keeper: LeaseKeeper,
        taken: list[TakenBlock],
        lengths: list[int],
        tags: list[int],
    ) -> None:
        self._keeper, self._taken = keeper, taken
        self.slices = [
            BlockSlice(
                container=block.lease.container,
                local=block.local,
                length_bytes=length,
                lease_id=block.lease.lease_id,
                tag=tag,
                # Of an erasure-coded block: where its cells lie follows from that.
                block_bytes=length if block.lease.pipeline.replication.type == EC else 0,
            )
            for block, length, tag in zip(taken, lengths, tags, strict=True)
        ]

    def committed(self) -> None:
        """A commit referenced the blocks."""
        self._settle(dropped=False)

    def dropped(self) -> None:
        """No commit was sent, or it was refused: the space can be given back at once."""
        self._settle(dropped=True)

    def unknown(self) -> None:
        """A commit was sent and its answer lost: the lease's end decides."""
        self._settle(dropped=False)

    def _settle(self, *, dropped: bool) -> None:
        for block in self._taken:
            self._keeper.settle(block, dropped=dropped)
        self._taken = []


_Written = TypeVar("_Written", bound=BlocksWritten)
MadeWritten = Callable[[LeaseKeeper, list[TakenBlock], list[int], list[int]], _Written]


class BlockSplitter(Generic[_Written]):
    """Cuts a stream of bytes into blocks of at most `block_bytes_max`; into shorter ones where a
    DataNode is lost on the way: what comes next goes to others.

    Args: made: of what was written, at the end."""

    def __init__(
        self,
        blocks: LeasedBlocks,
        writer: BlockWriter,
        *,
        block_bytes_max: int,
        size_bytes: int | None,
        replication: Replication | None,
        made: MadeWritten[_Written],
    ) -> None:
        self._blocks, self._writer, self._made = blocks, writer, made
        self._block_bytes_max, self._left_bytes = block_bytes_max, size_bytes
        self._replication = replication
        self._taken: list[TakenBlock] = []
        self._lengths: list[int] = []
        self._tags: list[int] = []
        self._stream: BlockStream | None = None
        self._room_bytes = 0

    async def send(self, pieces: Sequence[Buffer]) -> None:
        try:
            for piece in pieces:
                await self._send(piece)
            if self._stream is not None:
                await self._stream.flush()
                if self._stream.left and self._blocks.may_go_elsewhere(
                    self._taken[-1], self._replication
                ):
                    await self._close_block()
        except _ELSEWHERE as error:
            self._lost(error)
            raise
        except InvalidRequest as error:
            raise defect_of(error) from error

    async def finish(self) -> _Written:
        if self._stream is not None:
            try:
                await self._close_block()
            except _ELSEWHERE as error:
                self._lost(error)
                raise
            except InvalidRequest as error:
                raise defect_of(error) from error
        written = self._made(self._blocks.keeper, self._taken, self._lengths, self._tags)
        self._taken = []
        return written

    async def cancel(self) -> None:
        """The blocks are given back, also when the stream's end fails or is cancelled."""
        stream, self._stream = self._stream, None
        taken, self._taken = self._taken, []
        try:
            if stream is not None:
                await stream.cancel()
        finally:
            for block in taken:
                self._blocks.keeper.settle(block, dropped=True)

    def _lost(self, error: TrioxygenError) -> None:
        """What was streamed is lost with a DataNode that went away or has filled up: its client
        must send it again, and should not meet the same one.

        Raises Overloaded where a full disk, or a container that was closed in the middle of it, is
        no reason to send it nowhere."""
        if isinstance(error, ContainerNotOpen):
            raise Overloaded("a container was closed in the middle of a block") from error
        if self._stream is None:
            return
        may_go_on = self._blocks.avoid(self._taken[-1], self._replication)
        if isinstance(error, NoSpace) and may_go_on:
            raise Overloaded("a DataNode filled up: another one may have room") from error

    async def _send(self, piece: Buffer) -> None:
        while len(piece):
            if self._stream is None:
                self._stream = await self._open()
            if len(piece) <= self._room_bytes:
                await self._stream.send(piece)
                self._room_bytes -= len(piece)
                return
            view = memoryview(piece)
            if self._room_bytes:
                await self._stream.send(view[: self._room_bytes])
            piece = view[self._room_bytes :]
            await self._close_block()

    async def _open(self) -> BlockStream:
        most = self._block_bytes_max
        room = most if self._left_bytes is None else min(most, self._left_bytes)
        taken, stream = await self._blocks.begin(
            room,
            self._replication,
            lambda taken: self._writer.open(taken.block, taken.lease.pipeline, room),
        )
        self._taken.append(taken)
        self._room_bytes = room
        return stream

    async def _close_block(self) -> None:
        assert self._stream is not None
        try:
            written_bytes = await self._stream.finish()
        except BlockExists:
            self._blocks.keeper.settle_refused(self._taken.pop())
            raise
        self._tags.append(self._stream.tag)
        self._stream = None
        self._lengths.append(written_bytes)
        if self._left_bytes is not None:
            self._left_bytes -= written_bytes
