"""Objects' bytes in blocks: the port's `Contents`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from trioxygen.common.clock import Clock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.replication import Replication
from trioxygen.common.slices import part_of
from trioxygen.gateway.shares import Buffers
from trioxygen.gateway.store.ozone.paced_read import PacedReader
from trioxygen.gateway.store.ozone.rows import BlockContent
from trioxygen.gateway.store.ozone.written import ObjectWritten
from trioxygen.gateway.store.values.keys import Content
from trioxygen.hdds.client.leases.blocks import LeasedBlocks, defect_of
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.client.writing import BlockSplitter


class OzoneContents:
    def __init__(
        self,
        blocks: LeasedBlocks,
        writer: BlockWriter,
        reader: BlockReader,
        clock: Clock,
        config: LeasingConfig,
    ) -> None:
        self._blocks, self._writer, self._reader = blocks, writer, reader
        self._paced = PacedReader(reader, clock)
        self._block_bytes_max = config.block_bytes_max
        self.small_bytes_max = config.small_bytes_max

    async def write_small(
        self, data: bytes, replication: Replication | None = None
    ) -> ObjectWritten:
        writer = self._writer
        taken, tag = await self._blocks.begin(
            len(data),
            replication,
            lambda taken: writer.write_small(taken.block, taken.lease.pipeline, data),
        )
        return ObjectWritten(self._blocks.keeper, [taken], [len(data)], [tag])

    def open_writer(
        self, size_bytes: int | None, replication: Replication | None = None
    ) -> BlockSplitter[ObjectWritten]:
        return BlockSplitter(
            self._blocks,
            self._writer,
            block_bytes_max=self._block_bytes_max,
            size_bytes=size_bytes,
            replication=replication,
            made=ObjectWritten,
        )

    async def read_small(self, content: Content, *, offset_bytes: int, length_bytes: int) -> Buffer:
        assert isinstance(content, BlockContent)
        slices = content.slices
        try:
            if len(slices) == 1:
                piece = part_of(slices[0], offset_bytes, length_bytes)
                return await self._reader.read_small(piece)
            wanted = content.slices_of(offset_bytes, length_bytes)
            return b"".join([await self._reader.read_small(piece) for piece in wanted])
        except InvalidRequest as error:
            raise defect_of(error) from error

    async def read(
        self, content: Content, *, offset_bytes: int, length_bytes: int, buffers: Buffers
    ) -> AsyncGenerator[Buffer, None]:
        assert isinstance(content, BlockContent)
        wanted = content.slices_of(offset_bytes, length_bytes)
        try:
            async with aclosing(self._paced.read(wanted, buffers)) as pieces:
                async for piece in pieces:
                    yield piece
        except InvalidRequest as error:
            raise defect_of(error) from error
