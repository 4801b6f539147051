"""DataNodes of a cluster fill up: PUTs go on while one has room, are refused clearly when none has,
and deleting gives the space back. Every node stops and starts at every moment of it."""

import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest
from botocore.exceptions import ClientError

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import empty, keys_of, read, refused
from tests.integration.store_process import wait_until
from tests.small_disk import SmallDisk, small_disk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

MIB: Final = 1 << 20
FULL: Final = (507, "InsufficientStorage")
WRITERS: Final = 8
SIZES: Final = (6 * MIB, 3 * MIB, 300_000, 20_000)
# Nothing hangs, also on a machine that stands still now and then.
SECONDS: Final = 60
# Room for all that is under way, beyond what is reserved.
ENOUGH_BYTES: Final = 16 * MIB + WRITERS // len(SIZES) * 10 * MIB
# The first one is full long before the others.
DISK_BYTES: Final = {"dn1": 64 * MIB, "dn2": 112 * MIB, "dn3": 112 * MIB}
CONFIG: Final = {
    "metadata.gc_delay_seconds": 0,
    "metadata.lease_duration_seconds": 10,
    "metadata.log_segment_bytes": 2 * MIB,
    "storage.log_segment_bytes": 2 * MIB,
    "storage.reserved_bytes": 16 * MIB,
    # Each block is on one DataNode: they fill up one after the other.
    "storage.replication": "RATIS/ONE",
}


@pytest.fixture
def cluster(new_cluster: NewCluster) -> Cluster:
    return new_cluster(CONFIG, oms=1, scms=1, datanodes=3, gateways=1).lay_out()


@pytest.fixture
def disks(cluster: Cluster) -> Iterator[dict[str, SmallDisk]]:
    with ExitStack() as mounted:
        made = {
            node: mounted.enter_context(small_disk(cluster.data / node, size))
            for node, size in DISK_BYTES.items()
        }
        yield made
        cluster.discard()


@pytest.fixture
def s3(cluster: Cluster, disks: dict[str, SmallDisk]) -> "Iterator[S3Client]":
    cluster.start()
    with cluster.endpoints()[0].client(read_timeout=60) as client:
        client.create_bucket(Bucket="bucket")
        yield client


def body_of(key: str, size: int) -> bytes:
    return key.encode() * (size // len(key))


def fill(s3: "S3Client", disks: Sequence[SmallDisk]) -> dict[str, int]:
    """Several writers at once until each is refused; sizes by key."""
    stored: dict[str, int] = {}

    def write(number: int) -> None:
        for turn in range(10_000):
            key, size = f"w{number:02}-{turn:04}", SIZES[number % len(SIZES)]
            try:
                s3.put_object(Bucket="bucket", Key=key, Body=body_of(key, size))
            except ClientError as error:
                output = error.response
                status = output["ResponseMetadata"]["HTTPStatusCode"]
                if output["Error"]["Code"] == "SlowDown":
                    # It filled up in the middle of this; others may have room.
                    continue
                assert (status, output["Error"]["Code"]) == FULL, output
                assert not any(disk.free_bytes > ENOUGH_BYTES for disk in disks), "refused early"
                return
            stored[key] = size

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    return stored


def goes_on(s3: "S3Client") -> None:
    """A PUT works again, by itself and soon."""

    def put() -> bool:
        try:
            s3.put_object(Bucket="bucket", Key="again", Body=body_of("again", 8 * MIB))
        except ClientError as error:
            # The latter: this one filled a disk up, and others may have room.
            assert error.response["Error"]["Code"] in (FULL[1], "SlowDown"), error
            return False
        return True

    wait_until(put)
    assert read(s3, "bucket", "again") == body_of("again", 8 * MIB)


def health(cluster: Cluster, node: str) -> str:
    """What the node's admin port says to whoever asks whether it is ready."""
    url = f"{cluster.nodes()[node]['admin']}/_health/ready"
    with urllib.request.urlopen(url, timeout=10) as answer:
        output: str = answer.read().decode().strip()
    return output


def restart(cluster: Cluster, node: str, name: str = "TERM") -> None:
    """The end and the next start."""
    begun = time.monotonic()
    cluster.kill(node, name)
    assert time.monotonic() - begun < SECONDS, f"{node} did not end soon"
    cluster.restart(node)
    assert time.monotonic() - begun < SECONDS, f"{node} was not ready soon"


def test_full_datanodes_refuse_delete_and_go_on(
    cluster: Cluster, s3: "S3Client", disks: dict[str, SmallDisk]
) -> None:
    stored = fill(s3, [*disks.values()])
    # Writers went on when the smallest was full, and the others were filled.
    assert sum(stored.values()) > sum(disk.size_bytes - 40 * MIB for disk in disks.values())
    for node, disk in disks.items():
        assert disk.free_bytes >= 8 * MIB, f"{node}: what is reserved was taken"
        # Another program takes what would do for a small object, also when a log gives some back.
        disk.take(max(0, disk.free_bytes - 10 * MIB))
    wait_until(lambda: {node["volumes_full"] for node in cluster.status()["nodes"]} == {1})
    wait_until(lambda: health(cluster, "gw1") == "full")
    assert [health(cluster, node) for node in disks] == ["full"] * 3
    begun = time.monotonic()
    for size in (10, 20_000, 300_000, 8 * MIB):
        assert refused(s3.put_object, Bucket="bucket", Key="k", Body=bytes(size)) == FULL
    assert time.monotonic() - begun < SECONDS
    for node in ("dn1", "dn2", "om1", "scm1", "gw1"):
        restart(cluster, node)
    for key, size in stored.items():
        assert read(s3, "bucket", key) == body_of(key, size), key
    doomed = [key for key in stored if stored[key] == 6 * MIB][:9]
    for key in doomed:
        s3.delete_object(Bucket="bucket", Key=key)
    goes_on(s3)
    assert keys_of(s3, "bucket") == sorted({*stored, "again"} - set(doomed))
    empty(s3, "bucket")
    wait_until(
        lambda: all(disk.free_bytes > disk.size_bytes - 40 * MIB for disk in disks.values()),
        output=lambda: {node: disk.free_bytes for node, disk in disks.items()},
    )
    wait_until(lambda: health(cluster, "gw1") == "ready")
    begun = time.monotonic()
    cluster.stop()
    assert time.monotonic() - begun < SECONDS
    cluster.check_logs()


def test_datanodes_without_a_byte_left_read_delete_stop_and_start(
    cluster: Cluster, s3: "S3Client", disks: dict[str, SmallDisk]
) -> None:
    stored = {f"large-{number}": 4 * MIB for number in range(9)}
    stored |= {f"small-{number}": 20_000 for number in range(9)}
    for key, size in stored.items():
        s3.put_object(Bucket="bucket", Key=key, Body=body_of(key, size))
    # One of three: writes go on.
    disks["dn1"].fill()
    for number in range(9):
        key = f"late-{number}"
        stored[key] = 300_000 if number % 2 else 2_000
        s3.put_object(Bucket="bucket", Key=key, Body=body_of(key, stored[key]))
    for disk in disks.values():
        disk.fill()
    begun = time.monotonic()
    assert refused(s3.put_object, Bucket="bucket", Key="k", Body=b"x" * 1_000) == FULL
    assert refused(s3.put_object, Bucket="bucket", Key="k", Body=bytes(8 * MIB)) == FULL
    for key in ("small-0", "large-0"):
        s3.delete_object(Bucket="bucket", Key=key)
        del stored[key]
    assert time.monotonic() - begun < SECONDS
    for node, name in (("dn1", "TERM"), ("dn2", "KILL")):
        for disk in disks.values():
            disk.fill()
        restart(cluster, node, name)
    for key, size in stored.items():
        assert read(s3, "bucket", key) == body_of(key, size), key
    for disk in disks.values():
        disk.fill()
    cluster.stop()
    cluster.start()
    for key in stored:
        if key.startswith("large"):
            s3.delete_object(Bucket="bucket", Key=key)
    wait_until(lambda: sum(disk.free_bytes for disk in disks.values()) >= 24 * MIB)
    for disk in disks.values():
        disk.free()
    goes_on(s3)
    cluster.stop()
    cluster.check_logs()
