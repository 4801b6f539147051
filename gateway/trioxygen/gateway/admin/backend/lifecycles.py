"""What is done by lifecycle rules, for operators: asked of the OM."""

from trioxygen.gateway.admin.lifecycle_models import LifecyclePage, LifecycleView
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1.om_pb2 import LifecycleRow, ListLifecyclesRequest


class OmLifecycleAdmin:
    def __init__(self, client: OmClient) -> None:
        self._om = client

    async def page(self, after: int, count_max: int) -> LifecyclePage:
        request = ListLifecyclesRequest(after=after, count_max=count_max)
        reply = await self._om.list_lifecycles(request)
        return LifecyclePage(lifecycles=[_view(row) for row in reply.lifecycles], next=reply.next)


def _view(row: LifecycleRow) -> LifecycleView:
    return LifecycleView(
        volume=row.volume,
        bucket=row.bucket,
        state=LifecycleRow.State.Name(row.state),
        examined=row.examined,
        expired=row.expired,
        removed=row.removed,
        removed_markers=row.removed_markers,
        aborted=row.aborted,
        transitioned=row.transitioned,
        locked=row.locked,
        worked_ms=row.worked_ms,
    )
