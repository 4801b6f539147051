"""Namespaces of blocks, for operators: asked of the SCMs."""

from trioxygen.common.replication import Replication
from trioxygen.gateway.admin.namespace_models import (
    DescribedNamespace,
    NamespacePage,
    NamespaceView,
)
from trioxygen.metadata.client.namespace import NamespaceClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1.namespaces_pb2 import (
    ListNamespacesReply,
    ListNamespacesRequest,
    NamespaceRow,
)


class ScmNamespaceAdmin:
    def __init__(self, client: ScmClient) -> None:
        self._scm = client

    async def page(self, after: str, count_max: int) -> NamespacePage:
        request = ListNamespacesRequest(after=after, count_max=count_max)
        reply = await self._scm.call(request, ListNamespacesReply)
        return NamespacePage(namespaces=[_view(row) for row in reply.namespaces], next=reply.next)

    async def describe(self, name: str) -> DescribedNamespace:
        reply = await NamespaceClient(self._scm, name).describe()
        return DescribedNamespace(
            namespace=_view(reply.namespace),
            leases=reply.leases,
            leased_blocks=reply.leased_blocks,
        )

    async def delete(self, name: str, *, force: bool) -> None:
        await NamespaceClient(self._scm, name).delete(force=force)


def _view(row: NamespaceRow) -> NamespaceView:
    return NamespaceView(
        name=row.name,
        owner=row.owner,
        replication=Replication.of_proto(row.replication).text,
        created_ms=row.created_ms,
        blocks=row.blocks,
        size_bytes=row.bytes,
        blocks_max=row.blocks_max,
        bytes_max=row.bytes_max,
    )
