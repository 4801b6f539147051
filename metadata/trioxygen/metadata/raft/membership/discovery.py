"""How a replica without a group finds its own, or begins it with the others.

A node that has no group asks all configured peers. It never assumes what it was not told: as long
as one peer is silent and none belongs to a group, a group may exist that it cannot see.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from trioxygen.common import logs
from trioxygen.common.errors import (
    InvalidRequest,
    NotLeader,
    TrioxygenError,
    Unavailable,
    UnknownFormat,
)
from trioxygen.common.rpc.network import Channel
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import ReplicaId
from trioxygen.metadata.raft.membership.deciding import (
    Adopt,
    Bootstrap,
    Decision,
    Join,
    KeepAsking,
    Peer,
    Refuse,
    decide,
)
from trioxygen.metadata.raft.membership.identity import (
    FORMAT,
    Identity,
    IdentityFile,
    Member,
    digest_of,
)
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import DiscoverReply, DiscoverRequest, JoinReply, JoinRequest

log = logs.get(__name__)


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
        logged: Decision | None = None
        while not own.belongs:
            decision = decide(own, self._peers, await self._ask_all(own))
            if decision != logged and isinstance(decision, KeepAsking):
                log.info("peers_awaited", group=self._group, silent=",".join(decision.silent))
            logged = decision
            own = await self._follow(own, decision)
        return own

    async def _follow(self, own: Identity, decision: Decision) -> Identity:
        if isinstance(decision, Refuse):
            raise InvalidRequest(decision.reason, node=own.node_id, group=self._group)
        if isinstance(decision, Bootstrap):
            [me] = [member for member in decision.members if member.node_id == own.node_id]
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
