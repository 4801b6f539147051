"""Commands to a local cluster's supervisor that meet: what waits for one node holds up no other."""

import asyncio
import json
from pathlib import Path
from typing import Any

from trioxygen.cli.cluster.control import ControlPort
from trioxygen.cli.cluster.layout import CONTROL_FILE, Layout, LocalNode
from trioxygen.cli.cluster.node import NodeProcess
from trioxygen.cli.cluster.supervisor import ClusterStart, Supervisor
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime

SCMS = tuple(LocalNode(f"scm{n}", "scm", port=n, admin_port=10 + n) for n in (1, 2, 3))


class Majority:
    """Of members that run."""

    def __init__(self) -> None:
        self.running = set[str]()
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


class SupervisorOfMembers(Supervisor):
    def _process(self, node: LocalNode) -> NodeProcess:
        return Member(self._start.folder, node, self._runtime.tasks, lambda process: None)


async def asked(endpoint: dict[str, Any], **request: str) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint["port"])
    try:
        line = json.dumps({"token": endpoint["token"], **request})
        writer.write(f"{line}\n".encode())
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()


def test_members_of_a_group_that_is_down_are_restarted_together(tmp_path: Path) -> None:
    asyncio.run(restarted_together(tmp_path))


async def restarted_together(folder: Path) -> None:
    runtime = system_runtime(LocalNetwork())
    start = ClusterStart(
        folder=folder, host="127.0.0.1", counts={}, environment={}, tell=lambda line: None
    )
    supervisor = SupervisorOfMembers(start, runtime, Layout("test", "127.0.0.1", SCMS))
    majority = Majority()
    for process in supervisor.processes.values():
        assert isinstance(process, Member)
        process.group = majority
    port = ControlPort(start, runtime, supervisor)
    await port.open()
    endpoint = json.loads(runtime.disk.read(folder / CONTROL_FILE))
    try:
        async with asyncio.timeout(30):
            first = asyncio.ensure_future(asked(endpoint, command="restart", node="scm1"))
            await majority.is_begun.wait()
            # It waits for another one: which nodes there are is told meanwhile, too.
            status = await asked(endpoint, command="status")
            assert [node["id"] for node in status["nodes"]] == ["scm1", "scm2", "scm3"]
            assert "message" in await asked(endpoint, command="restart", node="scm2")
            assert "message" in await first
    finally:
        port.close()
        await runtime.stop()
