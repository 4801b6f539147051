"""One namespace of blocks at the SCM, from outside: for who keeps blocks without an OM."""

from collections.abc import Sequence

from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1.types_pb2 import BlockId, Replication


class NamespaceClient:
    """Raises: what the SCM refuses; DeadlineExceeded."""

    def __init__(self, scm: ScmClient, name: str) -> None:
        self._scm, self.name = scm, name

    async def create(
        self, replication: Replication | None, *, blocks_max: int, bytes_max: int
    ) -> namespaces.NamespaceRow:
        request = namespaces.CreateNamespaceRequest(
            name=self.name, replication=replication, blocks_max=blocks_max, bytes_max=bytes_max
        )
        return (await self._scm.call(request, namespaces.CreateNamespaceReply)).namespace

    async def delete(self, *, force: bool) -> None:
        request = namespaces.DeleteNamespaceRequest(name=self.name, force=force)
        await self._scm.call(request, namespaces.DeleteNamespaceReply)

    async def describe(self) -> namespaces.DescribeNamespaceReply:
        request = namespaces.DescribeNamespaceRequest(name=self.name)
        return await self._scm.call(request, namespaces.DescribeNamespaceReply)

    async def lease(
        self,
        *,
        count: int,
        block_bytes_max: int,
        replication: Replication | None,
        excluded_node_ids: Sequence[str],
    ) -> namespaces.LeaseNamespaceBlocksReply:
        request = namespaces.LeaseNamespaceBlocksRequest(
            namespace=self.name,
            count=count,
            block_bytes_max=block_bytes_max,
            replication=replication,
            excluded_node_ids=excluded_node_ids,
        )
        return await self._scm.call(request, namespaces.LeaseNamespaceBlocksReply)

    async def renew(self, lease_ids: Sequence[int]) -> Sequence[int]:
        """Those that are not there any more."""
        request = namespaces.RenewNamespaceLeasesRequest(namespace=self.name, lease_ids=lease_ids)
        return (await self._scm.call(request, namespaces.RenewNamespaceLeasesReply)).lost

    async def release(self, lease_ids: Sequence[int], blocks: Sequence[BlockId]) -> None:
        request = namespaces.ReleaseNamespaceLeasesRequest(
            namespace=self.name, lease_ids=lease_ids, blocks=blocks
        )
        await self._scm.call(request, namespaces.ReleaseNamespaceLeasesReply)

    async def commit(self, blocks: Sequence[namespaces.BlockToCommit]) -> None:
        request = namespaces.CommitNamespaceBlocksRequest(namespace=self.name, blocks=blocks)
        await self._scm.call(request, namespaces.CommitNamespaceBlocksReply)

    async def delete_blocks(self, blocks: Sequence[BlockId]) -> int:
        """How many of them there were."""
        request = namespaces.DeleteNamespaceBlocksRequest(namespace=self.name, blocks=blocks)
        return (await self._scm.call(request, namespaces.DeleteNamespaceBlocksReply)).deleted

    async def list_blocks(
        self, after: BlockId | None, *, count_max: int = 0
    ) -> namespaces.ListNamespaceBlocksReply:
        """Args: count_max: 0: as many as a page may have."""
        request = namespaces.ListNamespaceBlocksRequest(
            namespace=self.name, after=after, count_max=count_max
        )
        return await self._scm.call(request, namespaces.ListNamespaceBlocksReply)
