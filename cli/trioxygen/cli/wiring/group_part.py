"""An OM or SCM as a member of its Raft group, in a process of its own."""

from collections.abc import Callable, Sequence

from google.protobuf.descriptor import ServiceDescriptor

from trioxygen.cli.folder import states_held
from trioxygen.cli.folder.states_held import GroupState
from trioxygen.cli.wiring.group import GroupMember
from trioxygen.cli.wiring.group_config import GroupConfig, ReplicatedService
from trioxygen.cli.wiring.part import Node, Part
from trioxygen.cli.wiring.stores import TABLES, note_logs, open_log
from trioxygen.common.rpc.network import Server
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.membership.deciding import Peer
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.proto.v1.replication_pb2 import MemberRow

# (node, replica, first members of the group) -> an OM or SCM
Build = Callable[[Node, Replica, Sequence[MemberRow]], ReplicatedService]


class GroupPart(Part):
    """Args:
    name: om or scm.
    listen: HOST:PORT of its service.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        group: GroupId,
        descriptor: ServiceDescriptor,
        build: Build,
        *,
        listen: str,
    ) -> None:
        self._node, self._name, self._group = node, name, group
        self._descriptor, self._build, self._listen = descriptor, build, listen
        self._wal: WriteAheadLog | None = None
        self._member: GroupMember | None = None
        self._server: Server | None = None

    @property
    def address(self) -> str:
        return self._server.address if self._server is not None else ""

    async def open(self) -> None:
        node = self._node
        state = GroupState(
            self._group,
            node.data / self._name,
            TABLES[self._name],
            is_only_voter=len(node.config.group(self._name).peers) == 1,
        )
        self._wal = await open_log(
            node.runtime,
            node.data / "log",
            self._name,
            node.config.metadata.log_segment_bytes,
            WalMetrics(node.runtime.registry),
            states_held.of_groups([state]),
        )
        member = GroupMember(
            node.runtime, self._wal, node.data, self._group_config(), self._descriptor
        )
        services = await member.open()
        self._member = member
        node.readiness.full_if(lambda: member.is_full)
        self._server = await node.runtime.network.serve(self._listen, services)

    def _group_config(self) -> GroupConfig:
        node, metadata = self._node, self._node.config.metadata
        peers = node.config.group(self._name).peers
        [address] = [peer.address for peer in peers if peer.id == node.node_id]
        return GroupConfig(
            name=self._name,
            group=self._group,
            node_id=node.node_id,
            address=address,
            peers=tuple(Peer(peer.id, peer.address) for peer in peers),
            tick_ms=metadata.raft_tick_ms,
            election_ticks=metadata.raft_election_ticks,
            heartbeat_ticks=metadata.raft_heartbeat_ticks,
            lease_reads=metadata.lease_reads,
        )

    async def start(self) -> None:
        node, member = self._node, self._member
        assert member is not None
        await member.start(lambda replica, first: self._build(node, replica, first))
        await note_logs(node.runtime, node.data / "log")
        await node.retry_while_unavailable("a leader", member.until_current)

    def failure(self) -> str | None:
        # Of a log that failed only a restart knows what it holds.
        error = self._member.failure if self._member is not None else None
        return str(error) if error is not None else None

    async def stop(self) -> None:
        # First it hands over what it leads, which needs the others.
        if self._member is not None:
            await self._member.stop()
        if self._server is not None:
            await self._server.stop()
        if self._wal is not None:
            await self._wal.close()
