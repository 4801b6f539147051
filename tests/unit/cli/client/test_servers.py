"""Which server a command finds, by the folder that it is given."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trioxygen.cli.client.servers import Server, every_server, server_of
from trioxygen.cli.cluster.layout import Layout, LocalNode, write_layout
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.common.system_disk import SystemDisk

GATEWAYS = tuple(LocalNode(f"gw{n}", "gateway", port=n, admin_port=10 + n) for n in (1, 2))


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    scm = LocalNode("scm1", "scm", port=3, admin_port=30)
    write_layout(SystemDisk(), tmp_path, Layout("test", "127.0.0.1", (scm, *GATEWAYS)))
    return tmp_path


def runs(
    folder: Path, url: str, pid: int, *, role: str = "gateway", workers: str | None = None
) -> None:
    folder.mkdir()
    endpoint = {"admin": url, "admin_token": "secret", "role": role, "pid": pid}
    if workers is not None:
        endpoint["workers"] = workers
    (folder / "endpoint.json").write_text(json.dumps(endpoint))


def test_server_of_its_own_folder_is_found(tmp_path: Path) -> None:
    runs(tmp_path / "data", "http://here", os.getpid())
    found = server_of(tmp_path / "data", None)
    assert (found.url, found.token) == ("http://here", "secret")


def test_gateway_that_lives_is_found_by_the_folder_of_its_cluster(cluster: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    runs(cluster / "gw1", "http://killed", ended.pid)
    runs(cluster / "scm1", "http://scm", os.getpid(), role="scm")
    runs(cluster / "gw2", "http://lives", os.getpid())
    assert server_of(cluster, None) == Server(
        "http://lives", "secret", f"see 'o3 cluster status --data {cluster}'"
    )


def test_cluster_without_a_gateway_is_said(cluster: Path) -> None:
    with pytest.raises(CommandFailed, match="no gateway runs on") as failure:
        server_of(cluster, None)
    assert failure.value.code == Exit.UNREACHABLE and failure.value.may_pass


def test_folder_on_which_nothing_runs_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no server runs on"):
        server_of(tmp_path, None)


def test_each_worker_of_a_gateway_may_know_what_the_others_do_not(tmp_path: Path) -> None:
    runs(tmp_path / "data", "http://first", os.getpid(), workers="http://first http://second")
    urls = [server.url for server in every_server(tmp_path / "data", ())]
    assert urls == ["http://first", "http://second"]
    assert server_of(tmp_path / "data", None).url == "http://first"


def test_each_gateway_of_a_cluster_may_know_what_the_others_do_not(cluster: Path) -> None:
    runs(cluster / "gw1", "http://a", os.getpid(), workers="http://a http://b")
    runs(cluster / "gw2", "http://c", os.getpid())
    assert {server.url for server in every_server(cluster, ())} == {
        "http://a",
        "http://b",
        "http://c",
    }


def test_servers_that_are_named_are_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O3_ADMIN_TOKEN", "secret")
    assert [server.url for server in every_server(tmp_path, ("http://a/", "http://b"))] == [
        "http://a",
        "http://b",
    ]
    with pytest.raises(CommandFailed, match="no server runs on"):
        every_server(tmp_path, ())
