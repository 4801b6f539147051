"""A member whose rows were damaged gets them from the others, and is whole again."""

import hashlib
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import environment, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

KEYS = [f"key-{number:03d}" for number in range(80)]


def body_of(key: str) -> bytes:
    return random.Random(key).randbytes(2_000)


def o3(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "trioxygen.cli.main", *arguments],
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def damage(file: Path, rng: random.Random) -> list[str]:
    """A bit of the values of two rows, and of the key of a third. Not where a key only says which
    page comes next: what is flipped there is no row."""
    data = bytearray(file.read_bytes())
    hit = rng.sample(KEYS, 3)
    for position, key in enumerate(hit):
        name, etag = key.encode(), hashlib.md5(body_of(key)).hexdigest().encode()
        rows, at = 0, data.find(name)
        while at >= 0:
            if etag in data[at : at + 500]:
                where = at + len(name) + 30 if position < 2 else at + len(name) - 1
                data[where] ^= 1 << (3 if position < 2 else 0)
                rows += 1
            at = data.find(name, at + len(name))
        assert rows, key
    file.write_bytes(data)
    return hit


@pytest.mark.parametrize("seed", range(2))
def test_damaged_rows_of_each_om_are_healed_by_the_others(
    new_cluster: NewCluster, seed: int
) -> None:
    rng = random.Random(seed)
    cluster: Cluster = new_cluster(scms=1, gateways=1).start()
    [endpoint] = cluster.endpoints()
    # While rows are got from the others, an answer may be an error that a retry ends.
    with endpoint.client(retries={"total_max_attempts": 8, "mode": "standard"}) as s3:
        s3.create_bucket(Bucket="bucket")
        for key in KEYS:
            s3.put_object(Bucket="bucket", Key=key, Body=body_of(key))
        for node in cluster.ids("om"):
            cluster.wait_for_all("om")
            cluster.kill(node, "TERM")
            hit = damage(cluster.data / node / "om" / "data.mdb", rng)
            output = o3("admin", "check", "om", "--data", str(cluster.data / node))
            assert output.returncode == 1, output
            cluster.restart(node)
            cluster.wait_for_all("om")
            cluster.make_leader("om", node)
            cluster.wait_for_all("om")
            read_until_healed(s3, cluster, node, hit)
            for key in KEYS:
                assert read(s3, "bucket", key) == body_of(key)
            # Written and deleted as ever.
            s3.put_object(Bucket="bucket", Key=hit[0], Body=body_of(hit[0]))
            s3.delete_object(Bucket="bucket", Key=hit[1])
            s3.put_object(Bucket="bucket", Key=hit[1], Body=body_of(hit[1]))
    stop_and_check(cluster, "om")


def read_until_healed(s3: "S3Client", cluster: Cluster, node: str, hit: list[str]) -> None:
    """Whoever answers a read, it is right. The members take turns, so reads go on until this one
    has met all of its damaged rows."""
    output = cluster.data / "logs" / f"{node}.log"

    def is_healed() -> bool:
        assert set(keys_of(s3, "bucket")) >= set(KEYS)
        for key in hit:
            assert read(s3, "bucket", key) == body_of(key)
        healed = re.findall(r"damaged_row_healed .* rows=(\d+)", output.read_text())
        return sum(int(rows) for rows in healed) >= len(hit)

    wait_until(is_healed)


def damage_rows(file: Path, keys: list[str]) -> None:
    """A bit of the value of each."""
    data = bytearray(file.read_bytes())
    for key in keys:
        name = key.encode()
        at = data.find(name)
        assert at >= 0
        while at >= 0:
            data[at + len(name) + 30] ^= 8
            at = data.find(name, at + len(name))
    file.write_bytes(data)


def test_damaged_leader_heals_while_clients_write(new_cluster: NewCluster) -> None:
    """Readers see right bytes or errors that a retry ends; writers lose nothing; then all is
    whole, and `o3 admin check` says so of every member."""
    cluster: Cluster = new_cluster(scms=1, gateways=1).start()
    [endpoint] = cluster.endpoints()
    with endpoint.client(retries={"total_max_attempts": 8, "mode": "standard"}) as s3:
        s3.create_bucket(Bucket="bucket")
        for key in KEYS:
            s3.put_object(Bucket="bucket", Key=key, Body=body_of(key))
        node = cluster.wait_for_all("om")
        cluster.kill(node, "TERM")
        hit = KEYS[10:14]
        damage_rows(cluster.data / node / "om" / "data.mdb", hit)
        output = o3("admin", "check", "om", "--data", str(cluster.data / node))
        assert output.returncode == 1 and hit[0] in output.stdout, output
        cluster.restart(node)
        cluster.wait_for_all("om")
        cluster.make_leader("om", node)
        written: dict[str, bytes] = {}
        for number, key in enumerate([*hit, *KEYS[:20], *hit]):
            new = f"new-{number}"
            s3.put_object(Bucket="bucket", Key=new, Body=body_of(new))
            written[new] = body_of(new)
            assert read(s3, "bucket", key) == body_of(key)
        assert keys_of(s3, "bucket") == sorted([*KEYS, *written])
        for key, body in written.items():
            assert read(s3, "bucket", key) == body
        read_until_healed(s3, cluster, node, hit)
    stop_and_check(cluster, "om")


def test_damaged_rows_of_an_scm_are_healed_by_the_others(new_cluster: NewCluster) -> None:
    cluster: Cluster = new_cluster(oms=1, gateways=1).start()
    [endpoint] = cluster.endpoints()
    with endpoint.client(retries={"total_max_attempts": 8, "mode": "standard"}) as s3:
        s3.create_bucket(Bucket="bucket")
        for key in KEYS[:20]:
            s3.put_object(Bucket="bucket", Key=key, Body=body_of(key) * 100)
        node = cluster.wait_for_all("scm")
        cluster.kill(node, "TERM")
        # Of the DataNode, how far the state is, and who the group's members are.
        damage_scm(cluster.data / node / "scm" / "data.mdb")
        output = o3("admin", "check", "scm", "--data", str(cluster.data / node))
        assert output.returncode == 1 and "applied" in output.stdout, output
        # Also of rows that name the DataNode.
        tables = {line.split("\t")[0] for line in output.stdout.splitlines()} - {"meta"}
        assert "node" in tables
        cluster.restart(node)
        cluster.wait_for_all("scm")
        cluster.make_leader("scm", node)
        cluster.wait_for_all("scm")
        for key in KEYS[:20]:
            assert read(s3, "bucket", key) == body_of(key) * 100
            s3.put_object(Bucket="bucket", Key=f"new-{key}", Body=body_of(key) * 100)
            assert read(s3, "bucket", f"new-{key}") == body_of(key) * 100
        message = cluster.data / "logs" / f"{node}.log"

        def healed() -> set[str]:
            return set(re.findall(r"damaged_row_healed table=(\w+)", message.read_text()))

        def are_healed() -> bool:
            # Only who leads meets them, and another may have been elected.
            cluster.make_leader("scm", node)
            return healed() >= tables

        wait_until(are_healed, output=healed)
    stop_and_check(cluster, "scm")


def stop_and_check(cluster: Cluster, service: str) -> None:
    """Every member's rows are whole."""
    nodes = cluster.ids(service)
    cluster.stop()
    for node in nodes:
        output = o3("admin", "check", service, "--data", str(cluster.data / node))
        assert output.returncode == 0, output
    cluster.check_logs()


def damage_scm(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for actual, behind in ((b"applied\0", 10), (b"dn1", 8)):
        at = data.find(actual)
        assert at >= 0, actual
        while at >= 0:
            data[at + behind] ^= 2
            at = data.find(actual, at + len(actual))
    file.write_bytes(data)
