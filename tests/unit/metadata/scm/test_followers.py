"""Every SCM knows where replicas are; the one that leads does the rest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.contract.replica_harness import RaftGroup, run
from tests.unit.metadata.scm.scm_harness import CLUSTER, CONFIG, report
from trioxygen.common.rpc.network import Server
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.scm.service import StorageContainerManager
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm


class Scms:
    """Three, by their numbers; DataNodes that tell all of them."""

    def __init__(self, group: RaftGroup) -> None:
        self.group = group
        self.managers: dict[int, StorageContainerManager] = {}
        self._servers: dict[int, Server] = {}
        self.runtime: Runtime = system_runtime(group.network)
        self._rings: dict[str, set[int]] = {}

    async def start(self) -> None:
        for member in self.group.members:
            replica = await member.boot(self.group.configuration)
            manager = StorageContainerManager(
                runtime=member.runtime,
                store=MemoryStore(ALL_TABLES),
                replica=replica,
                config=CONFIG,
            )
            await manager.start()
            self.managers[member.id] = manager
            self._servers[member.id] = await self.group.network.serve(
                f"scm{member.id}", [manager.service]
            )

    async def leader(self) -> int:
        return (await self.group.leader()).id

    def client(self, *numbers: int) -> ScmClient:
        return ScmClient(
            self.runtime, [f"scm{number}" for number in numbers or self.managers], timeout_ms=5_000
        )

    async def register(self, number: int, node_id: str) -> scm.RegisterDataNodeReply:
        return await self.client(number).register(
            scm.RegisterDataNodeRequest(
                node_id=node_id, address=f"{node_id}:9859", cluster_id=CLUSTER
            )
        )

    async def heartbeat(
        self, number: int, node_id: str, *containers: scm.ContainerReport, full: bool = False
    ) -> scm.HeartbeatReply:
        rings = self._rings.setdefault(node_id, set())
        reply = await self.client(number).heartbeat(
            scm.HeartbeatRequest(
                node_id=node_id,
                full_report=full,
                containers=containers,
                pipelines=[scm.PipelineReport(pipeline_id=ring, leader=True) for ring in rings],
            )
        )
        rings |= {
            command.create_pipeline.pipeline.pipeline_id
            for command in reply.commands
            if command.HasField("create_pipeline")
        }
        return reply

    async def join(self, node_id: str) -> None:
        for number in self.managers:
            await self.register(number, node_id)
            await self.heartbeat(number, node_id, full=True)
        # All are told of the rings that the leader, whichever it is, has had it join.
        for number in self.managers:
            await self.heartbeat(number, node_id)

    async def fall(self, number: int) -> None:
        [member] = [member for member in self.group.members if member.id == number]
        self.group.network.forget(self._servers[number])  # type: ignore[arg-type]
        await member.crash()
        await self._servers.pop(number).stop()


@asynccontextmanager
async def three(root: Path) -> AsyncIterator[Scms]:
    # Patient: on a busy machine a leader that is slow is not to be replaced.
    core = RaftConfig(election_ticks=100, heartbeat_ticks=2)
    group = RaftGroup(root, 3, config=RaftReplicaConfig(core=core))
    scms = Scms(group)
    try:
        await scms.start()
        await scms.leader()
        yield scms
    finally:
        await group.end()
        for server in scms._servers.values():
            await server.stop()
        await scms.runtime.stop()


def test_replicas_are_located_while_no_scm_leads(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with three(tmp_path) as scms:
            await scms.join("dn1")
            request = scm.AllocateBlocksRequest(count=1, block_bytes_max=10)
            container = (
                await scms.client(await scms.leader()).allocate_blocks(request)
            ).blocks.container
            for number in scms.managers:
                await scms.heartbeat(number, "dn1", report(container, 5))
            leader = await scms.leader()
            [left, other] = [number for number in scms.managers if number != leader]
            await scms.fall(leader)
            await scms.fall(other)
            # It cannot lead alone, nor ask anybody: what it was told is enough.
            [location] = await scms.client(left).locate([container])
            assert [replica.datanode.address for replica in location.replicas] == ["dn1:9859"]
            assert location.state == scm.OPEN

    run(scenario())


def test_only_the_leader_gives_commands_and_writes_down(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with three(tmp_path) as scms:
            leader = await scms.leader()
            for number in scms.managers:
                assert (await scms.register(number, "dn1")).leader is (number == leader)
            for number in scms.managers:
                reply = await scms.heartbeat(number, "dn1", full=True)
                assert reply.leader is (number == leader)
                kinds = {command.WhichOneof("command") for command in reply.commands}
                assert kinds == ({"create_pipeline"} if number == leader else set())

    run(scenario())


async def allocated(scms: Scms, number: int) -> int:
    request = scm.AllocateBlocksRequest(count=1, block_bytes_max=10)
    return (await scms.client(number).allocate_blocks(request)).blocks.container


def test_new_leader_goes_on_with_what_it_has_heard_as_a_follower(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with three(tmp_path) as scms:
            await scms.join("dn1")
            container = await allocated(scms, await scms.leader())
            for number in scms.managers:
                await scms.heartbeat(number, "dn1", report(container, 5))
            await scms.fall(await scms.leader())
            heir = await scms.leader()
            assert (await scms.client(heir).locate([container]))[0].replicas
            # Nobody has to come again first.
            assert await allocated(scms, heir) == container
            assert not (await scms.heartbeat(heir, "dn1")).register_again

    run(scenario())


def test_new_leader_waits_for_nodes_that_it_has_not_heard_all_of(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with three(tmp_path) as scms:
            fallen = await scms.leader()
            await scms.register(fallen, "dn1")
            await scms.heartbeat(fallen, "dn1", full=True)
            await scms.heartbeat(fallen, "dn1")
            container = await allocated(scms, fallen)
            for number in scms.managers.keys() - {fallen}:
                # Its report goes on.
                await scms.register(number, "dn1")
            await scms.fall(fallen)
            heir = await scms.leader()
            assert (await scms.heartbeat(heir, "dn1")).register_again
            assert scms.managers[heir].safe_mode()
            await scms.register(heir, "dn1")
            await scms.heartbeat(heir, "dn1", report(container, 5), full=True)
            assert not scms.managers[heir].safe_mode()
            assert await allocated(scms, heir) == container

    run(scenario())


def test_node_that_was_silent_before_a_leader_changed_is_not_waited_for(tmp_path: Path) -> None:
    """Nor is it held for healthy again: the heir has listened all the time."""

    async def scenario() -> None:
        async with three(tmp_path) as scms:
            await scms.join("dn1")
            await scms.join("dn2")
            for manager in scms.managers.values():
                nodes = manager._nodes
                report_of_gone = nodes.report("dn2")
                assert report_of_gone is not None
                report_of_gone.heard_ms -= CONFIG.dead_after_ms
            await scms.fall(await scms.leader())
            heir = await scms.leader()
            request = scm.DescribeScmRequest()
            reply = await scms.client(heir).call(request, scm.DescribeScmReply)
            healths = {each.node.node_id: each.health for each in reply.nodes}
            assert healths == {"dn1": scm.HEALTHY, "dn2": scm.DEAD}
            assert await allocated(scms, heir)

    run(scenario())


def test_new_leader_forgets_what_a_node_had_that_was_removed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with three(tmp_path) as scms:
            await scms.join("dn1")
            await scms.join("dn2")
            leader = await scms.leader()
            request = scm.AllocateBlocksRequest(count=1, block_bytes_max=10)
            reply = await scms.client(leader).allocate_blocks(request)
            container, [member] = reply.blocks.container, reply.pipeline.datanodes
            [removed] = {"dn1", "dn2"} - {member.node_id}
            replica = report(container, 5)
            replica.pipeline_id = reply.pipeline.pipeline_id
            for number in scms.managers:
                for node_id in ("dn1", "dn2"):
                    await scms.heartbeat(number, node_id, replica)
            command = scm.RemoveNode(node_id=removed, rows_max=1)
            await scms.managers[leader].executor.execute(command)
            await scms.fall(leader)
            heir = await scms.leader()
            await scms.heartbeat(heir, member.node_id)
            [location] = await scms.client(heir).locate([container])
            assert [each.datanode.node_id for each in location.replicas] == [member.node_id]

    run(scenario())


def test_scm_that_knows_nothing_of_a_container_asks_the_group(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with three(tmp_path) as scms:
            leader = await scms.leader()
            # Only the leader was told of the node, and nobody of the container.
            await scms.register(leader, "dn1")
            await scms.heartbeat(leader, "dn1", full=True)
            await scms.heartbeat(leader, "dn1")
            request = scm.AllocateBlocksRequest(count=1, block_bytes_max=10)
            container = (
                await scms.client(await scms.leader()).allocate_blocks(request)
            ).blocks.container
            for number in scms.managers:
                located = await scms.client(number).locate([container, 4_711])
                assert [each.container_id for each in located] == [container]
                [replica] = located[0].replicas
                assert replica.datanode.node_id == "dn1"

    run(scenario())
