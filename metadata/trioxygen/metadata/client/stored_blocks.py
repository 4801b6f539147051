"""Which blocks DataNodes have, asked of the SCM and of themselves: for who looks for orphans."""

from collections.abc import Callable, Sequence
from typing import Final

from trioxygen.common.rpc.network import Channel
from trioxygen.metadata.client.described import CONTAINERS, described_nodes
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1.datanode_pb2 import ListBlocksReply, ListBlocksRequest
from trioxygen.proto.v1.scm_pb2 import DescribeScmReply, DescribeScmRequest, NodeRow

_CALL_TIMEOUT_MS: Final = 10_000.0


class StoredBlocks:
    """Args: channel: to a DataNode, by its address."""

    def __init__(self, scm: ScmClient, channel: Callable[[str], Channel]) -> None:
        self._scm, self._channel = scm, channel

    async def nodes(self) -> Sequence[NodeRow]:
        """Raises: Unavailable."""
        return [described.node async for described in described_nodes(self._scm)]

    async def page(self, node: NodeRow, after: bytes, count_max: int) -> ListBlocksReply:
        """Raises: Unavailable: it does not answer."""
        return await self._channel(node.address).call(
            "DataNode/ListBlocks",
            ListBlocksRequest(after=after, count_max=count_max),
            ListBlocksReply,
            timeout_ms=_CALL_TIMEOUT_MS,
        )

    async def of_om(self, container_ids: Sequence[int]) -> set[int]:
        """Those of the containers that the SCM knows and that have no namespace's blocks. Raises:
        Unavailable."""
        wanted, own = sorted({*container_ids}), set[int]()
        while wanted:
            after = CONTAINERS + (wanted[0] - 1).to_bytes(8, "big")
            page = await self._scm.call(DescribeScmRequest(after=after), DescribeScmReply)
            rows = {row.container_id: row for row in page.containers}
            own |= {each for each in wanted if each in rows and not rows[each].namespace_id}
            is_last = not page.next.startswith(CONTAINERS) or not rows
            last = wanted[-1] if is_last else max(rows)
            wanted = [each for each in wanted if each > last]
        return own
