"""What a gateway of a cluster knows of the room behind it: it asks OM and SCM now and then."""

from trioxygen.common.errors import Unavailable
from trioxygen.common.paging import AFTER_ALL
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import om_pb2, scm_pb2


class Fullness:
    """A Worker. Attributes: is_full: as they said last."""

    name = "gateway-fullness"

    def __init__(self, om: OmClient, scm: ScmClient, *, interval_ms: float = 5_000) -> None:
        self._om, self._scm, self.interval_ms = om, scm, interval_ms
        self.is_full = False

    async def work(self) -> bool:
        try:
            om = await self._om.describe_om(om_pb2.DescribeOmRequest())
            # Without rows: a large cluster's are many, and not looked at here.
            totals = scm_pb2.DescribeScmRequest(after=AFTER_ALL)
            scm = await self._scm.call(totals, scm_pb2.DescribeScmReply)
        except Unavailable:
            # Whoever is away is told of by the calls that need it.
            return False
        self.is_full = om.full or scm.full
        return False
