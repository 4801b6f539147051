"""The leader's side of membership: nodes that join by themselves, nodes that operators add and
remove, and the worker that makes the group's configuration follow.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import InvalidRequest, NotLeader, Unavailable, UnknownFormat
from trioxygen.metadata.raft.core.progress import ProgressState
from trioxygen.metadata.raft.core.status import Status
from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.driver.succession import nearness
from trioxygen.metadata.raft.membership.identity import FORMAT, Member
from trioxygen.metadata.raft.membership.plan import (
    Forget,
    has_majority,
    last_replica,
    next_step,
)
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import JoinReply, JoinRequest

log = logs.get(__name__)

NODES_MAX: Final = 7
_ALIVE_WAIT_MS: Final = 3_000.0
_ALIVE_LOOK_MS: Final = 50.0


class GroupReplica(Protocol):
    """The own member of the group."""

    @property
    def id(self) -> ReplicaId: ...

    def is_leader(self) -> bool: ...

    def leader_address(self) -> str:
        """Empty: not known."""
        ...

    def status(self) -> Status: ...

    async def propose_configuration(
        self, *, voters: Collection[ReplicaId], learners: Collection[ReplicaId]
    ) -> object:
        """Returns when the change is committed, its joint phase too.

        Raises: Unavailable errors: not the leader, or another change is under way.
        """
        ...

    async def transfer_leadership(self, target: ReplicaId) -> object: ...


class MemberTable(Protocol):
    """The members in the group's state."""

    def members(self) -> Sequence[Member]:
        """As far as it is applied here."""
        ...

    async def put(self, member: Member) -> None:
        """Committed when it returns. Raises: Unavailable errors; Refused: the id is another's."""
        ...

    async def delete(self, replica: ReplicaId) -> None: ...


class Joining:
    """Every change of membership goes through here, one after the other."""

    def __init__(
        self,
        clock: Clock,
        replica: GroupReplica,
        table: MemberTable,
        *,
        group: GroupId,
        group_digest: int,
    ) -> None:
        self._clock, self._replica, self._table = clock, replica, table
        self._group, self._group_digest = group, group_digest
        self._turn = asyncio.Lock()
        # Of a learner, the commit index at the last look.
        self._goals: dict[ReplicaId, int] = {}

    @property
    def replica(self) -> GroupReplica:
        return self._replica

    def members(self) -> Sequence[Member]:
        return self._table.members()

    async def join(self, request: JoinRequest) -> JoinReply:
        """Gives the node's incarnation a replica id; asked again, the same one. The rest is the
        worker's.

        Raises:
            NotLeader: ask `leader`.
            InvalidRequest: another group, or a node that nobody has added.
            UnknownFormat: a node of another version.
        """
        if request.format != FORMAT:
            raise UnknownFormat("a node of another version", format=request.format, known=FORMAT)
        if request.group_digest != self._group_digest:
            raise InvalidRequest(
                "a node of another group",
                node=request.node_id,
                digest=f"{request.group_digest:016x}",
                own=f"{self._group_digest:016x}",
            )
        if not (request.node_id and request.address and request.incarnation):
            raise InvalidRequest("a node that does not say who it is", node=request.node_id)
        async with self._turn:
            members = self._led_members()
            member = _place_of(request, members)
            if member not in members:
                await self._table.put(member)
                log.info(
                    "node_joined", group=self._group, node=member.node_id, replica=member.replica
                )
            return JoinReply(
                replica_id=member.replica,
                group_digest=self._group_digest,
                members=[member.row() for member in self._table.members()],
            )

    async def add(self, node_id: str, address: str) -> Member:
        """Lets a node in that is not there yet: it joins by itself, and then becomes a voter.
        Again: the same. Raises: NotLeader, InvalidRequest.
        """
        async with self._turn:
            members = self._led_members()
            known = [member for member in members if member.node_id == node_id]
            if known:
                if len(known) == 1 and known[0].address == address:
                    return known[0]
                raise InvalidRequest("such a node is a member already", node=node_id)
            if len({member.node_id for member in members if member.node_id}) >= NODES_MAX:
                raise InvalidRequest("a group has so many nodes at most", most=NODES_MAX)
            if any(member.address == address for member in members):
                raise InvalidRequest("another node has this address", address=address)
            member = Member(ReplicaId(last_replica(members) + 1), node_id, address, 0)
            await self._table.put(member)
            return member

    async def remove(self, node_id: str) -> None:
        """Takes a node out, alive or not.

        Raises:
            NotLeader: also when the node leads: it hands over first.
            InvalidRequest: no such node, or those left could not decide anything.
        """
        async with self._turn:
            members = self._led_members()
            leaving = [member for member in members if member.node_id == node_id]
            if not leaving:
                raise InvalidRequest("no such member", node=node_id)
            gone = {member.replica for member in leaving}
            configuration = self._replica.status().configuration
            voters = [voter for voter in configuration.voters if voter not in gone]
            learners = [learner for learner in configuration.learners if learner not in gone]
            if not voters:
                raise InvalidRequest("the last voter cannot leave", node=node_id)
            await self._await_majority(voters)
            if self._replica.id in gone:
                await self._hand_over(voters)
            if (tuple(voters), tuple(learners)) != (configuration.voters, configuration.learners):
                await self._replica.propose_configuration(voters=voters, learners=learners)
            last = last_replica(members)
            for member in leaving:
                if member.replica == last:
                    await self._table.put(Member(last, "", "", 0))
                else:
                    await self._table.delete(member.replica)
            log.info("node_removed", group=self._group, node=node_id)

    async def _await_majority(self, voters: Collection[ReplicaId]) -> None:
        until_ms = self._clock.monotonic_ms() + _ALIVE_WAIT_MS
        while not has_majority(voters, self._alive()):
            # A leader that has only begun has not heard from all.
            if self._clock.monotonic_ms() >= until_ms:
                raise InvalidRequest(
                    "too few of the voters that would be left are alive", voters=len(voters)
                )
            await self._clock.sleep_ms(_ALIVE_LOOK_MS)

    def _alive(self) -> set[ReplicaId]:
        peers = self._replica.status().peers
        return {replica for replica, peer in peers.items() if peer.active} | {self._replica.id}

    async def _hand_over(self, voters: Sequence[ReplicaId]) -> None:
        status = self._replica.status()
        target = max(voters, key=lambda voter: nearness(status, voter))
        await self._replica.transfer_leadership(target)
        address = next(
            (member.address for member in self._table.members() if member.replica == target), ""
        )
        raise NotLeader("the node led and hands over", group=self._group, leader=address)

    def _led_members(self) -> Sequence[Member]:
        if not self._replica.is_leader():
            raise NotLeader(group=self._group, leader=self._replica.leader_address())
        members = self._table.members()
        known = {member.replica for member in members}
        if not known.issuperset(self._replica.status().configuration.members()):
            # The first leader of a group writes them down before anything else.
            raise NotLeader("the leader has only begun", group=self._group)
        return members

    async def follow_table(self) -> bool:
        """Makes the next change that is due; whether one was made. Not leading: none."""
        if not self._replica.is_leader():
            self._goals.clear()
            return False
        async with self._turn:
            try:
                members = self._led_members()
                return await self._follow(members)
            except Unavailable as error:
                log.info("membership_change_delayed", group=self._group, reason=str(error))
                return False

    async def _follow(self, members: Sequence[Member]) -> bool:
        status = self._replica.status()
        caught_up = self._caught_up(status)
        step = next_step(members, status.configuration, alive=self._alive(), caught_up=caught_up)
        if step is None:
            return False
        if isinstance(step, Forget):
            await self._table.delete(step.replica)
            return True
        log.info("membership_changed", group=self._group, to=str(step))
        await self._replica.propose_configuration(voters=step.voters, learners=step.learners)
        return True

    def _caught_up(self, status: Status) -> set[ReplicaId]:
        """Who holds now what was committed at the last look: the last round of catching up was
        short (§4.2.1)."""
        caught_up = set[ReplicaId]()
        goals: dict[ReplicaId, int] = {}
        for learner in status.configuration.learners:
            peer = status.peers.get(learner)
            if peer is None:
                continue
            goal = self._goals.get(learner)
            goals[learner] = status.commit
            if (
                goal is not None
                and peer.state is ProgressState.REPLICATE
                and peer.active
                and peer.match >= goal
            ):
                caught_up.add(learner)
        self._goals = goals
        return caught_up


def _place_of(request: JoinRequest, members: Sequence[Member]) -> Member:
    """The row of the node that asks: its own, one kept for it, or a new one."""
    of_node = [member for member in members if member.node_id == request.node_id]
    if not of_node:
        raise InvalidRequest(
            "not a node of this group: let an operator add it first", node=request.node_id
        )
    for member in of_node:
        if member.incarnation in (request.incarnation, 0):
            return replace(member, address=request.address, incarnation=request.incarnation)
    return Member(
        ReplicaId(last_replica(members) + 1),
        request.node_id,
        request.address,
        request.incarnation,
    )


@dataclass(slots=True)
class MembershipWorker:
    """Implements `worker.Worker`; runs on every member, works on the leader."""

    joining: Joining
    name: str
    interval_ms: float = 200.0

    async def work(self) -> bool:
        # Never at once again: the interval is what `caught up` is measured by.
        await self.joining.follow_table()
        return False
