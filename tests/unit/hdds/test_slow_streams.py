"""Streams that take long: what has come of them does not stay in memory where that is short."""

import asyncio
import weakref
from pathlib import Path

import pytest

from tests.unit.hdds.support import PIPELINE, Node, config, node, until
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.client.block_stream import BlockStream
from trioxygen.proto.v1.types_pb2 import BlockId


class Piece(bytearray):
    """Bytes whose end can be seen."""


async def opened(n: Node, local: int, size_bytes_max: int) -> BlockStream:
    return await n.writer.open(BlockId(container=1, local=local), PIPELINE, size_bytes_max)


def receiving_bytes(n: Node) -> int:
    """Of the files that are being received."""
    folder = n.root / "containers" / "1"
    return sum((folder / name).stat().st_size for name in n.files() if "receiving" in name)


async def send_piece(stream: BlockStream, size_bytes: int) -> "weakref.ref[Piece]":
    piece = Piece(bytes([7]) * size_bytes)
    await stream.send(piece)
    await stream.flush()
    return weakref.ref(piece)


def test_a_slow_stream_keeps_nothing_that_it_has_written(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path, settings=config(write_piece_bytes=256 * KIB)) as n:
            stream = await opened(n, 1, 64 * MIB)
            sent = [await send_piece(stream, 128 * KIB) for _ in range(9)]
            # The ninth waits to be joined by others; it is all that is here.
            await until(lambda: [ref() is None for ref in sent] == [True] * 8 + [False])
            assert await stream.finish() == 9 * 128 * KIB
            assert await n.read_stream(1, 0, 9 * 128 * KIB) == bytes([7]) * 9 * 128 * KIB

    asyncio.run(run())


# Large ones, and ones announced as small: these would wait for their ends to be packed.
@pytest.mark.parametrize("announced_bytes", [64 * MIB, 512 * KIB])
def test_where_memory_is_short_streams_are_written_as_they_come(
    tmp_path: Path, announced_bytes: int
) -> None:
    async def run() -> None:
        async with node(tmp_path, settings=config(stream_buffer_bytes_max=256 * KIB)) as n:
            streams = [await opened(n, local, announced_bytes) for local in range(8)]
            sent = [await send_piece(stream, 64 * KIB) for stream in streams for _ in range(4)]
            # 2 MiB have come, no stream has the MiB that is written at once elsewhere.
            await until(lambda: sum(ref() is not None for ref in sent) * 64 <= 256)
            for stream in streams:
                assert await stream.finish() == 256 * KIB
            for local in range(8):
                assert await n.read(local, 0, 256 * KIB) == bytes([7]) * 256 * KIB
            assert n.container().reserved_bytes == n.container().streams_open == 0

    asyncio.run(run())


def test_a_stream_given_up_in_the_middle_leaves_no_bytes_counted(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path, settings=config(stream_buffer_bytes_max=256 * KIB)) as n:
            for round_number in range(4):
                streams = [await opened(n, local, 64 * MIB) for local in range(8)]
                for stream in streams:
                    await send_piece(stream, 64 * KIB)
                for stream in streams:
                    await stream.cancel()
                await n.work.streams.finished()
                assert n.container().reserved_bytes == n.container().streams_open == 0, round_number
            # Were they still counted, the next one would be written piece by piece.
            stream = await opened(n, 99, 64 * MIB)
            last = await send_piece(stream, 64 * KIB)
            await asyncio.sleep(0.05)
            assert last() is not None
            assert receiving_bytes(n) == 0
            assert await stream.finish() == 64 * KIB

    asyncio.run(run())
