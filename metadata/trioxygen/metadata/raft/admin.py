"""What operators see of a member of a group, and what they can ask of it, as a network service."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from trioxygen.common.errors import InvalidRequest, NotLeader, TrioxygenError
from trioxygen.common.network import Service
from trioxygen.metadata.raft.core.status import Status
from trioxygen.metadata.raft.identity import Identity
from trioxygen.metadata.raft.joining import GroupReplica, Joining
from trioxygen.metadata.raft.succession import nearness
from trioxygen.proto.v1 import group_admin_pb2 as admin

_DESCRIPTOR: Final = admin.DESCRIPTOR.services_by_name["GroupAdmin"]


ReadRows = Callable[[admin.ReadRowsRequest], Awaitable[admin.ReadRowsReply]]


class AdministeredReplica(GroupReplica, Protocol):
    @property
    def failure(self) -> TrioxygenError | None: ...


class GroupAdmin:
    """Serves from the start; a member that is still looking for its group says so."""

    def __init__(self, name: str, identity: Identity) -> None:
        self._name, self._identity = name, identity
        self._replica: AdministeredReplica | None = None
        self._joining: Joining | None = None
        self._snapshot: Callable[[], Awaitable[int]] | None = None
        self._rows: ReadRows | None = None
        self.service = Service(
            _DESCRIPTOR,
            {
                "DescribeReplica": self._describe,
                "TakeSnapshot": self._take_snapshot,
                "ReadRows": self._read_rows,
                "TransferLeadership": self._transfer_leadership,
                "AddNode": self._add_node,
                "RemoveNode": self._remove_node,
            },
            {},
            {},
        )

    def attach(
        self,
        identity: Identity,
        replica: AdministeredReplica,
        joining: Joining,
        snapshot: Callable[[], Awaitable[int]],
        rows: "ReadRows",
    ) -> None:
        """The group is known and the replica runs.

        Args:
            snapshot: syncs the state; the index that it holds.
            rows: answers other members that have a damaged row.
        """
        self._identity, self._replica, self._joining = identity, replica, joining
        self._snapshot, self._rows = snapshot, rows

    def _led(self) -> tuple[AdministeredReplica, Joining]:
        replica, joining = self._replica, self._joining
        if replica is None or joining is None:
            raise NotLeader("it is looking for its group", group=self._name)
        if not replica.is_leader():
            raise NotLeader(group=self._name, leader=replica.leader_address())
        return replica, joining

    async def _describe(self, _: admin.DescribeReplicaRequest) -> admin.DescribeReplicaReply:
        identity, replica, joining = self._identity, self._replica, self._joining
        reply = admin.DescribeReplicaReply(
            node_id=identity.node_id,
            replica_id=identity.replica,
            group_digest=identity.group_digest,
            role="looking for its group",
        )
        if replica is None or joining is None:
            return reply
        status = replica.status()
        reply.role = _role(status)
        reply.leader_address = replica.leader_address()
        reply.term, reply.commit, reply.applied = status.term, status.commit, status.applied
        configuration = status.configuration
        reply.voters.extend(configuration.voters)
        reply.learners.extend(configuration.learners)
        reply.joint = configuration.is_joint
        reply.members.extend(one.row() for one in joining.members())
        for peer_id, peer in sorted(status.peers.items()):
            reply.peers.add(
                replica_id=peer_id,
                state=peer.state.name.lower(),
                match=peer.match,
                active=peer.active,
            )
        if replica.failure is not None:
            reply.role, reply.failure = "failed", str(replica.failure)
        return reply

    async def _take_snapshot(self, _: admin.TakeSnapshotRequest) -> admin.TakeSnapshotReply:
        if self._snapshot is None:
            raise InvalidRequest("it is looking for its group", group=self._name)
        return admin.TakeSnapshotReply(index=await self._snapshot())

    async def _read_rows(self, request: admin.ReadRowsRequest) -> admin.ReadRowsReply:
        if self._rows is None or request.group_digest != self._identity.group_digest:
            raise InvalidRequest("not a member of that group", group=self._name)
        return await self._rows(request)

    async def _transfer_leadership(
        self, request: admin.TransferLeadershipRequest
    ) -> admin.TransferLeadershipReply:
        replica, joining = self._led()
        node_of = {one.replica: one.node_id for one in joining.members()}
        status = replica.status()
        voters = [one for one in status.configuration.voters if one != replica.id]
        if request.node_id:
            if request.node_id == self._identity.node_id:
                return admin.TransferLeadershipReply(node_id=request.node_id)
            voters = [one for one in voters if node_of.get(one) == request.node_id]
        if not voters:
            raise InvalidRequest("no such other voter", node=request.node_id or "any")
        target = max(voters, key=lambda one: nearness(status, one))
        await replica.transfer_leadership(target)
        return admin.TransferLeadershipReply(node_id=node_of.get(target, ""))

    async def _add_node(self, request: admin.AddNodeRequest) -> admin.AddNodeReply:
        _, joining = self._led()
        if not request.node_id or not request.address:
            raise InvalidRequest("a node needs an id and an address", node=request.node_id)
        member = await joining.add(request.node_id, request.address)
        return admin.AddNodeReply(replica_id=member.replica)

    async def _remove_node(self, request: admin.RemoveNodeRequest) -> admin.RemoveNodeReply:
        _, joining = self._led()
        await joining.remove(request.node_id)
        return admin.RemoveNodeReply()


def _role(status: Status) -> str:
    if status.role.name == "FOLLOWER" and status.leader is None:
        return "without a leader"
    return status.role.name.lower().replace("_", " ")
