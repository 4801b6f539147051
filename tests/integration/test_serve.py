"""`o3 serve` as a process, over a stub store: folder, lock, format, ports, output, signals."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.store_process import wait_until
from trioxygen.cli.folder.data_folder import FORMAT

REPO = Path(__file__).parents[2]
STUB = Path(__file__).with_name("stub_store.py")
FREE_PORTS = "[s3]\nport = 0\n[admin]\nport = 0\n"


class Process:
    """One run; `lines` is what it printed until `ready`, or all when it failed."""

    def __init__(self, data: Path, config: str, environment: dict[str, str]) -> None:
        roots = ("gateway", "metadata", "hdds", "recon", "common", "proto", "cli")
        path = os.pathsep.join(str(REPO / root) for root in roots)
        self._events = data / "events"
        file = data.with_suffix(".toml")
        file.write_text(config)
        self.process = subprocess.Popen(
            [sys.executable, str(STUB), str(data), str(file)],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line == "ready\n":
                break

    def port(self, label: str) -> int:
        [line] = [each for each in self.lines if each.startswith(f"{label}:")]
        return int(line.rsplit(":", 1)[1])

    def get(self, path: str, port: str = "endpoint") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port(port), timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def until_noted(self, event: str) -> None:
        """The store notes in its folder what was done to it."""
        wait_until(lambda: self._events.exists() and event in self._events.read_text())

    def end(self, number: signal.Signals | None = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and standard error."""
        if number is not None:
            self.process.send_signal(number)
        _, output = self.process.communicate(timeout=120)
        return self.process.returncode, output


Serve = Callable[..., Process]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    started: list[Process] = []

    def start(data: str = "data", config: str = FREE_PORTS, **environment: str) -> Process:
        started.append(Process(tmp_path / data, config, environment))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


def test_first_start_makes_a_private_folder_and_shows_the_key_once(
    serve: Serve, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    first = serve()
    port = first.port("endpoint")
    assert first.lines == [
        "access key: AKSTUB",
        "secret key: stub-secret",
        "            (shown this once; 'o3 key create' makes more)",
        f"endpoint:   http://127.0.0.1:{port}",
        f"admin:      http://127.0.0.1:{first.port('admin')}",
        f"data:       {data}",
        "replicas:   1 of each object, on this machine: there is one DataNode",
        "export AWS_ACCESS_KEY_ID=AKSTUB",
        "export AWS_SECRET_ACCESS_KEY=stub-secret",
        "export AWS_DEFAULT_REGION=us-east-1",
        f"aws --endpoint-url http://127.0.0.1:{port} s3 ls",
        "ready",
    ]
    assert data.stat().st_mode & 0o777 == 0o700
    endpoint = json.loads((data / "endpoint.json").read_text())
    assert (data / "endpoint.json").stat().st_mode & 0o777 == 0o600
    assert endpoint["s3"] == f"http://127.0.0.1:{port}"
    assert endpoint["pid"] == first.process.pid and len(endpoint["admin_token"]) >= 32
    assert first.get("/b/k") == (200, b"/b/k")
    assert first.get("/", "admin")[0] == 200
    code, output = first.end()
    assert code == 0, output
    assert not (data / "endpoint.json").exists()
    assert (data / "events").read_text().split("\n") == ["starts", "stopped", ""]
    version = json.loads((data / "VERSION").read_text())
    second = serve()
    assert "AKSTUB" not in "\n".join(second.lines)
    assert second.end(signal.SIGINT)[0] == 0
    assert json.loads((data / "VERSION").read_text()) == version == {"format": FORMAT, **version}


def test_chosen_credentials_are_not_printed(serve: Serve) -> None:
    started = serve(O3_ACCESS_KEY="my-access", O3_SECRET_KEY="my-secret")
    assert not {"my-access", "my-secret"} & set("\n".join(started.lines).split())


def test_folder_in_use_is_refused_with_the_pid(serve: Serve) -> None:
    first = serve()
    code, output = serve().end(None)
    assert code == 4
    assert f"is in use by another o3 process (pid {first.process.pid})" in output
    assert first.get("/still")[0] == 200


@pytest.mark.parametrize(
    ("version", "output"),
    [
        ('{"format": 99, "cluster_id": "x"}', f"has format 99, this o3 knows format {FORMAT}"),
        ("{", "VERSION is damaged"),
        ("[]", "VERSION is damaged"),
    ],
)
def test_folder_of_another_format_is_refused(
    serve: Serve, tmp_path: Path, version: str, output: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "VERSION").write_text(version)
    code, actual = serve().end(None)
    assert code == 4 and output in actual and actual.count("\n") == 1


def test_folder_of_somebody_else_is_refused(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.odt").touch()
    code, output = serve().end(None)
    assert code == 4 and "is not a data folder of o3 and not empty (it holds thesis.odt)" in output


def test_folder_that_is_a_file_is_refused(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    code, output = serve().end(None)
    assert code == 4 and "cannot use data folder" in output and output.count("\n") == 1


def test_store_that_finds_its_data_unreadable_is_refused(serve: Serve, tmp_path: Path) -> None:
    assert serve().end()[0] == 0
    (tmp_path / "data" / "broken").touch()
    code, output = serve().end(None)
    assert code == 4 and "the key table (format=9)" in output


def test_port_in_use_is_refused_before_anything_is_stored(serve: Serve, tmp_path: Path) -> None:
    first = serve()
    taken = f"[s3]\nport = {first.port('endpoint')}\n[admin]\nport = 0\n"
    code, output = serve("other", taken).end(None)
    assert code == 5 and "address already in use: choose another with" in output
    assert not (tmp_path / "other" / "events").exists()


def test_first_signal_lets_requests_finish(serve: Serve) -> None:
    running = serve()
    actual: list[tuple[int, bytes]] = []
    client = threading.Thread(target=lambda: actual.append(running.get("/slow")))
    client.start()
    running.until_noted("asked /slow")
    code, output = running.end()
    client.join()
    assert (code, actual) == (0, [(200, b"/slow")]), output


def test_drain_is_bounded(serve: Serve) -> None:
    running = serve(config=f"{FREE_PORTS}".replace("[s3]", "[s3]\ndrain_seconds = 1"))
    answers: list[int] = []

    def ask() -> None:
        answers.append(running.get("/stuck")[0])

    client = threading.Thread(target=ask)
    client.start()
    running.until_noted("asked /stuck")
    # `end` waits for less than the 30 s that a drain takes at most by default.
    assert running.end()[0] == 0
    client.join()
    # Cut off, and told to try again.
    assert answers == [503]


def test_second_signal_stops_at_once(serve: Serve, tmp_path: Path) -> None:
    running = serve()
    connection = http.client.HTTPConnection("127.0.0.1", running.port("endpoint"))
    connection.request("GET", "/stuck")
    running.until_noted("asked /stuck")
    running.process.send_signal(signal.SIGTERM)
    wait_until(lambda: running.get("/", "admin")[0] == 503)
    assert running.end()[0] == 130
    connection.close()
    assert serve().get("/again")[0] == 200


def test_store_that_cannot_go_on_says_why_and_ends(serve: Serve, tmp_path: Path) -> None:
    running = serve()
    (tmp_path / "data" / "fails").touch()
    code, output = running.end(None)
    assert code == 1 and "o3: the store cannot go on: its log failed" in output
    assert (tmp_path / "data" / "events").read_text().split() == ["starts", "stopped"]
    assert not (tmp_path / "data" / "endpoint.json").exists()


def test_signal_ends_a_start_that_waits(serve: Serve, tmp_path: Path) -> None:
    assert serve().end()[0] == 0
    data = tmp_path / "data"
    (data / "events").unlink()
    (data / "waits").touch()
    waiting = threading.Thread(target=lambda: ended.append(serve()))
    ended: list[Process] = []
    waiting.start()
    wait_until(lambda: (data / "events").exists() and (data / "endpoint.json").exists())
    endpoint = json.loads((data / "endpoint.json").read_text())
    # It says that it is not ready yet, and what it was asked to do meanwhile it does.
    port = int(endpoint["admin"].rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    assert connection.getresponse().status == 503
    connection.close()
    os.kill(endpoint["pid"], signal.SIGTERM)
    waiting.join(timeout=60)
    [process] = ended
    assert process.lines == [] and process.end(None)[0] == 0
    assert (data / "events").read_text().split() == ["starts", "stopped"]
    assert not (data / "endpoint.json").exists()


def test_mistake_in_the_configuration_is_exit_code_2(serve: Serve) -> None:
    code, output = serve(config="[s3]\nprt = 1\n").end(None)
    assert code == 2 and "data.toml:2: s3.prt: unknown key" in output
    code, output = serve(config='[s3]\ntls_certificate_file = "none"\ntls_key_file = "none"\n').end(
        None
    )
    assert code == 2 and "no such file" in output
