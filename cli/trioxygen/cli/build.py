"""The only wiring: every service of a store, made of its parts. Reads as the architecture.

The all-in-one process, the daemons and the simulator call the same `build_*` functions with another Runtime.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from trioxygen.cli.config import ServeConfig
from trioxygen.common import logs
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.admin import create_admin_app
from trioxygen.gateway.admin_backend import OzoneAdminBackend
from trioxygen.gateway.app import create_app
from trioxygen.gateway.operations import S3Config
from trioxygen.gateway.ozone_backend import BackendConfig, OzoneBackend
from trioxygen.gateway.readiness import Readiness
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.container import blocks as block_index
from trioxygen.hdds.datanode.config import DataNodeConfig
from trioxygen.hdds.datanode.datanode import DataNode
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
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import Account

log = logs.get(__name__)

OM_GROUP: Final = GroupId(1)
SCM_GROUP: Final = GroupId(2)
RING_GROUP: Final = GroupId(1)
OM_ADDRESS: Final = "om"
SCM_ADDRESS: Final = "scm"
DATANODE_ADDRESS: Final = "datanode"
ADMIN_ACCOUNT: Final = "admin"
