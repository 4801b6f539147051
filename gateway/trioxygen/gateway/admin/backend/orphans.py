"""Orphans, for operators: blocks on DataNodes that nothing in the namespace refers to."""

from collections.abc import Callable
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import InvalidRequest, Unavailable
from trioxygen.common.paging import AFTER_ALL
from trioxygen.common.rpc.network import Channel
from trioxygen.gateway.admin.models import OrphanPage, OrphanView
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1.datanode_pb2 import ListBlocksReply, ListBlocksRequest
from trioxygen.proto.v1.om_pb2 import FindOrphansRequest
from trioxygen.proto.v1.scm_pb2 import DescribeScmReply, DescribeScmRequest, NodeRow

log = logs.get(__name__)

_CALL_TIMEOUT_MS: Final = 10_000.0
# Deletions that the SCM has taken are carried out with the next heartbeats.
_DELETION_LOOKS: Final = 5
_DELETION_WAIT_MS: Final = 1_000.0


class Orphans:
    """Args: channel: to a DataNode, by its address."""

    def __init__(
        self, om: OmClient, scm: ScmClient, channel: Callable[[str], Channel], clock: Clock
    ) -> None:
        self._om, self._scm, self._channel, self._clock = om, scm, channel, clock

    async def page(self, after: str, count_max: int) -> OrphanPage:
        """Looks at the next `count_max` blocks of one DataNode; few or none may be orphans.

        Args:
            after: `next` of the page before; empty: from the start. A node and a block.
        """
        node_id, _, position = after.partition("/")
        try:
            key = bytes.fromhex(position)
        except ValueError as error:
            raise InvalidRequest("no place where a page ends", after=after) from error
        nodes = sorted(await self._nodes(), key=lambda node: node.node_id)
        later = [node for node in nodes if node.node_id >= node_id]
        if not later:
            return OrphanPage(orphans=[], examined=0, next="", silent_nodes=[])
        node, others = later[0], later[1:]
        if node.node_id != node_id:
            key = b""
        following = f"{others[0].node_id}/" if others else ""
        listed = await self._list(node, key, count_max)
        orphans = None
        if listed is not None:
            orphans = await self._orphans(node, listed, key, count_max)
        if listed is None or orphans is None:
            return OrphanPage(orphans=[], examined=0, next=following, silent_nodes=[node.node_id])
        if listed.next:
            following = f"{node.node_id}/{listed.next.hex()}"
        return OrphanPage(
            orphans=orphans, examined=len(listed.blocks), next=following, silent_nodes=[]
        )

    async def _nodes(self) -> list[NodeRow]:
        nodes: list[NodeRow] = []
        after = b""
        while True:
            page = await self._scm.call(DescribeScmRequest(after=after), DescribeScmReply)
            nodes += [described.node for described in page.nodes]
            after = page.next
            # Nodes come first.
            if not after or page.pipelines:
                return nodes

    async def _list(self, node: NodeRow, after: bytes, count_max: int) -> ListBlocksReply | None:
        """None: it does not answer."""
        try:
            return await self._channel(node.address).call(
                "DataNode/ListBlocks",
                ListBlocksRequest(after=after, count_max=count_max),
                ListBlocksReply,
                timeout_ms=_CALL_TIMEOUT_MS,
            )
        except Unavailable as error:
            log.warning("blocks_not_listed", node=node.node_id, reason=error)
            return None

    async def _orphans(
        self, node: NodeRow, listed: ListBlocksReply, after: bytes, count_max: int
    ) -> list[OrphanView] | None:
        if not listed.blocks:
            return []
        request = FindOrphansRequest(blocks=[row.block for row in listed.blocks])
        reply = await self._om.find_orphans(request)
        unknown = {(block.container, block.local) for block in reply.orphans}
        if not unknown:
            return []
        # Not what the SCM is about to delete.
        for _ in range(_DELETION_LOOKS):
            totals = await self._scm.call(DescribeScmRequest(after=AFTER_ALL), DescribeScmReply)
            if not totals.waiting_delete_transactions:
                break
            await self._clock.sleep_ms(_DELETION_WAIT_MS)
        listed_again = await self._list(node, after, count_max)
        if listed_again is None:
            return None
        return [
            OrphanView(
                node_id=node.node_id,
                container=row.block.container,
                local=row.block.local,
                size_bytes=row.size_bytes,
            )
            for row in listed_again.blocks
            if (row.block.container, row.block.local) in unknown
        ]
