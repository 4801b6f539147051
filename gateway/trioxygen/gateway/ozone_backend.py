"""The backend over the OM and the DataNodes."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    BlockExists,
    ContainerNotOpen,
    Internal,
    InvalidRequest,
    LeaseExpired,
    NoSpace,
    NoSuchBlock,
    Overloaded,
    TrioxygenError,
)
from trioxygen.common.fair_share import FairShare
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.backend import Reply, Written
from trioxygen.gateway.leases import LeaseKeeper, LeasePool, TakenBlock
from trioxygen.gateway.paced_read import PacedReader, slices_of_range
from trioxygen.gateway.shares import Buffers
from trioxygen.hdds.client.pool import AWAY, is_refusal
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockStream, BlockWriter
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1.om_pb2 import (
    LeaseBlocksReply,
    LeaseBlocksRequest,
    ReleaseLeasesReply,
    ReleaseLeasesRequest,
    RenewLeasesReply,
    RenewLeasesRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockSlice

log = logs.get(__name__)

_REWRITE_BYTES_MAX: Final = 8 * MIB
_CONTAINER_TRIES: Final = 4
# A DataNode that is restarted is back before that; where it is the only one, nobody else helps.
_AWAY_MS_MAX: Final = 15_000.0
# Of one block. More are full at once only where the SCM says so soon.
_FULL_TRIES: Final = 8
# Another DataNode may take what fails with these.
_ELSEWHERE: Final = (*AWAY, NoSpace)

_Begun = TypeVar("_Begun")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfig:
    """Attributes:
    packed_bytes_max: objects up to this size share one pool of blocks; larger ones take large
    blocks."""

    block_bytes_max: int = 256 * MIB
    small_bytes_max: int = 64 * KIB
    packed_bytes_max: int = MIB
    small_blocks_leased: int = 512
    large_blocks_leased: int = 4
    lease_check_ms: float = 2_000


def _defect(error: InvalidRequest) -> Internal:
    """What a DataNode or the SCM calls invalid is a mistake of ours, not of the client's."""
    return Internal(error.message, **error.facts)


class BlocksWritten:
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
                container=one.lease.container,
                local=one.local,
                length_bytes=length,
                lease_id=one.lease.lease_id,
                tag=tag,
            )
            for one, length, tag in zip(taken, lengths, tags, strict=True)
        ]

    def _settle(self, *, dropped: bool) -> None:
        for one in self._taken:
            self._keeper.settle(one, dropped=dropped)
        self._taken = []

    def committed(self) -> None:
        self._settle(dropped=False)

    def dropped(self) -> None:
        self._settle(dropped=True)

    def unknown(self) -> None:
        self._settle(dropped=False)


class OzoneBackend:
    def __init__(
        self,
        runtime: Runtime,
        om: OmClient,
        writer: BlockWriter,
        reader: BlockReader,
        config: BackendConfig,
    ) -> None:
        self._runtime, self._om, self._writer, self._reader = runtime, om, writer, reader
        self._paced = PacedReader(reader, runtime.clock)
        self._config, self._clock = config, runtime.clock
        self.small_bytes_max = config.small_bytes_max
        self._keeper = LeaseKeeper(
            runtime.clock, self._renew, self._release, interval_ms=config.lease_check_ms
        )
        # No client's: what is written again because its lease ended is the gateway's own affair.
        self._rewriting = Buffers(FairShare(_REWRITE_BYTES_MAX), "rewriting")
        self._small = self._pool(config.small_blocks_leased, config.packed_bytes_max)
        self._large = self._pool(config.large_blocks_leased, config.block_bytes_max)

    def _pool(self, count: int, block_bytes_max: int) -> LeasePool:
        runtime = self._runtime
        return LeasePool(
            self._keeper,
            runtime.clock,
            runtime.tasks,
            self._lease,
            count=count,
            block_bytes_max=block_bytes_max,
        )

    def start(self) -> None:
        self._runtime.tasks.start_worker(self._keeper)

    async def stop(self) -> None:
        self._small.stop()
        self._large.stop()
        await self._keeper.give_back()

    async def _lease(self, request: LeaseBlocksRequest) -> LeaseBlocksReply:
        return await self._om.call(request, LeaseBlocksReply)

    async def _renew(self, request: RenewLeasesRequest) -> RenewLeasesReply:
        return await self._om.call(request, RenewLeasesReply)

    async def _release(self, request: ReleaseLeasesRequest) -> ReleaseLeasesReply:
        return await self._om.call(request, ReleaseLeasesReply)

    async def call(self, request: Message, reply_type: type[Reply]) -> Reply:
        return await self._om.call(request, reply_type)

    async def write_small(self, data: bytes) -> BlocksWritten:
        taken, tag = await self._begin(
            self._small,
            lambda taken: self._writer.write_small(taken.block, taken.lease.pipeline, data),
        )
        return BlocksWritten(self._keeper, [taken], [len(data)], [tag])

    async def rewrite(self, written: Written, expired: LeaseExpired) -> Written:
        slices = list(written.slices)
        size_bytes = sum(piece.length_bytes for piece in slices)
        log.warning("blocks_rewritten", size_bytes=size_bytes, reason=expired)
        try:
            await self._keeper.expired(int(expired.facts.get("lease", 0)))
            pieces = self.read(
                slices, offset_bytes=0, length_bytes=size_bytes, buffers=self._rewriting
            )
            async with aclosing(pieces):
                return await self._write_again(pieces, size_bytes)
        except NoSuchBlock as error:
            raise expired from error
        finally:
            written.dropped()

    async def _write_again(self, pieces: AsyncGenerator[Buffer, None], size_bytes: int) -> Written:
        if size_bytes <= self.small_bytes_max:
            return await self.write_small(b"".join([bytes(piece) async for piece in pieces]))
        writer = self.open_writer(size_bytes)
        try:
            async for buffer in pieces:
                await writer.send((buffer,))
            return await writer.finish()
        except BaseException:
            await writer.cancel()
            raise

    async def _begin(
        self, pool: LeasePool, attempt: Callable[[TakenBlock], Awaitable[_Begun]]
    ) -> tuple[TakenBlock, _Begun]:
        """Takes a block and does something with it: with another one where its container has filled
        up since, or a DataNode of it is away."""
        tries_left, full_left = _CONTAINER_TRIES, _FULL_TRIES
        away_until_ms = self._clock.monotonic_ms() + _AWAY_MS_MAX
        refused: set[str] = set()
        while True:
            try:
                taken = await pool.take()
            except InvalidRequest as error:
                raise _defect(error) from error
            try:
                return taken, await attempt(taken)
            except (ContainerNotOpen, BlockExists):
                # The second: somebody else has had these blocks, so nothing of the lease is used.
                pool.retire(taken.lease)
                self._keeper.settle(taken, dropped=False)
                tries_left -= 1
                if not tries_left:
                    raise
            except NoSpace:
                # Refused before anything was written.
                self._keeper.reuse(taken)
                full_left -= 1
                if not full_left or not pool.has_others(taken.lease):
                    raise
                pool.avoid(taken.lease)
            except AWAY as error:
                pool.avoid(taken.lease)
                self._keeper.settle(taken, dropped=True)
                pipeline = taken.lease.pipeline.pipeline_id
                # An avoided pipeline comes again when there is no other.
                is_last = is_refusal(error) and pipeline in refused
                if is_last or self._clock.monotonic_ms() >= away_until_ms:
                    raise
                if is_refusal(error):
                    refused.add(pipeline)
            except InvalidRequest as error:
                self._keeper.settle(taken, dropped=True)
                raise _defect(error) from error
            except BaseException:
                self._keeper.settle(taken, dropped=True)
                raise

    def open_writer(self, size_bytes: int | None) -> "BlockSplitter":
        return BlockSplitter(self, size_bytes)

    async def open_block(self, size_bytes_max: int) -> tuple[TakenBlock, BlockStream]:
        pool = self._small if size_bytes_max <= self._config.packed_bytes_max else self._large
        return await self._begin(
            pool,
            lambda taken: self._writer.open(taken.block, taken.lease.pipeline, size_bytes_max),
        )

    def avoid(self, taken: TakenBlock) -> bool:
        """A DataNode failed in the middle of it: the next request had better go elsewhere; whether
        there is a place for it."""
        pools = (self._small, self._large)
        may_go_on = any(pool.knows_others(taken.lease) for pool in pools)
        for pool in pools:
            pool.avoid(taken.lease)
        return may_go_on

    @property
    def keeper(self) -> LeaseKeeper:
        return self._keeper

    @property
    def block_bytes_max(self) -> int:
        return self._config.block_bytes_max

    async def read_small(self, piece: BlockSlice) -> Buffer:
        try:
            return await self._reader.read_small(piece)
        except InvalidRequest as error:
            raise _defect(error) from error

    async def read(
        self,
        slices: Sequence[BlockSlice],
        *,
        offset_bytes: int,
        length_bytes: int,
        buffers: Buffers,
    ) -> AsyncGenerator[Buffer, None]:
        wanted = slices_of_range(slices, offset_bytes, length_bytes)
        try:
            async with aclosing(self._paced.read(wanted, buffers)) as pieces:
                async for piece in pieces:
                    yield piece
        except InvalidRequest as error:
            raise _defect(error) from error


class BlockSplitter:
    """Cuts a stream of bytes into blocks of at most `block_bytes_max`."""

    def __init__(self, backend: OzoneBackend, size_bytes: int | None) -> None:
        self._backend, self._left_bytes = backend, size_bytes
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
        except _ELSEWHERE as error:
            self._lost(error)
            raise
        except InvalidRequest as error:
            raise _defect(error) from error

    def _lost(self, error: TrioxygenError) -> None:
        """What was streamed is lost with a DataNode that went away or has filled up: its client
        must send it again, and should not meet the same one.

        Raises Overloaded where a full disk is no reason to send it nowhere."""
        if self._stream is None:
            return
        may_go_on = self._backend.avoid(self._taken[-1])
        if isinstance(error, NoSpace) and may_go_on:
            raise Overloaded("a DataNode filled up: another one may have room") from error

    async def _send(self, piece: Buffer) -> None:
        while len(piece):
            if self._stream is None:
                await self._open()
            assert self._stream is not None
            if len(piece) <= self._room_bytes:
                await self._stream.send(piece)
                self._room_bytes -= len(piece)
                return
            view = memoryview(piece)
            if self._room_bytes:
                await self._stream.send(view[: self._room_bytes])
            piece = view[self._room_bytes :]
            await self._close_block()

    async def _open(self) -> None:
        most = self._backend.block_bytes_max
        room = most if self._left_bytes is None else min(most, self._left_bytes)
        taken, self._stream = await self._backend.open_block(room)
        self._taken.append(taken)
        self._room_bytes = room

    async def _close_block(self) -> None:
        assert self._stream is not None
        try:
            written_bytes = await self._stream.finish()
        except BlockExists:
            # Somebody else has had these blocks: what is in them is not this writer's to drop.
            taken = self._taken.pop()
            taken.lease.retire()
            self._backend.keeper.settle(taken, dropped=False)
            raise
        self._tags.append(self._stream.tag)
        self._stream = None
        self._lengths.append(written_bytes)
        if self._left_bytes is not None:
            self._left_bytes -= written_bytes

    async def finish(self) -> BlocksWritten:
        if self._stream is not None:
            try:
                await self._close_block()
            except _ELSEWHERE as error:
                self._lost(error)
                raise
            except InvalidRequest as error:
                raise _defect(error) from error
        written = BlocksWritten(self._backend.keeper, self._taken, self._lengths, self._tags)
        self._taken = []
        return written

    async def cancel(self) -> None:
        if self._stream is not None:
            await self._stream.cancel()
            self._stream = None
        for one in self._taken:
            self._backend.keeper.settle(one, dropped=True)
        self._taken = []
