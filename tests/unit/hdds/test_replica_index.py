"""Which replica of a container bytes are of: said when they are written, stored, reported, located
and asked for."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.hdds.support import ADDRESS, LOCATED, RING, ListRing, Node, node
from trioxygen.common.errors import InvalidRequest, NoSuchContainer
from trioxygen.common.units import KIB
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.container.blocks import CONTAINERS, TABLES, container_key
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.proto.v1.datanode_pb2 import (
    ReadSmallBlockReply,
    ReadSmallBlockRequest,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
)
from trioxygen.proto.v1.scm_pb2 import ContainerLocation, ContainerReplica
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice, DataNodeAddress, Pipeline

INDEX = 2
# A member of an erasure code's pipeline: it holds the second of the replicas.
MEMBER = DataNodeAddress(node_id="node-1", address=ADDRESS, replica_index=INDEX)
CODED = Pipeline(pipeline_id=70, datanodes=[MEMBER])
CONTAINER = 9
SMALL, LARGE = b"small", bytes(300 * KIB)


def reader_of(started: Node, *replicas: ContainerReplica) -> BlockReader:
    async def locate(container_ids: list[int]) -> list[ContainerLocation]:
        return [
            ContainerLocation(container_id=container_id, replicas=replicas)
            for container_id in container_ids
        ]

    return BlockReader(DataNodePool(started.runtime.network, started.runtime.clock, locate))


def piece(local: int, size_bytes: int, index: int) -> BlockSlice:
    return BlockSlice(
        container=CONTAINER, local=local, length_bytes=size_bytes, replica_index=index
    )


async def check(started: Node) -> None:
    located = ContainerReplica(datanode=MEMBER, replica_index=INDEX)
    reader = reader_of(started, *LOCATED, located)
    assert await reader.read_small(piece(1, len(SMALL), INDEX)) == SMALL
    pieces = reader.stream(piece(2, len(LARGE), INDEX))
    assert b"".join([bytes(each) async for each in pieces]) == LARGE
    # A whole replica is said to be there, and is not.
    with pytest.raises(NoSuchContainer, match="another replica"):
        await reader.read_small(piece(1, len(SMALL), 0))
    # Of another index none is known.
    with pytest.raises(NoSuchContainer):
        await reader.read_small(piece(1, len(SMALL), 3))
    [report] = started.datanode.describe().containers
    assert (report.container_id, report.replica_index) == (CONTAINER, INDEX)
    assert report.pipeline_id == CODED.pipeline_id


def test_replica_index_is_there_from_the_first_byte_on(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path) as started:
            await started.datanode.homes.join(CODED)
            block = BlockId(container=CONTAINER, local=1)
            await started.writer.write_small(block, CODED, SMALL)
            stream = await started.writer.open(
                BlockId(container=CONTAINER, local=2), CODED, len(LARGE)
            )
            await stream.send(LARGE)
            await stream.finish()
            await check(started)
            await started.flush()
            await check(started)
        async with node(tmp_path, ring=started.ring) as again:
            await check(again)

    asyncio.run(test())


def test_two_replicas_of_a_container_are_never_mixed(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path) as started:
            await started.datanode.homes.join(CODED)
            block = BlockId(container=CONTAINER, local=1)
            await started.writer.write_small(block, CODED, SMALL)
            channel = started.runtime.network.channel(ADDRESS)
            other = WriteSmallBlockRequest(
                block=BlockId(container=CONTAINER, local=2),
                data=SMALL,
                pipeline_id=CODED.pipeline_id,
                replica_index=INDEX + 1,
            )
            with pytest.raises(InvalidRequest, match="another replica"):
                await channel.call(
                    "DataNode/WriteSmallBlock", other, WriteSmallBlockReply, timeout_ms=5_000
                )
            request = ReadSmallBlockRequest(block=block, length_bytes=len(SMALL))
            with pytest.raises(NoSuchContainer, match="another replica"):
                await channel.call(
                    "DataNode/ReadSmallBlock", request, ReadSmallBlockReply, timeout_ms=5_000
                )

    asyncio.run(test())


def test_whose_a_container_is_outlives_its_row(tmp_path: Path) -> None:
    """Of many rings on the volume nothing else would tell which one is its own."""

    async def write(started: Node, local: int) -> None:
        block = BlockId(container=CONTAINER, local=local)
        await started.writer.write_small(block, CODED, SMALL)

    async def fill() -> ListRing:
        async with node(tmp_path) as started:
            await started.datanode.homes.join(CODED)
            await started.write(1, b"of another ring")
            await write(started, 1)
            await started.flush()
            return started.ring

    async def check(log: ListRing) -> None:
        async with node(tmp_path, ring=log) as again:
            output = {
                report.container_id: report for report in again.datanode.describe().containers
            }
            assert (output[1].pipeline_id, output[1].replica_index) == (RING, 0)
            lost = output[CONTAINER]
            assert (lost.pipeline_id, lost.replica_index) == (CODED.pipeline_id, INDEX)
            await write(again, 2)
            ring = again.work.rings.get(CODED.pipeline_id)
            assert again.datanode.homes.ring_of(CONTAINER) is ring

    log = asyncio.run(fill())
    with closing(LmdbStore(tmp_path / "index", TABLES)) as store:
        txn = store.begin()
        for container_id in (1, CONTAINER):
            CONTAINERS.delete(txn, container_key(container_id))
        txn.commit()
    asyncio.run(check(log))
