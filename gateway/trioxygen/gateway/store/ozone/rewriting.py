"""Stored bytes, in other blocks once more: as they are, sealed or not."""

from contextlib import aclosing
from typing import Final

from trioxygen.common.fair_share import FairShare
from trioxygen.common.replication import Replication
from trioxygen.common.units import MIB
from trioxygen.gateway.shares import Buffers
from trioxygen.gateway.store.ozone.contents import OzoneContents
from trioxygen.gateway.store.ozone.rows import BlockContent
from trioxygen.gateway.store.ozone.written import ObjectWritten

_BUFFERED_BYTES_MAX: Final = 8 * MIB


class Rewriting:
    def __init__(self, contents: OzoneContents) -> None:
        self._contents = contents
        # No client's: what is written again is the gateway's own affair.
        self._buffers = Buffers(FairShare(_BUFFERED_BYTES_MAX), "rewriting")

    async def write_again(
        self, content: BlockContent, size_bytes: int, replication: Replication
    ) -> ObjectWritten:
        """Args: size_bytes: stored. Raises: as reading and writing; nothing stays behind then."""
        contents = self._contents
        if size_bytes <= contents.small_bytes_max:
            data = await contents.read_small(content, offset_bytes=0, length_bytes=size_bytes)
            return await contents.write_small(bytes(data), replication)
        writer = contents.open_writer(size_bytes, replication)
        pieces = contents.read(
            content, offset_bytes=0, length_bytes=size_bytes, buffers=self._buffers
        )
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    await writer.send((piece,))
            return await writer.finish()
        except BaseException:
            await writer.cancel()
            raise
