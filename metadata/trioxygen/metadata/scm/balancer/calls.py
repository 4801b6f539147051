"""What operators ask of the balancer of the SCM that leads."""

from collections.abc import Callable
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.balancer.balancer import Balancer
from trioxygen.metadata.scm.balancer.description import described_balancer
from trioxygen.proto.v1 import scm_pb2 as scm

_STOPPED: Final = "an operator stopped it"


class BalancerCalls:
    """Args: lead: raises NotLeader."""

    def __init__(
        self,
        lead: Callable[[], None],
        executor: Executor,
        balancer: Balancer,
        clock: Clock,
        *,
        node_id: str,
    ) -> None:
        self._lead, self._executor, self._balancer = lead, executor, balancer
        self._clock, self._node_id = clock, node_id

    def handlers(self) -> dict[str, Handler]:
        return {
            "StartBalancer": self._start,
            "StopBalancer": self._stop,
            "DescribeBalancer": self._describe,
        }

    async def _start(
        self, request: scm.StartBalancerRequest, call: Call
    ) -> scm.DescribeBalancerReply:
        """Raises: InvalidRequest: the band is no band."""
        self._lead()
        config = self._balancer.config
        numbers = scm.BalancerRow(
            threshold_percent=request.threshold_percent or config.threshold_percent,
            containers_moving_max=request.containers_moving_max or config.containers_moving_max,
            moving_bytes_max=request.moving_bytes_max or config.moving_bytes_max,
            node_moving_bytes_max=request.node_moving_bytes_max or config.node_moving_bytes_max,
        )
        if numbers.threshold_percent >= 100:
            raise InvalidRequest("threshold_percent is not below 100: no node is out of that band")
        await self._executor.execute(scm.BeginBalancing(numbers=numbers))
        return self._described()

    async def _stop(
        self, request: scm.StopBalancerRequest, call: Call
    ) -> scm.DescribeBalancerReply:
        self._lead()
        row = self._balancer.row()
        if row is not None and row.running:
            await self._executor.execute(scm.NoteBalancing(run=row.run, ended_why=_STOPPED))
        return self._described()

    async def _describe(
        self, request: scm.DescribeBalancerRequest, call: Call
    ) -> scm.DescribeBalancerReply:
        self._lead()
        return self._described()

    def _described(self) -> scm.DescribeBalancerReply:
        reply = described_balancer(self._balancer, self._executor, self._clock)
        reply.node_id = self._node_id
        return reply
