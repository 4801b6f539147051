"""What the log of a node says of ports that anybody may use."""

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.cluster.ports import own_ports
from tests.integration.process_memory import Memory
from tests.integration.store_process import StoreProcess, environment, wait_until

RISK = "anyone who can connect may do anything"


_given: set[int] = set()


def free_port() -> int:
    """For a process that will bind it later: one that no other run of tests takes meanwhile, and
    another each time."""
    while True:
        port = random.SystemRandom().choice(own_ports())
        if port in _given:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port


@contextmanager
def running(
    folder: Path, role: str, message: dict[str, str], ports: list[str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A node as a process of its own, and its log."""
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "trioxygen.cli.main", role),
                *("--data", str(folder / "data"), *ports),
            ],
            env=environment(message),
            stdout=subprocess.DEVNULL,
            stderr=output,
        )
    try:
        yield process, log
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, log.read_text()


@pytest.mark.parametrize("role", ["om", "scm", "datanode", "gateway"])
def test_role_without_tls_says_who_may_use_its_ports(tmp_path: Path, role: str) -> None:
    output = {
        "O3_CLUSTER__ID": "c1",
        "O3_OM__PEERS": f"om1=127.0.0.1:{free_port()}",
        "O3_SCM__PEERS": f"scm1=127.0.0.1:{free_port()}",
        "O3_DATANODE__ADDRESS": f"127.0.0.1:{free_port()}",
    }
    ports = ["--admin-port", "0", *(("--port", "0") if role == "gateway" else ())]
    with running(tmp_path, role, output, ports) as (process, log):
        wait_until(lambda: RISK in log.read_text() or process.poll() is not None)
        [line] = [line for line in log.read_text().splitlines() if RISK in line]
        assert " WARNING " in line and "started_without_tls" in line and f"role={role}" in line


def test_store_in_one_process_has_no_such_port(tmp_path: Path) -> None:
    store = StoreProcess(tmp_path, anew=True)
    try:
        store.start().stop()
    finally:
        store.discard()
    assert RISK not in store.log_text() and "WARNING" not in store.log_text()


BEYOND_THE_BOUND_MIB = 120


def test_message_beyond_the_bound_is_refused_and_not_kept(tmp_path: Path) -> None:
    listen = f"127.0.0.1:{free_port()}"
    output = {
        "O3_CLUSTER__ID": "c1",
        "O3_OM__PEERS": f"om1={listen}",
        "O3_SCM__PEERS": f"scm1=127.0.0.1:{free_port()}",
    }
    options = [("grpc.max_send_message_length", -1), ("grpc.max_metadata_size", 1 << 30)]
    with running(tmp_path, "om", output, ["--admin-port", "0"]) as (process, _):
        with grpc.insecure_channel(listen, options=options) as channel:
            grpc.channel_ready_future(channel).result(120)
            memory, sent_mib = Memory(process.pid), 0
            for method in ("OzoneManager/LookupKey", "Raft/Send", "Session/Exchange"):
                call: Any = channel.unary_unary(f"/trioxygen.proto.v1.{method}")
                for _ in range(3):
                    sent_mib += BEYOND_THE_BOUND_MIB
                    with pytest.raises(grpc.RpcError) as refused:
                        call(bytes(BEYOND_THE_BOUND_MIB << 20), timeout=120)
                    assert refused.value.code() in (
                        grpc.StatusCode.RESOURCE_EXHAUSTED,
                        grpc.StatusCode.UNIMPLEMENTED,
                        grpc.StatusCode.UNAVAILABLE,
                    )
                with pytest.raises(grpc.RpcError):
                    call(b"", timeout=120, metadata=(("a", "b" * (4 << 20)),))
        # How much comes in before a refusal is through, and when gRPC frees it, depends on the
        # machine: more than two messages' size was seen. All of them are not kept.
        assert memory.grown_mib < sent_mib / 2
