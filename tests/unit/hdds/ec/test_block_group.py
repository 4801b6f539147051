"""A block of an erasure code says what it is a part of: its own bytes do not tell."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.hdds.support import ADDRESS, Node, node
from trioxygen.common.errors import WrongBlock
from trioxygen.common.units import KIB
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.checksums import checksums_of, tag_of
from trioxygen.hdds.container.blocks import block_key
from trioxygen.proto.v1.datanode_pb2 import (
    PutBlockReply,
    PutBlockRequest,
    ReadSmallBlockReply,
    ReadSmallBlockRequest,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
)
from trioxygen.proto.v1.types_pb2 import BlockId, DataNodeAddress, Pipeline

INDEX, RING, CONTAINER = 2, 70, 9
MEMBER = DataNodeAddress(node_id="node-1", address=ADDRESS, replica_index=INDEX)
CODED = Pipeline(pipeline_id=RING, datanodes=[MEMBER])
GROUP = BlockGroup(tag=12_345, size_bytes=1_000_000)
SMALL, LARGE = b"a part", bytes(300 * KIB)


async def write(started: Node) -> None:
    channel = started.runtime.network.channel(ADDRESS)
    small = WriteSmallBlockRequest(
        block=BlockId(container=CONTAINER, local=1),
        data=SMALL,
        pipeline_id=RING,
        replica_index=INDEX,
        group=GROUP.message,
    )
    await channel.call("DataNode/WriteSmallBlock", small, WriteSmallBlockReply, timeout_ms=5_000)
    block = BlockId(container=CONTAINER, local=2)
    header = WriteStreamHeader(
        block=block, pipeline_id=RING, size_bytes_max=len(LARGE), replica_index=INDEX
    )
    upload = await channel.upload("DataNode/WriteStream", header)
    await upload.send(LARGE)
    await upload.finish(5_000)
    put = PutBlockRequest(
        block=block,
        pipeline_id=RING,
        size_bytes=len(LARGE),
        checksums=checksums_of(LARGE),
        replica_index=INDEX,
        group=GROUP.message,
    )
    await channel.call("DataNode/PutBlock", put, PutBlockReply, timeout_ms=5_000)


async def read(started: Node, local: int, tag: int) -> bytes:
    request = ReadSmallBlockRequest(
        block=BlockId(container=CONTAINER, local=local),
        length_bytes=len(SMALL),
        tag=tag,
        replica_index=INDEX,
    )
    channel = started.runtime.network.channel(ADDRESS)
    reply = await channel.call(
        "DataNode/ReadSmallBlock", request, ReadSmallBlockReply, timeout_ms=5_000
    )
    return reply.data


async def check(started: Node) -> None:
    assert await read(started, 1, GROUP.tag) == SMALL
    assert await read(started, 2, GROUP.tag) == LARGE[: len(SMALL)]
    with pytest.raises(WrongBlock):
        await read(started, 1, tag_of(CONTAINER, 1, checksums_of(SMALL)))
    for local in (1, 2):
        block = started.work.blocks.find_block(block_key(CONTAINER, local))
        assert block is not None
        assert block.group == GROUP


def test_tag_of_a_group_is_that_of_each_of_its_blocks(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path) as started:
            await started.datanode.homes.join(CODED)
            await write(started)
            await check(started)
            await started.flush()
            await check(started)
        async with node(tmp_path, ring=started.ring) as again:
            await check(again)

    asyncio.run(test())


def test_group_comes_back_from_the_log_alone(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path, crash=True) as started:
            await started.datanode.homes.join(CODED)
            await write(started)
        async with node(tmp_path, ring=started.ring) as again:
            await check(again)

    asyncio.run(test())
