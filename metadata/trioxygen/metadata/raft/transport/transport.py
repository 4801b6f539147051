"""Raft's messages between processes: one transport for all the groups of a process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from prometheus_client import Counter

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, Stopping, Unavailable
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Service, Upload
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import Message, ReplicaId
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.codec import decode
from trioxygen.metadata.raft.transport.peer import Peer, PeerConfig, Sender
from trioxygen.metadata.raft.transport.quiet import QuietGroups, QuietMember
from trioxygen.proto.v1 import raft_pb2 as raft

log = logs.get(__name__)

_DESCRIPTOR: Final = raft.DESCRIPTOR.services_by_name["Raft"]
_INSTALL: Final = "Raft/InstallSnapshot"

Addresses = Callable[[ReplicaId], str]


class Member(Sender, QuietMember, Protocol):
    """A replica of this process."""

    @property
    def id(self) -> ReplicaId: ...

    def step(self, messages: Sequence[Message]) -> None: ...

    def tick(self) -> None: ...

    async def receive_snapshot(
        self, header: raft.InstallSnapshotHeader, pieces: AsyncIterator[Buffer]
    ) -> raft.InstallSnapshotReply: ...


class MembershipService(Protocol):
    """Answers those who look for a group, or want to join one."""

    async def discover(self, request: raft.DiscoverRequest) -> raft.DiscoverReply: ...

    async def join(self, request: raft.JoinRequest) -> raft.JoinReply: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RaftTransportConfig:
    """Attributes:
    tick_ms: of all replicas of the process, together.
    ticks_at_once_max: made up for after the process stood still; the rest is forgotten. Less than
        an election timeout: what the leader sent meanwhile is still to be read.
    vouch_ticks: from one message for all groups that are quiet to the next.
    unvouched_ticks_max: a leader that is quiet, and not vouched for for longer, is suspected.
    """

    tick_ms: float = 50
    ticks_at_once_max: int = 9
    vouch_ticks: int = 4
    unvouched_ticks_max: int = 14
    peer: PeerConfig = PeerConfig()


class RaftTransport:
    """Args:
    address: where `service` is served, as others reach it.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        address: str,
        membership: MembershipService | None = None,
        config: RaftTransportConfig | None = None,
    ) -> None:
        self._runtime, self.address = runtime, address
        self._membership = membership
        self._config = config or RaftTransportConfig()
        self._members: dict[GroupId, Member] = {}
        self._addresses: dict[GroupId, Addresses] = {}
        # As told by the replicas themselves: what is configured may be older.
        self._heard: dict[tuple[GroupId, ReplicaId], str] = {}
        self._peers: dict[str, Peer] = {}
        self._quiet = QuietGroups(unvouched_ticks_max=self._config.unvouched_ticks_max)
        self._vouch_elapsed = 0
        self._ticker: asyncio.Task[None] | None = None
        self._next_tick_ms = 0.0
        self._stopped = False
        self._refused = Counter(
            "trioxygen_raft_refused_groups",
            "Messages of groups that are not here",
            registry=runtime.registry,
        )
        self.service = Service(
            _DESCRIPTOR,
            {"Step": self._step, "Discover": self._discover, "Join": self._join},
            {"InstallSnapshot": self._install_snapshot},
            {},
        )

    # ---- the replicas of this process ----

    def attach(self, member: Member, addresses: Addresses) -> None:
        """Delivers and ticks from now on.

        Args:
            addresses: of the group's replicas; empty where it is not known.
        """
        assert member.group not in self._members, f"group {member.group} is attached"
        self._members[member.group] = member
        self._addresses[member.group] = addresses
        if self._ticker is None:
            self._next_tick_ms = self._runtime.clock.monotonic_ms() + self._config.tick_ms
            self._ticker = self._runtime.tasks.start(self._tick(), name="raft-ticker")

    def detach(self, member: Member) -> None:
        if self._members.get(member.group) is member:
            del self._members[member.group], self._addresses[member.group]

    # ---- sending ----

    def address_of(self, group: GroupId, replica: ReplicaId) -> str:
        """Empty: not known."""
        heard = self._heard.get((group, replica))
        if heard is not None:
            return heard
        addresses = self._addresses.get(group)
        return "" if addresses is None else addresses(replica)

    def _peer(self, address: str) -> Peer:
        peer = self._peers.get(address)
        if peer is None:
            peer = self._peers[address] = Peer(
                address,
                self._runtime.network.channel(address),
                self._runtime.tasks,
                self._config.peer,
                own_address=self.address,
                receive=self._receive,
                not_vouched=self._wake,
            )
        return peer

    def send(self, member: Member, messages: Sequence[Message]) -> None:
        """Best effort."""
        if self._stopped:
            return
        for message in messages:
            address = self.address_of(member.group, message.to)
            if address:
                self._peer(address).send(member, message)

    async def open_snapshot(self, header: raft.InstallSnapshotHeader) -> Upload:
        """A stream to the process of replica `header.to`. Raises: Unavailable errors."""
        address = self.address_of(GroupId(header.group), ReplicaId(header.to))
        if not address:
            raise Unavailable("no address is known", replica=header.to)
        header.sender_address = self.address
        return await self._runtime.network.channel(address).upload(_INSTALL, header)

    # ---- receiving ----

    async def _step(self, batch: raft.RaftBatch, call: Call) -> raft.RaftBatch:
        if self._stopped:
            raise Stopping(address=self.address)
        if not batch.sender_address or not self._members:
            # Nothing here ticks, or nobody to hold a reply for.
            self._receive(batch)
            return raft.RaftBatch()
        peer = self._peer(batch.sender_address)
        held = peer.hold()
        self._receive(batch)
        return await peer.reply(held)

    def _member(self, group: int, group_digest: int) -> Member | None:
        member = self._members.get(GroupId(group))
        if member is None or member.group_digest != group_digest:
            self._refused.inc()
            return None
        return member

    def _receive(self, batch: raft.RaftBatch) -> None:
        address = batch.sender_address
        for number in batch.quiet_groups:
            quiet = self._members.get(GroupId(number))
            leader = None if quiet is None else quiet.quiet_leader
            if quiet is not None and leader is not None:
                by_leader = self.address_of(quiet.group, leader) == address
                self._quiet.vouched(quiet, by_leader=by_leader)
        for group in batch.groups:
            member = self._member(group.group, group.group_digest)
            if member is None:
                log.debug("raft_group_refused", group=group.group, sender=address)
                continue
            # Others are for an earlier incarnation of this disk.
            messages = [decode(message) for message in group.messages if message.to == member.id]
            if messages:
                if address:
                    self._heard[member.group, messages[0].sender] = address
                member.step(messages)

    async def _install_snapshot(
        self, header: raft.InstallSnapshotHeader, pieces: AsyncIterator[Buffer], call: Call
    ) -> raft.InstallSnapshotReply:
        member = self._member(header.group, header.group_digest)
        if member is None or member.id != header.to:
            raise InvalidRequest("no such replica here", group=header.group, replica=header.to)
        return await member.receive_snapshot(header, pieces)

    async def _discover(self, request: raft.DiscoverRequest, call: Call) -> raft.DiscoverReply:
        if self._membership is None:
            raise InvalidRequest("this process takes part in no discovery", address=self.address)
        return await self._membership.discover(request)

    async def _join(self, request: raft.JoinRequest, call: Call) -> raft.JoinReply:
        if self._membership is None:
            raise InvalidRequest("nobody joins here", address=self.address)
        return await self._membership.join(request)

    # ---- time ----

    async def _tick(self) -> None:
        clock = self._runtime.clock
        while True:
            await clock.sleep_ms(max(0.0, self._next_tick_ms - clock.monotonic_ms()))
            self.catch_up()

    def catch_up(self) -> None:
        """Makes the ticks that are due. A lease must not be used before."""
        now_ms, tick_ms = self._runtime.clock.monotonic_ms(), self._config.tick_ms
        late_ms = now_ms - self._next_tick_ms
        if late_ms < 0:
            return
        ticks = int(late_ms / tick_ms) + 1
        self._next_tick_ms += ticks * tick_ms
        for _ in range(min(ticks, self._config.ticks_at_once_max)):
            for member in list(self._members.values()):
                member.tick()
            self._quiet.tick()
            self._vouch_elapsed += 1
        if self._vouch_elapsed >= self._config.vouch_ticks:
            self._vouch_elapsed = 0
            for address, groups in self._quiet.led(self._members.values(), self.address_of).items():
                self._peer(address).vouch(groups)
        for group in self._quiet.forsaken():
            if group in self._members:
                self._members[group].suspect_leader()
        for peer in self._peers.values():
            peer.release()

    def _wake(self, groups: Collection[int]) -> None:
        """Those that could not be vouched for at a process: their leaders look who is there."""
        for group in groups:
            member = self._members.get(GroupId(group))
            if member is not None:
                member.wake()

    def tick_while_waiting(self, member: Member) -> None:
        """Ticks never rest here."""

    def stop(self) -> None:
        """Sends and delivers nothing more."""
        self._stopped = True
        if self._ticker is not None:
            self._ticker.cancel()
        for peer in self._peers.values():
            peer.stop()
