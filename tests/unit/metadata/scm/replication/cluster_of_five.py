"""Five DataNodes that tests play, and an SCM that looks after their containers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.unit.metadata.scm.scm_harness import Scenario, ScmHarness, scm_test
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.schema import CONTAINERS
from trioxygen.proto.v1 import scm_pb2 as scm

NODES = ("dn1", "dn2", "dn3", "dn4", "dn5")


def disk(free_bytes: int = 10**12) -> scm.VolumeReport:
    return scm.VolumeReport(volume_id="disk", capacity_bytes=10**12, free_bytes=free_bytes)


CARE = ReplicationConfig(
    grace_ms=1_000, settle_ms=5_000, resend_after_ms=60_000, copy_deadline_ms=600_000
)


def closed(container_id: int, ring: int, **changed: Any) -> scm.ContainerReport:
    values: dict[str, Any] = {
        "state": scm.CLOSED,
        "used_bytes": 500,
        "block_count": 3,
        "commit_sequence": 9,
    }
    return scm.ContainerReport(
        container_id=container_id,
        pipeline_id=ring,
        **(values | changed),
    )


class Cluster:
    """Five DataNodes, a closed container on three of them, an SCM that may repair.

    Attributes:
    held: what each node has.
    commands: what each was told.
    disks: what each says of its own.
    failed: what each says once that it has failed at.
    """

    def __init__(self, harness: ScmHarness) -> None:
        self.harness = harness
        self.held: dict[str, dict[int, scm.ContainerReport]] = {node: {} for node in NODES}
        self.commands: dict[str, list[scm.DataNodeCommand]] = {node: [] for node in NODES}
        self.disks: dict[str, scm.VolumeReport] = dict.fromkeys(NODES, disk())
        self.failed: dict[str, scm.FailedRepair] = {}
        self.silent: set[str] = set()
        self.container = self.ring = 0

    async def start(self) -> None:
        await self.harness.join(*NODES)
        await self.beat(1_000)
        reply = await self.harness.allocate()
        self.container, self.ring = reply.blocks.container, reply.pipeline.pipeline_id
        self.members = [node.node_id for node in reply.pipeline.datanodes]
        self.others = [node for node in NODES if node not in self.members]
        for node in self.members:
            self.held[node][self.container] = closed(self.container, self.ring)
        await self.beat(1_000, times=10)
        self.forget()

    def forget(self) -> None:
        for commands in self.commands.values():
            commands.clear()

    async def beat(self, duration_ms: float, *, times: int = 1) -> None:
        """Time passes, and nodes say all that they have."""
        for _ in range(times):
            for node in NODES:
                if node not in self.silent:
                    failed = self.failed.pop(node, None)
                    reply = await self.harness.heartbeat(
                        node,
                        *self.held[node].values(),
                        full=True,
                        volumes=(self.disks[node],),
                        failed=() if failed is None else (failed,),
                    )
                    self.commands[node] += reply.commands
            await self.harness.pass_time(duration_ms)

    def asked(self, kind: str) -> list[tuple[str, scm.DataNodeCommand]]:
        return [
            (node, command)
            for node, commands in self.commands.items()
            for command in commands
            if command.HasField(kind)
        ]

    def rows(self) -> list[scm.ContainerRow]:
        rows = self.harness.rows(CONTAINERS.table)
        return [scm.ContainerRow.FromString(value) for _, value in rows]

    def row(self) -> scm.ContainerRow:
        return next(row for row in self.rows() if row.container_id == self.container)


def care_test(**changed: Any) -> Callable[[Scenario], Callable[[], None]]:
    return scm_test(
        replication=RATIS_THREE,
        containers=replace(CARE, **changed),
        container_bytes_max=100_000,
    )


async def started(harness: ScmHarness) -> Cluster:
    cluster = Cluster(harness)
    await cluster.start()
    assert cluster.row().state == scm.CLOSED and cluster.row().commit_sequence == 9
    return cluster


COPY = "replicate_container"
