"""Starts `o3 serve` on an empty data folder for the time of a run, and stops it again."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

READY_TIMEOUT_SECONDS: Final = 20.0
STOP_TIMEOUT_SECONDS: Final = 30.0
# Of all servers of this process: a folder's first key stays.
_SECRET_KEY: Final = secrets.token_hex(16)


class ServerFailed(Exception):
    """`o3 serve` ended, or was not ready in time."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    endpoint: str
    access_key: str
    secret_key: str
    pid: int
    folder: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(process: "subprocess.Popen[str]") -> None:
    """What it says until then goes on to standard error. It listens earlier than it is ready."""
    assert process.stdout is not None
    late = threading.Timer(READY_TIMEOUT_SECONDS, process.kill)
    late.start()
    try:
        for line in process.stdout:
            sys.stderr.write(line)
            if line == "ready\n":
                return
    finally:
        late.cancel()
    raise ServerFailed(f"o3 serve ended with exit code {process.wait()} before it was ready")


@contextmanager
def local_server(
    data_parent: Path | None, settings: Mapping[str, str] | None = None
) -> Iterator[LocalServer]:
    """Run `o3 serve` in a new folder under `data_parent` (which decides the disk), then delete it.

    Raises ServerFailed. The server's log goes to standard error.

    Args: settings: as environment variables (O3_SECTION__KEY).
    """
    with data_folder(data_parent) as folder, server_on(folder, settings) as server:
        yield server


@contextmanager
def data_folder(data_parent: Path | None) -> Iterator[Path]:
    with TemporaryDirectory(prefix="o3-bench-", dir=data_parent) as folder:
        yield Path(folder)


@contextmanager
def server_on(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[LocalServer]:
    """Run `o3 serve` there, then stop it: it can be started there again. Raises ServerFailed."""
    port, access_key = free_port(), "BENCHKEY"
    keys = {"O3_ACCESS_KEY": access_key, "O3_SECRET_KEY": _SECRET_KEY}
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name("o3"),
            *("serve", "--data", str(folder), "--port", str(port), "--admin-port", "0"),
        ],
        env=os.environ | keys | dict(settings or {}),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_ready(process)
        yield LocalServer(f"http://127.0.0.1:{port}", access_key, _SECRET_KEY, process.pid, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
