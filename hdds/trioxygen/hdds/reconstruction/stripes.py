"""What lost indexes have of a block, computed stripe by stripe from the streams of other parts."""

from collections.abc import AsyncGenerator, Callable

from trioxygen.common.disk import Buffer
from trioxygen.hdds.ec.codec import Codec
from trioxygen.hdds.ec.part_stream import PartStream, all_of
from trioxygen.hdds.reconstruction.parts import Rebuilding
from trioxygen.proto.v1.datanode_pb2 import ReadStreamHeader
from trioxygen.proto.v1.types_pb2 import BlockId


def part_header(container_id: int, rebuilding: Rebuilding, index: int) -> ReadStreamHeader:
    """Of a whole part of a block."""
    return ReadStreamHeader(
        block=BlockId(container=container_id, local=rebuilding.local),
        length_bytes=rebuilding.layout.index_bytes(index),
        tag=rebuilding.group.tag,
        replica_index=index,
        piece_bytes_max=rebuilding.layout.cell_bytes,
    )


async def lost_cells(
    rebuilding: Rebuilding, codec: Codec, open_: Callable[[int], PartStream], *, silence_ms: float
) -> AsyncGenerator[dict[int, bytes], None]:
    """Cells of the lost indexes, as long as they are. Raises: PartLost.

    Args: open_: begins to read the part of an index."""
    layout = rebuilding.layout
    streams = {index: open_(index) for index in rebuilding.sources}
    empty: dict[int, Buffer] = {
        index: b"" for index in layout.data_indexes if not layout.index_bytes(index)
    }
    try:
        for stripe in layout.stripe_ranges(0, layout.block_bytes):
            at, length_bytes = stripe.offset_bytes, stripe.length_bytes
            taken = await all_of([
                stream.take(layout.clipped(index, at, length_bytes), silence_ms)
                for index, stream in streams.items()
            ])  # fmt: skip
            cells = empty | dict(zip(streams, taken, strict=True))
            made = {index: bytes(cells[index]) for index in rebuilding.lost & cells.keys()}
            if absent := rebuilding.lost - cells.keys():
                made |= codec.decode(cells, absent, length_bytes)
            yield {
                index: cell[: layout.clipped(index, at, length_bytes)]
                for index, cell in made.items()
                if layout.clipped(index, at, length_bytes)
            }
    finally:
        await all_of([stream.close() for stream in streams.values()])
