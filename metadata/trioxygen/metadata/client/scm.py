"""The Storage Container Manager, from outside: for the OM, DataNodes and readers of blocks."""

import math
from collections.abc import Sequence
from typing import Final

from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.leader import LeaderClient
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.namespaces_pb2 import GrantBlockTokensReply, GrantBlockTokensRequest
from trioxygen.proto.v1.types_pb2 import BlockId

_SERVICE: Final = scm.DESCRIPTOR.services_by_name["StorageContainerManager"]

_LOCATED_AT_ONCE_MAX: Final = 1_000


class ScmClient(LeaderClient):
    def __init__(
        self,
        runtime: Runtime,
        addresses: list[str],
        *,
        timeout_ms: float = 30_000,
        try_ms: float = 1_000,
        refused_ms: float = 5_000,
        only_these: bool = False,
    ) -> None:
        super().__init__(
            runtime,
            _SERVICE,
            addresses,
            timeout_ms=timeout_ms,
            try_ms=try_ms,
            refused_ms=refused_ms,
            only_these=only_these,
        )

    async def allocate_blocks(
        self, request: scm.AllocateBlocksRequest, *, most_ms: float = math.inf
    ) -> scm.AllocateBlocksReply:
        return await self.call(request, scm.AllocateBlocksReply, most_ms=most_ms)

    async def delete_blocks(self, request: scm.DeleteBlocksRequest) -> None:
        await self.call(request, scm.DeleteBlocksReply)

    async def locate(self, container_ids: list[int]) -> list[scm.ContainerLocation]:
        """Those that the SCM knows, in any order."""
        locations: list[scm.ContainerLocation] = []
        while True:
            reply = await self.call(
                scm.LocateContainersRequest(container_ids=container_ids[:_LOCATED_AT_ONCE_MAX]),
                scm.LocateContainersReply,
            )
            locations += reply.locations
            container_ids = container_ids[reply.looked_up :]
            if not container_ids or not reply.looked_up:
                return locations

    async def tokens_for(
        self, blocks: Sequence[BlockId], writes: bool, refused_key_id: int
    ) -> Sequence[bytes]:
        """Of a namespace: one for each block; empty: it is not committed, or not leased. Which keys
        count the SCM knows by itself."""
        request = GrantBlockTokensRequest(client_id=self.client_id, blocks=blocks, writes=writes)
        return (await self.call(request, GrantBlockTokensReply)).tokens

    async def token_keys(self) -> scm.GetTokenKeysReply:
        return await self.call(scm.GetTokenKeysRequest(), scm.GetTokenKeysReply)

    async def register(self, request: scm.RegisterDataNodeRequest) -> scm.RegisterDataNodeReply:
        return await self.call(request, scm.RegisterDataNodeReply)

    async def heartbeat(self, request: scm.HeartbeatRequest) -> scm.HeartbeatReply:
        return await self.call(request, scm.HeartbeatReply)
