"""A member that lacks entries which no log of its ring holds any more."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.hdds.ring.three import Member, Three, pipeline, until, with_three
from trioxygen.common.errors import ChecksumMismatch
from trioxygen.common.units import KIB
from trioxygen.hdds.ring.left_behind import OutOfReach, Position
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.ports import Applied, ReplicaFailed
from trioxygen.proto.v1.types_pb2 import BlockId

RING = 40
DATA = b"x" * 32 * KIB


async def write(three: Three, local: int) -> None:
    block = BlockId(container=RING, local=local)
    await three.writer.write_small(block, pipeline(RING), DATA)


async def flush(member: Member) -> None:
    await member.work.flusher.flush_all()
    await member.work.flusher.sync_store()


def test_member_that_was_away_too_long_says_that_its_ring_has_failed(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        await write(three, 1)
        await three.agreed(RING)
        leader = await three.leader(RING)
        away = next(member for member in three.members if member is not leader)
        # Else whether it knows of the block again depends on what the leader tells first: that it
        # is committed, or that what is behind it is out of reach.
        await flush(away)
        await away.end(crash=True)
        for local in range(2, 30):
            await write(three, local)
        for member in three.members:
            if member.is_up:
                await flush(member)
        await away.start()
        await until(lambda: away.ring(RING).report().failed)
        assert isinstance(away.ring(RING).replica.failure, ReplicaFailed)
        # The others go on, and so do its other rings.
        await write(three, 30)
        assert not any(ring.report().failed for ring in away.work.rings if ring.pipeline_id != RING)
        await until(away.datanode.takes_writes)
        # What it has is what it had: it does not serve what it never got.
        assert away.block(RING, 1) is not None and away.block(RING, 29) is None
        with pytest.raises(ReplicaFailed):
            await away.ring(RING).replica.propose(b"")

    config = RaftReplicaConfig(log_keep_bytes=64 * KIB)
    core = replace(config.core, recent_bytes_max=0)
    with_three(
        tmp_path,
        scenario,
        ring_config=replace(config, core=core),
        wal_config=WalConfig(segment_bytes=256 * KIB),
    )


def test_position_travels_whole() -> None:
    asyncio.run(travel())


async def travel() -> None:
    position, incoming = Position(Applied(7, 3)), OutOfReach(RING)
    async for piece in position.pieces():
        await incoming.write(piece)
    assert await incoming.complete() == Applied(7, 3)
    with pytest.raises(ReplicaFailed):
        await incoming.install(b"")
    short = OutOfReach(RING)
    await short.write(b"1")
    with pytest.raises(ChecksumMismatch):
        await short.complete()
