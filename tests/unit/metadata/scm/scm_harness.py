"""An SCM on a store and a log in memory, a clock that tests move, DataNodes that tests play."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.memory_replica import MemoryReplica
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Server
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.scm.service import StorageContainerManager
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Table
from trioxygen.proto.v1 import scm_pb2 as scm

CLUSTER = "cluster-1"
CONFIG = ScmConfig(
    cluster_id=CLUSTER,
    replication=RATIS_ONE,
    container_bytes_max=1_000,
    open_containers_max=2,
    stale_after_ms=30_000,
    dead_after_ms=300_000,
    # All are there that a test lets come.
    nodes_come_ms=0,
    # Tests move the clock in leaps.
    stood_still_ms=math.inf,
    close_delay_ms=60_000,
    resend_after_ms=10_000,
)


class ScmHarness:
    def __init__(self, config: ScmConfig) -> None:
        self.config = config
        self.clock = ManualClock()
        self.network = LocalNetwork(encode=True)
        self.store, self.replica = MemoryStore(ALL_TABLES), MemoryReplica()
        # The rings that each node takes part in, as its SCM told it; it leads them all.
        self.rings: dict[str, set[int]] = {}
        self._server: Server | None = None
        self.runtime: Runtime
        self.manager: StorageContainerManager
        self.client: ScmClient

    async def start(self) -> None:
        self.runtime = inline_runtime(self.clock, network=self.network)
        self.manager = StorageContainerManager(
            runtime=self.runtime, store=self.store, replica=self.replica, config=self.config
        )
        await self.manager.start()
        self._server = await self.network.serve("scm1", [self.manager.service])
        self.client = ScmClient(self.runtime, ["scm1"])
        await asyncio.sleep(0)

    async def stop(self) -> None:
        assert self._server is not None
        await self._server.stop()
        await self.manager.stop()
        await self.runtime.stop()

    async def pass_time(self, duration_ms: float) -> None:
        """Moves the clock; the workers have done what was due."""
        self.clock.advance(duration_ms)
        await asyncio.sleep(0)
        for _ in range(10_000):
            if self.clock.sleepers >= len(self.runtime.tasks.workers):
                return
            await asyncio.sleep(0)
        raise AssertionError("the workers never rest")

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def register(
        self,
        node_id: str = "dn1",
        *,
        cluster_id: str = CLUSTER,
        address: str = "",
        instance: int = 0,
    ) -> scm.RegisterDataNodeReply:
        return await self.client.register(
            scm.RegisterDataNodeRequest(
                node_id=node_id,
                address=address or f"{node_id}:9859",
                cluster_id=cluster_id,
                instance=instance,
            )
        )

    async def heartbeat(
        self,
        node_id: str = "dn1",
        *containers: scm.ContainerReport,
        full: bool = False,
        deleted: tuple[int, ...] = (),
        corrupt: tuple[scm.CorruptBlock, ...] = (),
        volumes: tuple[scm.VolumeReport, ...] = (),
        more: bool = False,
        failed: tuple[scm.FailedRepair, ...] = (),
    ) -> scm.HeartbeatReply:
        """Its answer, without what made the node join rings: that was done and told at once."""
        reply = await self.client.heartbeat(
            scm.HeartbeatRequest(
                node_id=node_id,
                full_report=full,
                containers=containers,
                deleted_transaction_ids=deleted,
                corrupt_blocks=corrupt,
                volumes=volumes,
                more=more,
                pipelines=self._led(node_id),
                failed_repairs=failed,
            )
        )
        joined = [command for command in reply.commands if command.HasField("create_pipeline")]
        others = [command for command in reply.commands if not command.HasField("create_pipeline")]
        if joined:
            ids = {each.create_pipeline.pipeline.pipeline_id for each in joined}
            self.rings.setdefault(node_id, set()).update(ids)
            request = scm.HeartbeatRequest(node_id=node_id, pipelines=self._led(node_id), more=more)
            await self.client.heartbeat(request)
            del reply.commands[:]
            reply.commands.extend(others)
        return reply

    def _led(self, node_id: str) -> list[scm.PipelineReport]:
        rings = sorted(self.rings.get(node_id, ()))
        return [scm.PipelineReport(pipeline_id=ring, leader=True, term=1) for ring in rings]

    async def join(self, *node_ids: str) -> None:
        """Registers nodes and reports their (no) containers."""
        for node_id in node_ids or ("dn1",):
            await self.register(node_id)
            await self.heartbeat(node_id, full=True)

    async def allocate(
        self,
        count: int = 1,
        block_bytes_max: int = 10,
        *,
        given: tuple[int, int] = (0, 0),
        om_last_id: int = 0,
        replication: Replication | None = None,
        excluded: tuple[str, ...] = (),
    ) -> scm.AllocateBlocksReply:
        """Without the client, which would try again.

        Args:
            given: the container and local id that the OM says it has had.
        """
        channel = self.network.channel("scm1")
        request = scm.AllocateBlocksRequest(
            count=count,
            block_bytes_max=block_bytes_max,
            given_container_id=given[0],
            given_local=given[1],
            om_last_id=om_last_id,
            replication=None if replication is None else replication.proto,
            excluded_node_ids=excluded,
        )
        method = "StorageContainerManager/AllocateBlocks"
        return await channel.call(method, request, scm.AllocateBlocksReply, timeout_ms=5_000)

    async def describe(self) -> scm.DescribeScmReply:
        return await self.client.call(scm.DescribeScmRequest(), scm.DescribeScmReply)

    async def state_of(self, container_id: int) -> scm.ContainerState:
        states = {row.container_id: row.state for row in (await self.describe()).containers}
        return states[container_id]

    def rows(self, table: Table) -> list[tuple[bytes, bytes]]:
        with self.store.read() as txn:
            return list(txn.scan(table, prefix=b""))


def report(
    container_id: int, used_bytes: int = 0, state: scm.ContainerState = scm.OPEN
) -> scm.ContainerReport:
    return scm.ContainerReport(container_id=container_id, state=state, used_bytes=used_bytes)


Scenario = Callable[[ScmHarness], Awaitable[None]]


async def _with_scm(config: ScmConfig, scenario: Scenario) -> None:
    harness = ScmHarness(config)
    await harness.start()
    try:
        await scenario(harness)
    finally:
        await harness.stop()


def scm_test(**changed: Any) -> Callable[[Scenario], Callable[[], None]]:
    """Makes a test of a scenario with an SCM whose configuration differs in these values."""

    def decorate(scenario: Scenario) -> Callable[[], None]:
        def run() -> None:
            config = replace(CONFIG, **changed)
            asyncio.run(_with_scm(config, scenario))

        run.__name__ = run.__qualname__ = getattr(scenario, "__name__", "scenario")
        run.__module__, run.__doc__ = scenario.__module__, scenario.__doc__
        return run

    return decorate
