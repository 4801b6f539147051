"""The roles that run as processes of their own: each opens what is on its disk, starts serving,
and stops in the order in which requests flow. Wired from the parts of `build`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from google.protobuf.descriptor import ServiceDescriptor

from trioxygen.cli import states_held
from trioxygen.cli.build import (
    OM_GROUP,
    SCM_GROUP,
    build_datanode,
    build_gateway,
    build_om,
    build_om_client,
    build_scm,
    build_scm_client,
    make_admin,
    note_logs,
    om_store,
    open_log,
    scm_store,
)
from trioxygen.cli.build_group import GroupConfig, GroupMember, ReplicatedService
from trioxygen.cli.config_schema import Config
from trioxygen.cli.data_folder import DataFolder
from trioxygen.cli.data_parts import DATANODE_PARTS, check_parts, note_parts
from trioxygen.cli.states_held import GroupState
from trioxygen.common import logs
from trioxygen.common.errors import Unavailable
from trioxygen.common.network import Server
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.admin import create_health_app
from trioxygen.gateway.fullness import Fullness
from trioxygen.gateway.http_limits import AsgiApp
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.s3_refusals import S3Port
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.om.schema import ALL_TABLES as OM_TABLES
from trioxygen.metadata.raft.discovery import Peer
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.metadata.raft.wal import WriteAheadLog
from trioxygen.metadata.raft.wal_metrics import WalMetrics
from trioxygen.metadata.scm.schema import ALL_TABLES as SCM_TABLES
from trioxygen.proto.v1 import om_pb2, scm_pb2
from trioxygen.proto.v1.raft_pb2 import MemberRow

log = logs.get(__name__)

_RETRY_WAIT_MS: Final = 200.0
_FAILURE_LOOK_MS: Final = 500.0
_OM_DESCRIPTOR: Final = om_pb2.DESCRIPTOR.services_by_name["OzoneManager"]
_SCM_DESCRIPTOR: Final = scm_pb2.DESCRIPTOR.services_by_name["StorageContainerManager"]

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every role is given. Attributes: listen: HOST:PORT of its service."""

    config: Config
    folder: DataFolder
    runtime: Runtime
    readiness: Readiness
    listen: str
    admin_token: str
    credentials: tuple[str, str] | None

    @property
    def data(self) -> Path:
        return self.folder.path

    async def insist(self, what: str, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        """Until it is granted; who cannot be reached yet is asked again. Cancel it to give up."""
        while True:
            try:
                return await attempt()
            except Unavailable as error:
                log.warning("still_waiting", for_what=what, reason=error)
            await self.runtime.clock.sleep_ms(_RETRY_WAIT_MS)


class Role(Protocol):
    """Attributes:
    admin_app: of the admin port, from the start.
    s3_port: what is served there, where there is one, after `open`.
    """

    admin_app: AsgiApp
    s3_port: S3Port | None

    async def open(self) -> None:
        """What needs nobody else. Raises: Corrupt, OSError: what is on the disk cannot be used."""
        ...

    async def start(self) -> str:
        """Returns when it should be sent requests; the address of its service, if it has one."""
        ...

    async def until_failed(self) -> str:
        """Why it cannot go on; never returns while it can."""
        ...

    async def stop(self) -> None:
        """Whatever was begun; answers what is under way."""
        ...


# (node, replica, first members of the group) -> an OM or SCM
Build = Callable[[Node, Replica, Sequence[MemberRow]], ReplicatedService]


class GroupRole:
    """A member of the OM's or of the SCM's Raft group."""

    def __init__(
        self, node: Node, name: str, group: GroupId, descriptor: ServiceDescriptor, build: Build
    ) -> None:
        self._node, self._name, self._group = node, name, group
        self._descriptor, self._build = descriptor, build
        self.admin_app: AsgiApp = create_health_app(node.readiness, node.runtime.registry)
        self.s3_port: S3Port | None = None
        self._wal: WriteAheadLog | None = None
        self._member: GroupMember | None = None
        self._server: Server | None = None

    async def open(self) -> None:
        node, metadata = self._node, self._node.config.metadata
        peers = node.config.group(self._name).peers
        [address] = [peer.address for peer in peers if peer.id == node.folder.node_id]
        self._wal = await open_log(
            node.runtime,
            node.data / "log",
            self._name,
            metadata.log_segment_bytes,
            WalMetrics(node.runtime.registry),
            states_held.of_groups(
                [
                    GroupState(
                        self._group,
                        node.data / self._name,
                        OM_TABLES if self._group == OM_GROUP else SCM_TABLES,
                        is_only_voter=len(peers) == 1,
                    )
                ]
            ),
        )
        member = GroupMember(
            node.runtime,
            self._wal,
            node.data,
            GroupConfig(
                name=self._name,
                group=self._group,
                node_id=node.folder.node_id,
                address=address,
                peers=tuple(Peer(peer.id, peer.address) for peer in peers),
                tick_ms=metadata.raft_tick_ms,
                election_ticks=metadata.raft_election_ticks,
                heartbeat_ticks=metadata.raft_heartbeat_ticks,
            ),
            self._descriptor,
        )
        services = await member.open()
        self._member = member
        node.readiness.full_if(lambda: member.is_full)
        self._server = await node.runtime.network.serve(node.listen, services)

    async def start(self) -> str:
        node, member = self._node, self._member
        assert member is not None and self._server is not None
        await member.start(lambda replica, first: self._build(node, replica, first))
        await note_logs(node.runtime, node.data / "log")
        await node.insist("a leader", member.until_current)
        return self._server.address

    async def until_failed(self) -> str:
        # Of a log that failed only a restart knows what it holds.
        clock = self._node.runtime.clock
        while self._member is None or (failure := self._member.failure) is None:
            await clock.sleep_ms(_FAILURE_LOOK_MS)
        return str(failure)

    async def stop(self) -> None:
        # First it hands over what it leads, which needs the others.
        if self._member is not None:
            await self._member.stop()
        if self._server is not None:
            await self._server.stop()
        if self._wal is not None:
            await self._wal.close()


def _om(node: Node, replica: Replica, first_members: Sequence[MemberRow]) -> ReplicatedService:
    config = node.config
    return build_om(
        config,
        node.runtime,
        om_store(config, node.data / "om"),
        replica,
        build_scm_client(config, node.runtime, config.scm.addresses),
        node_id=node.folder.node_id,
        first_members=first_members,
    )


def _scm(node: Node, replica: Replica, first_members: Sequence[MemberRow]) -> ReplicatedService:
    return build_scm(
        node.config,
        node.runtime,
        scm_store(node.config, node.data / "scm"),
        replica,
        cluster_id=node.folder.cluster_id,
        node_id=node.folder.node_id,
        first_members=first_members,
    )


class DataNodeRole:
    def __init__(self, node: Node) -> None:
        self._node = node
        self.admin_app: AsgiApp = create_health_app(node.readiness, node.runtime.registry)
        self.s3_port: S3Port | None = None
        self._wal: WriteAheadLog | None = None
        self._datanode: DataNode | None = None
        self._scm: ScmClient | None = None
        self._started = False

    async def open(self) -> None:
        node, config = self._node, self._node.config
        check_parts(node.runtime.disk, node.data, DATANODE_PARTS)
        self._scm = build_scm_client(config, node.runtime, config.scm.addresses)
        self._datanode, self._wal = await build_datanode(
            config,
            node.data / "datanode",
            node.runtime,
            self._scm,
            WalMetrics(node.runtime.registry),
            node_id=node.folder.node_id,
            address=node.listen,
            advertised_address=config.datanode.address,
        )
        node.readiness.full_if(self._datanode.is_full)

    async def start(self) -> str:
        assert self._datanode is not None and self._scm is not None
        self._started = True
        await self._datanode.start()
        await note_logs(self._node.runtime, self._node.data / "datanode" / "log")
        # A node of another cluster learns it here, and ends; heartbeats would go on for ever.
        await self._node.insist("the SCM", partial(self._scm.locate, []))
        await self._datanode.registered.wait()
        note_parts(self._node.runtime, self._node.folder)
        self._node.readiness.require(self._datanode.takes_writes)
        return self._datanode.address

    async def until_failed(self) -> str:
        return await _never()

    async def stop(self) -> None:
        if self._datanode is not None and self._started:
            await self._datanode.stop()
        if self._wal is not None:
            await self._wal.close()


class GatewayRole:
    def __init__(self, node: Node) -> None:
        self._node = node
        config, runtime = node.config, node.runtime
        self._om_client = build_om_client(config, runtime, config.om.addresses)
        scm_client = build_scm_client(config, runtime, config.scm.addresses)
        self._fullness = Fullness(self._om_client, scm_client)
        node.readiness.full_if(lambda: self._fullness.is_full)
        self._gateway = build_gateway(
            config,
            node.data,
            runtime,
            self._om_client,
            scm_client,
            node.readiness,
            admin_token=node.admin_token,
        )
        self._started = False
        self.admin_app: AsgiApp = self._gateway.admin_app
        self.s3_port: S3Port | None = self._gateway.s3_port

    async def open(self) -> None:
        await self._gateway.start()
        self._node.runtime.tasks.start_worker(self._fullness)
        self._started = True

    async def start(self) -> str:
        await self._node.insist("the OM", self._first_call)
        return ""

    async def _first_call(self) -> None:
        """Without chosen keys none are made here: several gateways would each make one."""
        credentials = self._node.credentials
        if credentials is not None:
            await make_admin(self._om_client, credentials)
            return
        request = om_pb2.ListAccountsRequest(count_max=1)
        await self._om_client.call(request, om_pb2.ListAccountsReply)

    async def until_failed(self) -> str:
        return await _never()

    async def stop(self) -> None:
        if self._started:
            await self._gateway.stop()


async def _never() -> str:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


def make_role(name: str, node: Node) -> Role:
    if name == "om":
        return GroupRole(node, name, OM_GROUP, _OM_DESCRIPTOR, _om)
    if name == "scm":
        return GroupRole(node, name, SCM_GROUP, _SCM_DESCRIPTOR, _scm)
    if name == "datanode":
        return DataNodeRole(node)
    assert name == "gateway", name
    return GatewayRole(node)
