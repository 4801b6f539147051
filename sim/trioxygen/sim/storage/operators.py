"""What operators do with DataNodes while things go wrong: they take them out of service and back,
close containers and pipelines, and have disk use evened out. What is refused is refused; at the end
every DataNode is in service again."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from google.protobuf.message import Message

from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.call import Role
from trioxygen.hdds.ring.rows import LOCAL_RING
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockSlice
from trioxygen.sim.cluster import Cluster
from trioxygen.sim.storage.machine import DataNodeMachine
from trioxygen.sim.trace import Trace

_CALL_MS: Final = 3_000.0
_AGAIN_S: Final = 0.3
_MAINTENANCE_MS: Final = (0, 2_000, 8_000)
# Of disks that little is on: one that was replaced is out of this band.
_BAND_PERCENT: Final = 0.5

_REPLIES: Final[Mapping[str, type[Message]]] = {
    "SetNodeOperation": scm.SetNodeOperationReply,
    "CloseOpenContainer": scm.CloseOpenContainerReply,
    "CloseOpenPipeline": scm.CloseOpenPipelineReply,
    "StartBalancer": scm.DescribeBalancerReply,
    "StopBalancer": scm.DescribeBalancerReply,
}


class Operators:
    """Args:
    slices: what is referred to: containers that may be closed.
    """

    def __init__(
        self,
        cluster: Cluster,
        machines: Sequence[DataNodeMachine],
        slices: Callable[[], Sequence[BlockSlice]],
        rng: random.Random,
        trace: Trace,
    ) -> None:
        self._cluster, self._machines, self._slices = cluster, machines, slices
        self._rng, self._trace = rng, trace
        self._runtime = cluster.outsider("storage-operator").as_role(Role.OPERATOR)
        self._client_id, self._requests = rng.getrandbits(64), 0
        # DataNodes that are not in service.
        self._away: dict[str, None] = {}
        self.done: dict[str, int] = {}

    async def run(self, every_ms: float) -> None:
        """Until it is cancelled."""
        await self._balance()
        deeds = (self._decommission, self._maintain, self._close, self._close_pipeline)
        while True:
            await asyncio.sleep(self._rng.expovariate(1_000 / every_ms))
            if self._away and self._rng.random() < 0.6:
                await self._recommission(self._rng.choice([*self._away]))
                continue
            deed = self._rng.choice((*deeds, self._balance))
            name = deed.__name__.lstrip("_")
            self.done[name] = self.done.get(name, 0) + 1
            self._trace.note("operator", name)
            await deed()

    async def heal(self) -> None:
        """All are in service again, and nothing is evened out any more."""
        while self._away:
            await self._recommission(next(iter(self._away)))
            await asyncio.sleep(_AGAIN_S)
        while True:
            if await self._ask("StopBalancer", scm.StopBalancerRequest()):
                return
            await asyncio.sleep(_AGAIN_S)

    async def _decommission(self) -> None:
        await self._take_out(scm.DECOMMISSIONING)

    async def _maintain(self) -> None:
        await self._take_out(
            scm.ENTERING_MAINTENANCE, maintenance_ms=self._rng.choice(_MAINTENANCE_MS)
        )

    async def _take_out(self, operation: scm.NodeOperation, *, maintenance_ms: int = 0) -> None:
        """One at a time: writes need as many as a class has."""
        if self._away:
            return
        name = self._rng.choice(self._machines).name
        self._away[name] = None
        await self._set(name, operation, maintenance_ms=maintenance_ms)

    async def _recommission(self, name: str) -> None:
        if await self._set(name, scm.IN_SERVICE):
            self._away.pop(name, None)

    async def _set(
        self, name: str, operation: scm.NodeOperation, *, maintenance_ms: int = 0
    ) -> bool:
        self._requests += 1
        request = scm.SetNodeOperationRequest(
            client_id=self._client_id,
            request_id=self._requests,
            node_id=name,
            operation=operation,
            maintenance_ms=maintenance_ms,
            force=self._rng.random() < 0.3,
        )
        return await self._ask("SetNodeOperation", request)

    async def _close(self) -> None:
        slices = self._slices()
        if slices:
            container = self._rng.choice(slices).container
            await self._ask(
                "CloseOpenContainer", scm.CloseOpenContainerRequest(container_id=container)
            )

    async def _close_pipeline(self) -> None:
        rings = [
            ring.pipeline_id
            for machine in self._machines
            for work in machine.works()
            for ring in work.rings
            if ring.pipeline_id != LOCAL_RING
        ]
        if rings:
            ring = self._rng.choice(rings)
            await self._ask("CloseOpenPipeline", scm.CloseOpenPipelineRequest(pipeline_id=ring))

    async def _balance(self) -> None:
        await self._ask("StartBalancer", scm.StartBalancerRequest(threshold_percent=_BAND_PERCENT))

    async def _ask(self, method: str, request: Message) -> bool:
        """One SCM after the other; whether one has done it."""
        for address in self._cluster.scm_addresses:
            channel = self._runtime.network.channel(address)
            try:
                await channel.call(
                    f"StorageContainerManager/{method}",
                    request,
                    _REPLIES[method],
                    timeout_ms=_CALL_MS,
                )
            except TrioxygenError as error:
                self._trace.note("not-done", method, type(error).__name__, str(error))
            else:
                self._trace.note("done", method)
                return True
        return False
