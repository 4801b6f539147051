"""Clients of namespaces at an SCM in memory."""

from collections.abc import Sequence

from tests.unit.metadata.scm.scm_harness import ScmHarness
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.call import Role
from trioxygen.metadata.client.namespace import NamespaceClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.scm.namespaces.config import NamespaceLimits
from trioxygen.metadata.scm.schema import DELETED_BLOCKS
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

LIMITS = NamespaceLimits(
    namespaces_max=3, leases_max=3, lease_duration_ms=60_000, gc_delay_ms=300_000
)


def client_of(harness: ScmHarness, name: str, *, client: str = "alice") -> NamespaceClient:
    runtime = harness.runtime.as_role(Role.CLIENT, client)
    return NamespaceClient(ScmClient(runtime, ["scm1"]), name)


async def made(
    harness: ScmHarness,
    name: str = "logs",
    *,
    client: str = "alice",
    blocks_max: int = 0,
    bytes_max: int = 0,
) -> NamespaceClient:
    namespace = client_of(harness, name, client=client)
    await namespace.create(None, blocks_max=blocks_max, bytes_max=bytes_max)
    return namespace


async def leased(
    namespace: NamespaceClient, count: int = 4, replication: Replication | None = None
) -> namespaces.LeaseNamespaceBlocksReply:
    return await namespace.lease(
        count=count,
        block_bytes_max=10,
        replication=None if replication is None else replication.proto,
        excluded_node_ids=(),
    )


def to_commit(
    lease: namespaces.LeaseNamespaceBlocksReply, *places: int, size_bytes: int = 10
) -> list[namespaces.BlockToCommit]:
    """Args: places: of blocks in the lease."""
    return [
        namespaces.BlockToCommit(
            id=block_of(lease, place),
            lease_id=lease.lease_id,
            length_bytes=size_bytes,
            tag=place,
            label=b"part %d" % place,
        )
        for place in places
    ]


def block_of(lease: namespaces.LeaseNamespaceBlocksReply, place: int) -> BlockId:
    blocks = lease.blocks
    return BlockId(container=blocks.container, local=blocks.first_local + place)


async def listed(namespace: NamespaceClient) -> list[tuple[int, int]]:
    """(local id, bytes) of what is committed."""
    reply = await namespace.list_blocks(None)
    return [(each.id.local, each.block.length_bytes) for each in reply.blocks]


def deleted(harness: ScmHarness) -> list[tuple[int, int]]:
    """(first local id, count) of all ranges that DataNodes are to delete."""
    rows = [scm.DeletedBlocksRow.FromString(row) for _, row in harness.rows(DELETED_BLOCKS.table)]
    ranges: Sequence[BlockRange] = [blocks for row in rows for blocks in row.blocks]
    return sorted((blocks.first_local, blocks.count) for blocks in ranges)
