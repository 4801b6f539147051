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
from trioxygen.metadata.client.stored_blocks import StoredBlocks
from trioxygen.proto.v1.datanode_pb2 import ListBlocksReply
from trioxygen.proto.v1.om_pb2 import FindOrphansRequest
from trioxygen.proto.v1.scm_pb2 import DescribeScmReply, DescribeScmRequest, NodeRow

log = logs.get(__name__)

# Deletions that the SCM has taken are carried out with the next heartbeats.
_DELETION_LOOKS: Final = 5
_DELETION_WAIT_MS: Final = 1_000.0


class Orphans:
    """Args: channel: to a DataNode, by its address."""

    def __init__(
        self, om: OmClient, scm: ScmClient, channel: Callable[[str], Channel], clock: Clock
    ) -> None:
        self._om, self._scm, self._clock = om, scm, clock
        self._stored = StoredBlocks(scm, channel)

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
        nodes = sorted(await self._stored.nodes(), key=lambda node: node.node_id)
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

    async def _list(self, node: NodeRow, after: bytes, count_max: int) -> ListBlocksReply | None:
        """None: it does not answer."""
        try:
            return await self._stored.page(node, after, count_max)
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
        # In others' containers the OM knows nothing.
        own = await self._stored.of_om([block.container for block in reply.orphans])
        unknown = {
            (block.container, block.local): age_ms
            for block, age_ms in zip(reply.orphans, reply.ages_ms, strict=True)
            if block.container in own
        }
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
                age_ms=age_ms,
                left_ms=left_ms(age_ms, keep_ms=reply.keep_ms, too_many=reply.too_many),
            )
            for row in listed_again.blocks
            if (age_ms := unknown.get((row.block.container, row.block.local))) is not None
        ]


def left_ms(age_ms: int, *, keep_ms: int, too_many: bool) -> int:
    """Until the block goes, with the next look at all; -1: it stays, or has not been noticed."""
    return max(0, keep_ms - age_ms) if age_ms >= 0 and keep_ms and not too_many else -1
