"""Who answers those that look for a group of this process, or want to join one."""

from collections.abc import Sequence
from dataclasses import dataclass

from trioxygen.common.errors import NotLeader
from trioxygen.metadata.raft.membership.deciding import Peer, discover_reply
from trioxygen.metadata.raft.membership.identity import Identity
from trioxygen.metadata.raft.membership.joining import Joining
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import DiscoverReply, DiscoverRequest, JoinReply, JoinRequest


@dataclass(frozen=True, slots=True)
class _Group:
    identity: Identity
    peers: Sequence[Peer]
    joining: Joining | None


class MembershipDirectory:
    """Answers for all groups of a process; implements `transport.MembershipService`."""

    def __init__(self) -> None:
        self._groups: dict[GroupId, _Group] = {}

    def announce(
        self,
        group: GroupId,
        identity: Identity,
        peers: Sequence[Peer],
        joining: Joining | None = None,
    ) -> None:
        """At start, when the group is known, and again when its replica runs."""
        self._groups[group] = _Group(identity, peers, joining)

    def _group(self, group: int) -> _Group:
        known = self._groups.get(GroupId(group))
        if known is None:
            # It may come: a process answers before all of its groups have begun.
            raise NotLeader("no replica of this group is here", group=group)
        return known

    async def discover(self, request: DiscoverRequest) -> DiscoverReply:
        group = self._group(request.group)
        joining = group.joining
        return discover_reply(
            group.identity,
            peers=group.peers,
            members=joining.members() if joining is not None else (),
            leader_address=joining.replica.leader_address() if joining is not None else "",
        )

    async def join(self, request: JoinRequest) -> JoinReply:
        joining = self._group(request.group).joining
        if joining is None:
            raise NotLeader(group=request.group)
        return await joining.join(request)
