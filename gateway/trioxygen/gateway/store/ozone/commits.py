"""Commits: what refers to written blocks, and what becomes of them by its outcome."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from trioxygen.common import logs
from trioxygen.common.errors import LeaseExpired, NoSuchBlock, TrioxygenError, Unavailable
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.network import Reply
from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.ozone.rewriting import Rewriting
from trioxygen.gateway.store.ozone.rows import BlockContent
from trioxygen.gateway.store.ozone.written import ObjectWritten
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.proto.v1.om_pb2 import (
    CommitKeyRequest,
    CommitPartRequest,
    CommitTransitionRequest,
    SealedPiece,
)
from trioxygen.proto.v1.types_pb2 import BlockSlice

log = logs.get(__name__)

# The lease at hand, the one after it, and a new one.
_LEASE_TRIES: Final = 3

Request = TypeVar("Request", CommitKeyRequest, CommitPartRequest, CommitTransitionRequest)
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
    def __init__(self, rewriting: Rewriting, keeper: LeaseKeeper) -> None:
        self._rewriting, self._keeper = rewriting, keeper

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
            return await self._rewriting.write_again(
                BlockContent(written.slices), size_bytes, replication
            )
        except NoSuchBlock as error:
            raise expired from error
        finally:
            written.dropped()
