"""Blocks that the SCM gives on lease."""

from collections.abc import Collection, Sequence

from trioxygen.hdds.client.leases.source import GrantedLease, WantedBlocks
from trioxygen.metadata.client.namespace import NamespaceClient
from trioxygen.proto.v1.types_pb2 import BlockId


class NamespaceLeases:
    """A `LeaseSource`: of one namespace."""

    def __init__(self, namespace: NamespaceClient) -> None:
        self._namespace = namespace

    async def lease(self, wanted: WantedBlocks) -> GrantedLease:
        return await self._namespace.lease(
            count=wanted.count,
            block_bytes_max=wanted.block_bytes_max,
            replication=None if wanted.replication is None else wanted.replication.proto,
            excluded_node_ids=wanted.excluded_node_ids,
        )

    async def renew(self, lease_ids: Sequence[int]) -> Collection[int]:
        return await self._namespace.renew(lease_ids)

    async def release(self, lease_ids: Sequence[int], blocks: Sequence[BlockId]) -> None:
        await self._namespace.release(lease_ids, blocks)
