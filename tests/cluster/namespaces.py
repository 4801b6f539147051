"""A cluster whose nodes have network namespaces of their own, so that the way between two of them
can be cut as a network cuts it: packets vanish, and nobody is told. Needs root and iproute2."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.cluster.groups import wait_for_all, wait_for_leader
from tests.integration.endpoint import Endpoint
from tests.integration.store_process import ADMIN, OTHER, environment, wait_until

NODES: Final = ("om1", "om2", "om3", "scm1", "scm2", "scm3", "dn1", "gw1", "gw2")
_ROLES: Final = {"om": "om", "scm": "scm", "dn": "datanode", "gw": "gateway"}
_PORT: Final = 9_000
_READY_SECONDS_MAX: Final = 120
_STOP_SECONDS_MAX: Final = 60
_BLOCKED, _FORWARDING = "0", "3"


def why_not() -> str:
    """Empty: namespaces can be made here."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None or shutil.which("bridge") is None:
        return "no `ip` and `bridge`: install iproute2"
    name = f"o3-{secrets.token_hex(3)}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return "this machine lets nobody make network namespaces"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return ""


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)


class NamespacedCluster:
    """Three OMs, three SCMs, a DataNode and two gateways, each an `o3 ROLE --config FILE` in its
    namespace; all on one bridge, which this process is on as well."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.config_file = folder / "cluster.toml"
        # Names and addresses that no other cluster of this machine has.
        self._name = f"o3{secrets.token_hex(3)}"
        self._subnet = f"10.{64 + secrets.randbelow(64)}.{secrets.randbelow(256)}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def address(self, node: str) -> str:
        return f"{self._subnet}.{1 + NODES.index(node)}"

    def _namespace(self, node: str) -> str:
        return f"{self._name}{node}"

    def _port_of_bridge(self, node: str) -> str:
        return f"{self._name}v{node}"

    def start(self) -> "NamespacedCluster":
        """Returns when every node is ready."""
        _run("ip", "link", "add", "name", self._name, "type", "bridge")
        _run("ip", "address", "add", f"{self._subnet}.254/24", "dev", self._name)
        _run("ip", "link", "set", self._name, "up")
        for node in NODES:
            self._connect(node)
        self._write_config()
        for node in NODES:
            self._start_node(node)
        wait_until(
            lambda: all("ready\n" in self._out(node).read_text() for node in NODES),
            seconds_max=_READY_SECONDS_MAX,
            output=self.logs,
        )
        return self

    def _connect(self, node: str) -> None:
        namespace, port = self._namespace(node), self._port_of_bridge(node)
        _run("ip", "netns", "add", namespace)
        inside = ("ip", "-n", namespace)
        _run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _run("ip", "link", "set", port, "master", self._name, "up")
        _run(*inside, "address", "add", f"{self.address(node)}/24", "dev", "eth0")
        _run(*inside, "link", "set", "eth0", "up")
        _run(*inside, "link", "set", "lo", "up")

    def _write_config(self) -> None:
        lines = ["[cluster]", f'id = "{self._name}"', "[s3]", 'host = "0.0.0.0"']
        lines += [f"port = {_PORT}"]
        lines += ["[encryption]", f'keyring_file = "{self._folder / "keyring"}"']
        lines += ["[storage]", f"reserved_bytes = {16 << 20}"]
        # Three replicas on the one DataNode.
        lines += ["missing_replicas_max = 2"]
        for group in ("om", "scm"):
            peers = [
                f'{{ id = "{node}", address = "{self.address(node)}:{_PORT}" }}'
                for node in NODES
                if node.startswith(group)
            ]
            lines += [f"[{group}]", f"peers = [{', '.join(peers)}]"]
        self.config_file.write_text("\n".join(lines) + "\n")

    def _out(self, node: str) -> Path:
        return self._folder / f"{node}.out"

    def _start_node(self, node: str) -> None:
        role = _ROLES[node.rstrip("0123456789")]
        more = {"O3_ACCESS_KEY": ADMIN.access, "O3_SECRET_KEY": ADMIN.secret}
        if role == "datanode":
            more["O3_DATANODE__ADDRESS"] = f"{self.address(node)}:{_PORT}"
        with self._out(node).open("ab") as out, (self._folder / f"{node}.log").open("ab") as log:
            self._processes[node] = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self._namespace(node)),
                    *(sys.executable, "-m", "trioxygen.cli.main", role, "--id", node),
                    *("--config", str(self.config_file), "--data", str(self._folder / node)),
                    *("--admin-port", "0"),
                ],
                env=environment(more),
                stdout=out,
                stderr=log,
            )

    def endpoints(self) -> list[Endpoint]:
        gateways = [node for node in NODES if node.startswith("gw")]
        return [Endpoint(f"http://{self.address(node)}:{_PORT}", ADMIN, OTHER) for node in gateways]

    def leader(self, role: str, *, other_than: str = "") -> str:
        return wait_for_leader(self.config_file, role, other_than=other_than)

    def wait_for_all(self, role: str) -> str:
        return wait_for_all(self.config_file, role)

    # ---- faults ----

    def cut_off(self, node: str) -> None:
        """From everybody, in both directions."""
        _run("bridge", "link", "set", "dev", self._port_of_bridge(node), "state", _BLOCKED)

    def connect_again(self, node: str) -> None:
        _run("bridge", "link", "set", "dev", self._port_of_bridge(node), "state", _FORWARDING)

    def cut_one_way(self, source: str, targets: Sequence[str]) -> None:
        """What the one sends to the others vanishes; what they send arrives."""
        self._blackhole("add", source, targets)

    def heal_one_way(self, source: str, targets: Sequence[str]) -> None:
        self._blackhole("delete", source, targets)

    def _blackhole(self, change: str, source: str, targets: Sequence[str]) -> None:
        for target in targets:
            route = ("route", change, "blackhole", f"{self.address(target)}/32")
            _run("ip", "-n", self._namespace(source), *route)

    # ---- end ----

    def logs(self, lines_max: int = 25) -> str:
        output: list[str] = []
        for path in sorted(self._folder.glob("*.log")):
            output += [f"---- {path.name}", *path.read_text().splitlines()[-lines_max:]]
        return "\n".join(output)

    def discard(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        end = time.monotonic() + _STOP_SECONDS_MAX
        for process in self._processes.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for node in NODES:
            subprocess.run(["ip", "netns", "delete", self._namespace(node)], capture_output=True)
        subprocess.run(["ip", "link", "delete", self._name], capture_output=True)
