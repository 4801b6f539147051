"""What has its bytes in given containers, for operators: asked of the OM, page after page."""

from collections.abc import Sequence, Set
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.admin.container_models import HolderPage, HolderView, ReferencedView
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import KeptBlocks

# A page of ours is as many of the OM's as fit into it.
_PAGE_MS: Final = SECOND_MS
# Of the time that the OM takes for a page others have as much, and at least so long.
_PAUSE_MS_MIN: Final = 2.0
# Tables of the OM that are walked through.
_WALKED: Final = frozenset({"bucket", "key", "history", "upload", "part"})


class Holders:
    def __init__(self, client: OmClient, clock: Clock) -> None:
        self._om, self._clock = client, clock

    async def page(self, container_ids: Sequence[int], after: str, count_max: int) -> HolderPage:
        """Ends with the page of the OM's with which `count_max` were holders, or time was up.

        Args:
            after: `next` of the page before; empty: from the start.
        """
        request = om.FindHoldersRequest(container_ids=container_ids, after=_place(after))
        rows = 0 if after else await self._rows_of(_WALKED)
        began_ms = self._clock.monotonic_ms()
        holders, examined, containers = list[HolderView](), 0, list[ReferencedView]()
        while True:
            asked_ms = self._clock.monotonic_ms()
            reply = await self._om.find_holders(request)
            now_ms = self._clock.monotonic_ms()
            holders += map(_holder_view, reply.holders)
            examined += reply.examined
            containers += map(_referenced_view, reply.containers)
            if not reply.next or len(holders) >= count_max or now_ms - began_ms >= _PAGE_MS:
                break
            request.after = reply.next
            await self._clock.sleep_ms(max(_PAUSE_MS_MIN, now_ms - asked_ms))
        return HolderPage(
            holders=holders,
            next=reply.next.hex(),
            examined=examined,
            rows=rows,
            containers=containers,
        )

    async def referenced_blocks(self, container_id: int) -> int:
        """That something refers to, or as many of them as are counted."""
        request = om.FindHoldersRequest(container_ids=[container_id])
        reply = await self._om.find_holders(request)
        return sum(each.blocks for each in reply.containers)

    async def kept(self) -> KeptBlocks:
        """That nothing refers to, and that readers may be at: the SCM gets them later. Those of
        namespaces it has by itself."""
        return (await self._om.describe_om(om.DescribeOmRequest())).kept

    async def _rows_of(self, tables: Set[str]) -> int:
        described = await self._om.describe_om(om.DescribeOmRequest(count_rows=True))
        return sum(table.rows for table in described.tables if table.name in tables)


def _place(after: str) -> bytes:
    try:
        return bytes.fromhex(after)
    except ValueError as error:
        raise InvalidRequest("no place where a page ends", after=after) from error


def _holder_view(holder: om.Holder) -> HolderView:
    return HolderView(
        kind=om.Holder.Kind.Name(holder.kind),
        volume=holder.volume,
        bucket=holder.bucket,
        key=holder.key.decode(errors="backslashreplace"),
        object_id=holder.object_id,
        upload_id=holder.upload_id.hex(),
        part_number=holder.part_number,
        size_bytes=holder.size_bytes,
        modified_ms=holder.modified_ms,
        held_bytes=holder.held_bytes,
        container_ids=list(holder.container_ids),
    )


def _referenced_view(referenced: om.ReferencedContainer) -> ReferencedView:
    return ReferencedView(
        container_id=referenced.container_id,
        blocks=referenced.blocks,
        is_all=not referenced.at_least,
    )
