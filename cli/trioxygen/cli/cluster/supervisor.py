"""The node processes of a local cluster. It restarts nothing unless it is told to."""

import asyncio
import itertools
import shlex
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trioxygen.cli.cluster.layout import CONFIG_FILE, Layout, LocalNode, with_node, write_layout
from trioxygen.cli.cluster.node import NodeProcess
from trioxygen.cli.config.reading import load
from trioxygen.cli.config.roles import GROUPS
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.replication import RATIS_THREE
from trioxygen.common.runtime import Runtime
from trioxygen.common.tokens import random_token

if TYPE_CHECKING:
    from trioxygen.cli.client.group import GroupClient

_READY_SECONDS_MAX: Final = 120.0
_STOP_SECONDS_MAX: Final = 45.0
_ACCESS_KEY_LENGTH: Final = 18
_SECRET_KEY_LENGTH: Final = 40
# Requests flow from the first to the last: those who ask stop first.
_STOP_ORDER: Final = ("gateway", "datanode", "om", "scm")
SIGNALS: Final = ("KILL", "TERM", "STOP", "CONT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStart:
    """Attributes:
    counts: nodes of each role of a new cluster; None: as many as usual, or as there are.
    environment: of the nodes.
    tell: takes the lines for the user.
    """

    folder: Path
    host: str
    counts: Mapping[str, int | None]
    environment: Mapping[str, str]
    tell: Callable[[str], None]


class Supervisor:
    """The node processes of one folder."""

    def __init__(self, start: ClusterStart, runtime: Runtime, layout: Layout) -> None:
        self._start, self._runtime, self.layout = start, runtime, layout
        self.processes = {node.id: self._process(node) for node in layout.nodes}
        self._keys: tuple[str, str] | None = None
        # Nodes come and go one at a time.
        self._changing = asyncio.Lock()
        self._is_stopping = False

    def _process(self, node: LocalNode) -> NodeProcess:
        return NodeProcess(self._start.folder, node, self._runtime.tasks, self._node_ended)

    def _node_ended(self, process: NodeProcess) -> None:
        self._start.tell(
            f"{process.node.id} ended with code {process.exit_code}: {process.log_tail()}"
        )

    async def start(self) -> None:
        """Returns when all are ready. Raises CommandFailed."""
        keys = self._first_keys()
        for process in self.processes.values():
            await self._start_node(process.node, keys)
        # What the first to fail says counts: the ends of others only follow.
        await self._runtime.tasks.run_all(
            process.until_ready(_READY_SECONDS_MAX) for process in self.processes.values()
        )
        if not self.layout.has_keys:
            self._keys = keys
            self._remember(replace(self.layout, has_keys=True))

    def _first_keys(self) -> tuple[str, str]:
        rng = self._runtime.rng
        return f"O3{random_token(rng, _ACCESS_KEY_LENGTH)}", random_token(rng, _SECRET_KEY_LENGTH)

    async def _start_node(self, node: LocalNode, keys: tuple[str, str] | None = None) -> None:
        if self._is_stopping:
            raise CommandFailed(Exit.REFUSED, "the cluster is being stopped")
        environment = dict(self._start.environment)
        first_gateway = self.layout.of("gateway")[:1] == [node]
        needs_keys = first_gateway and not self.layout.has_keys
        if keys is not None and needs_keys and "O3_ACCESS_KEY" not in environment:
            environment |= {"O3_ACCESS_KEY": keys[0], "O3_SECRET_KEY": keys[1]}
        await self.processes[node.id].start(self.layout, environment)

    def _remember(self, layout: Layout) -> None:
        self.layout = layout
        write_layout(self._runtime.disk, self._start.folder, layout)

    def tell_endpoints(self) -> None:
        tell, layout = self._start.tell, self.layout
        for node in layout.nodes:
            admin = f"http://127.0.0.1:{node.admin_port}"
            tell(f"{node.id:<6} {layout.address(node):<22} admin {admin}")
        tell(f"data:       {self._start.folder}")
        if layout.missing_replicas_max:
            replicas = RATIS_THREE.members - layout.missing_replicas_max
            tell(f"replicas:   as few as {replicas} of an object, for want of DataNodes at first")
        gateways = [f"http://{layout.address(node)}" for node in layout.of("gateway")]
        for url in gateways:
            tell(f"endpoint:   {url}")
        if self._keys is not None and "O3_ACCESS_KEY" not in self._start.environment:
            access_key, secret_key = self._keys
            tell(f"access key: {access_key}")
            tell(f"secret key: {secret_key}")
            first = self._start.folder / layout.of("gateway")[0].id
            tell(f"            (shown this once; 'o3 key create --data {first}' makes more)")
            tell(f"export AWS_ACCESS_KEY_ID={shlex.quote(access_key)}")
            tell(f"export AWS_SECRET_ACCESS_KEY={shlex.quote(secret_key)}")
            tell("export AWS_DEFAULT_REGION=us-east-1")
        for url in gateways:
            tell(f"aws --endpoint-url {url} s3 ls")
        tell("ready")

    async def stop(self) -> None:
        """All nodes, those who ask before those who answer."""
        self._is_stopping = True
        for role in _STOP_ORDER:
            members = [each for each in self.processes.values() if each.node.role == role]
            await self._runtime.tasks.run_all(each.stop(_STOP_SECONDS_MAX) for each in members)

    def end_at_once(self) -> None:
        """No node outlives its supervisor."""
        for process in self.processes.values():
            process.end_at_once()

    def status(self) -> list[dict[str, Any]]:
        layout = self.layout
        return [
            {
                "id": node.id,
                "role": node.role,
                "state": self.processes[node.id].state,
                "pid": self.processes[node.id].pid,
                "address": layout.address(node),
                "admin": f"http://127.0.0.1:{node.admin_port}",
            }
            for node in layout.nodes
        ]

    async def kill(self, node_id: str, signal: str) -> str:
        """Args: signal: without its SIG. Returns: what was done, for people."""
        process = self._process_of(node_id)
        if signal not in SIGNALS:
            raise CommandFailed(Exit.USAGE, f"'{signal}' is none of {', '.join(SIGNALS)}")
        process.kill(signal)
        if signal in ("KILL", "TERM"):
            await process.wait()
        return f"sent SIG{signal} to {node_id}"

    async def restart(self, node_id: str) -> str:
        """Others may be restarted meanwhile: of a group that is down, no member is ready alone."""
        process = self._process_of(node_id)
        async with process.busy:
            if self.processes.get(node_id) is not process:
                raise CommandFailed(Exit.REFUSED, f"{node_id} was removed meanwhile")
            await process.stop(_STOP_SECONDS_MAX)
            await self._start_node(process.node)
            await process.until_ready(_READY_SECONDS_MAX)
        return f"restarted {node_id}, pid {process.pid}"

    def _process_of(self, node_id: str) -> NodeProcess:
        return self.processes[self.layout.node(node_id).id]

    async def add(self, role: str) -> str:
        """A new node. Of a group, its leader is told first, so that it lets the node join."""
        async with self._changing:
            return await self._add(role)

    async def _add(self, role: str) -> str:
        layout = with_node(self.layout, self._runtime.rng, role)
        node = layout.nodes[-1]
        if role in GROUPS:  # members come and go by a change of their configuration
            address = layout.address(node)
            await self._of_group(role, lambda client: client.add(node.id, address))
        self._remember(layout)
        process = self.processes[node.id] = self._process(node)
        async with process.busy:
            await self._start_node(node)
            await process.until_ready(_READY_SECONDS_MAX)
        return f"{node.id} runs on {layout.address(node)}"

    async def _of_group(
        self, role: str, ask: "Callable[[GroupClient], Coroutine[Any, Any, Any]]"
    ) -> None:
        """Raises CommandFailed."""
        from trioxygen.cli.client.group import GroupClient

        config = load(self._start.folder / CONFIG_FILE, {}, self._start.environment)
        client = GroupClient(config, role)
        try:
            await ask(client)
        except TrioxygenError as error:
            raise CommandFailed(Exit.REFUSED, str(error)) from error
        finally:
            await client.close()

    async def _check_is_forgotten(self, process: NodeProcess) -> None:
        """A DataNode goes when the SCM needs it no more. Raises CommandFailed."""
        from trioxygen.cli.client.datanodes import known_datanodes

        node_id = process.node.id
        config = load(self._start.folder / CONFIG_FILE, {}, self._start.environment)
        try:
            known = await known_datanodes(config)
        except TrioxygenError as error:
            raise CommandFailed(Exit.REFUSED, str(error)) from error
        if node_id in known:
            raise CommandFailed(
                Exit.REFUSED,
                f"{node_id} may hold blocks: first 'o3 admin datanode decommission {node_id} "
                f"--wait', then 'o3 cluster kill {node_id}' and 'o3 admin datanode remove "
                f"{node_id}'",
            )

    async def remove(self, node_id: str) -> str:
        """Out of its group, then ended for good; its folder stays, under a name that no later node
        will have: what is in it belongs to a member that is no more.

        Args: node_id: or a role, for its youngest node."""
        async with self._changing:
            return await self._remove(node_id)

    async def _remove(self, node_id: str) -> str:
        if members := self.layout.of(node_id):
            node_id = members[-1].id
        process = self._process_of(node_id)
        node = process.node
        if len(self.layout.of(node.role)) == 1:
            raise CommandFailed(Exit.REFUSED, f"{node.id} is the only {node.role}")
        if node.role in GROUPS:
            await self._of_group(node.role, lambda client: client.remove(node.id))
        elif node.role == "datanode":
            await self._check_is_forgotten(process)
        async with process.busy:
            await process.stop(_STOP_SECONDS_MAX)
            del self.processes[node.id]
        left = tuple(other for other in self.layout.nodes if other != node)
        self._remember(replace(self.layout, nodes=left))
        disk, folder = self._runtime.disk, self._start.folder
        numbers = (folder / f"{node.id}.removed-{number}" for number in itertools.count(1))
        kept = next(path for path in numbers if not disk.exists(path))
        disk.rename(folder / node.id, kept)
        return f"{node.id} is out; what it had is in {kept.name}"
