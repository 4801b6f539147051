"""A local cluster of real processes under `o3 cluster up`, with nodes that can be killed."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.cluster.groups import wait_for_all, wait_for_leader
from tests.cluster.ports import own_ports
from tests.integration.endpoint import Endpoint
from tests.integration.forked_command import run_command
from tests.integration.store_process import ADMIN, OTHER, environment, wait_until
from trioxygen.cli.client.admin import find
from trioxygen.cli.cluster.commands import control
from trioxygen.cli.cluster.layout import new_layout, write_layout
from trioxygen.cli.config.roles import ROLES
from trioxygen.cli.exits import CommandFailed
from trioxygen.common.system_disk import SystemDisk

# The supervisor gives each of four roles 45 seconds, one after the other.
_STOP_SECONDS_MAX: Final = 240
# Of one that a test did not stop, or that did not end when it did: it is killed then.
_DISCARD_SECONDS_MAX: Final = 30
_TAIL_LINES: Final = 25


class Cluster:
    """Ports are free ones that the supervisor chooses: several clusters run side by side.

    Args:
        config: sections of the configuration, as the environment gives them.
        counts: nodes of each role.
        variables: of the environment of all its processes.
    """

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, object] | None = None,
        counts: Mapping[str, int] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.data = folder / "cluster"
        self.config_file = self.data / "cluster.toml"
        self._log = folder / "supervisor.log"
        self._counts = {"oms": 3, "scms": 3, "datanodes": 1, "gateways": 2, **(counts or {})}
        self._environment = {
            f"O3_{name.replace('.', '__').upper()}": str(value)
            for name, value in (config or {}).items()
        }
        self._environment |= {"O3_ACCESS_KEY": ADMIN.access, "O3_SECRET_KEY": ADMIN.secret}
        self._environment |= variables or {}
        self._supervisor: subprocess.Popen[str] | None = None
        # Every process that a node ever had: whatever happens, none outlives the test.
        self._pids: set[int] = set()

    def lay_out(self) -> "Cluster":
        """Chooses nodes and ports, and starts nothing: folders of nodes may be made then."""
        roles = {role: self._counts[f"{role}s"] for role in ROLES}
        disk = SystemDisk()
        disk.make_directory(self.data)
        layout = new_layout(random.SystemRandom(), "127.0.0.1", roles, ports=own_ports())
        write_layout(disk, self.data, layout)
        return self

    def start(self, *, lays_out: bool = True, awaits_writes: bool = True) -> "Cluster":
        """Returns when every node is ready, and new blocks are placed on every DataNode.

        Args:
            lays_out: here, on ports of these tests; else `o3 cluster up` does.
            awaits_writes: False: nothing need be placed anywhere."""
        assert self._supervisor is None, "runs already"
        if lays_out and not self.data.exists():
            self.lay_out()
        counts = [f"--{name}={count}" for name, count in self._counts.items()]
        with self._log.open("a") as log:
            self._supervisor = subprocess.Popen(
                [
                    *(sys.executable, "-m", "trioxygen.cli.main", "cluster", "up"),
                    *("--data", str(self.data), *counts),
                ],
                env=environment(self._environment),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._supervisor.stdout is not None
        lines: list[str] = []
        for line in self._supervisor.stdout:
            lines.append(line)
            if line == "ready\n":
                self.nodes()
                if awaits_writes:
                    wait_until(self.uses_every_datanode, output=self.logs)
                return self
        raise AssertionError(f"no cluster: {''.join(lines)} {self._log.read_text()} {self.logs()}")

    def change_config(self, name: str, value: object | None) -> None:
        """Of the next start; None: what the cluster's own file says."""
        variable = f"O3_{name.replace('.', '__').upper()}"
        self._environment.pop(variable, None)
        if value is not None:
            self._environment[variable] = str(value)

    def uses_every_datanode(self) -> bool:
        """For new blocks; but for the full ones and the broken ones."""
        try:
            described = {node["node_id"]: node for node in self.status()["nodes"]}
        except CommandFailed:
            # Its OMs or SCMs may be choosing another leader.
            return False
        nodes = [described.get(name) for name in self.ids("datanode")]
        return all(
            node and (node["takes_new_data"] or node["volumes_full"] or node["volumes_failed"])
            for node in nodes
        )

    def nodes(self) -> dict[str, dict[str, Any]]:
        """By id: role, state, pid, address, admin."""
        actual = {node["id"]: node for node in control(self.data, command="status")["nodes"]}
        self._pids |= {node["pid"] for node in actual.values() if node["pid"]}
        return actual

    def ids(self, role: str) -> list[str]:
        return [node_id for node_id, node in self.nodes().items() if node["role"] == role]

    def kill(self, node: str, name: str = "KILL") -> None:
        """Sends a node's process a signal; returns when it has ended, if it is to end."""
        control(self.data, command="kill", node=node, signal=name)

    def pid(self, node: str) -> int:
        """For a signal at an exact time: the supervisor takes its time on a busy machine."""
        pid: int = self.nodes()[node]["pid"]
        return pid

    def restart(self, node: str) -> None:
        """SIGTERM if it runs; returns when it is ready."""
        control(self.data, command="restart", node=node)
        self.nodes()

    def leader(self, role: str, *, other_than: str = "") -> str:
        """Args: other_than: a node that may still believe that it leads."""
        return wait_for_leader(self.config_file, role, other_than=other_than)

    def make_leader(self, role: str, node: str) -> None:
        """It leads when this returns: a machine that stood still may have elected another."""

        def leads() -> bool:
            # Refused, perhaps, while another is elected.
            self._o3("admin", role, "transfer-leader", node)
            return self.leader(role) == node

        wait_until(leads)

    def wait_for_all(self, role: str) -> str:
        return wait_for_all(self.config_file, role)

    def endpoints(self) -> list[Endpoint]:
        """Of the gateways."""
        gateways = [node for node in self.nodes().values() if node["role"] == "gateway"]
        return [Endpoint(f"http://{node['address']}", ADMIN, OTHER) for node in gateways]

    def o3(self, *arguments: str, data: Path | None = None, code: int = 0) -> str:
        """Runs `o3 ... --data FOLDER`, by default the cluster's; what it printed, on standard error
        when it is to fail."""
        done = self._o3(*arguments, data=data)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        return done.stderr if code else done.stdout

    def _o3(self, *arguments: str, data: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return run_command(
            (*arguments, "--data", str(data or self.data)), environment({}), seconds_max=240
        )

    def status(self) -> dict[str, Any]:
        """As a gateway tells it: what `o3 status` shows."""
        parsed: dict[str, Any] = find(self.data / self.ids("gateway")[0], None).get("status")
        return parsed

    def log_text(self, node: str) -> str:
        return (self.data / "logs" / f"{node}.log").read_text(errors="replace")

    def logs(self) -> str:
        """The end of every node's log."""
        output: list[str] = []
        for path in sorted(self.data.glob("logs/*.log")):
            lines = path.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
            output += [f"---- {path.name}", *lines]
        return "\n".join(output)

    def check_logs(self) -> None:
        """No node has failed in a way that nobody planned."""
        for path in sorted(self.data.glob("logs/*.log")):
            text = path.read_text(errors="replace")
            for failure in ("Traceback", "tasks_left"):
                at = text.find(failure)
                assert at < 0, f"{path.name}: {text[max(0, at - 500) : at + 4_000]}"

    def kill_everything(self) -> None:
        """SIGKILL to all nodes at once; the supervisor goes as well."""
        assert self._supervisor is not None
        self.nodes()
        for pid in self._pids:
            _kill(pid)
        self.stop()

    def interrupt_twice(self) -> set[int]:
        """As who has no time to wait; the processes that there were."""
        assert self._supervisor is not None
        self.nodes()
        supervisor = self._supervisor
        for number in (signal.SIGINT, signal.SIGTERM):
            supervisor.send_signal(number)
        supervisor.communicate(timeout=_STOP_SECONDS_MAX)
        # Not before: `discard` ends one that did not end.
        self._supervisor = None
        assert supervisor.returncode == 128 + signal.SIGINT, supervisor.returncode
        return self._pids

    def stop(self) -> None:
        """SIGTERM; the supervisor stops the nodes in order."""
        assert self._supervisor is not None
        supervisor = self._supervisor
        supervisor.send_signal(signal.SIGTERM)
        output, _ = supervisor.communicate(timeout=_STOP_SECONDS_MAX)
        self._supervisor = None
        assert supervisor.returncode == 0, (supervisor.returncode, output, self._log.read_text())

    def discard(self) -> None:
        """The end of a test, whatever runs."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.send_signal(signal.SIGTERM)
            try:
                supervisor.communicate(timeout=_DISCARD_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                supervisor.communicate()
        for pid in self._pids:
            _kill(pid)


def _kill(pid: int) -> None:
    """A node; not another process that has got its number since."""
    with suppress(ProcessLookupError, FileNotFoundError):
        if b"trioxygen.cli.main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
