"""Snapshots between two processes: what goes wrong on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Overloaded
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.raft.core.types import (
    Configuration,
    InstallSnapshot,
    ReplicaId,
    SnapshotMeta,
)
from trioxygen.metadata.raft.ports import Applied, GroupId, IncomingSnapshot, Snapshot
from trioxygen.metadata.raft.transport.snapshot_stream import SnapshotConfig
from trioxygen.metadata.raft.transport.snapshot_transfer import SnapshotReceiver, SnapshotSender
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader, InstallSnapshotReply

GROUP, DIGEST = GroupId(1), 7
CONFIG = SnapshotConfig(bytes_per_second=10**9, retry_ms=1, send_ms_max=5_000)


class Machine:
    """A state of some pieces; one that is stuck gives the first and no more."""

    def __init__(self, *pieces: bytes, index: int = 5) -> None:
        self.state = list(pieces)
        self.index = index
        self.stuck = False
        self.open = self.incoming = self.installs = 0

    def applied(self) -> Applied:
        return Applied(self.index, 2, b"")

    def applied_index(self) -> int:
        return self.index

    async def apply(self, entries: object) -> None:
        raise AssertionError(entries)

    async def open_snapshot(self) -> Snapshot:
        self.open += 1
        return Sending(self)

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        assert format == "test-1"
        self.incoming += 1
        return Receiving(self)


class Sending:
    format = "test-1"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.applied = machine.applied()
        self._is_open = True

    async def pieces(self) -> AsyncIterator[Buffer]:
        for piece in self._machine.state:
            yield piece
            if self._machine.stuck:
                await asyncio.Event().wait()

    async def close(self) -> None:
        self._machine.open -= self._is_open
        self._is_open = False


class Receiving:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._data = b""
        self._is_open = True

    async def write(self, piece: Buffer) -> None:
        self._data += piece

    async def complete(self) -> Applied:
        return Applied(5, 2, b"")

    async def install(self, configuration: bytes) -> None:
        self._machine.state = [self._data]
        self._machine.installs += 1
        self._end()

    async def abort(self) -> None:
        self._end()

    def _end(self) -> None:
        self._machine.incoming -= self._is_open
        self._is_open = False


class Target:
    """The receiving replica, at the transport."""

    id, group, group_digest = ReplicaId(2), GROUP, DIGEST
    others, quiet_leader = (ReplicaId(1),), None

    def __init__(self, machine: Machine) -> None:
        self._receiver = SnapshotReceiver(machine, SnapshotConfig(piece_ms_max=5_000))
        self._installing: asyncio.Task[None] | None = None
        self.wants_it = True
        self.damages = False

    def step(self, messages: object) -> None:
        return

    def tick(self) -> None:
        return

    def wake(self) -> None:
        return

    def suspect_leader(self) -> None:
        return

    def unreachable(self, replica: ReplicaId) -> None:
        return

    async def receive_snapshot(
        self, header: InstallSnapshotHeader, pieces: AsyncIterator[Buffer]
    ) -> InstallSnapshotReply:
        def offer(incoming: IncomingSnapshot) -> "asyncio.Future[None] | None":
            if not self.wants_it:
                return None
            return asyncio.ensure_future(incoming.install(b""))

        await self._receiver.receive(
            header, self._damaged(pieces) if self.damages else pieces, offer
        )
        return InstallSnapshotReply(installed=self.wants_it)

    async def _damaged(self, pieces: AsyncIterator[Buffer]) -> AsyncIterator[Buffer]:
        async for piece in pieces:
            yield b"x" + bytes(piece)[1:]


class Setting:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.leader, self.follower = Machine(b"state " * 50, b"more"), Machine()
        self.target = Target(self.follower)
        self.reports: asyncio.Queue[tuple[ReplicaId, bool]] = asyncio.Queue()
        self.here = RaftTransport(runtime, address="one:1")
        self.there = RaftTransport(system_runtime(runtime.network), address="two:1")
        self.here.attach(Here(), lambda replica: "two:1")
        self.there.attach(self.target, lambda replica: "one:1")
        self.sender = self.make_sender(CONFIG)

    def make_sender(self, config: SnapshotConfig) -> SnapshotSender:
        return SnapshotSender(
            self.leader,
            self.here,
            self.runtime,
            group=GROUP,
            group_digest=DIGEST,
            configuration=b"",
            reported=lambda to, installed: self.reports.put_nowait((to, installed)),
            config=config,
        )


class Here:
    id, group, group_digest = ReplicaId(1), GROUP, DIGEST
    others, quiet_leader = (ReplicaId(2),), None

    def wake(self) -> None:
        return

    def suspect_leader(self) -> None:
        return

    def step(self, messages: object) -> None:
        return

    def tick(self) -> None:
        return

    def unreachable(self, replica: ReplicaId) -> None:
        return

    async def receive_snapshot(
        self, header: InstallSnapshotHeader, pieces: AsyncIterator[Buffer]
    ) -> InstallSnapshotReply:
        raise AssertionError(header)


def message(term: int = 3) -> InstallSnapshot:
    configuration = Configuration(voters=(ReplicaId(1), ReplicaId(2)))
    return InstallSnapshot(ReplicaId(1), ReplicaId(2), term, SnapshotMeta(4, 2, configuration))


def run(scenario: Callable[[Setting], Awaitable[None]]) -> None:
    async def whole() -> None:
        runtime = system_runtime(LocalNetwork(encode=True))
        setting = Setting(runtime)
        server = await runtime.network.serve("two:1", [setting.there.service])
        async with asyncio.timeout(10):
            await scenario(setting)
        setting.sender.stop()
        for transport in (setting.here, setting.there):
            transport.stop()
        await runtime.stop()
        await server.stop()
        assert setting.leader.open == setting.follower.incoming == 0

    asyncio.run(whole())


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110 - what is waited for is in the doubles
        await asyncio.sleep(0.001)


def test_state_is_installed_and_reported() -> None:
    async def scenario(setting: Setting) -> None:
        setting.sender.send(message())
        assert await setting.reports.get() == (2, True)
        assert setting.follower.state == [b"state " * 50 + b"more"]

    run(scenario)


def test_state_that_is_not_needed_is_reported_as_not_installed() -> None:
    async def scenario(setting: Setting) -> None:
        setting.target.wants_it = False
        setting.sender.send(message())
        assert await setting.reports.get() == (2, False)
        assert setting.follower.installs == 0

    run(scenario)


def test_damaged_state_is_not_installed() -> None:
    async def scenario(setting: Setting) -> None:
        setting.target.damages = True
        setting.sender.send(message())
        assert await setting.reports.get() == (2, False)
        assert setting.follower.installs == 0
        setting.target.damages = False
        setting.sender.send(message())
        assert await setting.reports.get() == (2, True)

    run(scenario)


def header_of(term: int) -> InstallSnapshotHeader:
    return InstallSnapshotHeader(group=GROUP, group_digest=DIGEST, to=2, term=term, format="test-1")


def test_snapshot_of_an_earlier_leader_is_refused_while_one_comes_in() -> None:
    async def scenario(setting: Setting) -> None:
        setting.leader.stuck = True
        setting.sender.send(message())
        await until(lambda: setting.follower.incoming == 1)
        with pytest.raises(Overloaded, match="already"):
            await setting.runtime.network.channel("two:1").upload(
                "Raft/InstallSnapshot", header_of(message().term - 1)
            )

    run(scenario)


def test_snapshot_takes_the_place_of_one_whose_leader_fell_silent() -> None:
    async def scenario(setting: Setting) -> None:
        channel = setting.runtime.network.channel("two:1")
        silent = await channel.upload("Raft/InstallSnapshot", header_of(message().term))
        await silent.send(b"half a state")
        await until(lambda: setting.follower.incoming == 1)
        setting.sender.send(message())
        assert await setting.reports.get() == (2, True)
        assert setting.follower.installs == 1
        with pytest.raises(Overloaded, match="in its place"):
            await silent.finish(1_000)

    run(scenario)


def test_message_of_the_same_term_does_not_begin_again_and_one_of_a_later_term_does() -> None:
    async def scenario(setting: Setting) -> None:
        setting.leader.stuck = True
        setting.sender.send(message())
        await until(lambda: setting.follower.incoming == 1)
        setting.sender.send(message())
        await asyncio.sleep(0.01)
        assert setting.leader.open == 1
        setting.leader.stuck = False
        setting.sender.send(message(term=4))
        assert await setting.reports.get() == (2, True)
        assert setting.reports.empty()
        assert setting.follower.installs == 1

    run(scenario)


def test_sending_that_takes_too_long_is_given_up() -> None:
    async def scenario(setting: Setting) -> None:
        setting.leader.stuck = True
        setting.sender = setting.make_sender(SnapshotConfig(send_ms_max=20, retry_ms=1))
        setting.sender.send(message())
        assert await setting.reports.get() == (2, False)
        await until(lambda: setting.follower.incoming == 0)

    run(scenario)


def test_stop_ends_a_stream_without_a_report() -> None:
    async def scenario(setting: Setting) -> None:
        setting.leader.stuck = True
        setting.sender.send(message())
        await until(lambda: setting.follower.incoming == 1)
        setting.sender.stop()
        await until(lambda: setting.follower.incoming == 0 and setting.leader.open == 0)
        assert setting.reports.empty()

    run(scenario)


def test_receiver_that_cannot_be_reached_is_reported() -> None:
    async def scenario(setting: Setting) -> None:
        setting.there.detach(setting.target)
        setting.sender.send(message())
        assert await setting.reports.get() == (2, False)

    run(scenario)
