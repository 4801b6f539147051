"""Written blocks, until they are committed or given up."""

from collections.abc import Sequence
from contextlib import suppress

from trioxygen.common.errors import LeaseExpired, TrioxygenError, Unavailable
from trioxygen.hdds.client.leases.keeper import LeaseKeeper
from trioxygen.hdds.client.namespaces.block_ref import BlockRef
from trioxygen.hdds.client.writing import BlocksWritten
from trioxygen.metadata.client.namespace import NamespaceClient
from trioxygen.proto.v1.namespaces_pb2 import BlockToCommit
from trioxygen.proto.v1.types_pb2 import BlockSlice


def _to_commit(piece: BlockSlice, label: bytes) -> BlockToCommit:
    block = BlockToCommit(
        lease_id=piece.lease_id,
        length_bytes=piece.length_bytes,
        tag=piece.tag,
        erasure_coded=piece.block_bytes > 0,
        label=label,
    )
    block.id.container, block.id.local = piece.container, piece.local
    return block


async def commit(
    namespace: NamespaceClient, keeper: LeaseKeeper, written: BlocksWritten, label: bytes
) -> tuple[BlockRef, ...]:
    """All of them, or none. From then on they stay until they are deleted; before, they go when the
    lease ends.

    Raises: what the SCM refuses, and then they are given back; Unavailable errors: whether they
    are committed is not known, and a listing says so."""
    slices = written.slices
    try:
        if slices:
            await namespace.commit([_to_commit(piece, label) for piece in slices])
    except Unavailable:
        written.unknown()
        raise
    except LeaseExpired as error:
        written.dropped()
        # Whoever writes again gets blocks of another one. What the SCM does not say now of the
        # others, later renewals tell.
        with suppress(Unavailable):
            await keeper.expired(error)
        raise
    except TrioxygenError:
        written.dropped()
        raise
    except BaseException:
        written.unknown()
        raise
    written.committed()
    return _refs(slices)


def _refs(slices: Sequence[BlockSlice]) -> tuple[BlockRef, ...]:
    return tuple(
        BlockRef(piece.container, piece.local, piece.length_bytes, piece.tag, piece.block_bytes > 0)
        for piece in slices
    )
