"""An erasure-coded block whose members are told one by one to keep their parts."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.hdds.client.replicas import Cluster, Freezable
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, NoSpace, TrioxygenError
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.call import Call
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.proto.v1 import datanode_pb2 as dn
from trioxygen.proto.v1.types_pb2 import BlockId

CODING = Replication.parse("EC/3-2-64k")
CONFIG = ClientConfig(member_slow_ms=100.0)
STRIPE = bytes(range(256)) * 256 * 3


class PartHolder(Freezable):
    """Attributes: write_failure: what small blocks meet."""

    write_failure: TrioxygenError | None = None

    async def write_small(
        self, request: dn.WriteSmallBlockRequest, call: Call
    ) -> dn.WriteSmallBlockReply:
        if self.write_failure is not None:
            raise self.write_failure
        return dn.WriteSmallBlockReply()

    async def write_stream(
        self, header: dn.WriteStreamHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> dn.WriteStreamReply:
        await super().write_stream(header, pieces, call)
        part = self.received[-1]
        return dn.WriteStreamReply(size_bytes=len(part), checksums=checksums_of(part))


def coded(members: list[PartHolder]) -> Cluster:
    cluster = Cluster(*members, config=CONFIG)
    cluster.pipeline.replication.CopyFrom(CODING.proto)
    for index, node in enumerate(cluster.pipeline.datanodes, start=1):
        node.replica_index = index
    return cluster


@pytest.mark.parametrize("is_kept", [True, False])
def test_straggler_keeps_its_part_only_of_a_block_that_is_kept(is_kept: bool) -> None:
    async def run() -> None:
        members = [PartHolder() for _ in range(CODING.members)]
        cluster = coded(members)
        await cluster.serve()
        block = BlockId(container=1, local=1)
        stream = await cluster.writer.open(block, cluster.pipeline, len(STRIPE))
        await stream.send(STRIPE)
        await stream.flush()
        members[4].freeze()
        if is_kept:
            assert await stream.finish() == len(STRIPE)
        else:
            members[0].put_failures.append(InvalidRequest("no such pipeline"))
            with pytest.raises(InvalidRequest):
                await stream.finish()
        # Its writer is done with the block; whether it is kept does not change any more.
        await stream.cancel()
        members[4].thaw()
        await cluster.pool.stop()
        assert len(members[4].put) == is_kept

    asyncio.run(run())


def test_member_that_is_full_is_avoided_after_a_small_block() -> None:
    async def run() -> None:
        members = [PartHolder() for _ in range(CODING.members)]
        members[3].write_failure = NoSpace("the volume is full")
        cluster = coded(members)
        await cluster.serve()
        await cluster.writer.write_small(BlockId(container=1, local=1), cluster.pipeline, b"data")
        await cluster.pool.stop()
        assert cluster.writer.away.node_ids == ["3"]
        # What it has can be read.
        assert not cluster.pool.unreadable.has_any

    asyncio.run(run())
