"""The block client: other replicas are tried, streams go on where they stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from trioxygen.common.clock import SystemClock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    ChecksumMismatch,
    NoSuchBlock,
    NoSuchContainer,
    Stopping,
    TrioxygenError,
    Unreachable,
)
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Service
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.proto.v1 import datanode_pb2 as dn
from trioxygen.proto.v1.scm_pb2 import ContainerLocation, ContainerReplica
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice, DataNodeAddress, Pipeline

CONTENT = bytes(range(256)) * 40


class Replica:
    """Serves CONTENT for every block; fails once `good_bytes` of one stream have been sent.

    Attributes: put_failures: what the next PutBlocks meet.
    """

    def __init__(
        self, failure: Callable[[], TrioxygenError] | None = None, good_bytes: int = 0
    ) -> None:
        self._failure, self._good_bytes = failure, good_bytes
        self.received: list[bytes] = []
        self.put: list[dn.PutBlockRequest] = []
        self.put_failures: list[TrioxygenError] = []

    async def read_small(
        self, request: dn.ReadSmallBlockRequest, call: Call
    ) -> dn.ReadSmallBlockReply:
        if self._failure is not None:
            raise self._failure()
        end = request.offset_bytes + request.length_bytes
        return dn.ReadSmallBlockReply(data=CONTENT[request.offset_bytes : end])

    async def read_stream(self, header: dn.ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        sent = 0
        while sent < header.length_bytes:
            if self._failure is not None and sent >= self._good_bytes:
                raise self._failure()
            start = header.offset_bytes + sent
            size = min(1_000, header.length_bytes - sent)
            yield CONTENT[start : start + size]
            sent += size

    async def write_stream(
        self, header: dn.WriteStreamHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> dn.WriteStreamReply:
        data = b"".join([bytes(piece) async for piece in pieces])
        if self._failure is not None:
            raise self._failure()
        self.received.append(data)
        return dn.WriteStreamReply(size_bytes=len(data), checksums=b"1234")

    async def put_block(self, request: dn.PutBlockRequest, call: Call) -> dn.PutBlockReply:
        if self.put_failures:
            raise self.put_failures.pop(0)
        self.put.append(request)
        return dn.PutBlockReply(commit_sequence=1)

    async def unexpected(self, request: Any, call: Call) -> Any:
        raise AssertionError(request)

    def service(self) -> Service:
        return Service(
            descriptor=dn.DESCRIPTOR.services_by_name["DataNode"],
            calls={
                "WriteSmallBlock": self.unexpected,
                "PutBlock": self.put_block,
                "ReadSmallBlock": self.read_small,
                "DescribeDataNode": self.unexpected,
                "ListBlocks": self.unexpected,
            },
            uploads={"WriteStream": self.write_stream},
            downloads={"ReadStream": self.read_stream},
        )


class Silent(Replica):
    """Begins every read and ends none."""

    async def read_small(
        self, request: dn.ReadSmallBlockRequest, call: Call
    ) -> dn.ReadSmallBlockReply:
        await asyncio.Event().wait()
        raise AssertionError("reached")

    async def read_stream(self, header: dn.ReadStreamHeader, call: Call) -> AsyncIterator[Buffer]:
        await asyncio.Event().wait()
        yield b""


class Cluster:
    """Replicas of every container, at the addresses 0, 1, ..."""

    def __init__(
        self,
        *replicas: Replica | None,
        patience_ms: float = 0,
        call_timeout_ms: float = 30_000,
    ) -> None:
        self.network = LocalNetwork(encode=True)
        self.replicas = replicas
        self.pipeline = Pipeline(
            pipeline_id=1,
            datanodes=[
                DataNodeAddress(node_id=str(number), address=str(number))
                for number in range(len(replicas))
            ],
        )
        self.asked = 0
        self.pool = DataNodePool(
            self.network,
            SystemClock(),
            self.locate,
            patience_ms=patience_ms,
            call_timeout_ms=call_timeout_ms,
        )
        self.reader, self.writer = BlockReader(self.pool), BlockWriter(self.pool)

    async def locate(self, container_ids: list[int]) -> list[ContainerLocation]:
        self.asked += 1
        return [
            ContainerLocation(
                container_id=container_id,
                replicas=[
                    ContainerReplica(datanode=datanode) for datanode in self.pipeline.datanodes
                ],
            )
            for container_id in container_ids
            if container_id != 404
        ]

    async def serve(self) -> None:
        for number, replica in enumerate(self.replicas):
            if replica is not None:
                await self.network.serve(str(number), [replica.service()])


def piece(offset: int, length: int, container: int = 1) -> BlockSlice:
    return BlockSlice(container=container, local=1, offset_bytes=offset, length_bytes=length)


def test_a_small_read_tries_the_next_replica() -> None:
    async def run() -> None:
        cluster = Cluster(None, Replica(ChecksumMismatch), Replica())
        await cluster.serve()
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]

    asyncio.run(run())


def test_a_replica_that_is_silent_is_left_after_the_time_of_a_call() -> None:
    async def run() -> None:
        cluster = Cluster(Silent(), Replica(), call_timeout_ms=500)
        await cluster.serve()
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]
        pieces = [bytes(data) async for data in cluster.reader.stream(piece(7, 5_000))]
        assert b"".join(pieces) == CONTENT[7:5_007]

    asyncio.run(run())


def test_the_last_failure_is_told_when_all_replicas_fail() -> None:
    async def run() -> None:
        cluster = Cluster(None, Replica(ChecksumMismatch))
        await cluster.serve()
        with pytest.raises(ChecksumMismatch):
            await cluster.reader.read_small(piece(10, 50))
        with pytest.raises(ChecksumMismatch):
            async for _ in cluster.reader.stream(piece(0, 100)):
                pass
        with pytest.raises(NoSuchContainer):
            await cluster.reader.read_small(piece(0, 1, container=404))

    asyncio.run(run())


def test_the_only_replica_is_waited_for_while_it_is_started() -> None:
    async def run() -> None:
        replica = Replica()
        cluster = Cluster(replica, patience_ms=5_000)

        async def streamed() -> bytes:
            pieces = [bytes(actual) async for actual in cluster.reader.stream(piece(7, 5_000))]
            return b"".join(pieces)

        async def written() -> None:
            stream = await cluster.writer.open(BlockId(container=1, local=2), cluster.pipeline, 100)
            await stream.send(CONTENT[:100])
            assert await stream.finish() == 100

        reading = asyncio.gather(cluster.reader.read_small(piece(10, 50)), streamed(), written())
        await asyncio.sleep(0.05)
        assert not reading.done()
        await cluster.serve()
        small, large, _ = await reading
        assert (small, large) == (CONTENT[10:60], CONTENT[7:5_007])
        assert replica.received == [CONTENT[:100]]

    asyncio.run(run())


async def written(cluster: Cluster) -> int:
    stream = await cluster.writer.open(BlockId(container=1, local=2), cluster.pipeline, 100)
    await stream.send(CONTENT[:100])
    return await stream.finish()


def test_received_block_is_put_when_its_datanode_is_back() -> None:
    async def run() -> None:
        replica = Replica()
        replica.put_failures = [Unreachable(), Stopping()]
        cluster = Cluster(replica, patience_ms=5_000)
        await cluster.serve()
        assert await written(cluster) == 100
        assert len(replica.put) == 1

    asyncio.run(run())


def test_received_block_that_a_restart_dropped_is_to_be_sent_again() -> None:
    async def run() -> None:
        replica = Replica()
        replica.put_failures = [Unreachable(), NoSuchBlock()]
        cluster = Cluster(replica, patience_ms=5_000)
        await cluster.serve()
        with pytest.raises(Unreachable, match="dropped"):
            await written(cluster)
        assert await written(cluster) == 100

    asyncio.run(run())


@pytest.mark.parametrize("good_bytes", [0, 1_000, 3_000])
def test_a_stream_goes_on_at_the_next_replica_where_one_fails(good_bytes: int) -> None:
    async def run() -> None:
        cluster = Cluster(
            Replica(Unreachable, good_bytes), Replica(ChecksumMismatch, 500), Replica()
        )
        await cluster.serve()
        pieces = [bytes(actual) async for actual in cluster.reader.stream(piece(7, 5_000))]
        assert b"".join(pieces) == CONTENT[7:5_007]

    asyncio.run(run())


def test_locations_are_asked_for_once_and_again_after_a_failure() -> None:
    async def run() -> None:
        cluster = Cluster(Replica())
        await cluster.serve()
        for _ in range(3):
            await cluster.reader.read_small(piece(0, 10))
        assert cluster.asked == 1
        broken = Cluster(None)
        for _ in range(2):
            with pytest.raises(Unreachable):
                await broken.reader.read_small(piece(0, 10))
        assert broken.asked == 2

    asyncio.run(run())


def test_a_stream_is_written_to_every_member_and_put_at_the_leader() -> None:
    async def run() -> None:
        replicas = [Replica(), Replica()]
        cluster = Cluster(*replicas)
        await cluster.serve()
        stream = await cluster.writer.open(
            BlockId(container=1, local=1), cluster.pipeline, len(CONTENT)
        )
        for start in range(0, len(CONTENT), 3_000):
            await stream.send(CONTENT[start : start + 3_000])
        assert await stream.finish() == len(CONTENT)
        await stream.cancel()
        assert [replica.received for replica in replicas] == [[CONTENT], [CONTENT]]
        assert [len(replica.put) for replica in replicas] == [1, 0]
        assert replicas[0].put[0].checksums == b"1234"

    asyncio.run(run())


def test_a_stream_that_a_member_fails_is_never_put() -> None:
    async def run() -> None:
        replica = Replica()
        cluster = Cluster(replica, Replica(ChecksumMismatch))
        await cluster.serve()
        stream = await cluster.writer.open(BlockId(container=1, local=1), cluster.pipeline, 10)
        await stream.send(b"0123456789")
        with pytest.raises(ChecksumMismatch):
            await stream.finish()
        await stream.cancel()
        assert replica.put == []

    asyncio.run(run())
