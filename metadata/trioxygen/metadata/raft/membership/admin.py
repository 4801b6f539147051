"""What operators see of a member of a group, and what they can ask of it, as a network service."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from trioxygen.common.errors import InvalidRequest, NotLeader, TrioxygenError
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Service
from trioxygen.metadata.raft.core.status import Status
from trioxygen.metadata.raft.driver.succession import nearness
from trioxygen.metadata.raft.membership.identity import Identity
from trioxygen.metadata.raft.membership.joining import GroupReplica, Joining
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

    async def _describe(
        self, _: admin.DescribeReplicaRequest, call: Call
    ) -> admin.DescribeReplicaReply:
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
        reply.members.extend(member.row() for member in joining.members())
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

    async def _take_snapshot(
        self, _: admin.TakeSnapshotRequest, call: Call
    ) -> admin.TakeSnapshotReply:
        if self._snapshot is None:
            raise InvalidRequest("it is looking for its group", group=self._name)
        return admin.TakeSnapshotReply(index=await self._snapshot())

    async def _read_rows(self, request: admin.ReadRowsRequest, call: Call) -> admin.ReadRowsReply:
        if self._rows is None or request.group_digest != self._identity.group_digest:
            raise InvalidRequest("not a member of that group", group=self._name)
        return await self._rows(request)

    async def _transfer_leadership(
        self, request: admin.TransferLeadershipRequest, call: Call
    ) -> admin.TransferLeadershipReply:
        replica, joining = self._led()
        node_of = {member.replica: member.node_id for member in joining.members()}
        status = replica.status()
        voters = [voter for voter in status.configuration.voters if voter != replica.id]
        if request.node_id:
            if request.node_id == self._identity.node_id:
                return admin.TransferLeadershipReply(node_id=request.node_id)
            voters = [voter for voter in voters if node_of.get(voter) == request.node_id]
        if not voters:
            raise InvalidRequest("no such other voter", node=request.node_id or "any")
        target = max(voters, key=lambda voter: nearness(status, voter))
        await replica.transfer_leadership(target)
        return admin.TransferLeadershipReply(node_id=node_of.get(target, ""))

    async def _add_node(self, request: admin.AddNodeRequest, call: Call) -> admin.AddNodeReply:
        _, joining = self._led()
        if not request.node_id or not request.address:
            raise InvalidRequest("a node needs an id and an address", node=request.node_id)
        member = await joining.add(request.node_id, request.address)
        return admin.AddNodeReply(replica_id=member.replica)

    async def _remove_node(
        self, request: admin.RemoveNodeRequest, call: Call
    ) -> admin.RemoveNodeReply:
        _, joining = self._led()
        await joining.remove(request.node_id)
        return admin.RemoveNodeReply()


def _role(status: Status) -> str:
    if status.role.name == "FOLLOWER" and status.leader is None:
        return "without a leader"
    return status.role.name.lower().replace("_", " ")
