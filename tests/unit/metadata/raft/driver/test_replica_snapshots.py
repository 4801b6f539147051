"""A member that gets the whole state, and what may go wrong meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.replica_harness import (
    CORE,
    GROUP,
    Machine,
    MachineIncoming,
    Member,
    RaftGroup,
    run,
    until,
)
from tests.unit.metadata.raft.driver.clients import machine_of
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.units import KIB
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.ports import Entry, IncomingSnapshot, ReplicaFailed
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader


class IncomingAsTold(MachineIncoming):
    def __init__(self, machine: Machine, install: Callable[[], None]) -> None:
        super().__init__(machine)
        self._before_install = install

    async def install(self, configuration: bytes) -> None:
        self._before_install()
        await super().install(configuration)


class MachineAsTold(Machine):
    """Does something of the test's own before it installs a snapshot."""

    def __init__(self, durable: list[Entry], install: Callable[[], None]) -> None:
        super().__init__(durable)
        self._install = install

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        return IncomingAsTold(self, self._install)


async def one_behind(root: Path) -> tuple[RaftGroup, Member, list[Entry]]:
    """A group of three, and a member that is down and lacks more than the others keep."""
    core = replace(CORE, recent_bytes_max=8 * KIB)
    config = RaftReplicaConfig(core=core, log_keep_bytes=8 * KIB)
    group = RaftGroup(root, 3, config=config, wal_config=WalConfig(segment_bytes=64 * KIB))
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
    return group, behind, state


def test_install_that_fails_in_any_way_fails_the_replica(tmp_path: Path) -> None:
    def install() -> None:
        raise RuntimeError("the engine says that its disk is gone")

    async def scenario() -> None:
        group, behind, state = await one_behind(tmp_path)
        await behind.boot(group.configuration)
        await behind.start(MachineAsTold(state, install))
        await until(lambda: behind.replica.failure is not None)
        with pytest.raises(ReplicaFailed, match="its disk is gone"):
            await behind.replica.read_barrier()
        await (await group.leader()).replica.propose(b"the others go on")
        await group.end()

    run(scenario())


@pytest.mark.parametrize("configuration", [b"", b"\x01\x01\x01" + bytes(13)])
def test_snapshot_of_members_that_make_no_sense_is_refused_and_the_replica_goes_on(
    tmp_path: Path, configuration: bytes
) -> None:
    async def scenario() -> None:
        group = RaftGroup(tmp_path, 1)
        await group.start(lambda _: Machine())
        leader = await group.leader()
        header = InstallSnapshotHeader(
            group=GROUP,
            group_digest=7,
            sender=2,
            to=leader.id,
            term=leader.replica.term,
            index=100,
            configuration=configuration,
            format="test-1",
        )
        channel = group.network.channel(leader.address)
        with pytest.raises(InvalidRequest, match="members of a group"):
            await channel.upload("Raft/InstallSnapshot", header)
        await leader.replica.propose(b"goes on")
        assert machine_of(leader).payloads() == [b"goes on"]
        await group.end()

    run(scenario())
