"""Groups of three in one event loop: what is acknowledged stays, whatever happens to a member."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.replica_harness import (
    CORE,
    GROUP,
    Machine,
    RaftGroup,
    run,
    until,
)
from tests.unit.metadata.raft.driver.clients import Client, all_equal, machine_of, machines
from trioxygen.common.errors import InvalidRequest, NotLeader, TrioxygenError
from trioxygen.common.units import KIB
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.log.config import WalConfig


def test_leader_dies_and_the_others_go_on_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        clients = [Client(group, f"client{number}") for number in range(5)]
        working = [asyncio.ensure_future(client.work(40)) for client in clients]
        for _ in range(3):
            leader = await group.leader()
            await until(lambda: sum(len(client.acknowledged) for client in clients) % 200 > 20)
            durable = machine_of(leader).entries[:-3]
            await leader.crash()
            await group.leader(not_=[leader])
            await leader.boot(group.configuration)
            await leader.start(Machine(durable))
        await asyncio.gather(*working)
        await all_equal(group)
        payloads = machines(group)[0].payloads()
        assert len(payloads) == len(set(payloads))
        assert {each for client in clients for each in client.acknowledged} <= set(payloads)
        await group.end()

    run(scenario())


def test_lost_and_late_messages_lose_no_acknowledged_entry(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        group.faults.loss, group.faults.delay_ms_max = 0.15, 5.0
        clients = [Client(group, f"client{number}") for number in range(5)]
        await asyncio.gather(*[client.work(30) for client in clients])
        group.faults.heal()
        await all_equal(group)
        payloads = machines(group)[0].payloads()
        assert len(payloads) == len(set(payloads))
        assert {each for client in clients for each in client.acknowledged} <= set(payloads)
        await group.end()

    run(scenario())


def test_leader_that_is_cut_off_acknowledges_nothing_and_its_entries_give_way(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        old = await group.leader()
        await old.replica.propose(b"before")
        group.cut_off(old)
        lost = [asyncio.ensure_future(old.replica.propose(b"lost %d" % n)) for n in range(5)]
        reading = asyncio.ensure_future(old.replica.read_barrier())
        new = await group.leader(not_=[old])
        await new.replica.propose(b"after")
        outcomes: list[object] = [
            *await asyncio.gather(*lost, return_exceptions=True),
            *await asyncio.gather(reading, return_exceptions=True),
        ]
        assert {type(outcome) for outcome in outcomes} == {NotLeader}
        with pytest.raises(NotLeader):
            await old.replica.propose(b"late")
        group.faults.heal()
        await all_equal(group)
        assert machine_of(old).payloads() == [b"before", b"after"]
        assert old.replica.leader_address() == new.address
        with pytest.raises(NotLeader) as refused:
            await old.replica.propose(b"late")
        assert refused.value.facts["leader"] == new.address
        await group.end()

    run(scenario())


def test_reads_on_every_member_see_what_was_acknowledged_before(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        for number in range(50):
            await leader.replica.propose(b"%d" % number)
            reader = group.members[number % 3]
            await reader.replica.read_barrier()
            assert machine_of(reader).payloads()[-1] == b"%d" % number
        await asyncio.gather(
            *[member.replica.read_barrier() for member in group.members for _ in range(100)]
        )
        await group.end()

    run(scenario())


def test_follower_that_restarts_applies_only_what_its_state_lacks(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        follower = next(member for member in group.members if member is not leader)
        for number in range(30):
            await leader.replica.propose(b"%d" % number)
        await until(lambda: len(machine_of(follower).payloads()) == 30)
        held = machine_of(follower).entries[:20]
        await follower.crash()
        for number in range(30, 40):
            await leader.replica.propose(b"%d" % number)
        await follower.boot(group.configuration)
        later = Machine(held)
        await follower.start(later)
        await until(lambda: len(later.payloads()) == 40)
        # `apply` itself checks that the first run begins right after what the state holds.
        assert sum(later.runs) == 40 - sum(entry.payload != b"" for entry in held)
        await group.end()

    run(scenario())


def test_member_that_lacks_more_than_is_kept_gets_a_snapshot(tmp_path: Path) -> None:
    async def scenario() -> None:
        core = replace(CORE, recent_bytes_max=8 * KIB)
        config = RaftReplicaConfig(core=core, log_keep_bytes=8 * KIB)
        group = RaftGroup(tmp_path, 3, config=config, wal_config=WalConfig(segment_bytes=64 * KIB))
        await group.start(lambda _: Machine())
        leader = await group.leader()
        behind = next(member for member in group.members if member is not leader)
        await leader.replica.propose(b"first")
        await until(lambda: len(machine_of(behind).payloads()) == 1)
        state = machine_of(behind).entries
        await behind.crash()
        others = [member for member in group.members if member is not behind]
        while any(other.wal.first_index(GROUP) <= state[-1].index + 1 for other in others):
            leader = await group.leader()
            for _ in range(20):
                await leader.replica.propose(b"x" * KIB * 4)
            for other in others:
                other.replica.state_is_durable_through(machine_of(other).applied_index())
            await asyncio.sleep(0.005)
        await behind.boot(group.configuration)
        await behind.start(Machine(state))
        await all_equal(group)
        # The log goes on after the snapshot, also after another restart.
        await until(lambda: behind.wal.first_index(GROUP) > state[-1].index + 1)
        await (await group.leader()).replica.propose(b"after")
        await all_equal(group)
        state = machine_of(behind).entries
        await behind.crash()
        await behind.boot(group.configuration)
        await behind.start(Machine(state))
        await (await group.leader()).replica.propose(b"last")
        await all_equal(group)
        await group.end()

    run(scenario())


def test_new_member_learns_first_and_then_takes_a_voters_place(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        for number in range(20):
            await leader.replica.propose(b"%d" % number)
        fourth = group.member(ReplicaId(4))
        await fourth.boot(Configuration(voters=()))
        await fourth.start(Machine())
        voters = group.configuration.voters
        await leader.replica.propose_configuration(voters=voters, learners=[fourth.id])
        await until(lambda: len(machine_of(fourth).payloads()) == 20)
        gone = next(member for member in group.members if member is not leader)
        wanted = sorted([*(voter for voter in voters if voter != gone.id), fourth.id])
        await leader.replica.propose_configuration(voters=wanted)
        assert list(leader.replica.applied_configuration.voters) == wanted
        with pytest.raises(InvalidRequest):
            await leader.replica.propose_configuration(voters=wanted)
        await gone.crash()
        group.members = [member for member in group.members if member is not gone] + [fourth]
        # A majority only with the new one.
        other = next(member for member in group.members if member not in (leader, fourth))
        await other.crash()
        await leader.replica.propose(b"with the fourth")
        await leader.crash()
        await other.boot(group.configuration)
        await other.start(Machine(machine_of(other).entries))
        await (await group.leader()).replica.propose(b"without the first leader")
        await group.end()

    run(scenario())


def test_proposals_that_are_lost_or_cancelled_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        group.cut_off(leader)
        proposals = [asyncio.ensure_future(leader.replica.propose(b"x")) for _ in range(3)]
        await asyncio.sleep(0)
        proposals[1].cancel()
        await leader.replica.stop()
        outcomes = await asyncio.gather(*proposals, return_exceptions=True)
        assert not any(isinstance(outcome, int) for outcome in outcomes)
        assert all(
            isinstance(outcome, TrioxygenError | asyncio.CancelledError) for outcome in outcomes
        )
        await group.end()

    run(scenario())


def test_entry_that_fits_in_no_segment_is_refused_and_nothing_else_suffers(tmp_path: Path) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 3, wal_config=WalConfig(segment_bytes=64 * KIB))
        await group.start(lambda _: Machine())
        leader = await group.leader()
        with pytest.raises(InvalidRequest, match="too large") as refused:
            await leader.replica.propose(bytes(64 * KIB))
        most = refused.value.facts["most"]
        await leader.replica.propose(bytes(int(most)))
        await all_equal(group)
        await group.end()

    run(scenario())
