"""The block client: other replicas are tried, streams go on where they stopped."""

import asyncio
from contextlib import aclosing

import pytest

from tests.unit.hdds.client.replicas import CONTENT, Cluster, Replica, Silent, piece
from trioxygen.common.errors import (
    ChecksumMismatch,
    NoSuchBlock,
    NoSuchContainer,
    NotLeader,
    Stopping,
    TrioxygenError,
    Unreachable,
)
from trioxygen.common.rpc.call import Call
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.proto.v1 import datanode_pb2 as dn
from trioxygen.proto.v1.types_pb2 import BlockId, Pipeline


def test_a_small_read_tries_the_next_replica() -> None:
    async def run() -> None:
        cluster = Cluster(None, Replica(ChecksumMismatch), Replica())
        await cluster.serve()
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]

    asyncio.run(run())


def test_a_replica_that_is_silent_is_left_after_the_time_of_a_call() -> None:
    async def run() -> None:
        cluster = Cluster(Silent(), Replica(), config=ClientConfig(call_timeout_ms=500))
        await cluster.serve()
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]
        pieces = [bytes(data) async for data in cluster.reader.stream(piece(7, 5_000))]
        assert b"".join(pieces) == CONTENT[7:5_007]

    asyncio.run(run())


def test_the_last_failure_is_told_when_all_replicas_fail() -> None:
    async def run() -> None:
        # The second comes first, of blocks with odd numbers.
        cluster = Cluster(Replica(ChecksumMismatch), Replica(NoSuchBlock))
        await cluster.serve()
        with pytest.raises(ChecksumMismatch):
            await cluster.reader.read_small(piece(10, 50))
        with pytest.raises(ChecksumMismatch):
            async for _ in cluster.reader.stream(piece(0, 100)):
                pass
        with pytest.raises(NoSuchContainer):
            await cluster.reader.read_small(piece(0, 1, container=404))

    asyncio.run(run())


@pytest.mark.parametrize("way", ["closed", "cancelled", "broken off"])
def test_stream_that_is_given_up_leaves_no_call_at_its_datanode(way: str) -> None:
    async def run() -> None:
        cluster = Cluster(Replica())
        await cluster.serve()
        server, is_read = cluster.network.server("0"), asyncio.Event()

        async def read() -> None:
            async with aclosing(cluster.reader.stream(piece(0, 5_000))) as pieces:
                async for _ in pieces:
                    is_read.set()
                    assert server.calls_in_flight == 1
                    if way == "closed":
                        return
                    await asyncio.Event().wait()

        if way == "broken off":
            async for _ in cluster.reader.stream(piece(0, 5_000)):
                break
        else:
            reading = asyncio.create_task(read())
            await is_read.wait()
            if way == "cancelled":
                reading.cancel()
            await asyncio.wait((reading,))
        async with asyncio.timeout(30):
            await server.stop()
        assert server.calls_in_flight == 0

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


class Behind(Replica):
    """Has no block yet, for so many reads."""

    def __init__(self, reads: int, says: type[TrioxygenError] = NoSuchBlock) -> None:
        super().__init__()
        self.left, self._says = reads, says

    async def read_small(
        self, request: dn.ReadSmallBlockRequest, call: Call
    ) -> dn.ReadSmallBlockReply:
        self.left -= 1
        if self.left >= 0:
            raise self._says()
        return await super().read_small(request, call)


def test_members_that_have_not_heard_of_a_block_yet_are_asked_again() -> None:
    """As after a start of all of them."""

    async def run() -> None:
        cluster = Cluster(Behind(2), Behind(3), None, config=ClientConfig())
        await cluster.serve()
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]

    asyncio.run(run())


def test_members_whose_ring_has_not_caught_up_are_asked_again_though_the_last_one_is_dead() -> None:
    async def run() -> None:
        dead = Replica(lambda: Unreachable(refused="connection"))
        cluster = Cluster(dead, Behind(2, NotLeader), Behind(3, NotLeader), config=ClientConfig())
        await cluster.serve()
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]

    asyncio.run(run())


def test_block_that_no_replica_has_is_missing_in_the_end() -> None:
    async def run() -> None:
        config = ClientConfig(read_patience_ms=200.0)
        cluster = Cluster(Behind(1_000), Behind(1_000), config=config)
        await cluster.serve()
        with pytest.raises(NoSuchBlock):
            await cluster.reader.read_small(piece(10, 50))
        # A sole replica has heard of all that there is.
        sole = Cluster(Behind(1_000), config=ClientConfig())
        await sole.serve()
        with pytest.raises(NoSuchBlock):
            await sole.reader.read_small(piece(10, 50))

    asyncio.run(run())


@pytest.mark.parametrize("is_up", [True, False])
def test_sole_replica_that_has_moved_is_read_where_it_is_now(is_up: bool) -> None:
    """Also where its former node was stopped then."""

    async def run() -> None:
        former = Replica(NoSuchContainer) if is_up else None
        config = ClientConfig(read_patience_ms=1_000 if is_up else 0)
        cluster = Cluster(former, Replica(), config=config)
        await cluster.serve()
        before, now = cluster.pipeline.datanodes
        cluster.pipeline = Pipeline(pipeline_id=1, datanodes=[before])
        assert [each.node_id for each in await cluster.pool.locations.find(1)] == ["0"]
        cluster.pipeline = Pipeline(pipeline_id=1, datanodes=[now])
        assert await cluster.reader.read_small(piece(10, 50)) == CONTENT[10:60]
        # In the way of streams, too.
        cluster.pipeline = Pipeline(pipeline_id=1, datanodes=[before])
        cluster.pool.locations.forget(1)
        await cluster.pool.locations.find(1)
        cluster.pipeline = Pipeline(pipeline_id=1, datanodes=[now])
        pieces = [bytes(data) async for data in cluster.reader.stream(piece(7, 5_000))]
        assert b"".join(pieces) == CONTENT[7:5_007]

    asyncio.run(run())


def test_missing_block_is_not_concluded_from_a_replica_that_may_be_behind() -> None:
    async def run() -> None:
        cluster = Cluster(Replica(Stopping), Replica(NoSuchBlock))
        await cluster.serve()
        for local in (1, 2):
            wanted = piece(0, 10)
            wanted.local = local
            with pytest.raises(Stopping):
                await cluster.reader.read_small(wanted)

    asyncio.run(run())
