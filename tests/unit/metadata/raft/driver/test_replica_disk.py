"""A member whose disk is full, or fails: the group goes on without it, and nothing is lost."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from tests.contract.replica_harness import Machine, Member, RaftGroup, run, until
from tests.unit.metadata.raft.driver.clients import machine_of
from trioxygen.common.errors import NoSpace, NotLeader, TrioxygenError
from trioxygen.common.system_disk import SystemDisk, SystemFile
from trioxygen.common.units import KIB
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.segment import LogFailed
from trioxygen.metadata.raft.ports import ReplicaFailed

SMALL = WalConfig(segment_bytes=32 * KIB, spare_segments_max=0)


@dataclass
class DiskState:
    is_full: bool = False
    is_broken: bool = False


class FaultyFile(SystemFile):
    def __init__(self, fd: int, path: Path, state: DiskState) -> None:
        super().__init__(fd, path)
        self._state = state

    def allocate(self, offset_bytes: int, size_bytes: int, *, keep_size: bool = False) -> None:
        if self._state.is_full:
            raise NoSpace("the disk is full")
        super().allocate(offset_bytes, size_bytes, keep_size=keep_size)

    def datasync(self) -> None:
        if self._state.is_broken:
            raise OSError("input/output error")
        super().datasync()


class FaultyDisk(SystemDisk):
    """Can be told to be full, or broken."""

    def __init__(self) -> None:
        super().__init__()
        self.state = DiskState()

    def open(self, path: Path, *, create: bool = False) -> SystemFile:
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        return FaultyFile(os.open(path, flags, 0o600), path, self.state)


async def started(root: Path, voters: int) -> tuple[RaftGroup, list[DiskState]]:
    group = RaftGroup(root, voters, wal_config=SMALL)
    states: list[DiskState] = []
    for member in group.members:
        disk = member.disk = FaultyDisk()
        states.append(disk.state)
    await group.start(lambda _: Machine())
    return group, states


async def fill(member: Member) -> TrioxygenError:
    """Proposes until it is refused."""
    while True:
        try:
            await member.replica.propose(b"x" * 2 * KIB)
        except TrioxygenError as error:
            return error


def test_leader_with_a_full_disk_hands_over_and_catches_up_when_there_is_room(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        group, states = await started(tmp_path, 3)
        leader = await group.leader()
        states[leader.id - 1].is_full = True
        error = await fill(leader)
        assert isinstance(error, NoSpace | NotLeader), error
        other = await group.leader(not_=[leader])
        for _ in range(30):
            await other.replica.propose(b"y" * 2 * KIB)
        states[leader.id - 1].is_full = False
        await until(lambda: machine_of(leader).applied_index() == machine_of(other).applied_index())
        assert machine_of(leader).entries == machine_of(other).entries
        await group.end()

    run(scenario())


def test_only_voter_with_a_full_disk_refuses_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        group, states = await started(tmp_path, 1)
        [member] = group.members
        states[0].is_full = True
        proposals = [asyncio.ensure_future(fill(member)) for _ in range(3)]
        await until(
            lambda: any(proposal.done() for proposal in proposals) or member.replica.is_full
        )
        try:
            await member.replica.propose(b"more")
        except NoSpace:
            states[0].is_full = False
        await until(lambda: not member.replica.is_full)
        for proposal in proposals:
            proposal.cancel()
        index = await member.replica.propose(b"after")
        assert machine_of(member).entries[-1].index == index
        await group.end()

    run(scenario())


def test_member_whose_log_fails_takes_part_no_more_and_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        group, states = await started(tmp_path, 3)
        leader = await group.leader()
        await leader.replica.propose(b"before")
        states[leader.id - 1].is_broken = True
        outcomes = await asyncio.gather(
            *[leader.replica.propose(b"%d" % n) for n in range(3)],
            leader.replica.read_barrier(),
            return_exceptions=True,
        )
        # The others may have committed them: only this one cannot know.
        assert all(isinstance(outcome, ReplicaFailed) for outcome in outcomes[:3]), outcomes
        assert isinstance(leader.replica.failure, LogFailed)
        assert not leader.replica.is_leader()
        other = await group.leader(not_=[leader])
        await other.replica.propose(b"after")
        assert machine_of(leader).payloads() == [b"before"]
        assert machine_of(other).payloads()[-1] == b"after"
        # The same disk, working again, is a new life of the same member.
        states[leader.id - 1].is_broken = False
        state = machine_of(leader).entries
        await leader.crash()
        await leader.boot(group.configuration)
        await leader.start(Machine(state))
        await until(lambda: machine_of(leader).payloads()[-1] == b"after")
        assert machine_of(leader).entries == machine_of(other).entries
        await group.end()

    run(scenario())
