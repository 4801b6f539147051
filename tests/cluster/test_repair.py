"""DataNodes lose a disk, rot, and leave under load: what was acknowledged is read right all the
time, and has its replicas again in the end."""

import random
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster, NewLoad
from tests.cluster.containers import admin
from tests.integration.endpoint import read
from tests.integration.store_process import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

BUCKET: Final = "books"
# Through the rings' logs, in packed segments, in files of their own.
SIZES: Final = (300, 200_000, 3 << 20)
OBJECTS: Final = 4
_CONFIG: Final[dict[str, object]] = {
    "scm.heartbeat_interval_ms": 500,
    "scm.report_interval_seconds": 5,
    # More than an SCM may stand still itself (10 s), which it does not hold against DataNodes.
    "scm.stale_after_seconds": 12,
    "scm.dead_after_seconds": 18,
    "storage.scrub_interval_seconds": 5,
}


@pytest.fixture
def cluster(new_cluster: NewCluster) -> Cluster:
    return new_cluster(_CONFIG, oms=1, scms=1, datanodes=4, gateways=1).start()


def body(size: int, number: int) -> bytes:
    return random.Random(f"{size} {number}").randbytes(size)


def put_all(cluster: Cluster) -> None:
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket=BUCKET)
        for size in SIZES:
            for number in range(OBJECTS):
                s3.put_object(Bucket=BUCKET, Key=f"{size}-{number}", Body=body(size, number))


def check_all(cluster: Cluster) -> None:
    with cluster.endpoints()[0].client() as s3:
        for size in SIZES:
            for number in range(OBJECTS):
                assert read(s3, BUCKET, f"{size}-{number}") == body(size, number)


def is_replicated(cluster: Cluster, *, without: str = "") -> bool:
    """Every container that has blocks is closed or open on three nodes, `without` not counted."""
    listed = admin(cluster, "container", "list")
    for container in listed:
        if not container["block_count"]:
            continue
        detail = admin(cluster, "container", "info", str(container["container_id"]))
        holders = {each["node_id"] for each in detail["replicas"]} - {without}
        if len(holders) < 3:
            return False
    return bool(listed)


def disk_of(cluster: Cluster, node: str) -> Path:
    return cluster.data / node / "datanode"


def test_replicas_of_a_lost_disk_are_made_again(cluster: Cluster) -> None:
    put_all(cluster)
    cluster.kill("dn2")
    shutil.rmtree(cluster.data / "dn2")
    check_all(cluster)
    cluster.restart("dn2")
    check_all(cluster)
    wait_until(lambda: is_replicated(cluster), seconds_max=120, output=cluster.logs)
    # Whoever held them before may go now.
    cluster.kill("dn1")
    check_all(cluster)
    cluster.stop()
    cluster.check_logs()


def test_flipped_bytes_are_never_served_and_are_replaced(cluster: Cluster) -> None:
    put_all(cluster)
    disks = [disk_of(cluster, node) for node in cluster.ids("datanode")]
    files = max((sorted(disk.glob("containers/*/*.block")) for disk in disks), key=len)
    originals = {path: path.read_bytes() for path in files}
    assert originals
    for path, data in originals.items():
        with path.open("r+b") as file:
            file.seek(len(data) // 2)
            file.write(bytes([data[len(data) // 2] ^ 0xFF]))
    check_all(cluster)
    wait_until(
        lambda: all(path.read_bytes() == data for path, data in originals.items()),
        seconds_max=60,
        output=cluster.logs,
    )
    wait_until(lambda: not cluster.status()["scm"]["corrupt_blocks"], seconds_max=30)
    check_all(cluster)
    cluster.stop()
    cluster.check_logs()


def test_node_leaves_service_under_load(cluster: Cluster, new_load: NewLoad) -> None:
    put_all(cluster)
    load = new_load(cluster.endpoints(), clients=2)
    load.wait_for_writes()
    gateway = cluster.data / cluster.ids("gateway")[0]
    cluster.o3("admin", "datanode", "decommission", "dn4", data=gateway)

    def has_left() -> bool:
        nodes = {node["node_id"]: node for node in admin(cluster, "datanode", "list")}
        return bool(nodes["dn4"]["operation"] == "DECOMMISSIONED")

    wait_until(has_left, seconds_max=180, output=cluster.logs)
    cluster.kill("dn4")
    load.wait_for_writes()
    load.stop()
    print(load.recorder.check())
    check_all(cluster)
    # Of what was written last not all DataNodes may have reported yet.
    wait_until(lambda: is_replicated(cluster, without="dn4"), output=cluster.logs)
    cluster.check_logs()
