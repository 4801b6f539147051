"""A namespace of blocks, open: blocks are written, committed, read, listed and deleted in it."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, LeaseExpired
from trioxygen.common.replication import Replication
from trioxygen.common.runtime import Runtime
from trioxygen.common.slices import slices_of_range
from trioxygen.common.units import MIB
from trioxygen.hdds.client.leases.blocks import LeasedBlocks
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.leases.lease import TakenBlock
from trioxygen.hdds.client.namespaces.block_ref import BlockRef, ListedBlock
from trioxygen.hdds.client.namespaces.commits import commit
from trioxygen.hdds.client.namespaces.leases import NamespaceLeases
from trioxygen.hdds.client.namespaces.writers import AllocatedBlock, StreamWriter
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.client.writing import BlockSplitter, BlocksWritten
from trioxygen.metadata.client.namespace import NamespaceClient
from trioxygen.proto.v1.namespaces_pb2 import NamespaceRow

# Of one call.
_DELETED_AT_ONCE_MAX: Final = 1_000
# What `read_all` keeps in memory.
READ_ALL_BYTES_MAX: Final = 64 * MIB
# The lease at hand, the one after it, and a new one.
_WRITE_TRIES: Final = 3

Blocks = BlockRef | Sequence[BlockRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceInfo:
    """Attributes:
    owner: the client that alone may use it, where clients show certificates; empty: each may.
    replication: of its blocks, where it is not said otherwise.
    blocks, size_bytes: committed.
    blocks_max, bytes_max: of these; 0: no limit.
    """

    name: str
    owner: str
    replication: str
    blocks: int
    size_bytes: int
    blocks_max: int
    bytes_max: int

    @classmethod
    def of(cls, row: NamespaceRow) -> "NamespaceInfo":
        return cls(
            name=row.name,
            owner=row.owner,
            replication=Replication.of_proto(row.replication).text,
            blocks=row.blocks,
            size_bytes=row.bytes,
            blocks_max=row.blocks_max,
            bytes_max=row.bytes_max,
        )


class Namespace:
    """Between `start` and `stop`; who uses `Hdds.open` need not know of these.

    Args: replication: of what is written; None: as the namespace says."""

    def __init__(
        self,
        runtime: Runtime,
        client: NamespaceClient,
        writer: BlockWriter,
        reader: BlockReader,
        config: LeasingConfig,
        replication: Replication | None = None,
    ) -> None:
        self._client, self._writer, self._reader = client, writer, reader
        self._config, self._replication = config, replication
        self._blocks = LeasedBlocks(runtime, NamespaceLeases(client), writer.away, config)

    @property
    def name(self) -> str:
        return self._client.name

    def start(self) -> None:
        self._blocks.start()

    async def stop(self) -> None:
        """Gives back what is leased."""
        await self._blocks.stop()

    async def info(self) -> NamespaceInfo:
        return NamespaceInfo.of((await self._client.describe()).namespace)

    async def write(self, data: Buffer, *, label: bytes = b"") -> tuple[BlockRef, ...]:
        """Writes and commits. One block, unless there are more bytes than one holds; none for no
        bytes.

        Raises: NamespaceFull; Unavailable errors: whether it was done is not known."""
        whole = data if isinstance(data, bytes) else bytes(memoryview(data))
        tries_left, keeper = _WRITE_TRIES, self._blocks.keeper
        while True:
            tries_left -= 1
            try:
                return await commit(self._client, keeper, await self._written(whole), label)
            except LeaseExpired:
                # The SCM has ended it meanwhile: the bytes are still here.
                if not tries_left:
                    raise

    async def _written(self, data: bytes) -> BlocksWritten:
        if 0 < len(data) <= self._config.small_bytes_max:
            writer = self._writer
            taken, tag = await self._blocks.begin(
                len(data),
                self._replication,
                lambda taken: writer.write_small(taken.block, taken.lease.pipeline, data),
            )
            return BlocksWritten(self._blocks.keeper, [taken], [len(data)], [tag])
        splitter = self._splitter(len(data))
        try:
            await splitter.send([data] if data else [])
            return await splitter.finish()
        except BaseException:
            await splitter.cancel()
            raise

    def writer(self, size_bytes: int | None = None) -> StreamWriter:
        """For bytes that come piece by piece.

        Args: size_bytes: as many as come at most, if it is known: blocks are no longer than that.
        Raises: InvalidRequest: it is negative."""
        if size_bytes is not None and size_bytes < 0:
            raise InvalidRequest("no size of a stream", bytes=size_bytes)
        splitter = self._splitter(size_bytes)
        return StreamWriter(self._client, self._blocks.keeper, splitter, size_bytes)

    def _splitter(self, size_bytes: int | None) -> BlockSplitter[BlocksWritten]:
        return BlockSplitter(
            self._blocks,
            self._writer,
            block_bytes_max=self._config.block_bytes_max,
            size_bytes=size_bytes,
            replication=self._replication,
            made=BlocksWritten,
        )

    async def allocate(self, size_bytes_max: int) -> AllocatedBlock:
        """One block. Raises: InvalidRequest: larger than a block may be."""
        if not 0 < size_bytes_max <= self._config.block_bytes_max:
            raise InvalidRequest(
                "no size of a block", bytes=size_bytes_max, most=self._config.block_bytes_max
            )
        taken, _ = await self._blocks.begin(size_bytes_max, self._replication, _nothing)
        return AllocatedBlock(
            self._client,
            self._blocks.keeper,
            self._writer,
            taken,
            size_bytes_max=size_bytes_max,
            small_bytes_max=self._config.small_bytes_max,
        )

    async def read(
        self, blocks: Blocks, *, offset_bytes: int = 0, length_bytes: int | None = None
    ) -> AsyncGenerator[Buffer, None]:
        """A range of the bytes that the blocks are, one after the other, in pieces. Each piece was
        checked against its checksum. Where a replica fails another one goes on.

        Raises: InvalidRequest: beyond their end; NoSuchBlock; WrongBlock; Unavailable errors."""
        refs = (blocks,) if isinstance(blocks, BlockRef) else blocks
        length_bytes = _length_of(refs, offset_bytes, length_bytes)
        wanted = slices_of_range([ref.slice for ref in refs], offset_bytes, length_bytes)
        for piece in wanted:
            # A reader that goes away ends the DataNode's stream at once.
            async with aclosing(self._reader.stream(piece)) as pieces:
                async for data in pieces:
                    yield data

    async def read_all(
        self, blocks: Blocks, *, offset_bytes: int = 0, length_bytes: int | None = None
    ) -> bytes:
        """As `read`, in memory. Raises: InvalidRequest: more than 64 MiB."""
        refs = (blocks,) if isinstance(blocks, BlockRef) else blocks
        length_bytes = _length_of(refs, offset_bytes, length_bytes)
        if length_bytes > READ_ALL_BYTES_MAX:
            raise InvalidRequest(
                "too much to be kept in memory: see `read`",
                bytes=length_bytes,
                most=READ_ALL_BYTES_MAX,
            )
        pieces = self.read(refs, offset_bytes=offset_bytes, length_bytes=length_bytes)
        async with aclosing(pieces):
            return b"".join([bytes(piece) async for piece in pieces])

    async def blocks(self) -> AsyncGenerator[ListedBlock, None]:
        """What is committed, by container and local id. What is committed or deleted while it is
        listed may be in it or not."""
        after = None
        while True:
            page = await self._client.list_blocks(after)
            for listed in page.blocks:
                yield ListedBlock.of(listed)
            if not page.more:
                return
            after = page.blocks[-1].id

    async def delete(self, blocks: Iterable[BlockRef]) -> int:
        """They are not listed any more at once, and cannot be read any more after a while. How many
        there were."""
        ids, deleted = [ref.id for ref in blocks], 0
        for first in range(0, len(ids), _DELETED_AT_ONCE_MAX):
            some = ids[first : first + _DELETED_AT_ONCE_MAX]
            deleted += await self._client.delete_blocks(some)
        return deleted


async def _nothing(taken: TakenBlock) -> None:
    """A block is taken, and nothing is done with it yet."""


def _length_of(refs: Sequence[BlockRef], offset_bytes: int, length_bytes: int | None) -> int:
    """Raises: InvalidRequest."""
    left_bytes = sum(ref.size_bytes for ref in refs) - offset_bytes
    length_bytes = left_bytes if length_bytes is None else length_bytes
    if offset_bytes < 0 or not 0 <= length_bytes <= left_bytes:
        raise InvalidRequest(
            "a range beyond the blocks' end", offset=offset_bytes, length=length_bytes
        )
    return length_bytes
