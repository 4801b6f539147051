"""What the SCM tells of its rows, page after page: nodes, then pipelines, then containers."""

from collections.abc import AsyncIterator
from typing import Final

from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1.scm_pb2 import DescribeScmReply, DescribeScmRequest, NodeDescription

# Where pipelines and containers begin.
PIPELINES: Final = b"2"
CONTAINERS: Final = b"3"


async def described_nodes(scm: ScmClient) -> AsyncIterator[NodeDescription]:
    """Raises: Unavailable errors."""
    after = b""
    while after < PIPELINES:
        page = await scm.call(DescribeScmRequest(after=after), DescribeScmReply)
        for described in page.nodes:
            yield described
        if not page.next:
            return
        after = page.next
