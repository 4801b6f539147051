"""The disk of an OM or SCM is full: its group goes on with the others, it says so, and goes on when
there is room. Where it is the only one, deleting is possible all the same."""

import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

import pytest
from botocore.exceptions import ClientError

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import Endpoint, keys_of, read, refused
from tests.integration.store_process import wait_until
from tests.small_disk import SmallDisk, small_disk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

MIB: Final = 1 << 20
DISK_BYTES: Final = 96 * MIB
# Nothing hangs, also on a machine that stands still now and then.
SECONDS: Final = 60
FULL: Final = (507, "InsufficientStorage")
CONFIG: Final = {
    "metadata.gc_delay_seconds": 0,
    "metadata.lease_duration_seconds": 10,
    "metadata.log_segment_bytes": 2 * MIB,
    "storage.log_segment_bytes": 2 * MIB,
}


@contextmanager
def disk_of(cluster: Cluster, node: str) -> Iterator[SmallDisk]:
    """A small disk for the folder of a node that has not been started."""
    with small_disk(cluster.data / node, DISK_BYTES) as disk:
        try:
            yield disk
        finally:
            cluster.discard()


def health(cluster: Cluster, node: str) -> str:
    url = f"{cluster.nodes()[node]['admin']}/_health/ready"
    with urllib.request.urlopen(url, timeout=10) as answer:
        output: str = answer.read().decode().strip()
    return output


def put_many(s3: "S3Client", name: str, count: int = 60) -> list[str]:
    """Small and large ones; what is refused for want of room fails."""
    keys = [f"{name}-{number:03}" for number in range(count)]
    for number, key in enumerate(keys):
        size = 100_000 if number % 10 == 0 else 50
        s3.put_object(Bucket="bucket", Key=key, Body=key.encode() * (size // len(key)))
    return keys


def put_rows(endpoint: Endpoint, name: str) -> None:
    """Rows as large as a client makes them, from several clients, until they are refused or have
    taken what an OM has reserved."""

    def put(number: int) -> None:
        with endpoint.client(read_timeout=60) as s3:
            for turn in range(250):
                try:
                    s3.put_object(
                        Bucket="bucket",
                        Key=f"{name}/{number}-{turn:03}/" + "k" * 900,
                        Metadata={"m": "v" * 1_900},
                    )
                except ClientError as error:
                    output = error.response
                    status = output["ResponseMetadata"]["HTTPStatusCode"]
                    assert (status, output["Error"]["Code"]) == FULL, output
                    return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(8)))


def restart_and_free(cluster: Cluster, node: str, disk: SmallDisk) -> None:
    """A member that lacks what the others have is ready when it has found room for it."""
    before = cluster.log_text(node).count("disk_full")
    with ThreadPoolExecutor(1) as pool:
        restarting = pool.submit(cluster.restart, node)
        wait_until(
            lambda: restarting.done() or cluster.log_text(node).count("disk_full") > before,
            output=lambda: cluster.log_text(node)[-2_000:],
        )
        disk.free()
        restarting.result()


def begin(cluster: Cluster) -> Endpoint:
    [endpoint] = cluster.start().endpoints()
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
    return endpoint


def gives_up_the_lead(cluster: Cluster, s3: "S3Client", node: str) -> bool:
    """Whether the OM does: when something is to be written, and once a minute; the first time
    nobody may have been near enough to it."""
    if cluster.leader("om") != node:
        return True
    with suppress(ClientError):
        s3.put_object(Bucket="bucket", Key="handed over", Body=b"x")
    return False


@pytest.mark.parametrize("role", ["om", "scm"])
def test_group_goes_on_while_a_members_disk_is_full(new_cluster: NewCluster, role: str) -> None:
    others = {"oms": 1, "scms": 1, f"{role}s": 3}
    cluster = new_cluster(CONFIG, datanodes=1, gateways=1, **others).lay_out()
    node = f"{role}2"
    with ExitStack() as opened:
        disk = opened.enter_context(disk_of(cluster, node))
        endpoint = begin(cluster)
        s3 = opened.enter_context(endpoint.client(read_timeout=60))
        first = put_many(s3, "first")
        # As a follower, and then as the leader.
        for as_leader in (False, True):
            leads = cluster.leader(role) == node
            if leads != as_leader:
                target = node if as_leader else f"{role}1"
                cluster.make_leader(role, target)
            disk.fill()
            begun = time.monotonic()
            keys = put_many(s3, f"full-{as_leader}")
            s3.delete_object(Bucket="bucket", Key=first.pop())
            assert keys_of(s3, "bucket", "full")
            assert time.monotonic() - begun < SECONDS
            if role == "om":
                # An SCM writes too little.
                put_rows(endpoint, f"rows-{as_leader}")
                wait_until(lambda: health(cluster, node) == "full")
                wait_until(lambda: gives_up_the_lead(cluster, s3, node), seconds_max=150)
                assert put_many(s3, f"others-{as_leader}", 20)
            disk.fill()
            begun = time.monotonic()
            cluster.kill(node, "TERM")
            assert time.monotonic() - begun < SECONDS
            disk.fill()
            restart_and_free(cluster, node, disk)
            cluster.wait_for_all(role)
            wait_until(lambda: health(cluster, node) == "ready")
            cluster.make_leader(role, node)
            for key in (*keys, *put_many(s3, f"later-{as_leader}", 20)):
                assert read(s3, "bucket", key).startswith(key.encode())
        cluster.stop()
        cluster.check_logs()


def test_single_om_with_a_full_disk_deletes_and_goes_on(new_cluster: NewCluster) -> None:
    cluster = new_cluster(CONFIG, oms=1, scms=1, datanodes=1, gateways=1).lay_out()
    with ExitStack() as opened:
        disk = opened.enter_context(disk_of(cluster, "om1"))
        endpoint = begin(cluster)
        s3 = opened.enter_context(endpoint.client(read_timeout=60))
        keys = put_many(s3, "first", 100)
        disk.fill()
        put_rows(endpoint, "rows")
        disk.fill()
        wait_until(lambda: health(cluster, "om1") == "full")
        begun = time.monotonic()
        assert refused(s3.create_bucket, Bucket="another") == FULL
        assert refused(s3.put_object, Bucket="bucket", Key="k", Body=b"x") == FULL
        for key in keys[:50]:
            s3.delete_object(Bucket="bucket", Key=key)
            disk.fill()
        assert read(s3, "bucket", keys[50])
        assert time.monotonic() - begun < SECONDS
        for name in ("TERM", "KILL"):
            begun = time.monotonic()
            cluster.kill("om1", name)
            disk.fill()
            cluster.restart("om1")
            assert time.monotonic() - begun < SECONDS
            s3.delete_object(Bucket="bucket", Key=keys.pop())
        disk.free()

        def goes_on() -> bool:
            try:
                s3.put_object(Bucket="bucket", Key="again", Body=bytes(100_000))
            except ClientError as error:
                assert error.response["Error"]["Code"] == FULL[1], error
                return False
            return True

        wait_until(goes_on)
        wait_until(lambda: health(cluster, "om1") == "ready")
        assert read(s3, "bucket", "again") == bytes(100_000)
        cluster.stop()
        cluster.check_logs()
