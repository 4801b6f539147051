"""How a replica without a group finds its own, or begins it with the others.

A node that has no group asks all configured peers. It never assumes what it was not told: as long
as one peer is silent and none belongs to a group, a group may exist that it cannot see.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trioxygen.common import logs
from trioxygen.common.errors import (
    InvalidRequest,
    NotLeader,
    TrioxygenError,
    Unavailable,
    UnknownFormat,
)
from trioxygen.common.network import Channel
from trioxygen.common.rules.network import RULES
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.identity import (
    FORMAT,
    Identity,
    IdentityFile,
    Member,
    digest_of,
    first_members,
    member_of,
)
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import DiscoverReply, DiscoverRequest, JoinReply, JoinRequest

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Peer:
    """A node that the configuration names."""

    node_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Nobody has a group: all begin this one, each for itself."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Adopt:
    """A group counts this incarnation among its members already.

    Attributes:
    first_members: empty when nobody who answered knows, or when this one is not among them.
    """

    group_digest: int
    replica: ReplicaId
    first_members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """There is a group, without this incarnation.

    Attributes:
    addresses: whom to ask, the likely leader first.
    """

    group_digest: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeepAsking:
    """Attributes:
    silent: node ids that have not answered.
    """

    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing that waiting could mend."""

    reason: str


Decision = Bootstrap | Adopt | Join | KeepAsking | Refuse


def decide(own: Identity, peers: Sequence[Peer], answers: Mapping[str, DiscoverReply]) -> Decision:
    """What to do after one round of questions.

    Args:
        own: belongs to no group.
        peers: all that are configured, the own node among them or not.
        answers: by node id of the peer that was asked; who is silent is missing.
    """
    assert not own.belongs, own
    others = [peer for peer in peers if peer.node_id != own.node_id]
    heard = {peer.node_id: answers[peer.node_id] for peer in others if peer.node_id in answers}
    for node_id, answer in heard.items():
        if (reason := _mismatch(own, node_id, answer)) is not None:
            return Refuse(reason)
    grouped = [answer for answer in heard.values() if answer.group_digest]
    if grouped:
        return _find_place(own, others, grouped)
    silent = tuple(sorted(peer.node_id for peer in others if peer.node_id not in heard))
    own_peer = next((peer for peer in peers if peer.node_id == own.node_id), None)
    if own_peer is None:
        # Not one of those who may begin a group: it joins what they begin.
        return KeepAsking(silent)
    wanted = sorted(peer.node_id for peer in peers)
    for node_id, answer in heard.items():
        if sorted(answer.configured) != wanted:
            return Refuse(
                f"node {node_id} is configured with the peers {', '.join(answer.configured)}, "
                f"this one with {', '.join(wanted)}"
            )
    if silent:
        return KeepAsking(silent)
    return Bootstrap(
        first_members(
            [
                (own.node_id, own_peer.address, own.incarnation),
                *((one.node_id, one.address, heard[one.node_id].incarnation) for one in others),
            ]
        )
    )


def _mismatch(own: Identity, node_id: str, answer: DiscoverReply) -> str | None:
    if answer.format != FORMAT:
        return f"node {node_id} speaks format {answer.format}, this one {FORMAT}"
    if answer.node_id == own.node_id:
        return f"the address of node {node_id} is answered by a node of the own id"
    if answer.node_id != node_id:
        return f"the address of node {node_id} is answered by node {answer.node_id}"
    return None


def _find_place(
    own: Identity, others: Sequence[Peer], grouped: Sequence[DiscoverReply]
) -> Decision:
    digests = sorted({answer.group_digest for answer in grouped})
    if len(digests) > 1:
        told = ", ".join(f"{answer.node_id}: {answer.group_digest:016x}" for answer in grouped)
        return Refuse(f"the peers belong to different groups ({told})")
    [digest] = digests
    begun = _who_began(digest, grouped)
    for answer in grouped:
        for row in answer.members:
            if row.node_id == own.node_id and row.incarnation == own.incarnation:
                replica = ReplicaId(row.replica_id)
                return Adopt(digest, replica, begun if _has(begun, replica, own) else ())
    for member in begun:
        if member.node_id == own.node_id and member.incarnation == own.incarnation:
            return Adopt(digest, member.replica, begun)
    leaders = [answer.leader_address for answer in grouped if answer.leader_address]
    grouped_ids = {answer.node_id for answer in grouped}
    known = [peer.address for peer in others if peer.node_id in grouped_ids]
    return Join(digest, tuple(dict.fromkeys((*leaders, *known))))


def _who_began(digest: int, grouped: Sequence[DiscoverReply]) -> tuple[Member, ...]:
    for answer in grouped:
        members = tuple(sorted(map(member_of, answer.first_members)))
        if members and digest_of(members) == digest:
            return members
    return ()


def _has(members: Sequence[Member], replica: ReplicaId, own: Identity) -> bool:
    return any(one.replica == replica and one.incarnation == own.incarnation for one in members)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryConfig:
    """Attributes:
    call_timeout_ms: of one question; those of a round are asked together.
    """

    call_timeout_ms: float = 1_000.0
    join_timeout_ms: float = 10_000.0
    pause_ms: float = 250.0


class Discovery:
    """Asks until the group is known.

    Args:
        address: the own one, for others.
        peers: as configured.
    """

    def __init__(
        self,
        runtime: Runtime,
        file: IdentityFile,
        *,
        group: GroupId,
        address: str,
        peers: Sequence[Peer],
        config: DiscoveryConfig | None = None,
    ) -> None:
        self._runtime, self._file, self._group = runtime, file, group
        self._address, self._peers = address, peers
        self._config = config or DiscoveryConfig()

    async def find_group(self, own: Identity) -> Identity:
        """The identity with its group, durable. At once if it had one already.

        Raises:
            InvalidRequest, UnknownFormat: it cannot belong to these peers; says why.
        """
        told: Decision | None = None
        while not own.belongs:
            decision = decide(own, self._peers, await self._ask_all(own))
            if decision != told and isinstance(decision, KeepAsking):
                log.info("peers_awaited", group=self._group, silent=",".join(decision.silent))
            told = decision
            own = await self._follow(own, decision)
        return own

    async def _follow(self, own: Identity, decision: Decision) -> Identity:
        if isinstance(decision, Refuse):
            raise InvalidRequest(decision.reason, node=own.node_id, group=self._group)
        if isinstance(decision, Bootstrap):
            [me] = [one for one in decision.members if one.node_id == own.node_id]
            log.info("group_begun", group=self._group, members=len(decision.members))
            return await self._belong(
                own, digest_of(decision.members), me.replica, decision.members
            )
        if isinstance(decision, Adopt):
            log.info("group_found", group=self._group, replica=decision.replica)
            return await self._belong(
                own, decision.group_digest, decision.replica, decision.first_members
            )
        if isinstance(decision, Join) and (reply := await self._join(own, decision)) is not None:
            log.info("group_joined", group=self._group, replica=reply.replica_id)
            return await self._belong(own, reply.group_digest, ReplicaId(reply.replica_id), ())
        await self._runtime.clock.sleep_ms(self._config.pause_ms)
        return own

    async def _belong(
        self, own: Identity, digest: int, replica: ReplicaId, members: tuple[Member, ...]
    ) -> Identity:
        return await self._runtime.blocking.run(
            lambda: self._file.belong(
                own, group_digest=digest, replica=replica, first_members=members
            )
        )

    def _channel(self, address: str) -> Channel:
        return self._runtime.network.channel(address)

    async def _ask_all(self, own: Identity) -> dict[str, DiscoverReply]:
        request = DiscoverRequest(
            group=self._group, node_id=own.node_id, incarnation=own.incarnation
        )
        others = [peer for peer in self._peers if peer.node_id != own.node_id]
        replies = await asyncio.gather(*(self._ask(peer, request) for peer in others))
        return {
            peer.node_id: reply
            for peer, reply in zip(others, replies, strict=True)
            if reply is not None
        }

    async def _ask(self, peer: Peer, request: DiscoverRequest) -> DiscoverReply | None:
        try:
            reply = await self._channel(peer.address).call(
                "Raft/Discover",
                request,
                DiscoverReply,
                timeout_ms=self._config.call_timeout_ms,
            )
            RULES.check(reply, "Raft/Discover")
            return reply
        except Unavailable as error:
            log.debug("peer_silent", group=self._group, peer=peer.node_id, reason=str(error))
        except TrioxygenError as error:
            # Of another version, or of another kind: as good as silent until someone looks.
            log.warning("peer_refused", group=self._group, peer=peer.node_id, reason=str(error))
        return None

    async def _join(self, own: Identity, decision: Join) -> JoinReply | None:
        """None: nobody can take it in now."""
        request = JoinRequest(
            group=self._group,
            group_digest=decision.group_digest,
            node_id=own.node_id,
            address=self._address,
            incarnation=own.incarnation,
            format=FORMAT,
        )
        left, asked = list(decision.addresses), set[str]()
        while left:
            address = left.pop(0)
            if address in asked:
                continue
            asked.add(address)
            try:
                reply = await self._channel(address).call(
                    "Raft/Join", request, JoinReply, timeout_ms=self._config.join_timeout_ms
                )
                RULES.check(reply, "Raft/Join")
                return reply
            except NotLeader as error:
                left[:0] = [error.facts["leader"]] if error.facts.get("leader") else []
            except Unavailable as error:
                log.info("join_delayed", group=self._group, at=address, reason=str(error))
            except (InvalidRequest, UnknownFormat):
                raise
            except TrioxygenError as error:
                log.warning("join_failed", group=self._group, at=address, reason=str(error))
        return None


def discover_reply(
    own: Identity,
    *,
    peers: Sequence[Peer],
    members: Sequence[Member] = (),
    leader_address: str = "",
) -> DiscoverReply:
    """Answers a peer, before the own group is known and after.

    Args:
        members: those in the state; the first ones when it says nothing yet.
    """
    return DiscoverReply(
        node_id=own.node_id,
        incarnation=own.incarnation,
        group_digest=own.group_digest,
        members=[one.row() for one in (members or own.first_members)],
        leader_address=leader_address,
        first_members=[one.row() for one in own.first_members],
        configured=[peer.node_id for peer in peers],
        format=FORMAT,
    )
