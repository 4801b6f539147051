"""A DataNode joins a cluster empty: an operator has disk use evened out, until all are within the
band. Objects are read right all the time."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.cluster.containers import admin, are_whole
from tests.integration.endpoint import read
from tests.integration.store_process import wait_until
from tests.small_disk import small_disk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

KIB: Final = 1 << 10
MIB: Final = 1 << 20
NODES: Final = ("dn1", "dn2", "dn3", "dn4")
NEW: Final = NODES[-1]
BUCKET: Final = "books"
OBJECTS: Final = 30
# A share of a disk that a few containers make out.
DISK_BYTES: Final = 128 * MIB
BAND_PERCENT: Final = 5
CONFIG: Final[dict[str, object]] = {
    "metadata.log_segment_bytes": 2 * MIB,
    "metadata.lease_duration_seconds": 10,
    "storage.log_segment_bytes": 2 * MIB,
    "storage.container_bytes": 2 * MIB,
    "storage.block_bytes": 1 * MIB,
    "scm.heartbeat_interval_ms": 500,
    "scm.report_interval_seconds": 5,
    # More than an SCM may stand still itself (10 s), which it does not hold against DataNodes.
    "scm.stale_after_seconds": 12,
    "scm.dead_after_seconds": 18,
}


@pytest.fixture
def cluster(new_cluster: NewCluster) -> Iterator[Cluster]:
    cluster = new_cluster(CONFIG, oms=1, scms=1, datanodes=4, gateways=1).lay_out()
    with ExitStack() as mounted:
        for node in NODES:
            mounted.enter_context(small_disk(cluster.data / node, DISK_BYTES))
        yield cluster.start()
        cluster.discard()


def body(number: int) -> bytes:
    # Sealed, it fits into a block.
    return random.Random(number).randbytes(1 * MIB - KIB - number)


def check_all(s3: "S3Client") -> None:
    for number in range(OBJECTS):
        assert read(s3, BUCKET, str(number)) == body(number)


def described(cluster: Cluster, node: str) -> Any:
    [own] = [each for each in admin(cluster, "datanode", "list") if each["node_id"] == node]
    return own


def is_known(cluster: Cluster, node: str) -> bool:
    """It is there, and has told what it has."""
    own = described(cluster, node)
    return bool(own["health"] == "HEALTHY" and own["fully_reported"])


def test_node_that_joins_empty_is_filled_and_it_ends_by_itself(cluster: Cluster) -> None:
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket=BUCKET)
        cluster.kill(NEW)
        wait_until(lambda: described(cluster, NEW)["health"] == "DEAD", output=cluster.logs)
        for number in range(OBJECTS):
            s3.put_object(Bucket=BUCKET, Key=str(number), Body=body(number))
        # On all of the others: what is still to be copied would go to the empty one.
        wait_until(
            lambda: are_whole(cluster, "RATIS/THREE", OBJECTS),
            seconds_max=180,
            output=cluster.logs,
        )
        cluster.restart(NEW)
        # The balancer does not count one that has not told what it has.
        wait_until(lambda: is_known(cluster, NEW), output=cluster.logs)
        began = admin(cluster, "balancer", "start", "--threshold-percent", str(BAND_PERCENT))
        assert began["is_running"]
        moved: list[int] = []

        def has_ended() -> bool:
            check_all(s3)
            seen = admin(cluster, "balancer", "status")
            moved.append(seen["moved"])
            return not seen["is_running"]

        wait_until(has_ended, seconds_max=180, output=cluster.logs)
        ended = admin(cluster, "balancer", "status")
        print(ended)
        assert ended["ended_why"] == "all DataNodes are within the band", ended
        assert ended["nodes_out"] == 0 == ended["bytes_left"] and ended["nodes_counted"] == 4
        assert moved == sorted(moved) and ended["moved"] > 0
        # What it has is counted once: three of each, and none of them on its way.
        for each in admin(cluster, "container", "list"):
            if each["block_count"]:
                detail = admin(cluster, "container", "info", str(each["container_id"]))
                assert len(detail["replicas"]) == 3 and not detail["in_flight"], detail
        held = {each["node_id"]: each for each in admin(cluster, "datanode", "list")}
        assert held[NEW]["containers"] > 0
        # Nothing hangs on the copies that went.
        cluster.kill("dn1")
        check_all(s3)
    cluster.stop()
    cluster.check_logs()
