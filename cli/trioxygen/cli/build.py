"""The only wiring: every service of a store, made of its parts. Reads as the architecture.

The all-in-one process, the daemons and the simulator call the same `build_*` functions with another
Runtime."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.cli import own_log, states_held
from trioxygen.cli.config_schema import Config
from trioxygen.cli.states_held import GroupState
from trioxygen.common import logs
from trioxygen.common.errors import AccountAlreadyExists
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.admin import create_admin_app
from trioxygen.gateway.admin_backend import OzoneAdminBackend
from trioxygen.gateway.app import create_app
from trioxygen.gateway.http_limits import AsgiApp
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.orphans import Orphans
from trioxygen.gateway.ozone_backend import BackendConfig, OzoneBackend
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.s3_refusals import S3Port
from trioxygen.gateway.shares import ShareLimits
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.container.layout import VolumeLayout, check_whole
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.execution import ExecutorConfig
from trioxygen.metadata.om.schema import ALL_TABLES as OM_TABLES
from trioxygen.metadata.om.service import OmConfig, OzoneManager
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.metadata.raft.replica import SingleVoterReplica
from trioxygen.metadata.raft.wal import WalConfig, WriteAheadLog
from trioxygen.metadata.raft.wal_mending import StatesHeld
from trioxygen.metadata.raft.wal_metrics import WalMetrics
from trioxygen.metadata.scm.schema import ALL_TABLES as SCM_TABLES
from trioxygen.metadata.scm.service import ScmConfig, StorageContainerManager
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.raft_pb2 import MemberRow
from trioxygen.proto.v1.types_pb2 import Account

log = logs.get(__name__)

OM_GROUP: Final = GroupId(1)
SCM_GROUP: Final = GroupId(2)
RING_GROUP: Final = GroupId(1)
OM_ADDRESS: Final = "om"
SCM_ADDRESS: Final = "scm"
DATANODE_ADDRESS: Final = "datanode"
ADMIN_ACCOUNT: Final = "admin"
# The nodes of an all-in-one store.
OM_ID: Final = "om1"
SCM_ID: Final = "scm1"
DATANODE_ID: Final = "dn1"


async def open_log(
    runtime: Runtime,
    path: Path,
    name: str,
    segment_bytes: int,
    metrics: WalMetrics,
    states: StatesHeld,
) -> WriteAheadLog:
    """Before the stores of `states` are opened; `note_logs` once it is in use.

    Raises: LogCorrupt: also for another log than the one that was noted."""
    await runtime.blocking.run(own_log.check_owner, runtime.disk, path)
    config = WalConfig(segment_bytes=segment_bytes)
    return await WriteAheadLog.open(
        path, runtime, config, name=name, metrics=metrics, states=states
    )


async def note_logs(runtime: Runtime, *paths: Path) -> None:
    for path in paths:
        await runtime.blocking.run(own_log.note_owner, runtime.disk, path)


def open_store(config: Config, path: Path, tables: Iterable[Table]) -> LmdbStore:
    metadata = config.metadata
    return LmdbStore(
        path,
        tables,
        map_bytes=metadata.map_bytes,
        reserve_bytes=metadata.reserved_bytes,
        check_bytes_max=metadata.start_check_bytes_max,
    )


def om_store(config: Config, path: Path) -> LmdbStore:
    return open_store(config, path, OM_TABLES)


def scm_store(config: Config, path: Path) -> LmdbStore:
    return open_store(config, path, SCM_TABLES)


def build_scm(
    config: Config,
    runtime: Runtime,
    store: Store,
    replica: Replica,
    *,
    cluster_id: str,
    node_id: str = SCM_ID,
    first_members: Sequence[MemberRow] = (),
) -> StorageContainerManager:
    metadata = config.metadata
    return StorageContainerManager(
        runtime=runtime,
        store=store,
        replica=replica,
        first_members=first_members,
        config=ScmConfig(
            cluster_id=cluster_id,
            node_id=node_id,
            container_bytes_max=config.storage.container_bytes,
            close_delay_ms=2 * metadata.lease_duration_seconds * SECOND_MS,
            executor=ExecutorConfig(batch_commands_max=metadata.batch_commands_max),
        ),
    )


def build_om(
    config: Config,
    runtime: Runtime,
    store: Store,
    replica: Replica,
    scm: ScmClient,
    *,
    node_id: str = OM_ID,
    first_members: Sequence[MemberRow] = (),
) -> OzoneManager:
    metadata = config.metadata
    return OzoneManager(
        runtime=runtime,
        store=store,
        replica=replica,
        first_members=first_members,
        scm=scm,
        config=OmConfig(
            node_id=node_id,
            gc_delay_ms=metadata.gc_delay_seconds * SECOND_MS,
            lease_duration_ms=metadata.lease_duration_seconds * SECOND_MS,
            answers_kept_ms=metadata.retry_seconds * SECOND_MS,
            completed_uploads_kept_ms=metadata.completed_upload_seconds * SECOND_MS,
            executor=ExecutorConfig(batch_commands_max=metadata.batch_commands_max),
        ),
    )


async def build_datanode(
    config: Config,
    data: Path,
    runtime: Runtime,
    scm: ScmClient,
    metrics: WalMetrics,
    *,
    node_id: str = DATANODE_ID,
    address: str = DATANODE_ADDRESS,
    advertised_address: str = "",
) -> tuple[DataNode, WriteAheadLog]:
    """Args:
    address: to listen on.
    advertised_address: told to the SCM; empty: the same.
    """
    storage = config.storage

    def open_index(name: str, tables: Iterable[Table]) -> Store:
        return open_store(config, data / name, tables)

    await runtime.blocking.run(check_whole, runtime.disk, VolumeLayout(data))
    wal = await open_log(
        runtime,
        data / "log",
        "ring",
        storage.log_segment_bytes,
        metrics,
        states_held.of_ring(RING_GROUP, data / "index"),
    )
    datanode = DataNode(
        runtime,
        DataNodeConfig(
            node_id=node_id,
            address=address,
            advertised_address=advertised_address,
            block_bytes_max=storage.block_bytes,
            # The SCM closes containers; this only stops one whose closing is late.
            container_bytes_max=storage.container_bytes * 5 // 4,
            space_reserve_bytes=storage.reserved_bytes or None,
            scrub_bytes_per_s=storage.scrub_bytes_per_second,
            scrub_interval_ms=storage.scrub_interval_seconds * SECOND_MS,
        ),
        [VolumeParts(data, open_index, SingleVoterReplica(runtime, wal, RING_GROUP))],
        scm,
    )
    return datanode, wal


def build_om_client(config: Config, runtime: Runtime, addresses: list[str]) -> OmClient:
    network = config.network
    return OmClient(
        runtime,
        addresses,
        timeout_ms=network.call_seconds_max * SECOND_MS,
        try_ms=network.call_try_ms,
        refused_ms=network.call_refused_seconds_max * SECOND_MS,
    )


def build_scm_client(config: Config, runtime: Runtime, addresses: list[str]) -> ScmClient:
    network = config.network
    return ScmClient(
        runtime,
        addresses,
        timeout_ms=network.call_seconds_max * SECOND_MS,
        try_ms=network.call_try_ms,
        refused_ms=network.call_refused_seconds_max * SECOND_MS,
    )


@dataclass(slots=True, kw_only=True)
class Gateway:
    """Over the clients of OM and SCM; the HTTP ports are its owner's."""

    backend: OzoneBackend
    s3_port: S3Port
    admin_app: AsgiApp
    access_log: AccessLog | None
    runtime: Runtime

    async def start(self) -> None:
        if self.access_log is not None:
            await self.access_log.open()
            self.runtime.tasks.start_worker(self.access_log)
        self.backend.start()

    async def stop(self) -> None:
        """Gives back what is leased. After `start`."""
        await self.backend.stop()
        if self.access_log is not None:
            await self.access_log.close()


def build_gateway(
    config: Config,
    data: Path,
    runtime: Runtime,
    om_client: OmClient,
    scm_client: ScmClient,
    readiness: Readiness,
    *,
    admin_token: str,
) -> Gateway:
    pool = DataNodePool(runtime.network, runtime.clock, scm_client.locate)
    backend = OzoneBackend(
        runtime,
        om_client,
        BlockWriter(pool),
        BlockReader(pool),
        BackendConfig(block_bytes_max=config.storage.block_bytes),
    )
    access_log = None
    if config.log.access_log:
        access_log = AccessLog(
            runtime,
            data / "logs" / "access.log",
            file_bytes_max=config.log.access_log_file_bytes,
            files_max=config.log.access_log_files_max,
        )
    s3 = S3Config(
        domains=tuple(config.s3.domains),
        regions=tuple(config.s3.regions),
        clock_skew_seconds_max=config.s3.clock_skew_seconds_max,
        shares=ShareLimits(
            requests_max=config.s3.requests_max,
            uploads_max=config.s3.uploads_max,
            buffer_bytes_max=config.s3.buffer_bytes_max,
        ),
    )
    orphans = Orphans(om_client, scm_client, pool.channel, runtime.clock)
    admin = OzoneAdminBackend(om_client, scm_client, readiness, orphans.page)
    return Gateway(
        backend=backend,
        s3_port=create_app(s3, backend, runtime, readiness=readiness, access_log=access_log),
        admin_app=create_admin_app(
            admin,
            readiness,
            runtime.registry,
            token=admin_token,
            body_bytes_max=config.admin.body_bytes_max,
        ),
        access_log=access_log,
        runtime=runtime,
    )


@dataclass(slots=True, kw_only=True)
class AllInOne:
    """Everything of one store in one process. Stops in the order in which requests flow."""

    gateway: Gateway
    first_credentials: tuple[str, str] | None
    readiness: Readiness
    om: OzoneManager
    scm: StorageContainerManager
    datanode: DataNode
    logs: tuple[WriteAheadLog, ...]

    @property
    def s3_port(self) -> S3Port:
        return self.gateway.s3_port

    @property
    def admin_app(self) -> AsgiApp:
        return self.gateway.admin_app

    def set_ready(self, ready: bool) -> None:
        self.readiness.set(ready)

    async def stop(self) -> None:
        await self.gateway.stop()
        await self.om.stop()
        await self.datanode.stop()
        await self.scm.stop()
        for wal in self.logs:
            await wal.close()


async def build_all_in_one(
    config: Config,
    data: Path,
    runtime: Runtime,
    *,
    admin_token: str,
    cluster_id: str,
    credentials: tuple[str, str] | None,
) -> AllInOne:
    """OM, SCM, one DataNode and the gateway, started and serving each other; not the HTTP ports."""
    wal_metrics = WalMetrics(runtime.registry)
    wal = await open_log(
        runtime,
        data / "log",
        "metadata",
        config.metadata.log_segment_bytes,
        wal_metrics,
        states_held.of_groups(
            (
                GroupState(SCM_GROUP, data / "scm", SCM_TABLES, is_only_voter=True),
                GroupState(OM_GROUP, data / "om", OM_TABLES, is_only_voter=True),
            )
        ),
    )
    scm_replica = SingleVoterReplica(runtime, wal, SCM_GROUP)
    scm = build_scm(
        config, runtime, scm_store(config, data / "scm"), scm_replica, cluster_id=cluster_id
    )
    await scm.start()
    await runtime.network.serve(SCM_ADDRESS, [scm.service])
    scm_client = build_scm_client(config, runtime, [SCM_ADDRESS])
    om_replica = SingleVoterReplica(runtime, wal, OM_GROUP)
    om = build_om(config, runtime, om_store(config, data / "om"), om_replica, scm_client)
    await om.start()
    await runtime.network.serve(OM_ADDRESS, [om.service])
    om_client = build_om_client(config, runtime, [OM_ADDRESS])
    datanode, ring_wal = await build_datanode(
        config, data / "datanode", runtime, scm_client, wal_metrics
    )
    await datanode.start()
    await note_logs(runtime, data / "log", data / "datanode" / "log")
    # One copy of everything: right for a laptop, said aloud because a disk that dies takes it all.
    log.info("durability", datanodes=1, oms=1, note="each block and record is on one disk")
    first_credentials = await make_admin(om_client, credentials)
    readiness = Readiness()
    for is_full in (om.executor.is_full, scm.executor.is_full, datanode.is_full):
        readiness.full_if(is_full)
    for holds in (om_replica.is_leader, scm_replica.is_leader, datanode.takes_writes):
        readiness.require(holds)
    gateway = build_gateway(
        config, data, runtime, om_client, scm_client, readiness, admin_token=admin_token
    )
    await gateway.start()
    return AllInOne(
        gateway=gateway,
        first_credentials=first_credentials,
        readiness=readiness,
        om=om,
        scm=scm,
        datanode=datanode,
        logs=(wal, ring_wal),
    )


async def make_admin(
    om_client: OmClient, credentials: tuple[str, str] | None
) -> tuple[str, str] | None:
    """The admin account and its first access key, once; a chosen key replaces its secret.

    Returns: the access key and secret, when this call made them."""
    accounts = await om_client.call(
        om_pb2.ListAccountsRequest(count_max=1), om_pb2.ListAccountsReply
    )
    if accounts.accounts and credentials is None:
        return None
    if not accounts.accounts:
        account = Account(account_id=ADMIN_ACCOUNT, display_name=ADMIN_ACCOUNT)
        try:
            await om_client.call(
                om_pb2.CreateAccountRequest(account=account), om_pb2.CreateAccountReply
            )
        except AccountAlreadyExists:
            log.info("admin_account_was_made_meanwhile")  # by another gateway
    access_key, secret_key = credentials or ("", "")
    made = await om_client.call(
        om_pb2.CreateAccessKeyRequest(
            account_id=ADMIN_ACCOUNT, access_key=access_key, secret_key=secret_key
        ),
        om_pb2.CreateAccessKeyReply,
    )
    return made.key.access_key, made.key.secret_key
