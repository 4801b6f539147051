"""Commits: what refers to written blocks, and what becomes of them by its outcome."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Final, TypeVar

from trioxygen.common import logs
from trioxygen.common.errors import LeaseExpired, NoSuchBlock, TrioxygenError, Unavailable
from trioxygen.common.fair_share import FairShare
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.network import Reply
from trioxygen.common.units import MIB
from trioxygen.gateway.shares import Buffers
from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.ozone.contents import OzoneContents
from trioxygen.gateway.store.ozone.rows import BlockContent
from trioxygen.gateway.store.ozone.written import ObjectWritten
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.proto.v1.om_pb2 import CommitKeyRequest, CommitPartRequest, SealedPiece
from trioxygen.proto.v1.types_pb2 import BlockSlice

log = logs.get(__name__)

# The lease at hand, the one after it, and a new one.
_LEASE_TRIES: Final = 3
_REWRITE_BYTES_MAX: Final = 8 * MIB

Request = TypeVar("Request", CommitKeyRequest, CommitPartRequest)
# A method of the OM's client.
Send = Callable[[Request], Awaitable[Reply]]


def slices_of(written: Written | None) -> list[BlockSlice]:
    if written is None:
        return []
    assert isinstance(written, ObjectWritten)
    return written.slices


def pieces_of(written: Written | None) -> list[SealedPiece]:
    if written is None:
        return []
    assert isinstance(written, ObjectWritten)
    return written.pieces


class Commits:
    def __init__(self, contents: OzoneContents, keeper: LeaseKeeper) -> None:
        self._contents, self._keeper = contents, keeper
        # No client's: what is written again because its lease ended is the gateway's own affair.
        self._rewriting = Buffers(FairShare(_REWRITE_BYTES_MAX), "rewriting")

    async def commit(
        self,
        send: Send[Request, Reply],
        request: Request,
        written: Written | None,
        replication: Replication,
    ) -> Reply:
        """Sends the commit and settles the blocks by its outcome.

        Where the OM has ended a lease, the bytes are written again: the client has sent them
        already, and shall not have to do it twice.

        Args: replication: that they were written with."""
        if written is None:
            return await send(request)
        assert isinstance(written, ObjectWritten)
        for _ in range(_LEASE_TRIES - 1):
            try:
                return await self._commit(send, request, written)
            except LeaseExpired as error:
                written = await self._rewrite(written, replication, error)
                del request.row.blocks[:]
                request.row.blocks.extend(written.slices)
        try:
            return await self._commit(send, request, written)
        except LeaseExpired:
            written.dropped()
            raise

    async def _commit(
        self, send: Send[Request, Reply], request: Request, written: ObjectWritten
    ) -> Reply:
        """Raises: as the call; LeaseExpired with the blocks not settled."""
        try:
            reply = await send(request)
        except LeaseExpired:
            raise
        except Unavailable:
            written.unknown()
            raise
        except TrioxygenError:
            written.dropped()
            raise
        except BaseException:
            written.unknown()
            raise
        written.committed()
        return reply

    async def _rewrite(
        self, written: ObjectWritten, replication: Replication, expired: LeaseExpired
    ) -> ObjectWritten:
        """The same bytes in other blocks, since the OM has ended the lease of those that `written`
        has. Settles `written`, also when it fails. Raises: Unavailable errors; `expired`, when the
        bytes are not there any more."""
        size_bytes = sum(piece.length_bytes for piece in written.slices)
        log.warning("blocks_rewritten", size_bytes=size_bytes, reason=expired)
        try:
            await self._keeper.expired(expired)
            return await self._write_again(BlockContent(written.slices), size_bytes, replication)
        except NoSuchBlock as error:
            raise expired from error
        finally:
            written.dropped()

    async def _write_again(
        self, content: BlockContent, size_bytes: int, replication: Replication
    ) -> ObjectWritten:
        contents = self._contents
        if size_bytes <= contents.small_bytes_max:
            data = await contents.read_small(content, offset_bytes=0, length_bytes=size_bytes)
            return await contents.write_small(bytes(data), replication)
        writer = contents.open_writer(size_bytes, replication)
        pieces = contents.read(
            content, offset_bytes=0, length_bytes=size_bytes, buffers=self._rewriting
        )
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    await writer.send((piece,))
            return await writer.finish()
        except BaseException:
            await writer.cancel()
            raise
