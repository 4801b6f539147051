"""Rings that have nothing to do say nothing, and go on when there is something."""

from pathlib import Path

from tests.unit.hdds.ring.three import RINGS, Member, Three, pipeline, until, with_three
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.proto.v1.types_pb2 import BlockId

CONFIG = RaftReplicaConfig(core=RaftConfig(heartbeat_ticks=2, quiesce_ticks=5))


async def write(three: Three, ring: int, local: int) -> None:
    block = BlockId(container=ring, local=local)
    await three.writer.write_small(block, pipeline(ring), b"%d" % local)


def is_quiet(member: Member, ring: int) -> bool:
    replica = member.ring(ring).replica
    assert isinstance(replica, RaftReplica)
    return replica.status().quiescent


async def until_quiet(three: Three) -> None:
    await until(lambda: all(is_quiet(each, ring) for each in three.members for ring in RINGS))


def terms(three: Three) -> list[int]:
    return [member.ring(ring).replica.term for member in three.members for ring in RINGS]


def test_quiet_rings_keep_their_leaders_and_take_writes(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        for ring in RINGS:
            await write(three, ring, 1)
        await until_quiet(three)
        before, leaders = terms(three), [await three.leader(ring) for ring in RINGS]
        # Some times as long as a leader that is not vouched for is believed in: 14 ticks of 20 ms.
        clock = three.members[0].runtime.clock
        end_ms = clock.monotonic_ms() + 1_500
        await until(lambda: clock.monotonic_ms() > end_ms)
        assert terms(three) == before
        assert [await three.leader(ring) for ring in RINGS] == leaders
        for ring in RINGS:
            await write(three, ring, 2)
            await three.agreed(ring)
        assert terms(three) == before
        await until_quiet(three)

    with_three(tmp_path, scenario, ring_config=CONFIG)


def test_leader_of_a_quiet_ring_that_dies_or_stands_still_is_replaced(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        for ring in RINGS:
            await write(three, ring, 1)
        await until_quiet(three)
        # Nobody writes: the others see it by themselves.
        former = await three.leader(3)
        await former.end(crash=True)
        other = await three.leader(3, not_=former)
        await write(three, 3, 2)
        await former.start()
        await until_quiet(three)
        three.frozen.freeze(other.name)
        await three.leader(3, not_=other)
        await write(three, 3, 3)
        three.frozen.thaw(other.name)
        await three.agreed(3)
        await until(lambda: sum(each.ring(3).replica.is_leader() for each in three.members) == 1)
        await until_quiet(three)

    with_three(tmp_path, scenario, ring_config=CONFIG)


def test_member_that_is_started_again_joins_a_quiet_ring(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        for ring in RINGS:
            await write(three, ring, 1)
        await until_quiet(three)
        leader = await three.leader(40)
        [member, _] = [each for each in three.members if each is not leader]
        await member.end()
        await member.start()
        await until_quiet(three)
        assert member.ring(40).replica.leader_address() == (await three.leader(40)).name

    with_three(tmp_path, scenario, ring_config=CONFIG)
