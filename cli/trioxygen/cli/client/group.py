"""Calls to the members of a group, for commands."""

import asyncio
from typing import Any, Final

from trioxygen.cli.config.nodes import Peer
from trioxygen.cli.config.schema import Config
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.wiring.network import grpc_config, node_tls
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.metadata.client.leader import LeaderClient
from trioxygen.proto.v1 import group_admin_pb2 as admin

_SERVICE: Final = "GroupAdmin"
_ONE_TIMEOUT_MS: Final = 2_000.0
_LEADER_TIMEOUT_MS: Final = 15_000.0
# A change of the members waits for a learner to catch up, or for a majority to answer.
_TRY_MS: Final = 10_000.0


class GroupClient:
    """Args:
    role: om or scm."""

    def __init__(self, config: Config, role: str) -> None:
        self._peers: list[Peer] = list(config.group(role).peers)
        self._network = GrpcNetwork(
            grpc_config(config),
            cluster_id=config.cluster.id,
            role=Role.OPERATOR,
            tls=node_tls(config),
        )
        self._runtime = system_runtime(self._network)
        self._leader = LeaderClient(
            self._runtime,
            admin.DESCRIPTOR.services_by_name[_SERVICE],
            [peer.address for peer in self._peers],
            timeout_ms=_LEADER_TIMEOUT_MS,
            try_ms=_TRY_MS,
        )

    async def close(self) -> None:
        await self._network.close()
        await self._runtime.stop()

    async def status(self) -> list[dict[str, Any]]:
        """Of every configured node; of one that does not answer, why."""
        return list(await asyncio.gather(*(self._status(peer) for peer in self._peers)))

    async def _status(self, peer: Peer) -> dict[str, Any]:
        silent = {"node_id": peer.id, "address": peer.address, "role": "silent"}
        counts = dict.fromkeys(("term", "commit", "applied"), 0)
        group = {"membership": "", "members": [], "leader_address": ""}
        try:
            reply = await self._network.channel(peer.address).call(
                f"{_SERVICE}/DescribeReplica",
                admin.DescribeReplicaRequest(),
                admin.DescribeReplicaReply,
                timeout_ms=_ONE_TIMEOUT_MS,
            )
        except TrioxygenError as error:
            return {**silent, **counts, **group, "failure": str(error)}
        return {
            "node_id": reply.node_id,
            "address": peer.address,
            "role": reply.role,
            "term": reply.term,
            "commit": reply.commit,
            "applied": reply.applied,
            "membership": _membership(reply),
            "members": [
                {
                    "replica_id": row.replica_id,
                    "node_id": row.node_id,
                    "address": row.address,
                    "voter": row.replica_id in reply.voters,
                }
                for row in reply.members
            ],
            "leader_address": reply.leader_address,
            "failure": reply.failure,
        }

    async def transfer_leadership(self, node_id: str) -> str:
        reply = await self._leader.call(
            admin.TransferLeadershipRequest(node_id=node_id), admin.TransferLeadershipReply
        )
        return reply.node_id

    async def add(self, node_id: str, address: str) -> int:
        reply = await self._leader.call(
            admin.AddNodeRequest(node_id=node_id, address=address), admin.AddNodeReply
        )
        return reply.replica_id

    async def remove(self, node_id: str) -> None:
        await self._leader.call(admin.RemoveNodeRequest(node_id=node_id), admin.RemoveNodeReply)

    async def snapshot(self, node_id: str) -> list[tuple[str, int]]:
        """(node, index) of the one node, or of all."""
        peers = [peer for peer in self._peers if node_id in ("", peer.id)]
        if not peers:
            raise CommandFailed(Exit.USAGE, f"no node '{node_id}' is configured")
        taken: list[tuple[str, int]] = []
        for peer in peers:
            reply = await self._network.channel(peer.address).call(
                f"{_SERVICE}/TakeSnapshot",
                admin.TakeSnapshotRequest(),
                admin.TakeSnapshotReply,
                timeout_ms=_LEADER_TIMEOUT_MS,
            )
            taken.append((peer.id, reply.index))
        return taken


def _membership(reply: admin.DescribeReplicaReply) -> str:
    if reply.replica_id in reply.voters:
        part = "voter"
    elif reply.replica_id in reply.learners:
        part = "learner"
    else:
        part = "no member"
    return f"{part}, changing" if reply.joint else part
