"""What the log of a node says of ports that anybody may use."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.store_process import StoreProcess, environment, wait_until

RISK = "anyone who can connect may do anything"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.mark.parametrize("role", ["om", "scm", "datanode", "gateway"])
def test_role_without_tls_says_who_may_use_its_ports(tmp_path: Path, role: str) -> None:
    told = {
        "O3_CLUSTER__ID": "c1",
        "O3_OM__PEERS": f"om1=127.0.0.1:{free_port()}",
        "O3_SCM__PEERS": f"scm1=127.0.0.1:{free_port()}",
        "O3_DATANODE__ADDRESS": f"127.0.0.1:{free_port()}",
    }
    ports = ["--admin-port", "0", *(("--port", "0") if role == "gateway" else ())]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "trioxygen.cli.main", role),
                *("--data", str(tmp_path / "data"), *ports),
            ],
            env=environment(told),
            stdout=subprocess.DEVNULL,
            stderr=output,
        )
    try:
        wait_until(lambda: RISK in log.read_text() or process.poll() is not None)
        [line] = [one for one in log.read_text().splitlines() if RISK in one]
        assert " WARNING " in line and "started_without_tls" in line and f"role={role}" in line
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, log.read_text()


def test_store_in_one_process_has_no_such_port(tmp_path: Path) -> None:
    store = StoreProcess(tmp_path)
    try:
        store.start().stop()
    finally:
        store.discard()
    assert RISK not in store.log_text() and "WARNING" not in store.log_text()
