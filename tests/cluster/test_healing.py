"""A member whose rows were damaged gets them from the others, and is whole again."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import environment

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
    """A bit of the values of two rows, and of the key of a third."""
    data = bytearray(file.read_bytes())
    hit = rng.sample(KEYS, 3)
    for position, key in enumerate(hit):
        name = key.encode()
        at = data.find(name)
        assert at >= 0
        while at >= 0:
            where = at + len(name) + 30 if position < 2 else at + len(name) - 1
            data[where] ^= 1 << (3 if position < 2 else 0)
            at = data.find(name, at + len(name))
    file.write_bytes(data)
    return hit


@pytest.mark.parametrize("seed", range(2))
def test_damaged_rows_of_each_om_are_healed_by_the_others(
    new_cluster: NewCluster, seed: int
) -> None:
    rng = random.Random(seed)
    cluster: Cluster = new_cluster(scms=1, gateways=1).start()
    [endpoint] = cluster.endpoints()
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        for key in KEYS:
            s3.put_object(Bucket="bucket", Key=key, Body=body_of(key))
        for node in cluster.ids("om"):
            cluster.wait_for_all("om")
            cluster.kill(node, "TERM")
            hit = damage(cluster.data / node / "om" / "data.mdb", rng)
            found = o3("admin", "check", "om", "--data", str(cluster.data / node))
            assert found.returncode == 1, found
            cluster.restart(node)
            cluster.wait_for_all("om")
            moved = o3("admin", "om", "transfer-leader", node, "--data", str(cluster.data))
            assert moved.returncode == 0, moved.stderr
            assert cluster.wait_for_all("om") == node
            assert keys_of(s3, "bucket") == KEYS
            for key in (*hit, *KEYS):
                assert read(s3, "bucket", key) == body_of(key)
            # Written and deleted as ever.
            s3.put_object(Bucket="bucket", Key=hit[0], Body=body_of(hit[0]))
            s3.delete_object(Bucket="bucket", Key=hit[1])
            s3.put_object(Bucket="bucket", Key=hit[1], Body=body_of(hit[1]))
            told = (cluster.data / "logs" / f"{node}.log").read_text()
            assert "damaged_row_healed" in told
    nodes = cluster.ids("om")
    cluster.stop()
    for node in nodes:
        found = o3("admin", "check", "om", "--data", str(cluster.data / node))
        assert found.returncode == 0, found
    cluster.check_logs()
