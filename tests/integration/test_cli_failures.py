"""Whatever the machine, the file or the reader does, a command ends with one line and a code."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.integration.forked_command import run_command
from tests.integration.store_process import environment
from tests.small_disk import small_disk

MIB = 1 << 20
NODES = {
    "O3_CLUSTER__ID": "c1",
    "O3_OM__PEERS": "n=127.0.0.1:1",
    "O3_SCM__PEERS": "n=127.0.0.1:2",
    "O3_S3__PORT": "0",
    "O3_ADMIN__PORT": "0",
}
SERVERS = [["serve"], ["om", "--id", "n"], ["scm", "--id", "n"], ["datanode"], ["gateway"]]
CONFIGURED = [
    *SERVERS,
    ["config", "show"],
    ["admin", "om", "status"],
    ["admin", "scm", "remove", "n"],
]
ASKING = [
    *(["status"], ["status", "--json"], ["key", "list"], ["key", "create", "--account", "a"]),
    *(["key", "revoke", "AK"], ["account", "list"], ["account", "create", "x"], ["bucket", "list"]),
    *(["bucket", "info", "b"], ["bucket", "set-replication", "b", "RATIS/ONE"]),
    *(["volume", "list"], ["volume", "delete", "vol"]),
]
# Without the privilege to pass by permissions, which root has.
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def o3(
    arguments: Sequence[str], folder: Path, *, before: Sequence[str] = (), **variables: str
) -> "subprocess.CompletedProcess[str]":
    if not before:
        return run_command(
            arguments, environment({**NODES, **variables}), folder=folder, seconds_max=120
        )
    return subprocess.run(
        [*before, sys.executable, "-m", "trioxygen.cli.main", *arguments],
        env=environment({**NODES, **variables}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def check_one_line(done: "subprocess.CompletedProcess[str]", codes: set[int]) -> str:
    last = done.stderr.splitlines()[-1] if done.stderr else ""
    assert "Traceback" not in done.stderr, done.stderr[-2_000:]
    assert done.returncode in codes and last.startswith("o3: "), (done.returncode, done.stderr)
    return last


BAD_CONFIGS = {
    "not utf-8": b"\xff\xfe\0[s3]",
    "noise": bytes(range(256)) * 40,
    "cut": b"[s3]\nport = [",
    "deep": b"a = " + b"[" * 5_000,
    "deep tables": b"a = " + b"{a=" * 5_000,
    "wrong types": b"[s3]\ndrain_seconds = nan\n",
    "huge number": b"[storage]\nblock_bytes = 99999999999999999999\n",
    "null": b"\0",
}


@pytest.mark.parametrize("content", BAD_CONFIGS.values(), ids=BAD_CONFIGS)
@pytest.mark.parametrize("command", [SERVERS[0], SERVERS[3], *CONFIGURED[5:7]], ids=" ".join)
def test_bad_configuration_is_one_line(tmp_path: Path, command: list[str], content: bytes) -> None:
    (tmp_path / "o3.toml").write_bytes(content)
    output = check_one_line(o3([*command, "--config", "o3.toml"], tmp_path), {2})
    assert "o3.toml" in output


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Kept from others: nobody listens there, and nobody can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_server_that_is_not_there_is_one_line(
    tmp_path: Path, closed_port: int, command: list[str]
) -> None:
    (tmp_path / "data").mkdir()
    url = f"http://127.0.0.1:{closed_port}"
    (tmp_path / "data/endpoint.json").write_text(json.dumps({"admin": url, "admin_token": "t"}))
    assert url in check_one_line(o3(command, tmp_path), {3})


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"{",
        b"[1]",
        b"[" * 100_000,
        b'{"admin": "http://[zz]/", "admin_token": "t"}',
        b'{"admin": "http://a b:1", "admin_token": "t"}',
        b'{"admin": "http://127.0.0.1:1", "admin_token": "a\\nb"}',
        '{"admin": "http://127.0.0.1:1", "admin_token": "€"}'.encode(),
    ],
    ids=lambda content: ascii(content[:30]),
)
def test_bad_endpoint_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/endpoint.json").write_bytes(content)
    check_one_line(o3(["status"], tmp_path), {2, 3})


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("http://[zz]/", "t"),
        ("http://a b:1", "t"),
        ("http://" + "x" * 70 + ".test:1", "t"),
        ("http://a:99999", "t"),
        ("http://127.0.0.1:1", "a\r\nb"),
        ("http://127.0.0.1:1", "€"),
    ],
)
def test_bad_url_or_token_is_one_line(tmp_path: Path, url: str, token: str) -> None:
    done = o3(["status", "--admin-url", url], tmp_path, O3_ADMIN_TOKEN=token)
    check_one_line(done, {2})


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
@pytest.mark.parametrize("mode", [0o000, 0o500])
@pytest.mark.parametrize("command", [*SERVERS, ["cluster", "up"]], ids=" ".join)
def test_folder_without_permission_is_one_line(
    tmp_path: Path, command: list[str], mode: int
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=mode)
    try:
        done = o3([*command, "--data", "data"], tmp_path, before=UNPRIVILEGED)
        output = check_one_line(done, {2, 4})
        assert "data" in output and ("permission denied" in output or "not readable" in output)
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("command", [*SERVERS, ["cluster", "up"]], ids=" ".join)
def test_full_disk_is_one_line(tmp_path: Path, command: list[str]) -> None:
    with small_disk(tmp_path / "disk", MIB) as disk:
        disk.fill()
        done = o3([*command, "--data", "disk/data"], tmp_path)
        assert "full" in check_one_line(done, {1, 4})


WRITING = [["version"], ["config", "show"], ["config", "show", "--json"], ["--help"]]


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_output_that_cannot_be_written_is_one_line(tmp_path: Path, command: list[str]) -> None:
    line = f"{sys.executable} -m trioxygen.cli.main {' '.join(command)}"
    done = o3_shell(f"{line} > /dev/full", tmp_path)
    assert "no space left" in check_one_line(done, {1})


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
@pytest.mark.parametrize("reader", ["| true; exit ${PIPESTATUS[0]}", ">&-"])
def test_output_that_nobody_reads_ends_quietly(
    tmp_path: Path, command: list[str], reader: str
) -> None:
    line = f"{sys.executable} -m trioxygen.cli.main {' '.join(command)}"
    done = o3_shell(f"{line} {reader}", tmp_path)
    assert done.returncode in (0, 1) and done.stderr == "", done.stderr


def test_error_that_nobody_reads_keeps_its_code(tmp_path: Path) -> None:
    line = f"{sys.executable} -m trioxygen.cli.main status --data none"
    for nowhere in ("2>&-", "2>/dev/full"):
        assert o3_shell(f"{line} {nowhere}", tmp_path).returncode == 3


def o3_shell(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", line],
        env=environment(NODES) | {"PATH": os.environ["PATH"]},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        *(["om", "status"], ["scm", "status"], ["om", "transfer-leader"], ["om", "snapshot"]),
        *(["om", "remove", "n"], ["scm", "add", "n", "127.0.0.1:9"]),
    ],
    ids=" ".join,
)
def test_group_that_does_not_answer_is_one_line(tmp_path: Path, command: list[str]) -> None:
    check_one_line(o3(["admin", *command], tmp_path), {3})
