"""State machines and groups of replicas in one event loop, for tests of the Replica port."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from google.protobuf.message import Message

from trioxygen.common.disk import Buffer, Disk
from trioxygen.common.errors import Unavailable, Unreachable
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Channel, Network, Reply, Server, Service, Upload
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.system_disk import SystemDisk
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.core.types import Configuration, EntryKind, ReplicaId
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.driver.replica import RaftReplica
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import (
    Applied,
    Entry,
    GroupId,
    IncomingSnapshot,
    ReplicatedStateMachine,
    Snapshot,
)
from trioxygen.metadata.raft.transport.transport import RaftTransport, RaftTransportConfig

GROUP = GroupId(1)
TICK_MS = 10.0
CORE = RaftConfig(election_ticks=15, heartbeat_ticks=2)


class Machine:
    """Remembers what was applied, and in which runs. What it has applied is durable at once."""

    def __init__(self, durable: Sequence[Entry] = (), *, configuration: bytes = b"") -> None:
        self.entries = list(durable)
        self.configuration = configuration
        self.runs: list[int] = []
        self.is_applying = False
        self.gate: asyncio.Event | None = None
        self.fails_at = 0

    def applied_index(self) -> int:
        return self.entries[-1].index if self.entries else 0

    def applied(self) -> Applied:
        term = self.entries[-1].term if self.entries else 0
        return Applied(self.applied_index(), term, self.configuration)

    async def apply(self, entries: Sequence[Entry]) -> None:
        assert not self.is_applying, "apply was called while another call was under way"
        assert entries, "apply was called with nothing"
        self.is_applying = True
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if any(entry.index == self.fails_at for entry in entries):
            raise RuntimeError("cannot apply")
        for entry in entries:
            assert entry.index == self.applied_index() + 1, (entry, self.applied_index())
            self.entries.append(entry)
            if entry.kind is EntryKind.CONFIGURATION:
                self.configuration = entry.payload
        self.runs.append(sum(entry.kind is EntryKind.NORMAL for entry in entries))
        self.is_applying = False

    def commands(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind is EntryKind.NORMAL]

    def payloads(self) -> list[bytes]:
        return [entry.payload for entry in self.commands()]

    async def open_snapshot(self) -> Snapshot:
        return MachineSnapshot(self.applied(), list(self.entries))

    async def receive_snapshot(self, format: str) -> IncomingSnapshot:
        assert format == "test-1"
        return MachineIncoming(self)


class MachineSnapshot:
    format = "test-1"

    def __init__(self, applied: Applied, entries: list[Entry]) -> None:
        self.applied, self._entries = applied, entries

    async def pieces(self) -> AsyncIterator[Buffer]:
        for entry in self._entries:
            await asyncio.sleep(0)
            numbers = (entry.index, entry.term, int(entry.kind), len(entry.payload))
            head = b"".join(number.to_bytes(8, "big") for number in numbers)
            yield head + entry.payload

    async def close(self) -> None:
        return


class MachineIncoming:
    def __init__(self, machine: Machine) -> None:
        self._machine, self._data = machine, bytearray()
        self._entries: list[Entry] = []

    async def write(self, piece: Buffer) -> None:
        self._data += piece

    async def complete(self) -> Applied:
        at = 0
        while at < len(self._data):
            index, term, kind, size = (
                int.from_bytes(self._data[at + 8 * number : at + 8 * number + 8], "big")
                for number in range(4)
            )
            payload = bytes(self._data[at + 32 : at + 32 + size])
            self._entries.append(Entry(index, term, payload, EntryKind(kind)))
            at += 32 + size
        last = self._entries[-1]
        return Applied(last.index, last.term)

    async def install(self, configuration: bytes) -> None:
        assert not self._machine.is_applying
        self._machine.entries = self._entries
        self._machine.configuration = configuration

    async def abort(self) -> None:
        return


@dataclass
class Faults:
    """Attributes:
    cut: (from, to): calls fail.
    loss: the share of batches of Raft messages that vanish, and of their replies.
    """

    rng: random.Random
    cut: set[tuple[str, str]] = field(default_factory=set)
    loss: float = 0.0
    delay_ms_max: float = 0.0

    def isolate(self, address: str, others: Sequence[str]) -> None:
        for other in others:
            if other != address:
                self.cut |= {(address, other), (other, address)}

    def heal(self) -> None:
        self.cut.clear()
        self.loss = self.delay_ms_max = 0.0


class FaultyChannel:
    def __init__(self, channel: Channel, faults: Faults, source: str, target: str) -> None:
        self._channel, self._faults = channel, faults
        self._source, self._target = source, target

    def _check(self, *, back: bool = False) -> None:
        way = (self._target, self._source) if back else (self._source, self._target)
        if way in self._faults.cut:
            raise Unreachable(address=self._target)

    async def call(
        self, method: str, request: Message, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        faults = self._faults
        if faults.delay_ms_max:
            await asyncio.sleep(faults.rng.uniform(0, faults.delay_ms_max) / 1_000)
        self._check()
        if faults.rng.random() < faults.loss:
            raise Unreachable("lost", address=self._target)
        reply = await self._channel.call(method, request, reply_type, timeout_ms=timeout_ms)
        self._check(back=True)
        if faults.rng.random() < faults.loss:
            raise Unreachable("lost", address=self._target)
        return reply

    async def upload(self, method: str, header: Message) -> Upload:
        self._check()
        return await self._channel.upload(method, header)

    def download(self, method: str, header: Message, *, timeout_ms: float) -> AsyncIterator[Buffer]:
        return self._channel.download(method, header, timeout_ms=timeout_ms)


class NodeNetwork:
    """The network as one node sees it. Implements `Network`."""

    def __init__(self, network: LocalNetwork, faults: Faults, address: str) -> None:
        self._network, self._faults, self._address = network, faults, address

    async def serve(self, address: str, services: list[Service]) -> Server:
        return await self._network.serve(address, services)

    def channel(self, address: str) -> Channel:
        return FaultyChannel(self._network.channel(address), self._faults, self._address, address)

    def as_role(self, role: Role, node_id: str = "") -> Network:
        other = self._network.as_role(role, node_id)
        return NodeNetwork(other, self._faults, self._address)


class Member:
    """One disk, and the lives of the replica on it."""

    def __init__(self, group: "RaftGroup", replica: ReplicaId, directory: Path) -> None:
        self._group, self.id, self._directory = group, replica, directory
        self.address = f"node{replica}"
        self.machine: ReplicatedStateMachine | None = None
        self.disk: Disk = SystemDisk()
        self.replica: RaftReplica
        self.wal: WriteAheadLog
        self.is_up = False
        self._runtime: Runtime
        self._transport: RaftTransport
        self._server: Server

    async def boot(self, configuration: Configuration) -> RaftReplica:
        """A new life, not started."""
        assert not self.is_up
        group = self._group
        network: Network = NodeNetwork(group.network, group.faults, self.address)
        runtime = self._runtime = replace(system_runtime(network), disk=self.disk)
        self.wal = await WriteAheadLog.open(self._directory, runtime, group.wal_config)
        self._transport = RaftTransport(
            runtime, address=self.address, config=RaftTransportConfig(tick_ms=TICK_MS)
        )
        self._server = await runtime.network.serve(self.address, [self._transport.service])
        self.replica = RaftReplica(
            runtime,
            self.wal,
            self._transport,
            group=GROUP,
            replica=self.id,
            configuration=configuration,
            addresses=lambda replica: f"node{replica}",
            group_digest=7,
            config=group.config,
        )
        self.is_up = True
        return self.replica

    @property
    def runtime(self) -> Runtime:
        return self._runtime

    async def start(self, machine: ReplicatedStateMachine) -> None:
        self.machine = machine
        await self.replica.start(machine)

    async def crash(self) -> None:
        """Nothing is handed over, nothing more is said; what was synced stays."""
        if not self.is_up:
            return
        self.is_up = False
        self._transport.stop()
        self._group.network.forget(self._server)  # type: ignore[arg-type]
        await self._runtime.tasks.stop()
        await self.wal.close()
        await self._server.stop()
        await self._runtime.stop()

    async def stop(self) -> None:
        if not self.is_up:
            return
        await self.replica.stop()
        await self.crash()


class RaftGroup:
    """Replicas 1 to `voters`, on disks under `root`."""

    def __init__(
        self,
        root: Path,
        voters: int,
        *,
        config: RaftReplicaConfig | None = None,
        wal_config: WalConfig | None = None,
    ) -> None:
        self.network = LocalNetwork(encode=True)
        self.faults = Faults(random.Random(1))
        self.config = config or RaftReplicaConfig(core=CORE)
        self.wal_config = wal_config or WalConfig(segment_bytes=256 * 1024)
        self._root = root
        ids = tuple(ReplicaId(number) for number in range(1, voters + 1))
        self.configuration = Configuration(voters=ids)
        self.members = [self.member(replica) for replica in ids]

    def member(self, replica: ReplicaId) -> Member:
        return Member(self, replica, self._root / f"log{replica}")

    async def start(self, make: Callable[[Member], ReplicatedStateMachine]) -> None:
        for member in self.members:
            await member.boot(self.configuration)
        for member in self.members:
            await member.start(make(member))

    def leaders(self) -> list[Member]:
        return [member for member in self.members if member.is_up and member.replica.is_leader()]

    async def leader(self, *, not_: Sequence[Member] = ()) -> Member:
        """One that leads now, and is none of these."""
        while True:
            actual = [leader for leader in self.leaders() if leader not in not_]
            if actual:
                return max(actual, key=lambda each: each.replica.term)
            await asyncio.sleep(TICK_MS / 2_000)

    async def lead(self, member: Member) -> None:
        """Returns when `member` leads."""
        while not member.replica.is_leader():
            leader = await self.leader()
            if leader is not member:
                try:
                    await leader.replica.transfer_leadership(member.id)
                except Unavailable:
                    await asyncio.sleep(TICK_MS / 1_000)

    def cut_off(self, member: Member) -> None:
        """From all others, until `faults.heal`."""
        self.faults.isolate(member.address, [other.address for other in self.members])

    async def end(self) -> None:
        for member in self.members:
            await member.crash()


async def until(is_true: Callable[[], bool], *, within_s: float = 60) -> None:
    """For what happens by itself."""
    async with asyncio.timeout(within_s):
        while not is_true():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def run(scenario: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(240):
            await scenario

    asyncio.run(bounded())
