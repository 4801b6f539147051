"""Commands to a local cluster's supervisor that meet: what waits for one node holds up no other."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trioxygen.cli.cluster.control import ControlPort
from trioxygen.cli.cluster.layout import CONTROL_FILE, Layout, LocalNode
from trioxygen.cli.cluster.node import NodeProcess
from trioxygen.cli.cluster.supervisor import ClusterStart, Supervisor
from trioxygen.cli.exits import CommandFailed
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime

SCMS = tuple(LocalNode(f"scm{n}", "scm", port=n, admin_port=10 + n) for n in (1, 2, 3))


class Majority:
    """Of members that run."""

    def __init__(self) -> None:
        self.running, self.stopped = set[str](), list[str]()
        self.is_begun, self.is_there = asyncio.Event(), asyncio.Event()


class Member(NodeProcess):
    """Without a process: ready when two of them run."""

    group: Majority

    async def start(self, layout: Layout, environment: dict[str, str]) -> None:
        assert self.node.id not in self.group.running, "runs already"
        self.group.running.add(self.node.id)
        self.group.is_begun.set()
        if len(self.group.running) == 2:
            self.group.is_there.set()

    async def until_ready(self, seconds_max: float) -> None:
        await self.group.is_there.wait()

    async def stop(self, seconds_max: float) -> None:
        self.group.running.discard(self.node.id)
        self.group.stopped.append(self.node.id)


class SupervisorOfMembers(Supervisor):
    def __init__(
        self, start: ClusterStart, runtime: Runtime, layout: Layout, group: Majority
    ) -> None:
        self._group = group
        super().__init__(start, runtime, layout)

    def _process(self, node: LocalNode) -> NodeProcess:
        member = Member(self._start.folder, node, self._runtime.tasks, lambda process: None)
        member.group = self._group
        return member


async def asked(endpoint: dict[str, Any], **request: str) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint["port"])
    try:
        line = json.dumps({"token": endpoint["token"], **request})
        writer.write(f"{line}\n".encode())
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()


@dataclass(frozen=True)
class Cluster:
    """Of SCMs without processes."""

    start: ClusterStart
    runtime: Runtime
    supervisor: SupervisorOfMembers
    majority: Majority


@asynccontextmanager
async def cluster_in(folder: Path) -> AsyncIterator[Cluster]:
    runtime, majority = system_runtime(LocalNetwork()), Majority()
    start = ClusterStart(
        folder=folder, host="127.0.0.1", counts={}, environment={}, tell=lambda line: None
    )
    layout = Layout("test", "127.0.0.1", SCMS)
    try:
        yield Cluster(
            start, runtime, SupervisorOfMembers(start, runtime, layout, majority), majority
        )
    finally:
        await runtime.stop()


def test_members_of_a_group_that_is_down_are_restarted_together(tmp_path: Path) -> None:
    asyncio.run(restarted_together(tmp_path))


async def restarted_together(folder: Path) -> None:
    async with cluster_in(folder) as cluster, asyncio.timeout(30):
        port = ControlPort(cluster.start, cluster.runtime, cluster.supervisor)
        await port.open()
        endpoint = json.loads(cluster.runtime.disk.read(folder / CONTROL_FILE))
        try:
            first = asyncio.ensure_future(asked(endpoint, command="restart", node="scm1"))
            await cluster.majority.is_begun.wait()
            # It waits for another one: which nodes there are is told meanwhile, too.
            status = await asked(endpoint, command="status")
            assert [node["id"] for node in status["nodes"]] == ["scm1", "scm2", "scm3"]
            assert "message" in await asked(endpoint, command="restart", node="scm2")
            assert "message" in await first
        finally:
            port.close()


def test_node_that_is_being_added_is_restarted_when_it_is_ready(tmp_path: Path) -> None:
    asyncio.run(restarted_while_it_is_added(tmp_path))


async def restarted_while_it_is_added(folder: Path) -> None:
    async with cluster_in(folder) as cluster, asyncio.timeout(30):
        supervisor, majority = cluster.supervisor, cluster.majority
        added = asyncio.ensure_future(supervisor.add("datanode"))
        await majority.is_begun.wait()
        restarted = asyncio.ensure_future(supervisor.restart("dn1"))
        await asyncio.sleep(0)
        assert majority.running == {"dn1"} and not majority.stopped
        await supervisor.restart("scm1")
        assert (await added).startswith("dn1 runs")
        assert (await restarted).startswith("restarted dn1") and majority.stopped == ["scm1", "dn1"]


def test_nothing_is_started_while_the_cluster_stops(tmp_path: Path) -> None:
    asyncio.run(restarted_while_all_stop(tmp_path))


async def restarted_while_all_stop(folder: Path) -> None:
    async with cluster_in(folder) as cluster, asyncio.timeout(30):
        await cluster.supervisor.stop()
        with pytest.raises(CommandFailed, match="is being stopped"):
            await cluster.supervisor.restart("scm1")
        assert not cluster.majority.running
