"""A member of a coded pipeline that was away for a moment lacks what was written meanwhile. When
the container is closed its index is made again, and any two may be lost as before."""

import asyncio
import itertools
import random
from dataclasses import replace
from pathlib import Path

from tests.unit.hdds.ec.coded_cluster import NAMES, CodedCluster, with_cluster
from tests.unit.hdds.ring.three import Member, until
from trioxygen.common.container_state import ContainerState
from trioxygen.hdds.container.container import Container
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.proto.v1.scm_pb2 import AllocateBlocksReply
from trioxygen.proto.v1.types_pb2 import BlockSlice

CARE = ReplicationConfig(
    grace_ms=100, settle_ms=300, turn_interval_ms=20, check_interval_ms=200, resend_after_ms=1_000
)
# Of one cell, of two, and of several stripes.
SIZES = (1_000, 100_000, 700_000)


class Written:
    """Blocks of one container. Attributes: pieces: with their data."""

    def __init__(self, cluster: CodedCluster, reply: AllocateBlocksReply) -> None:
        self.cluster, self.reply = cluster, reply
        self.container = reply.blocks.container
        self.pieces: list[tuple[BlockSlice, bytes]] = []

    async def write(self) -> None:
        for size in SIZES:
            number = len(self.pieces)
            data = random.Random(number).randbytes(size)
            self.pieces.append((await self.cluster.write(self.reply, number, data), data))

    async def write_without(self, index: int) -> None:
        frozen = self.reply.pipeline.datanodes[index - 1].address
        self.cluster.faults.frozen.add(frozen)
        await self.write()
        self.cluster.faults.frozen.discard(frozen)

    async def close(self) -> None:
        for member in self.cluster.members:
            ring = member.work.rings.get(self.reply.pipeline.pipeline_id)
            if ring is not None:
                await ring.close_container(self.container)

    def replicas(self) -> list[tuple[Member, Container]]:
        return [
            (member, member.work.volume.containers[self.container])
            for member in self.cluster.members
            if self.container in member.work.volume.containers
        ]

    def is_whole(self) -> bool:
        """Each index is there once, and has all that it is to have."""
        replicas = [container for _, container in self.replicas()]
        if sorted(each.replica_index for each in replicas) != [1, 2, 3, 4, 5]:
            return False
        if any(each.state is not ContainerState.CLOSED for each in replicas):
            return False
        rounds = len(self.pieces) // len(SIZES)
        # Of a block of one cell the second and the third index have nothing.
        blocks = {1: 3, 2: 2, 3: 1, 4: 3, 5: 3}
        return all(each.block_count == rounds * blocks[each.replica_index] for each in replicas)

    async def read_without_any_two(self) -> None:
        holders = [member.name for member, _ in self.replicas()]
        while await self._located() != set(holders):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await self.cluster.new_client()
        for lost in itertools.combinations(holders, 2):
            self.cluster.faults.dead = set(lost)
            for piece, data in self.pieces:
                assert await self.cluster.read(piece) == data, (lost, piece)
        self.cluster.faults.dead = set()

    async def _located(self) -> set[str]:
        """As the SCM knows it."""
        [location] = await self.cluster.client.locate([self.container])
        return {each.datanode.node_id for each in location.replicas}


async def written_by(cluster: CodedCluster) -> Written:
    reply = await cluster.allocated_coded()
    assert [each.replica_index for each in reply.pipeline.datanodes] == [1, 2, 3, 4, 5]
    assert not reply.pipeline.without_spare
    return Written(cluster, reply)


async def away_once(cluster: CodedCluster) -> None:
    written = await written_by(cluster)
    await written.write()
    for index in (2, 5):
        await written.write_without(index)
    await written.write()
    assert not written.is_whole()
    await written.close()
    await until(written.is_whole)
    await written.read_without_any_two()


def test_members_that_were_away_are_made_again_elsewhere(tmp_path: Path) -> None:
    names = (*NAMES, "dn6", "dn7")
    with_cluster(tmp_path, away_once, names=names, containers=CARE)


async def away_in_turns(cluster: CodedCluster) -> None:
    """As when all of them are started again one after the other: none of them has all."""
    written = await written_by(cluster)
    for index in (1, 2, 3, 4, 5):
        await written.write_without(index)
    await written.close()
    await until(written.is_whole)
    await written.read_without_any_two()


def test_members_that_were_away_in_turns_are_all_made_again(tmp_path: Path) -> None:
    with_cluster(tmp_path, away_in_turns, names=(*NAMES, "dn6"), containers=CARE)


async def away_of_five(cluster: CodedCluster) -> None:
    """There is no other node: it is made again where it was."""
    written = await written_by(cluster)
    await written.write()
    await written.write_without(2)
    await written.close()
    await until(written.is_whole)
    await written.read_without_any_two()


def test_member_that_was_away_is_made_again_in_its_place(tmp_path: Path) -> None:
    with_cluster(tmp_path, away_of_five, containers=CARE)


async def two_away_of_five(cluster: CodedCluster) -> None:
    """No other node can take an index, and none can go: of a block of one cell two parts are all
    that there is."""
    written = await written_by(cluster)
    await written.write()
    for index in (1, 5):
        await written.write_without(index)
    await written.write()
    before = {member.name: container for member, container in written.replicas()}
    await written.close()
    await until(written.is_whole)
    # They were never away meanwhile.
    assert {member.name: container for member, container in written.replicas()} == before
    await written.read_without_any_two()

    def is_left() -> bool:
        """Told twice, a member looks once more at what it has."""
        return any(
            member.work.volume.room.under_way_bytes or len(member.datanode.imports)
            for member in cluster.members
        )

    await until(lambda: not is_left())


def test_members_that_were_away_get_what_they_lack_where_no_other_node_is(tmp_path: Path) -> None:
    with_cluster(tmp_path, two_away_of_five, containers=CARE)


async def away_from_an_open_one(cluster: CodedCluster) -> None:
    """Nobody closes it: it would stay open, and lack what it lacks, for as long as it has room."""
    written = await written_by(cluster)
    await written.write()
    await written.write_without(2)
    await until(written.is_whole)
    await written.read_without_any_two()


def test_open_container_that_a_member_lags_behind_in_is_closed(tmp_path: Path) -> None:
    names = (*NAMES, "dn6")
    care = replace(CARE, lag_ms_max=4_000)
    with_cluster(tmp_path, away_from_an_open_one, names=names, containers=care)
