"""The SCM's tables. Replica locations are not stored: they are rebuilt from reports."""

from typing import Final

from trioxygen.metadata.leases.garbage import GarbageQueue
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.metadata.replication.state import META, SEQUENCE, get_integer
from trioxygen.metadata.store.ports import ReadTxn, Table
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1 import namespaces_pb2, scm_pb2

NODES: Final = RowTable(2, "node", scm_pb2.NodeRow)
PIPELINES: Final = RowTable(3, "pipeline", scm_pb2.PipelineRow)
CONTAINERS: Final = RowTable(4, "container", scm_pb2.ContainerRow)
DELETED_BLOCKS: Final = RowTable(5, "deleted_blocks", scm_pb2.DeletedBlocksRow)
# Name -> next unused id.
SEQUENCES: Final = Table(6, "sequence")
# One row: see BALANCER_KEY.
BALANCER: Final = RowTable(20, "balancer", scm_pb2.BalancerRow)
# By their names.
NAMESPACES: Final = RowTable(10, "namespace", namespaces_pb2.NamespaceRow)
# (namespace, lease)
NAMESPACE_LEASES: Final = RowTable(11, "namespace_lease", namespaces_pb2.NamespaceLeaseRow)
# (namespace, container, local)
NAMESPACE_BLOCKS: Final = RowTable(12, "namespace_block", namespaces_pb2.NamespaceBlockRow)
# (not before, container, local)
NAMESPACE_GARBAGE: Final = RowTable(13, "namespace_garbage", namespaces_pb2.NamespaceGarbageRow)
GARBAGE: Final = GarbageQueue(NAMESPACE_GARBAGE)
DELETED_NAMESPACES: Final = RowTable(14, "deleted_namespace", namespaces_pb2.DeletedNamespaceRow)
# Number -> key of block tokens. No dump holds them: a loaded state makes its own.
TOKEN_KEYS: Final = RowTable(7, "token_key", scm_pb2.TokenKeyRow, is_dumped=False)
# (container, node)
ORPHANS: Final = RowTable(21, "orphan", scm_pb2.OrphanRow)

SCM_TABLES: Final[tuple[Table, ...]] = (
    NODES.table,
    PIPELINES.table,
    CONTAINERS.table,
    DELETED_BLOCKS.table,
    SEQUENCES,
    BALANCER.table,
    NAMESPACES.table,
    NAMESPACE_LEASES.table,
    NAMESPACE_BLOCKS.table,
    NAMESPACE_GARBAGE.table,
    DELETED_NAMESPACES.table,
    TOKEN_KEYS.table,
    ORPHANS.table,
)
ALL_TABLES: Final[tuple[Table, ...]] = (META, RETRIES.table, *SCM_TABLES)


BALANCER_KEY: Final = b"balancer"
LOCAL_SEQUENCE: Final = b"local"
# In META: no OM has given ids of its own beyond it.
OM_LAST_ID: Final = b"om_last_id"
# In META: how often rows of pipelines have been changed.
PIPELINE_CHANGES: Final = b"pipeline_changes"
# In META: so many there were when the last of them was named, and the ids of the last ones.
PIPELINES_CHANGED: Final = b"pipelines_changed"


def given_ids(txn: ReadTxn) -> tuple[int, int]:
    """(container id, local id): the last ones that were given, or reserved to be given."""
    next_local = int.from_bytes(txn.get(SEQUENCES, LOCAL_SEQUENCE) or b"", "big")
    return get_integer(txn, SEQUENCE), max(0, next_local - 1)


def id_key(number: int) -> bytes:
    return number.to_bytes(8, "big")


def orphan_key(container_id: int, node_id: str) -> bytes:
    return id_key(container_id) + node_id.encode()
