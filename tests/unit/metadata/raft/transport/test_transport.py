"""What travels together, what is held back, what is dropped."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from google.protobuf.message import Message as Protobuf

from tests.contract.replica_harness import run, until
from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Channel, Network, Reply, Server, Service
from trioxygen.metadata.raft.core.types import (
    AppendEntries,
    Entry,
    Heartbeat,
    HeartbeatReply,
    Message,
    ReplicaId,
)
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.peer import PeerConfig
from trioxygen.metadata.raft.transport.transport import RaftTransport, RaftTransportConfig
from trioxygen.proto.v1 import raft_pb2 as raft

A, B = ReplicaId(1), ReplicaId(2)


class CountingNetwork:
    """Implements `Network`, and counts calls."""

    def __init__(self, network: LocalNetwork) -> None:
        self._network = network
        self.batches: list[raft.RaftBatch] = []

    async def serve(self, address: str, services: list[Service]) -> Server:
        return await self._network.serve(address, services)

    def channel(self, address: str) -> Channel:
        return CountingChannel(self._network.channel(address), self.batches)

    def as_role(self, role: Role, node_id: str = "") -> Network:
        return CountingNetwork(self._network.as_role(role, node_id))


class CountingChannel:
    def __init__(self, channel: Channel, batches: list[raft.RaftBatch]) -> None:
        self._channel, self._batches = channel, batches
        self.upload, self.download = channel.upload, channel.download

    async def call(
        self, method: str, request: Protobuf, reply_type: type[Reply], *, timeout_ms: float
    ) -> Reply:
        assert isinstance(request, raft.RaftBatch)
        self._batches.append(request)
        return await self._channel.call(method, request, reply_type, timeout_ms=timeout_ms)


class Member:
    def __init__(
        self, transport: RaftTransport, group: int, replica: ReplicaId, digest: int = 7
    ) -> None:
        self.group, self.id, self.group_digest = GroupId(group), replica, digest
        self._transport = transport
        self.got: list[Message] = []
        self.lost: list[ReplicaId] = []
        self.ticks = self.woken = self.suspected = 0
        self.quiet_leader: ReplicaId | None = None
        self.others = [other for other in (A, B) if other != replica]
        self.answers = False
        transport.attach(self, lambda replica: f"node{replica}")

    def step(self, messages: Sequence[Message]) -> None:
        self.got += messages
        for message in messages:
            if self.answers and isinstance(message, Heartbeat):
                reply = HeartbeatReply(self.id, message.sender, message.term, message.round)
                self._transport.send(self, [reply])

    def tick(self) -> None:
        self.ticks += 1

    def wake(self) -> None:
        self.woken += 1

    def suspect_leader(self) -> None:
        self.suspected += 1

    def unreachable(self, replica: ReplicaId) -> None:
        self.lost.append(replica)

    async def receive_snapshot(
        self, header: raft.InstallSnapshotHeader, pieces: AsyncIterator[Buffer]
    ) -> raft.InstallSnapshotReply:
        raise InvalidRequest("none is taken here")


class Pair:
    """Two processes: node1 and node2."""

    def __init__(self, config: RaftTransportConfig | None = None) -> None:
        local = LocalNetwork(encode=True)
        self.clock = ManualClock()
        self.networks = [CountingNetwork(local) for _ in range(2)]
        self.runtimes = [inline_runtime(self.clock, network=network) for network in self.networks]
        self.transports = [
            RaftTransport(runtime, address=f"node{number}", config=config)
            for number, runtime in enumerate(self.runtimes, 1)
        ]

    async def serve(self) -> None:
        for number, transport in enumerate(self.transports, 1):
            await self.networks[0].serve(f"node{number}", [transport.service])

    async def end(self) -> None:
        for transport, runtime in zip(self.transports, self.runtimes, strict=True):
            transport.stop()
            await runtime.stop()


def heartbeat(number: int = 1) -> Heartbeat:
    return Heartbeat(A, B, 1, 0, number)


def test_messages_of_all_groups_travel_in_one_call_and_the_answers_in_its_reply() -> None:
    async def scenario() -> None:
        pair = Pair()
        await pair.serve()
        here = [Member(pair.transports[0], group, A) for group in range(1, 6)]
        there = [Member(pair.transports[1], group, B) for group in range(1, 6)]
        for member in there:
            member.answers = True
        for member in here:
            pair.transports[0].send(member, [heartbeat(3)])
        await until(lambda: all(member.got for member in here))
        assert [member.got for member in there] == [[heartbeat(3)]] * 5
        assert [member.got for member in here] == [[HeartbeatReply(B, A, 1, 3)]] * 5
        assert [len(network.batches) for network in pair.networks] == [1, 0]
        await pair.end()

    run(scenario())


def test_call_without_an_answer_is_let_go_by_the_next_one_or_the_next_tick() -> None:
    async def scenario() -> None:
        pair = Pair(RaftTransportConfig(peer=PeerConfig(calls_max=2)))
        await pair.serve()
        here, there = Member(pair.transports[0], 1, A), Member(pair.transports[1], 1, B)
        for number in range(10):
            pair.transports[0].send(here, [heartbeat(number)])
            await until(lambda number=number: len(there.got) == number + 1)  # type: ignore[misc]
        pair.transports[1].send(there, [HeartbeatReply(B, A, 1, 1)])
        await until(lambda: len(here.got) == 1)
        assert not pair.networks[1].batches
        pair.transports[0].send(here, [heartbeat()])
        await until(lambda: len(there.got) == 11)
        pair.clock.advance(50)
        await until(lambda: there.ticks == 1)
        # Nothing is held any more, so this takes a call of its own.
        pair.transports[1].send(there, [HeartbeatReply(B, A, 1, 2)])
        await until(lambda: len(here.got) == 2)
        assert len(pair.networks[1].batches) == 1
        await pair.end()

    run(scenario())


def test_messages_for_another_group_incarnation_or_life_are_dropped() -> None:
    async def scenario() -> None:
        pair = Pair()
        await pair.serve()
        other_cluster = Member(pair.transports[0], 1, A, digest=8)
        there = Member(pair.transports[1], 1, B)
        same = Member(pair.transports[0], 2, A)
        unknown = Member(pair.transports[1], 3, B)
        pair.transports[0].send(other_cluster, [heartbeat()])
        pair.transports[0].send(same, [heartbeat()])
        pair.transports[0].detach(other_cluster)
        right = Member(pair.transports[0], 1, A)
        pair.transports[0].send(right, [Heartbeat(A, ReplicaId(2), 1, 0, 1)])
        await until(lambda: len(there.got) == 1)
        assert not unknown.got
        await pair.end()

    run(scenario())


def test_what_is_too_much_for_the_queue_is_dropped_and_reported() -> None:
    async def scenario() -> None:
        pair = Pair(RaftTransportConfig(peer=PeerConfig(queued_bytes_max=2_000)))
        here = Member(pair.transports[0], 1, A)
        entries = [Entry(1, 1, b"x" * 900)]
        append = AppendEntries(A, B, 1, 0, 0, entries, 0)
        for _ in range(4):
            pair.transports[0].send(here, [append])
        assert here.lost == [B] * 2
        # Nobody is there: those that were taken are lost too.
        await until(lambda: len(here.lost) >= 3)
        await pair.end()

    run(scenario())


class Quiet:
    """Five groups that node1 leads and node2 follows, all quiet, and one that is not."""

    def __init__(self) -> None:
        config = RaftTransportConfig(vouch_ticks=2, unvouched_ticks_max=6, ticks_at_once_max=2)
        self.pair = pair = Pair(config)
        self.leaders = [Member(pair.transports[0], group, A) for group in range(1, 7)]
        self.followers = [Member(pair.transports[1], group, B) for group in range(1, 7)]
        for member in (*self.leaders, *self.followers):
            member.quiet_leader = A if member.group < 6 else None

    async def tick(self, ticks: int) -> None:
        for _ in range(ticks):
            self.pair.clock.advance(50)
            for transport in self.pair.transports:
                transport.catch_up()
            for _ in range(20):
                await asyncio.sleep(0)

    @property
    def suspected(self) -> list[int]:
        return [member.suspected for member in self.followers]


def test_quiet_groups_are_vouched_for_together() -> None:
    async def scenario() -> None:
        quiet = Quiet()
        await quiet.pair.serve()
        await quiet.tick(30)
        assert quiet.suspected == [0] * 6
        batches = quiet.pair.networks[0].batches
        assert 0 < len(batches) <= 16
        assert {tuple(batch.quiet_groups) for batch in batches} == {(1, 2, 3, 4, 5)}
        assert not any(batch.groups for batch in batches)
        # One of them is led no more; the process of all others is there.
        quiet.leaders[0].quiet_leader = None
        await quiet.tick(12)
        assert quiet.suspected == [1, 0, 0, 0, 0, 0]
        await quiet.pair.end()

    run(scenario())


def test_leaders_whose_process_is_not_heard_of_are_suspected() -> None:
    async def scenario() -> None:
        quiet = Quiet()
        await quiet.pair.serve()
        await quiet.tick(8)
        quiet.pair.transports[0].stop()
        await quiet.tick(12)
        assert quiet.suspected == [1, 1, 1, 1, 1, 0]
        await quiet.pair.end()

    run(scenario())


def test_leader_wakes_where_it_cannot_be_vouched_for_and_where_another_leads() -> None:
    async def scenario() -> None:
        quiet = Quiet()
        # Nobody serves node2.
        await quiet.tick(8)
        assert all(member.woken for member in quiet.leaders[:5]) and not quiet.leaders[5].woken
        await quiet.pair.serve()
        for member in quiet.leaders:
            member.woken = 0
        quiet.followers[2].quiet_leader = B
        await quiet.tick(8)
        assert [member.group for member in quiet.leaders if member.woken] == [3]
        assert quiet.followers[2].woken
        await quiet.pair.end()

    run(scenario())


def test_ticks_are_made_up_for_but_not_without_end() -> None:
    async def scenario() -> None:
        pair = Pair(RaftTransportConfig(tick_ms=50, ticks_at_once_max=9))
        member = Member(pair.transports[0], 1, A)
        pair.clock.advance(160)
        pair.transports[0].catch_up()
        assert member.ticks == 3
        pair.transports[0].catch_up()
        assert member.ticks == 3
        pair.clock.advance(10_000)
        pair.transports[0].catch_up()
        assert member.ticks == 12
        pair.clock.advance(50)
        await asyncio.sleep(0)
        pair.transports[0].catch_up()
        assert member.ticks == 13
        await pair.end()

    run(scenario())
