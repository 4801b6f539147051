"""Erasure code 3-2 on five DataNodes, two of which are killed: every object reads right, and new
writes follow the configured rule."""

import random
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError

from tests.cluster import containers
from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.cluster.containers import are_whole
from tests.integration.endpoint import Refusal, read, refusal
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.store_process import wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

BUCKET: Final = "books"
CELL: Final = 1 << 20
EC_3_2: Final[Any] = {"StorageClass": "EC_3_2"}
# Nothing, less than a cell, cells and stripes to the byte, and odd ones.
SIZES: Final = (0, 1, 777, CELL, CELL + 1, 3 * CELL - 1, 3 * CELL, 7 * CELL + 12_345, 20 * CELL + 7)
# Over the ends of cells and of stripes.
RANGES: Final = (
    (CELL - 1, CELL),
    (3 * CELL - 5, 3 * CELL + 5),
    (2 * CELL + 17, 7 * CELL),
    (6 * CELL, 7 * CELL + 12_344),
)
_QUICK: Final[dict[str, object]] = {
    # So soon is closed what is to be: see `are_whole`.
    "metadata.lease_duration_seconds": 10,
    "scm.heartbeat_interval_ms": 500,
    "scm.report_interval_seconds": 5,
    # More than an SCM may stand still itself (10 s), which it does not hold against DataNodes.
    "scm.stale_after_seconds": 12,
    "scm.dead_after_seconds": 18,
}


def body(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def put_all(s3: "S3Client") -> dict[str, bytes]:
    """Objects of all sizes, and one in parts."""
    bodies = {f"size-{size}": body(size) for size in SIZES}
    for key, data in bodies.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=data, **EC_3_2)
    upload = Upload.begin(s3, BUCKET, "in parts", **EC_3_2)
    parts = [body(PART_MIN + 3), body(PART_MIN), body(99)]
    for number, part in enumerate(parts, 1):
        upload.put(number, part)
    upload.complete()
    return bodies | {"in parts": b"".join(parts)}


def check_all(s3: "S3Client", bodies: dict[str, bytes]) -> None:
    for key, data in bodies.items():
        assert read(s3, BUCKET, key) == data, key
        for first, last in RANGES:
            if last < len(data):
                part = read(s3, BUCKET, key, Range=f"bytes={first}-{last}")
                assert part == data[first : last + 1], (key, first, last)


def start(new_cluster: NewCluster, missing_replicas_max: int) -> Cluster:
    config = {**_QUICK, "storage.missing_replicas_max": missing_replicas_max}
    cluster = new_cluster(config, oms=1, scms=1, datanodes=5, gateways=1)
    # Pipelines of three need not be on all five.
    return cluster.start(awaits_writes=False)


def is_written(s3: "S3Client") -> bool:
    """Whether it could be: pipelines may still be made."""
    try:
        s3.put_object(Bucket=BUCKET, Key="first", Body=b"first", **EC_3_2)
    except ClientError:
        return False
    return True


def kill_two(cluster: Cluster) -> None:
    for node in ("dn2", "dn4"):
        cluster.kill(node)


def are_dead(cluster: Cluster) -> bool:
    healths = [node["health"] for node in cluster.status()["nodes"]]
    return healths.count("DEAD") == 2


def test_every_object_reads_right_and_writes_go_on_where_fewer_are_allowed(
    new_cluster: NewCluster,
) -> None:
    cluster = start(new_cluster, 2)
    with cluster.endpoints()[0].client(read_timeout=60, retries={"total_max_attempts": 1}) as s3:
        s3.create_bucket(Bucket=BUCKET)
        wait_until(lambda: is_written(s3))
        bodies = put_all(s3)
        check_all(s3, bodies)
        # "first", one of each size but for nothing, and three parts.
        are_written = len(("first", *SIZES[1:], 1, 2, 3))
        wait_until(
            lambda: are_whole(cluster, containers.EC_3_2, are_written),
            seconds_max=180,
            output=cluster.logs,
        )
        kill_two(cluster)
        check_all(s3, bodies)
        # While the SCM has yet to miss them, and after.
        s3.put_object(Bucket=BUCKET, Key="meanwhile", Body=body(4 * CELL), **EC_3_2)
        wait_until(lambda: are_dead(cluster), output=cluster.status)
        bodies |= {"meanwhile": body(4 * CELL)} | put_all(s3)
        check_all(s3, bodies)
    cluster.stop()
    cluster.check_logs()


def test_writes_are_refused_where_no_fewer_are_allowed_and_all_is_still_read(
    new_cluster: NewCluster,
) -> None:
    cluster = start(new_cluster, 0)
    with cluster.endpoints()[0].client(read_timeout=60, retries={"total_max_attempts": 1}) as s3:
        s3.create_bucket(Bucket=BUCKET)
        wait_until(lambda: is_written(s3))
        data = body(4 * CELL)
        s3.put_object(Bucket=BUCKET, Key="four", Body=data, **EC_3_2)
        wait_until(
            lambda: are_whole(cluster, containers.EC_3_2, 2), seconds_max=180, output=cluster.logs
        )
        kill_two(cluster)
        wait_until(lambda: are_dead(cluster), output=cluster.status)
        # What was handed out before goes to those that are left.
        refused: list[Refusal] = []

        def is_refused() -> bool:
            if is_written(s3):
                return False
            refused.append(refusal(s3.put_object, Bucket=BUCKET, Key="k", Body=data, **EC_3_2))
            return True

        wait_until(is_refused, output=cluster.status)
        [error] = refused
        assert (error.status, error.code) == (503, "ServiceUnavailable")
        assert error.message.startswith("The storage class needs 5 DataNodes, and 3 can take data")
        assert read(s3, BUCKET, "four") == data
        # Other classes need fewer.
        s3.put_object(Bucket=BUCKET, Key="one", Body=data, StorageClass="REDUCED_REDUNDANCY")
        assert read(s3, BUCKET, "one") == data
    cluster.stop()
    cluster.check_logs()
