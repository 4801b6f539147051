"""The SCM's tables. Replica locations are not stored: they are rebuilt from reports."""

from typing import Final

from trioxygen.metadata.execution import META, RETRIES
from trioxygen.metadata.store.ports import Table
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1 import scm_pb2

NODES: Final = RowTable(2, "node", scm_pb2.NodeRow)
PIPELINES: Final = RowTable(3, "pipeline", scm_pb2.PipelineRow)
CONTAINERS: Final = RowTable(4, "container", scm_pb2.ContainerRow)
DELETED_BLOCKS: Final = RowTable(5, "deleted_blocks", scm_pb2.DeletedBlocksRow)
# Name -> next unused id.
SEQUENCES: Final = Table(6, "sequence")

SCM_TABLES: Final[tuple[Table, ...]] = (
    NODES.table,
    PIPELINES.table,
    CONTAINERS.table,
    DELETED_BLOCKS.table,
    SEQUENCES,
)
ALL_TABLES: Final[tuple[Table, ...]] = (META, RETRIES.table, *SCM_TABLES)


def id_key(number: int) -> bytes:
    return number.to_bytes(8, "big")
