"""`o3 gateway --workers 2`: S3 on one port by two processes, one of which may die."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cluster import Cluster
from tests.integration.endpoint import Endpoint, read
from tests.integration.store_process import (
    ADMIN,
    OTHER,
    environment,
    runs,
    standing_still,
    wait_until,
)


class Gateway:
    """Two workers beside a cluster of one node of each role."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.data = folder / "gateway"
        self._log = folder / "gateway.log"
        arguments = [
            *(sys.executable, "-m", "trioxygen.cli.main", "gateway", "--workers", "2"),
            *("--config", str(cluster.config_file), "--data", str(self.data)),
            *("--port", "0", "--admin-port", "0"),
        ]
        keys = {"O3_ACCESS_KEY": ADMIN.access, "O3_SECRET_KEY": ADMIN.secret}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                arguments, env=environment(keys), stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", self.log_text()

    def log_text(self) -> str:
        return self._log.read_text()

    def endpoint_file(self, folder: str = ".") -> dict[str, Any]:
        """What a process says of itself in its folder."""
        try:
            output: dict[str, Any] = json.loads((self.data / folder / "endpoint.json").read_text())
        except FileNotFoundError:  # it starts
            return {}
        return output

    def workers(self) -> dict[str, int]:
        return {name: self.endpoint_file(name).get("pid", 0) for name in ("worker-1", "worker-2")}

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.endpoint_file()["s3"], ADMIN, OTHER)

    def requests_answered(self) -> list[float]:
        """By each worker, as its metrics tell."""
        counts: list[float] = []
        for url in self.endpoint_file()["workers"].split():
            with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
                lines = answer.read().decode().splitlines()
            output = [
                float(line.rsplit(" ", 1)[1])
                for line in lines
                if line.startswith("trioxygen_gateway_requests_total{")
            ]
            counts.append(sum(output))
        return counts

    def discard(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    counts = {"oms": 1, "scms": 1, "datanodes": 1, "gateways": 1}
    cluster = Cluster(tmp_path, {"storage.reserved_bytes": 16 << 20}, counts)
    made: list[Gateway] = []
    try:
        made.append(Gateway(cluster.start(), tmp_path))
        yield made[0]
    finally:
        for each in made:
            each.discard()
        cluster.discard()


def test_two_workers_serve_s3_on_one_port_and_one_that_is_killed_is_replaced(
    gateway: Gateway,
) -> None:
    with gateway.endpoint.client() as s3:
        s3.create_bucket(Bucket="shared")

    def ask(number: int) -> None:
        # A connection of its own each time: who takes it is the system's choice.
        with gateway.endpoint.client() as s3:
            s3.put_object(Bucket="shared", Key=f"key-{number}", Body=b"of both")
            assert read(s3, "shared", f"key-{number}") == b"of both"

    workers = gateway.workers()
    for number, pid in enumerate(workers.values()):
        with standing_still(pid):
            ask(number)
    wait_until(lambda: all(gateway.requests_answered()))

    killed = workers["worker-1"]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not runs(killed))
    for number in range(10):
        ask(number)

    def replaced() -> bool:
        pid = gateway.workers()["worker-1"]
        if pid in (0, killed):
            return False
        with suppress(OSError):
            with urllib.request.urlopen(
                f"{gateway.endpoint_file()['workers'].split()[0]}/_health/ready", timeout=60
            ):
                return True
        return False

    wait_until(replaced, seconds_max=120, output=gateway.log_text)
    ask(0)

    gateway.process.send_signal(signal.SIGTERM)
    gateway.process.communicate(timeout=120)
    assert gateway.process.returncode == 0, gateway.log_text()
    assert "Traceback" not in gateway.log_text()
    assert "worker_died worker=1" in gateway.log_text()
