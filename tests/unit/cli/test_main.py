"""The `o3` command as a user runs it: output, one-line errors, exit codes, start-up weight."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).parents[3]
RUN = "from trioxygen.cli.main import main; main()"
TOKEN = "a-token-of-the-test"

ACCOUNT = {
    "account_id": "A1",
    "canonical_id": "C1",
    "display_name": "Ann\x1b[2J",
    "email": "a@example.org",
    "created_ms": 0,
}
KEY = {"access_key": "AK1", "account_id": "A1", "created_ms": 1_000}


def o3(
    *arguments: str, cwd: Path = REPO, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    roots = ("gateway", "metadata", "hdds", "recon", "common", "proto", "cli")
    path = os.pathsep.join(str(REPO / root) for root in roots)
    return subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment},
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )


class Admin(http.server.BaseHTTPRequestHandler):
    """An admin port that answers from a table and remembers what it was sent."""

    sent: list[tuple[str, str, Any]]
    answers: dict[str, Any]

    def _answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "null")
        self.sent.append((self.command, self.path, body))
        path = self.path.partition("?")[0]
        status, value = self.answers.get(path, (404, {"code": "X", "message": "no such\nthing"}))
        if self.headers["authorization"] != f"Bearer {TOKEN}":
            status, value = 401, {"code": "UNAUTHORIZED", "message": "no"}
        if callable(value):
            value = value(self.path)
        self.send_response(status)
        self.end_headers()
        if status != 204:
            self.wfile.write(json.dumps(value).encode())

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test's output stays quiet."""


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[type[Admin]]:
    """Running, with `tmp_path/data/endpoint.json` pointing to it."""
    handler = type("Handler", (Admin,), {"sent": [], "answers": {}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    endpoint = {"s3": "", "admin": f"http://127.0.0.1:{server.server_port}", "admin_token": TOKEN}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "endpoint.json").write_text(json.dumps({**endpoint, "pid": 1}))
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_version_is_printed_alone() -> None:
    done = o3("version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.1.0\n", "")


def test_help_lists_commands_and_exit_codes() -> None:
    done = o3("--help")
    assert done.returncode == 0
    for word in ("serve", "status", "key", "account", "bucket", "Exit codes:", "130"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["serve", "--prt", "1"], "o3: No such option: --prt"),
        (["fly"], "o3: No such command 'fly'"),
        (["key", "revoke"], "o3: Missing argument 'KEY': see 'o3 key revoke --help'"),
        (["serve", "--port", "x"], "o3: Invalid value for '--port'"),
        (["serve", "--port", "99999"], "o3: --port: should be less than or equal to 65535"),
        (["serve", "--config", "none.toml"], "o3: none.toml: no such file or directory"),
        (["status", "--admin-url", "http://127.0.0.1:1"], "o3: --admin-url needs"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str], output: str) -> None:
    done = o3(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(output)
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_missing_server_is_one_line_and_exit_code_3(tmp_path: Path) -> None:
    done = o3("status", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "no server runs on data: start it with 'o3 serve --data data'" in done.stderr
    done = o3("status", "--admin-url", "http://127.0.0.1:1", O3_ADMIN_TOKEN="x")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "cannot reach http://127.0.0.1:1" in done.stderr


def test_damaged_endpoint_file_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "endpoint.json").write_text("{")
    done = o3("key", "list", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)


# Whose names come from users.
NAMED = pytest.mark.parametrize(
    ("command", "path"),
    [
        (["bucket", "info"], "buckets"),
        (["admin", "namespace", "info"], "namespaces"),
        (["admin", "datanode", "info"], "datanodes"),
    ],
)


@NAMED
def test_refusal_of_the_server_is_one_line_and_exit_code_1(
    admin: type[Admin], tmp_path: Path, command: list[str], path: str
) -> None:
    done = o3(*command, "a?b", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "o3: no such thing\n")
    assert admin.sent == [("GET", f"/admin/v1/{path}/a%3Fb", None)]


@NAMED
def test_name_that_nothing_can_have_is_a_usage_error(
    admin: type[Admin], tmp_path: Path, command: list[str], path: str
) -> None:
    done = o3(*command, "a/b", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not admin.sent


def test_wrong_token_is_exit_code_1(admin: type[Admin], tmp_path: Path) -> None:
    url = json.loads((tmp_path / "data" / "endpoint.json").read_text())["admin"]
    done = o3("key", "list", "--admin-url", url, O3_ADMIN_TOKEN="wrong")
    assert done.returncode == 1 and "check O3_ADMIN_TOKEN" in done.stderr


def test_lists_go_through_all_pages_and_stay_one_line_an_entry(
    admin: type[Admin], tmp_path: Path
) -> None:
    def page(path: str) -> dict[str, Any]:
        last = "after=A1" in path
        account = {**ACCOUNT, "account_id": "A2"} if last else ACCOUNT
        return {"accounts": [account], "truncated": not last}

    admin.answers["/admin/v1/accounts"] = (200, page)
    done = o3("account", "list", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ACCOUNT", "A1", "A2"]
    assert "\x1b" not in done.stdout
    done = o3("account", "list", "--json", cwd=tmp_path)
    assert [each["account_id"] for each in json.loads(done.stdout)] == ["A1", "A2"]


def test_key_is_made_for_the_only_account_and_its_secret_shown(
    admin: type[Admin], tmp_path: Path
) -> None:
    admin.answers["/admin/v1/accounts"] = (200, {"accounts": [ACCOUNT], "truncated": False})
    admin.answers["/admin/v1/keys"] = (201, {**KEY, "secret_key": "S3cr3t"})
    done = o3("key", "create", "--secret-stdin", cwd=tmp_path, stdin="my secret\n")
    assert done.returncode == 0, done.stderr
    assert "secret key  S3cr3t\n" in done.stdout
    assert admin.sent[-1][2] == {"account_id": "A1", "secret_key": "my secret"}


def test_key_wants_an_account_when_there_are_several(admin: type[Admin], tmp_path: Path) -> None:
    accounts = {"accounts": [ACCOUNT, ACCOUNT], "truncated": False}
    admin.answers["/admin/v1/accounts"] = (200, accounts)
    done = o3("key", "create", cwd=tmp_path)
    assert done.returncode == 2 and "--account ID" in done.stderr


def test_key_is_revoked(admin: type[Admin], tmp_path: Path) -> None:
    admin.answers["/admin/v1/keys"] = (204, None)
    done = o3("key", "revoke", "AK/1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "revoked AK/1\n")
    assert admin.sent == [("DELETE", "/admin/v1/keys?access_key=AK%2F1", None)]


def test_status_is_shown_as_tables(admin: type[Admin], tmp_path: Path) -> None:
    node = {
        **{"node_id": "dn-1", "address": "local", "health": "HEALTHY", "operation": "IN_SERVICE"},
        **{"last_heartbeat_age_ms": 1_500, "capacity_bytes": 3 << 30, "used_bytes": 1 << 30},
        **{"free_bytes": 2 << 30, "volumes": 2, "volumes_failed": 1, "volumes_full": 1},
        "takes_new_data": True,
    }
    admin.answers["/admin/v1/status"] = (
        200,
        {
            **{"version": "0.1.0", "is_ready": True, "is_full": True, "nodes": [node]},
            **{"capacity_bytes": 3 << 30, "used_bytes": 1 << 30, "free_bytes": 2 << 30},
            "writable_bytes": 512 << 20,
            "om": {
                **{"node_id": "om-1", "is_leader": True, "term": 2, "applied_index": 7, "rows": {}},
                "is_full": False,
            },
            "scm": {
                **{"node_id": "scm-1", "is_leader": True, "applied_index": 8, "safe_mode": False},
                "is_full": True,
                **{"pipelines_open": 1, "waiting_delete_transactions": 0, "corrupt_blocks": 3},
            },
            "containers": {"by_state": {"OPEN": 2}, "used_bytes": 4_096, "block_count": 9},
        },
    )
    done = o3("status", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for output in (
        "om-1",
        "leader",
        "dn-1",
        "healthy",
        "1.5 s ago",
        "2 (1 failed, 1 full)",
        "2.0 GiB",
        "3.0 GiB │ yes",
    ):
        assert output in done.stdout
    assert "containers: 2 open; 9 blocks, 4.0 KiB" in done.stdout
    assert "space:      1.0 GiB used, 2.0 GiB free, 512.0 MiB for new data" in done.stdout
    assert "corrupt:    3 blocks" in done.stdout
    assert "full:       new data is refused" in done.stdout


def test_light_commands_import_no_heavy_packages() -> None:
    code = (
        "import sys, trioxygen.cli.main\n"
        "heavy = {'fastapi', 'pydantic', 'uvloop', 'rich', 'prometheus_client', 'google'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    roots = ("common", "proto", "cli")
    path = os.pathsep.join(str(REPO / root) for root in roots)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
