"""How many DataNodes hold an object, as its storage class, its bucket and the configuration say."""

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.cluster import containers
from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.cluster.containers import are_whole
from tests.integration.endpoint import read, refusal
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.store_process import wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

BUCKET: Final = "books"
# Two stripes of three cells.
SIZE: Final = 6 << 20
# No client's own list has it.
EC_3_2: Final[Any] = {"StorageClass": "EC_3_2"}
BODY: Final = bytes(range(256)) * (SIZE // 256)


def used_bytes(cluster: Cluster) -> dict[str, int]:
    return {node["node_id"]: node["used_bytes"] for node in cluster.status()["nodes"]}


class Holders:
    """Of what is written from one look to the next."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._before = cluster, used_bytes(cluster)

    def become(self, count: int) -> None:
        """So many DataNodes have come to hold one object more of SIZE, and no other has."""

        def grown() -> list[int]:
            after = used_bytes(self._cluster)
            return sorted(after[node] - self._before[node] for node in after)

        def is_so() -> bool:
            sizes = grown()
            kept, rest = sizes[len(sizes) - count :], sizes[: len(sizes) - count]
            return all(SIZE <= size < 2 * SIZE for size in kept) and not any(
                size >= SIZE for size in rest
            )

        wait_until(is_so, output=grown)
        self._before = used_bytes(self._cluster)


def put(s3: "S3Client", key: str, **arguments: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=BODY, **arguments)


def copy(s3: "S3Client", source: str, key: str, **arguments: Any) -> str:
    """Its ETag."""
    done = s3.copy_object(
        Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": source}, **arguments
    )
    return done["CopyObjectResult"]["ETag"]


def test_object_is_on_as_many_datanodes_as_its_class_says(new_cluster: NewCluster) -> None:
    cluster = new_cluster(oms=1, scms=1, datanodes=3, gateways=1).start()
    assert cluster.status()["replication"] == "RATIS/THREE"
    assert "kept as:    RATIS/THREE\n" in cluster.o3("status", data=cluster.data / "gw1")
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket=BUCKET)
        holders = Holders(cluster)
        put(s3, "three")
        holders.become(3)
        put(s3, "one", StorageClass="REDUCED_REDUNDANCY")
        holders.become(1)
        # A copy shares its source's blocks, or has its own.
        etag = copy(s3, "three", "shared")
        assert copy(s3, "three", "rewritten", StorageClass="REDUCED_REDUNDANCY") == etag
        holders.become(1)
        assert copy(s3, "one", "one", StorageClass="STANDARD") == etag
        holders.become(3)
        for key in ("three", "one", "shared", "rewritten"):
            assert read(s3, BUCKET, key) == BODY
        assert "StorageClass" not in s3.head_object(Bucket=BUCKET, Key="one")

        error = refusal(s3.put_object, Bucket=BUCKET, Key="k", Body=BODY, StorageClass="EC_3_2")
        assert (error.status, error.code) == (503, "ServiceUnavailable")
        assert error.message.startswith("The storage class needs 5 DataNodes, and 3 can take data")
    cluster.stop()
    cluster.check_logs()


def test_objects_of_a_bucket_are_kept_as_it_says(new_cluster: NewCluster) -> None:
    cluster = new_cluster(oms=1, scms=1, datanodes=3, gateways=1).start()
    gateway = cluster.data / "gw1"
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket=BUCKET)
        upload = Upload.begin(s3, BUCKET, "begun before")
        shown = cluster.o3("bucket", "set-replication", BUCKET, "ratis/one", data=gateway)
        assert "RATIS/ONE" in shown
        [listed] = json.loads(cluster.o3("bucket", "list", "--json", data=gateway))
        assert listed["replication"] == "RATIS/ONE"
        holders = Holders(cluster)
        put(s3, "one")
        holders.become(1)
        # Parts are kept as their upload was begun, together with what is written after it.
        upload.put(1, BODY + bytes(PART_MIN))
        upload.complete()
        wait_until(lambda: all(size > PART_MIN for size in used_bytes(cluster).values()))
        assert "(default)" in cluster.o3(
            "bucket", "set-replication", BUCKET, "default", data=gateway
        )
        output = cluster.o3("bucket", "set-replication", BUCKET, "RATIS/TWO", data=gateway, code=1)
        assert "'RATIS/TWO' is none of RATIS/THREE, RATIS/ONE" in output
    cluster.stop()
    cluster.check_logs()


def test_too_few_datanodes_are_refused_unless_fewer_replicas_are_allowed(
    new_cluster: NewCluster,
) -> None:
    strict = {"storage.missing_replicas_max": 0}
    cluster = new_cluster(strict, oms=1, scms=1, datanodes=2, gateways=1)
    cluster.start(awaits_writes=False)
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket=BUCKET)
        error = refusal(s3.put_object, Bucket=BUCKET, Key="k", Body=b"small")
        assert (error.status, error.code) == (503, "ServiceUnavailable")
        assert error.message.startswith("The storage class needs 3 DataNodes, and 2 can take data")
        put(s3, "one", StorageClass="REDUCED_REDUNDANCY")
    # What `o3 cluster` allows by itself where there are two.
    cluster.stop()
    cluster.change_config("storage.missing_replicas_max", None)
    cluster.start()
    assert cluster.status()["missing_replicas_max"] == 1
    with cluster.endpoints()[0].client() as s3:
        holders = Holders(cluster)
        put(s3, "two")
        holders.become(2)
        assert read(s3, BUCKET, "two") == read(s3, BUCKET, "one") == BODY
    cluster.stop()
    cluster.check_logs()


def move(s3: "S3Client") -> None:
    """Objects of both kinds become ones of the other, as lifecycle rules say."""
    put(s3, "moved/there")
    put(s3, "moved/back", StorageClass="EC_3_2")

    def rule(prefix: str, storage_class: str) -> dict[str, Any]:
        to = {"Days": 0, "StorageClass": storage_class}
        return {"Status": "Enabled", "Filter": {"Prefix": prefix}, "Transitions": [to]}

    rules: Any = [rule("moved/there", "EC_3_2"), rule("moved/back", "INTELLIGENT_TIERING")]
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": rules})

    def classes() -> list[str]:
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="moved/")["Contents"]
        return [each["StorageClass"] for each in listed]

    wait_until(lambda: classes() == ["INTELLIGENT_TIERING", "EC_3_2"], output=classes)


def test_erasure_coded_object_is_read_without_two_of_its_five_datanodes(
    new_cluster: NewCluster,
) -> None:
    classes = {
        "s3.storage_classes": "STANDARD_IA=EC/3-2",
        "lifecycle.day_seconds": 2,
        # So soon is closed what is to be: see `are_whole`.
        "metadata.lease_duration_seconds": 10,
    }
    cluster = new_cluster(classes, oms=1, scms=1, datanodes=5, gateways=1)
    # Pipelines of three need not be on all five.
    cluster.start(awaits_writes=False)
    with cluster.endpoints()[0].client(read_timeout=60) as s3:
        s3.create_bucket(Bucket=BUCKET)
        before = used_bytes(cluster)
        put(s3, "by name", StorageClass="EC_3_2")
        put(s3, "as configured", StorageClass="STANDARD_IA")
        s3.put_object(Bucket=BUCKET, Key="small", Body=b"small", **EC_3_2)
        wait_until(
            lambda: are_whole(cluster, containers.EC_3_2, 3), seconds_max=180, output=cluster.logs
        )
        # Each has a third of the data, or parity of that size.
        wait_until(
            lambda: all(
                2 * SIZE // 3 <= size - before[node] < SIZE
                for node, size in used_bytes(cluster).items()
            ),
            output=lambda: (before, used_bytes(cluster)),
        )
        put(s3, "three")
        etag = copy(s3, "three", "copied", StorageClass="EC_3_2")
        assert copy(s3, "copied", "back") == etag
        move(s3)
        # With "copied", and what was moved there and back.
        wait_until(
            lambda: are_whole(cluster, containers.EC_3_2, 6), seconds_max=180, output=cluster.logs
        )
        # Of three replicas one may lag behind the other two: not to be read without them.
        assert read(s3, BUCKET, "moved/back") == BODY
        for node in ("dn1", "dn2"):
            cluster.kill(node)
        for key in ("by name", "as configured", "copied", "moved/there"):
            assert read(s3, BUCKET, key) == BODY, key
        assert read(s3, BUCKET, "small") == b"small"
    cluster.stop()
    cluster.check_logs()
