"""Blocks that the OM gives on lease."""

from collections.abc import Collection, Sequence

from trioxygen.hdds.client.leases.source import GrantedLease, WantedBlocks
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1.om_pb2 import (
    LeaseBlocksRequest,
    ReleaseLeasesRequest,
    RenewLeasesRequest,
)
from trioxygen.proto.v1.types_pb2 import BlockId


class OmLeases:
    """The port's `LeaseSource`."""

    def __init__(self, om: OmClient) -> None:
        self._om = om

    async def lease(self, wanted: WantedBlocks) -> GrantedLease:
        return await self._om.lease_blocks(
            LeaseBlocksRequest(
                count=wanted.count,
                block_bytes_max=wanted.block_bytes_max,
                replication=None if wanted.replication is None else wanted.replication.proto,
                excluded_node_ids=wanted.excluded_node_ids,
            )
        )

    async def renew(self, lease_ids: Sequence[int]) -> Collection[int]:
        return (await self._om.renew_leases(RenewLeasesRequest(lease_ids=lease_ids))).lost

    async def release(self, lease_ids: Sequence[int], blocks: Sequence[BlockId]) -> None:
        await self._om.release_leases(ReleaseLeasesRequest(lease_ids=lease_ids, blocks=blocks))
