"""Runs `o3 cluster up` on an empty folder for the time of a run, and stops it again."""

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.accounting import Charged
from bench.local import STOP_TIMEOUT_SECONDS, ServerFailed
from trioxygen.cli.client.admin import AdminClient, find
from trioxygen.cli.cluster.commands import control
from trioxygen.cli.config.roles import ROLES
from trioxygen.cli.exits import CommandFailed

READY_TIMEOUT_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """How many processes of each role."""

    oms: int = 3
    scms: int = 3
    datanodes: int = 3
    gateways: int = 1


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """Attributes: endpoint: of the first gateway."""

    folder: Path
    endpoint: str
    access_key: str
    secret_key: str

    def nodes(self) -> list[dict[str, Any]]:
        """As `o3 cluster status --json` has them."""
        nodes: list[dict[str, Any]] = control(self.folder, command="status")["nodes"]
        return nodes

    def charged(self) -> Charged:
        """The processes that run now."""
        running = [node for node in self.nodes() if node["pid"]]
        return Charged(
            {role: [node["pid"] for node in running if node["role"] == role] for role in ROLES}
        )

    def kill(self, node_id: str) -> None:
        control(self.folder, command="kill", node=node_id, signal="KILL")

    def admin(self) -> AdminClient:
        """Of the first gateway."""
        return find(self.folder / "gw1", None)

    def folder_of(self, node_id: str) -> Path:
        return self.folder / node_id


def _wait_until_ready(process: "subprocess.Popen[str]", cluster: LocalCluster) -> LocalCluster:
    assert process.stdout is not None
    late = threading.Timer(READY_TIMEOUT_SECONDS, process.terminate)
    late.start()
    endpoints = list[str]()
    try:
        for line in process.stdout:
            if line.startswith("endpoint:"):
                endpoints.append(line.split()[1])
            if line == "ready\n":
                return LocalCluster(
                    cluster.folder, endpoints[0], cluster.access_key, cluster.secret_key
                )
    finally:
        late.cancel()
    raise ServerFailed(f"o3 cluster ended with exit code {process.wait()} before it was ready")


@contextmanager
def local_cluster(
    data_parent: Path | None, members: Members, settings: Mapping[str, str]
) -> Iterator[LocalCluster]:
    """Raises ServerFailed, CommandFailed. All in a new folder under `data_parent` (which decides
    the disk), deleted in the end.

    Args: settings: of all nodes, as environment variables (O3_SECTION__KEY).
    """
    keys = {"O3_ACCESS_KEY": "BENCHKEY", "O3_SECRET_KEY": secrets.token_hex(16)}
    with TemporaryDirectory(prefix="o3-bench-", dir=data_parent) as name:
        folder = Path(name) / "cluster"
        arguments = [
            *(str(Path(sys.executable).with_name("o3")), "cluster", "up", "--data", str(folder)),
            *("--oms", str(members.oms), "--scms", str(members.scms)),
            *("--datanodes", str(members.datanodes), "--gateways", str(members.gateways)),
        ]
        process = subprocess.Popen(
            arguments, env=os.environ | keys | dict(settings), stdout=subprocess.PIPE, text=True
        )
        started = LocalCluster(folder, "", keys["O3_ACCESS_KEY"], keys["O3_SECRET_KEY"])
        try:
            yield _wait_until_ready(process, started)
        except CommandFailed as error:
            raise ServerFailed(str(error)) from error
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                # The second signal ends all nodes at once.
                process.send_signal(signal.SIGTERM)
                process.wait()
