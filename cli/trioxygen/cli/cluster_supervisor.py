"""`o3 cluster up`: a local cluster of processes, until SIGTERM or Ctrl-C. It restarts nothing
unless the other `o3 cluster` commands tell it to, through its control port."""

import asyncio
import hmac
import itertools
import json
import shlex
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trioxygen.cli.cluster_layout import (
    CONFIG_FILE,
    CONTROL_FILE,
    Layout,
    LocalNode,
    new_layout,
    read_layout,
    with_node,
    write_layout,
)
from trioxygen.cli.cluster_node import NodeProcess
from trioxygen.cli.config import load
from trioxygen.cli.exits import CommandFailed, Exit, reason_of
from trioxygen.cli.process import TOKEN_LENGTH, stop_at_signal
from trioxygen.common.errors import NoSpace, TrioxygenError
from trioxygen.common.ids import random_token
from trioxygen.common.network_local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime

if TYPE_CHECKING:
    from trioxygen.cli.group_client import GroupClient

_LINE_BYTES_MAX: Final = 64 * 1_024
_READY_SECONDS_MAX: Final = 120.0
_STOP_SECONDS_MAX: Final = 45.0
# Requests flow from the first to the last: those who ask stop first.
_STOP_ORDER: Final = ("gateway", "datanode", "om", "scm")
SIGNALS: Final = ("KILL", "TERM", "STOP", "CONT")
# Of the groups, whose members come and go by a change of their configuration.
GROUPS: Final = ("om", "scm")


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


_COUNTS: Final = {"om": 3, "scm": 3, "datanode": 3, "gateway": 2}


def run_cluster(start: ClusterStart) -> None:
    """Returns when a signal has stopped it. Raises CommandFailed."""
    try:
        asyncio.run(_run(start))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        told = f"{reason_of(error)}{where}"
        raise CommandFailed(
            Exit.DATA_FOLDER, f"cannot use folder {start.folder}: {told}"
        ) from error
    except NoSpace as error:
        told = f"cannot use folder {start.folder}: {error}: free some space"
        raise CommandFailed(Exit.DATA_FOLDER, told) from error


async def _run(start: ClusterStart) -> None:
    runtime = system_runtime(LocalNetwork())
    disk, folder = runtime.disk, start.folder
    stopping = stop_at_signal()
    try:
        disk.make_directory(folder)
        lock = disk.lock(folder / "lock")
    except OSError as error:
        reason = reason_of(error)
        raise CommandFailed(
            Exit.DATA_FOLDER, f"cannot use folder {folder}: {reason}: choose one with --data"
        ) from error
    if lock is None:
        raise CommandFailed(Exit.DATA_FOLDER, f"a cluster runs on {folder} already")
    try:
        supervisor = Supervisor(start, runtime, _layout(start, runtime))
        try:
            if await supervisor.start(stopping):
                await stopping.wait()
        finally:
            await supervisor.stop()
    finally:
        lock.release()
        await runtime.stop()


def _layout(start: ClusterStart, runtime: Runtime) -> Layout:
    found = read_layout(runtime.disk, start.folder)
    if found is None:
        counts = {role: start.counts.get(role) or count for role, count in _COUNTS.items()}
        found = new_layout(runtime.rng, start.host, counts)
    for role, count in start.counts.items():
        if count is not None and count != len(found.of(role)):
            raise CommandFailed(
                Exit.USAGE,
                f"{start.folder} has {len(found.of(role))} of role {role}, not {count}: leave the "
                "option out, or use 'o3 cluster add' and 'remove'",
            )
    write_layout(runtime.disk, start.folder, found)
    return found


async def _first_failure(waits: Iterable[Coroutine[None, None, None]]) -> None:
    """Waits for all, and raises what the first to fail raises: the ends of others only follow."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        for done in asyncio.as_completed(tasks):
            await done
    finally:
        for task in tasks:
            task.cancel()
        # The others' failures are taken, too: nobody wants to hear of them.
        await asyncio.gather(*tasks, return_exceptions=True)


class Supervisor:
    """The node processes of one folder, and the control port."""

    def __init__(self, start: ClusterStart, runtime: Runtime, layout: Layout) -> None:
        self._start, self._runtime, self.layout = start, runtime, layout
        self._token = random_token(runtime.rng, TOKEN_LENGTH)
        self.processes = {
            node.id: NodeProcess(start.folder, node, self._node_ended) for node in layout.nodes
        }
        self._server: asyncio.Server | None = None
        # One command at a time.
        self._busy = asyncio.Lock()
        self._keys: tuple[str, str] | None = None

    def _node_ended(self, process: NodeProcess) -> None:
        self._start.tell(
            f"{process.node.id} ended with code {process.exit_code}: {process.log_tail()}"
        )

    async def start(self, stopping: asyncio.Event) -> bool:
        """Whether all came up before a stop was asked for. Raises CommandFailed."""
        coming = asyncio.create_task(self._start_all())
        waiting = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait((coming, waiting), return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return False
            coming.result()
        finally:
            coming.cancel()
            waiting.cancel()
            await asyncio.wait((coming, waiting))
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=_LINE_BYTES_MAX
        )
        port = self._server.sockets[0].getsockname()[1]
        told = json.dumps({"port": port, "token": self._token})
        self._runtime.disk.replace(self._start.folder / CONTROL_FILE, f"{told}\n".encode())
        self._tell_endpoints()
        return True

    async def _start_all(self) -> None:
        keys = self._first_keys()
        for process in self.processes.values():
            await self._start_node(process.node, keys)
        await _first_failure(
            process.until_ready(_READY_SECONDS_MAX) for process in self.processes.values()
        )
        if not self.layout.has_keys:
            self._keys = keys
            self._remember(replace(self.layout, has_keys=True))

    def _first_keys(self) -> tuple[str, str]:
        rng = self._runtime.rng
        return f"O3{random_token(rng, 18)}", random_token(rng, TOKEN_LENGTH)

    async def _start_node(self, node: LocalNode, keys: tuple[str, str] | None = None) -> None:
        environment = dict(self._start.environment)
        first_gateway = self.layout.of("gateway")[:1] == [node]
        needs_keys = first_gateway and not self.layout.has_keys
        if keys is not None and needs_keys and "O3_ACCESS_KEY" not in environment:
            environment |= {"O3_ACCESS_KEY": keys[0], "O3_SECRET_KEY": keys[1]}
        await self.processes[node.id].start(self.layout, environment)

    def _remember(self, layout: Layout) -> None:
        self.layout = layout
        write_layout(self._runtime.disk, self._start.folder, layout)

    def _tell_endpoints(self) -> None:
        tell, layout = self._start.tell, self.layout
        for node in layout.nodes:
            admin = f"http://127.0.0.1:{node.admin_port}"
            tell(f"{node.id:<6} {layout.address(node):<22} admin {admin}")
        tell(f"data:       {self._start.folder}")
        gateways = [f"http://{layout.address(node)}" for node in layout.of("gateway")]
        for url in gateways:
            tell(f"endpoint:   {url}")
        if self._keys is not None and "O3_ACCESS_KEY" not in self._start.environment:
            access_key, secret_key = self._keys
            tell(f"access key: {access_key}")
            tell(f"secret key: {secret_key}")
            tell("            (shown this once; 'o3 key create' makes more)")
            tell(f"export AWS_ACCESS_KEY_ID={shlex.quote(access_key)}")
            tell(f"export AWS_SECRET_ACCESS_KEY={shlex.quote(secret_key)}")
            tell("export AWS_DEFAULT_REGION=us-east-1")
        for url in gateways:
            tell(f"aws --endpoint-url {url} s3 ls")
        tell("ready")

    async def stop(self) -> None:
        """All nodes, those who ask before those who answer."""
        if self._server is not None:
            self._server.close()
            self._runtime.disk.remove(self._start.folder / CONTROL_FILE)
        for role in _STOP_ORDER:
            members = [one for one in self.processes.values() if one.node.role == role]
            await asyncio.gather(*(one.stop(_STOP_SECONDS_MAX) for one in members))

    # ---- the control port: one line of JSON each way ----

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            if not hmac.compare_digest(str(request.pop("token", "")), self._token):
                return
            writer.write(json.dumps(await self._answer(request)).encode() + b"\n")
            await writer.drain()
        except (ValueError, TypeError, RecursionError, ConnectionError, AttributeError) as error:
            self._start.tell(f"a request to the control port failed: {error}")
        finally:
            writer.close()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._busy:
                return await self._do(**request)
        except CommandFailed as failure:
            return {"code": int(failure.code), "error": str(failure)}

    async def _do(
        self, command: str, node: str = "", role: str = "", signal: str = "KILL"
    ) -> dict[str, Any]:
        if command == "status":
            return {"nodes": self.status()}
        if command == "add":
            return await self._add(role)
        if command == "remove" and (members := self.layout.of(node)):
            node = members[-1].id  # a role stands for its youngest node
        process = self.processes[self.layout.node(node).id]
        if command == "kill":
            if signal not in SIGNALS:
                raise CommandFailed(Exit.USAGE, f"'{signal}' is none of {', '.join(SIGNALS)}")
            process.kill(signal)
            if signal in ("KILL", "TERM"):
                await process.wait()
            return {"told": f"sent SIG{signal} to {node}"}
        if command == "restart":
            await process.stop(_STOP_SECONDS_MAX)
            await self._start_node(process.node)
            await process.until_ready(_READY_SECONDS_MAX)
            return {"told": f"restarted {node}, pid {process.pid}"}
        if command == "remove":
            return await self._remove(process)
        raise CommandFailed(Exit.USAGE, f"unknown command '{command}'")

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

    async def _add(self, role: str) -> dict[str, Any]:
        """A new node. Of a group, its leader is told first, so that it lets the node join."""
        layout = with_node(self.layout, self._runtime.rng, role)
        node = layout.nodes[-1]
        if role in GROUPS:
            address = layout.address(node)
            await self._of_group(role, lambda client: client.add(node.id, address))
        self._remember(layout)
        self.processes[node.id] = NodeProcess(self._start.folder, node, self._node_ended)
        await self._start_node(node)
        await self.processes[node.id].until_ready(_READY_SECONDS_MAX)
        return {"told": f"{node.id} runs on {layout.address(node)}"}

    async def _of_group(
        self, role: str, ask: "Callable[[GroupClient], Coroutine[Any, Any, Any]]"
    ) -> None:
        """Raises CommandFailed."""
        from trioxygen.cli.group_client import GroupClient

        config = load(self._start.folder / CONFIG_FILE, {}, self._start.environment)
        client = GroupClient(config, role)
        try:
            await ask(client)
        except TrioxygenError as error:
            raise CommandFailed(Exit.REFUSED, str(error)) from error
        finally:
            await client.close()

    async def _remove(self, process: NodeProcess) -> dict[str, Any]:
        """Out of its group, then ended for good; its folder stays, under a name that no later node
        will have: what is in it belongs to a member that is no more."""
        node = process.node
        if len(self.layout.of(node.role)) == 1:
            raise CommandFailed(Exit.REFUSED, f"{node.id} is the only {node.role}")
        if node.role in GROUPS:
            await self._of_group(node.role, lambda client: client.remove(node.id))
        elif node.role == "datanode":
            raise CommandFailed(
                Exit.REFUSED, f"{node.id} holds blocks: DataNodes cannot be removed yet"
            )
        await process.stop(_STOP_SECONDS_MAX)
        del self.processes[node.id]
        left = tuple(one for one in self.layout.nodes if one != node)
        self._remember(replace(self.layout, nodes=left))
        disk, folder = self._runtime.disk, self._start.folder
        numbers = (folder / f"{node.id}.removed-{number}" for number in itertools.count(1))
        kept = next(path for path in numbers if not disk.exists(path))
        disk.rename(folder / node.id, kept)
        return {"told": f"{node.id} is out; what it had is in {kept.name}"}
