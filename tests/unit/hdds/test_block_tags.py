"""A reference is bound to the block that it was made for: a wrong id is found, not served."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.unit.hdds.support import PIPELINE, node
from trioxygen.common.errors import TrioxygenError, WrongBlock
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.checksums import checksums_of, tag_of
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

SIZES = [1, 4 * KIB, 64 * KIB, 64 * KIB + 1, 300 * KIB, 2 * MIB + 7]


def random_bytes(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def test_tag_differs_for_another_id_and_for_other_bytes() -> None:
    stored = checksums_of(b"content")
    tags = {
        tag_of(1, 1, stored),
        tag_of(1, 2, stored),
        tag_of(2, 1, stored),
        tag_of(1, 1, checksums_of(b"Content")),
    }
    assert len(tags) == 4


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("flushed", [False, True])
def test_wrong_id_is_refused_by_small_reads_and_by_streams(
    tmp_path: Path, size: int, flushed: bool
) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            # The same bytes under two ids, and others under a third.
            contents = {4: random_bytes(size), 5: random_bytes(size), 6: random_bytes(size, 2)}
            tags: dict[int, int] = {}
            for local, data in contents.items():
                block = BlockId(container=1, local=local)
                if size <= 64 * KIB:
                    tags[local] = await n.writer.write_small(block, PIPELINE, data)
                else:
                    stream = await n.writer.open(block, PIPELINE, size)
                    await stream.send(data)
                    await stream.finish()
                    tags[local] = stream.tag
            if flushed:
                await n.flush()
            for asked, data in contents.items():
                for of in contents:
                    part = min(size, 1_000)
                    wanted = BlockSlice(
                        container=1, local=asked, offset_bytes=size - part, length_bytes=part
                    )
                    wanted.tag = tags[of]
                    if asked == of:
                        assert await n.reader.read_small(wanted) == data[-part:]
                        pieces = [bytes(each) async for each in n.reader.stream(wanted)]
                        assert b"".join(pieces) == data[-part:]
                        continue
                    with pytest.raises(WrongBlock):
                        await n.reader.read_small(wanted)
                    with pytest.raises(WrongBlock):
                        async for _ in n.reader.stream(wanted):
                            pass

    asyncio.run(run())


@pytest.mark.parametrize("bit", range(0, 48, 3))
def test_flipped_bit_of_an_id_never_gives_bytes(tmp_path: Path, bit: int) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            tags = {}
            for container in (1, 2, 3):
                for local in range(16):
                    block = BlockId(container=container, local=local)
                    data = f"{container} {local}".encode()
                    tags[container, local] = await n.writer.write_small(block, PIPELINE, data)
            wanted = BlockSlice(container=1, local=4, length_bytes=1, tag=tags[1, 4])
            if bit < 24:
                wanted.container ^= 1 << bit
            else:
                wanted.local ^= 1 << (bit - 24)
            with pytest.raises(TrioxygenError):
                await n.reader.read_small(wanted)

    asyncio.run(run())
