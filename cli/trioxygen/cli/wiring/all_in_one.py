"""Every service of a store in one process. Reads as the architecture."""

import shlex
from collections.abc import Sequence

from trioxygen.cli.folder import states_held
from trioxygen.cli.folder.parts import STORE_PARTS, forget_loads
from trioxygen.cli.folder.states_held import GroupState
from trioxygen.cli.wiring.datanode import DataNodePart
from trioxygen.cli.wiring.gateway import GatewayPart
from trioxygen.cli.wiring.group_config import ReplicatedService
from trioxygen.cli.wiring.group_part import Build
from trioxygen.cli.wiring.names import (
    DATANODE_ADDRESS,
    DATANODE_ID,
    OM_ADDRESS,
    OM_GROUP,
    OM_ID,
    SCM_ADDRESS,
    SCM_GROUP,
    SCM_ID,
)
from trioxygen.cli.wiring.om import om_of_node
from trioxygen.cli.wiring.part import Assembly, Node, Part
from trioxygen.cli.wiring.scm import scm_of_node
from trioxygen.cli.wiring.stores import TABLES, note_logs, open_log
from trioxygen.common import logs
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network import Server
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId

log = logs.get(__name__)


class MetadataLog(Part):
    """The log that OM and SCM share."""

    def __init__(self, node: Node, metrics: WalMetrics) -> None:
        self._node, self._metrics = node, metrics
        self._wal: WriteAheadLog | None = None

    @property
    def wal(self) -> WriteAheadLog:
        """Once it is open."""
        assert self._wal is not None
        return self._wal

    async def open(self) -> None:
        node = self._node
        groups = (("scm", SCM_GROUP), ("om", OM_GROUP))
        self._wal = await open_log(
            node.runtime,
            node.data / "log",
            "metadata",
            node.config.metadata.log_segment_bytes,
            self._metrics,
            states_held.of_groups(
                GroupState(group, node.data / name, TABLES[name], is_only_voter=True)
                for name, group in groups
            ),
        )

    async def settle(self) -> None:
        node = self._node
        await note_logs(node.runtime, node.data / "log")
        forget_loads(node.runtime.disk, node.data)

    async def stop(self) -> None:
        if self._wal is not None:
            await self._wal.close()


class OnlyMember(Part):
    """An OM or SCM whose group has no other member."""

    def __init__(
        self, node: Node, log: MetadataLog, group: GroupId, build: Build, *, address: str
    ) -> None:
        self._node, self._log, self._group = node, log, group
        self._build, self._address = build, address
        self._replica: OnlyVoter
        self._service: ReplicatedService | None = None
        self._server: Server | None = None

    async def open(self) -> None:
        # Its store too: a file that cannot be used is told before anyone is given an address.
        self._replica = OnlyVoter(self._node.runtime, self._log.wal, self._group)
        self._service = self._build(self._node, self._replica, ())

    async def start(self) -> None:
        node, service = self._node, self._service
        assert service is not None
        await service.start()
        self._server = await node.runtime.network.serve(self._address, [service.service])
        node.readiness.full_if(service.executor.is_full)
        node.readiness.require(self._replica.is_leader)

    async def stop(self) -> None:
        if self._service is not None:
            await self._service.stop()
        if self._server is not None:
            await self._server.stop()


def assemble_store(node: Node) -> Assembly:
    # One copy of everything: right for a laptop, said aloud because a disk that dies takes it all.
    log.info(
        "durability",
        datanodes=1,
        oms=1,
        replication=node.config.storage.replication,
        missing_replicas_max=node.config.storage.missing_replicas_max,
        note="each block and record is on one disk",
    )
    metrics = WalMetrics(node.runtime.registry)
    metadata_log = MetadataLog(node, metrics)
    # Roles of one process: each is known to the others by its own name.
    as_om, as_scm = node.as_role(Role.OM, OM_ID), node.as_role(Role.SCM, SCM_ID)
    as_datanode, as_gateway = (
        node.as_role(Role.DATANODE, DATANODE_ID),
        node.as_role(Role.GATEWAY, ""),
    )
    gateway = GatewayPart(as_gateway, makes_first_key=True, asks_fullness=False)
    return Assembly(
        parts=(
            metadata_log,
            OnlyMember(as_scm, metadata_log, SCM_GROUP, scm_of_node, address=SCM_ADDRESS),
            OnlyMember(as_om, metadata_log, OM_GROUP, om_of_node, address=OM_ADDRESS),
            DataNodePart(as_datanode, metrics, listen=DATANODE_ADDRESS, is_only=True),
            gateway,
        ),
        admin_app=gateway.admin_app,
        s3_port=gateway.s3_port,
        in_folder=STORE_PARTS,
        greeting=lambda s3_url, admin_url: greeting(node, s3_url, admin_url, gateway.first_key),
    )


def greeting(
    node: Node, s3_url: str, admin_url: str, first_key: tuple[str, str] | None
) -> Sequence[str]:
    """Where the store can be reached, and its first access key, which is shown once.

    Args:
        first_key: that this start made or changed; one that was chosen is not shown.
    """
    shown = first_key if node.credentials is None else None
    lines = [
        f"endpoint:   {s3_url}",
        f"admin:      {admin_url}",
        f"data:       {node.data}",
        "replicas:   1 of each object, on this machine: there is one DataNode",
    ]
    if shown is not None:
        access_key, secret_key = shown
        regions = node.config.s3.regions
        lines[:0] = [
            f"access key: {access_key}",
            f"secret key: {secret_key}",
            "            (shown this once; 'o3 key create' makes more)",
        ]
        lines += [
            f"export AWS_ACCESS_KEY_ID={shlex.quote(access_key)}",
            f"export AWS_SECRET_ACCESS_KEY={shlex.quote(secret_key)}",
            f"export AWS_DEFAULT_REGION={shlex.quote(regions[0] if regions else 'us-east-1')}",
        ]
    return [*lines, f"aws --endpoint-url {s3_url} s3 ls"]
