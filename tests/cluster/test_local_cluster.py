"""A local cluster of processes: S3 through all gateways, members that come and go, a restart of
everything, and what the commands say."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster, NewLoad
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import environment, runs, wait_until
from tests.small_disk import small_disk

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def o3_run(*arguments: str, data: Path) -> "subprocess.CompletedProcess[str]":
    """Runs `o3 ... --data FOLDER`."""
    return subprocess.run(
        [sys.executable, "-m", "trioxygen.cli.main", *arguments, "--data", str(data)],
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def o3(*arguments: str, data: Path, code: int = 0) -> str:
    """What it printed, on standard error when it is to fail."""
    done = o3_run(*arguments, data=data)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stderr if code else done.stdout


def voters(cluster: Cluster) -> set[str]:
    parsed: list[dict[str, Any]] = json.loads(
        o3("admin", "om", "status", "--json", data=cluster.data)
    )
    return {each["node_id"] for each in parsed if each["membership"] == "voter"}


def datanodes(cluster: Cluster) -> list[dict[str, Any]]:
    status = json.loads(o3("status", "--json", data=cluster.data / "gw1"))
    actual: list[dict[str, Any]] = status["nodes"]
    return actual


def test_cluster_serves_through_all_gateways_and_starts_again(new_cluster: NewCluster) -> None:
    cluster = new_cluster(datanodes=3).start(lays_out=False)
    endpoints = cluster.endpoints()
    with endpoints[0].client() as first, endpoints[1].client() as two:
        first.create_bucket(Bucket="books")
        for number in range(30):
            (first, two)[number % 2].put_object(
                Bucket="books", Key=f"book-{number:02d}", Body=b"%d" % number
            )
        first.put_object(Bucket="books", Key="large", Body=bytes(3 << 20))
        assert read(two, "books", "book-00") == b"0"
        assert len(read(two, "books", "large")) == 3 << 20
        expected = [*(f"book-{number:02d}" for number in range(30)), "large"]
        assert keys_of(two, "books") == keys_of(first, "books") == expected

        def all_are_written_to() -> bool:
            """As of each one's last heartbeat. The SCM that leads chooses where the next lease is,
            and another one chooses anew: more is written until each has had some."""
            for number in range(20, 30):
                first.put_object(Bucket="books", Key=f"book-{number}", Body=b"%d" % number)
            return all(node["used_bytes"] for node in datanodes(cluster))

        wait_until(all_are_written_to)
    roles = [node["role"] for node in cluster.nodes().values()]
    assert roles == ["om"] * 3 + ["scm"] * 3 + ["datanode"] * 3 + ["gateway"] * 2
    assert {node["state"] for node in cluster.nodes().values()} == {"ready"}
    assert [node["node_id"] for node in datanodes(cluster)] == ["dn1", "dn2", "dn3"]
    cluster.stop()
    cluster.check_logs()

    cluster.start()
    assert cluster.endpoints() == endpoints
    with endpoints[0].client() as first:
        assert keys_of(first, "books") == expected
        assert read(first, "books", "book-29") == b"29"
    cluster.stop()
    cluster.check_logs()


@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_writes_go_on_without_a_datanode(new_cluster: NewCluster, signal: str) -> None:
    cluster = new_cluster(datanodes=3).start()
    with cluster.endpoints()[0].client(read_timeout=60) as first:
        first.create_bucket(Bucket="books")
        first.put_object(Bucket="books", Key="first", Body=b"first")
        first.put_object(Bucket="books", Key="large", Body=bytes(200_000))
        wait_until(lambda: all(node["used_bytes"] for node in datanodes(cluster)))
        for away in ("dn1", "dn2"):
            cluster.kill(away, signal)
            for number in range(10):
                size = 200_000 if number % 2 else 100
                first.put_object(Bucket="books", Key=f"{away}-{number}", Body=bytes(size))
                assert len(read(first, "books", f"{away}-{number}")) == size
            # Two of three replicas do; the third is back before the next node goes.
            cluster.restart(away)
            wait_until(cluster.uses_every_datanode, output=cluster.logs)
            assert read(first, "books", "first") == b"first"
    cluster.stop()
    cluster.check_logs()


def test_second_signal_ends_every_process_and_the_next_start_finds_none(
    new_cluster: NewCluster,
) -> None:
    cluster = new_cluster(oms=1, scms=1, gateways=1).start()
    pids = cluster.interrupt_twice()
    assert len(pids) == 4
    wait_until(lambda: not [pid for pid in pids if runs(pid)])
    cluster.start().stop()


def test_members_come_and_go_and_an_empty_disk_joins_again(
    new_cluster: NewCluster, new_load: NewLoad
) -> None:
    cluster = new_cluster(scms=1, gateways=1).start()
    load = new_load(cluster.endpoints())
    load.wait_for_writes()
    assert "om4" in o3("cluster", "add", "om", data=cluster.data)
    wait_until(lambda: len(voters(cluster)) == 4, output=lambda: voters(cluster))
    gone = cluster.leader("om")
    o3("cluster", "remove", gone, data=cluster.data)
    load.wait_for_writes()
    assert gone not in cluster.nodes()
    # One that lags behind still says that they change.
    wait_until(lambda: len(voters(cluster)) == 3, output=lambda: voters(cluster))
    lost = min(set(cluster.ids("om")) - {cluster.leader("om")})
    cluster.kill(lost)
    shutil.rmtree(cluster.data / lost)
    cluster.restart(lost)
    wait_until(lambda: lost in voters(cluster), output=lambda: voters(cluster))
    cluster.make_leader("om", lost)
    load.wait_for_writes()
    load.stop()
    load.recorder.check()
    cluster.stop()
    cluster.check_logs()


def test_node_of_another_cluster_is_refused(new_cluster: NewCluster) -> None:
    cluster = new_cluster(oms=1, scms=1, gateways=1).start()
    other = cluster.data / "other.toml"
    text = cluster.config_file.read_text()
    [id_line] = [line for line in text.splitlines() if line.startswith("id = ")]
    other.write_text(text.replace(id_line, 'id = "another"'))
    om = ("om", "--config", str(other), "--id", "om1")
    output = o3(*om, data=cluster.data / "om1", code=4)
    assert "is in use by another o3 process" in output
    output = o3("cluster", "up", data=cluster.data, code=4)
    assert "a cluster runs on" in output
    cluster.stop()
    output = o3(*om, data=cluster.data / "om1", code=4)
    assert "is of cluster" in output and "not of 'another'" in output
    output = o3("cluster", "status", data=cluster.data, code=3)
    assert "no cluster runs on" in output


@pytest.mark.parametrize("size_mib", [0, 1, 40])
def test_cluster_that_cannot_start_says_in_one_line_why(size_mib: int, tmp_path: Path) -> None:
    up = ("cluster", "up", "--oms=1", "--scms=1", "--datanodes=1", "--gateways=1")
    with small_disk(tmp_path / "disk", 256 << 20) as disk:
        disk.take(disk.free_bytes - (size_mib << 20))
        done = o3_run(*up, data=disk.path / "cluster")
        assert done.returncode in {1, 4}, done.stderr
        output = done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr and output.startswith("o3: ")
        assert "full" in output or "no space left" in output, output


def test_node_that_does_not_start_ends_the_cluster_with_one_line(tmp_path: Path) -> None:
    data = tmp_path / "cluster"
    data.mkdir()
    (data / "scm1").write_text("a file, where a folder has to be")
    done = o3_run("cluster", "up", "--oms=1", "--scms=1", "--datanodes=1", data=data)
    [output] = done.stderr.splitlines()
    assert done.returncode != 0 and "scm1" in output
