"""The only wiring: every service of a store, made of its parts. Reads as the architecture.

The all-in-one process, the daemons and the simulator call the same `build_*` functions with another
Runtime."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trioxygen.cli.config import ServeConfig
from trioxygen.common import logs
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.admin import create_admin_app
from trioxygen.gateway.admin_backend import OzoneAdminBackend
from trioxygen.gateway.app import create_app
from trioxygen.gateway.http_limits import AsgiApp
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.ozone_backend import BackendConfig, OzoneBackend
from trioxygen.gateway.readiness import Readiness
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.execution import ExecutorConfig
from trioxygen.metadata.om.schema import ALL_TABLES as OM_TABLES
from trioxygen.metadata.om.service import OmConfig, OzoneManager
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.replica import SingleVoterReplica
from trioxygen.metadata.raft.wal import WalConfig, WriteAheadLog
from trioxygen.metadata.raft.wal_metrics import WalMetrics
from trioxygen.metadata.scm.schema import ALL_TABLES as SCM_TABLES
from trioxygen.metadata.scm.service import ScmConfig, StorageContainerManager
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.types_pb2 import Account

log = logs.get(__name__)

OM_GROUP: Final = GroupId(1)
SCM_GROUP: Final = GroupId(2)
RING_GROUP: Final = GroupId(1)
OM_ADDRESS: Final = "om"
SCM_ADDRESS: Final = "scm"
DATANODE_ADDRESS: Final = "datanode"
ADMIN_ACCOUNT: Final = "admin"
_DATANODE_NODE_ID: Final = "dn1"


async def open_log(
    runtime: Runtime, path: Path, name: str, segment_bytes: int, metrics: WalMetrics
) -> WriteAheadLog:
    config = WalConfig(segment_bytes=segment_bytes)
    return await WriteAheadLog.open(path, runtime, config, name=name, metrics=metrics)


def build_scm(
    config: ServeConfig, data: Path, runtime: Runtime, wal: WriteAheadLog, *, cluster_id: str
) -> StorageContainerManager:
    return StorageContainerManager(
        runtime=runtime,
        store=LmdbStore(data / "scm", SCM_TABLES, map_bytes=config.metadata.map_bytes),
        replica=SingleVoterReplica(runtime, wal, SCM_GROUP),
        config=ScmConfig(
            cluster_id=cluster_id,
            container_bytes_max=config.storage.container_bytes,
            close_delay_ms=2 * config.metadata.lease_duration_seconds * SECOND_MS,
            executor=ExecutorConfig(batch_commands_max=config.metadata.batch_commands_max),
        ),
    )


def build_om(
    config: ServeConfig, data: Path, runtime: Runtime, wal: WriteAheadLog, scm: ScmClient
) -> OzoneManager:
    metadata = config.metadata
    return OzoneManager(
        runtime=runtime,
        store=LmdbStore(data / "om", OM_TABLES, map_bytes=metadata.map_bytes),
        replica=SingleVoterReplica(runtime, wal, OM_GROUP),
        scm=scm,
        config=OmConfig(
            gc_delay_ms=metadata.gc_delay_seconds * SECOND_MS,
            lease_duration_ms=metadata.lease_duration_seconds * SECOND_MS,
            answers_kept_ms=metadata.retry_seconds * SECOND_MS,
            completed_uploads_kept_ms=metadata.completed_upload_seconds * SECOND_MS,
            executor=ExecutorConfig(batch_commands_max=metadata.batch_commands_max),
        ),
    )


async def build_datanode(
    config: ServeConfig, data: Path, runtime: Runtime, scm: ScmClient, metrics: WalMetrics
) -> tuple[DataNode, WriteAheadLog]:
    storage = config.storage

    def open_index(name: str, tables: Iterable[Table]) -> Store:
        return LmdbStore(data / name, tables, map_bytes=config.metadata.map_bytes)

    wal = await open_log(runtime, data / "log", "ring", storage.log_segment_bytes, metrics)
    datanode = DataNode(
        runtime,
        DataNodeConfig(
            node_id=_DATANODE_NODE_ID,
            address=DATANODE_ADDRESS,
            block_bytes_max=storage.block_bytes,
            # The SCM closes containers; this only stops one whose closing is late.
            container_bytes_max=storage.container_bytes * 5 // 4,
            space_reserve_bytes=storage.reserved_bytes,
            scrub_bytes_per_s=storage.scrub_bytes_per_second,
            scrub_interval_ms=storage.scrub_interval_seconds * SECOND_MS,
        ),
        [VolumeParts(data, open_index, SingleVoterReplica(runtime, wal, RING_GROUP))],
        scm,
    )
    return datanode, wal


def build_backend(
    config: ServeConfig, runtime: Runtime, om_client: OmClient, scm_client: ScmClient
) -> OzoneBackend:
    pool = DataNodePool(runtime.network, runtime.clock, scm_client.locate)
    return OzoneBackend(
        runtime,
        om_client,
        BlockWriter(pool),
        BlockReader(pool),
        BackendConfig(block_bytes_max=config.storage.block_bytes),
    )


def s3_config(config: ServeConfig) -> S3Config:
    return S3Config(
        domains=tuple(config.s3.domains),
        regions=tuple(config.s3.regions),
        clock_skew_seconds_max=config.s3.clock_skew_seconds_max,
    )


@dataclass(slots=True, kw_only=True)
class AllInOne:
    """Everything of one store in one process. Stops in the order in which requests flow."""

    gateway_app: AsgiApp
    admin_app: AsgiApp
    first_credentials: tuple[str, str] | None
    readiness: Readiness
    access_log: AccessLog | None
    backend: OzoneBackend
    om: OzoneManager
    scm: StorageContainerManager
    datanode: DataNode
    logs: tuple[WriteAheadLog, ...]

    def set_ready(self, ready: bool) -> None:
        self.readiness.set(ready)

    async def stop(self) -> None:
        await self.backend.stop()
        await self.om.stop()
        await self.datanode.stop()
        await self.scm.stop()
        for wal in self.logs:
            await wal.close()
        if self.access_log is not None:
            await self.access_log.close()


async def build_all_in_one(
    config: ServeConfig,
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
        runtime, data / "log", "metadata", config.metadata.log_segment_bytes, wal_metrics
    )
    scm = build_scm(config, data, runtime, wal, cluster_id=cluster_id)
    await scm.start()
    await runtime.network.serve(SCM_ADDRESS, [scm.service])
    scm_client = ScmClient(runtime, [SCM_ADDRESS])
    om = build_om(config, data, runtime, wal, scm_client)
    await om.start()
    await runtime.network.serve(OM_ADDRESS, [om.service])
    om_client = OmClient(runtime, [OM_ADDRESS])
    datanode, ring_wal = await build_datanode(
        config, data / "datanode", runtime, scm_client, wal_metrics
    )
    await datanode.start()
    # One copy of everything: right for a laptop, said aloud because a disk that dies takes it all.
    log.info("durability", datanodes=1, oms=1, note="each block and record is on one disk")
    first_credentials = await make_admin(om_client, credentials)
    backend = build_backend(config, runtime, om_client, scm_client)
    backend.start()
    readiness = Readiness()
    access_log = None
    if config.log.access_log:
        access_log = AccessLog(
            runtime,
            data / "logs" / "access.log",
            file_bytes_max=config.log.access_log_file_bytes,
            files_max=config.log.access_log_files_max,
        )
        await access_log.open()
        runtime.tasks.start_worker(access_log)
    app = create_app(
        s3_config(config), backend, runtime, readiness=readiness, access_log=access_log
    )
    admin = OzoneAdminBackend(om_client, scm_client, readiness)
    return AllInOne(
        gateway_app=app,
        admin_app=create_admin_app(admin, readiness, runtime.registry, token=admin_token),
        first_credentials=first_credentials,
        readiness=readiness,
        access_log=access_log,
        backend=backend,
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
    is_first = not accounts.accounts
    if is_first:
        account = Account(account_id=ADMIN_ACCOUNT, display_name=ADMIN_ACCOUNT)
        await om_client.call(
            om_pb2.CreateAccountRequest(account=account), om_pb2.CreateAccountReply
        )
    if not is_first and credentials is None:
        return None
    access_key, secret_key = credentials or ("", "")
    made = await om_client.call(
        om_pb2.CreateAccessKeyRequest(
            account_id=ADMIN_ACCOUNT, access_key=access_key, secret_key=secret_key
        ),
        om_pb2.CreateAccessKeyReply,
    )
    return made.key.access_key, made.key.secret_key
