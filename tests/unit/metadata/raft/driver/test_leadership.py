"""Who leads a group of three: leadership that is handed over, and who is told of it."""

import asyncio
from pathlib import Path

import pytest

from tests.contract.replica_harness import Machine, Member, RaftGroup, run, until
from tests.unit.metadata.raft.driver.clients import Client, all_equal
from trioxygen.common.errors import InvalidRequest, Unavailable
from trioxygen.metadata.raft.core.types import ReplicaId


def test_leader_that_stops_hands_over_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        await leader.replica.propose(b"x")
        term = leader.replica.term
        await leader.replica.stop()
        others = [member for member in group.members if member is not leader]
        assert any(other.replica.term == term + 1 for other in others)
        await leader.crash()
        await (await group.leader()).replica.propose(b"y")
        await group.end()

    run(scenario())


def test_leadership_goes_to_the_one_that_is_asked_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        for target in (*group.members, *group.members):
            leader = await group.leader()
            if leader is target:
                continue
            await leader.replica.transfer_leadership(target.id)
            assert await group.leader() is target
            await target.replica.propose(b"x")
        with pytest.raises(InvalidRequest):
            leader = await group.leader()
            await leader.replica.transfer_leadership(ReplicaId(9))
        await group.end()

    run(scenario())


def test_leadership_goes_to_a_member_that_is_only_coming_back(tmp_path: Path) -> None:
    """Meanwhile proposals are taken, but for an election timeout at a time."""

    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        target = next(member for member in group.members if member is not leader)
        group.cut_off(target)
        moving = asyncio.ensure_future(leader.replica.transfer_leadership(target.id))
        client = Client(group, "client")
        await client.work(3)
        assert leader.replica.is_leader() and not moving.done()
        group.faults.heal()
        await moving
        assert await group.leader() is target
        await all_equal(group)
        await group.end()

    run(scenario())


def test_leadership_stays_where_its_target_does_not_come_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        target = next(member for member in group.members if member is not leader)
        group.cut_off(target)
        with pytest.raises(Unavailable, match="did not take over"):
            await leader.replica.transfer_leadership(target.id)
        await leader.replica.propose(b"x")
        await group.end()

    run(scenario())


def test_watchers_are_told_when_a_replica_begins_and_ceases_to_lead(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        output: list[tuple[ReplicaId, bool]] = []
        for member in group.members:
            replica = await member.boot(group.configuration)

            def note(member: Member = member) -> None:
                state = (member.id, member.replica.is_leader())
                if state not in output[-1:]:
                    output.append(state)

            replica.watch_leadership(note)
        for member in group.members:
            await member.start(Machine())
        leader = await group.leader()
        await until(lambda: (leader.id, True) in output)
        group.cut_off(leader)
        await until(lambda: (leader.id, False) in output[output.index((leader.id, True)) :])
        await group.end()

    run(scenario())
