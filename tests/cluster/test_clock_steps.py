"""The wall clock of one process of a cluster is stepped, forward and back: writes, reads and
deletes go on at once, garbage goes, and the process says so. Nothing but wall clocks is faked
(`tests/clocks`)."""

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.clocks.stepping import HOUR_MS, Clocks
from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import read
from tests.integration.store_process import wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

MIB: Final = 1 << 20
# What goes into a file of its own, and what shares one.
SIZES: Final = (0, 100, 60_000, 70_000, 8 * MIB)
# Far less than a step. Nothing hangs, also on a machine that stands still now and then.
SECONDS: Final = 60
CONFIG: Final[dict[str, object]] = {
    # Signatures are of wall time, by AWS's rule: a wider window lets the test look behind it.
    "s3.clock_skew_seconds_max": 86_400,
    "metadata.gc_delay_seconds": 0,
    # Far less than a step, and more than a machine stands still.
    "metadata.lease_duration_seconds": 60,
}
# After a moment ahead it is back; then for good, and the other way.
STEPS_MS: Final = (0, HOUR_MS, -HOUR_MS)


def body_of(size: int, number: int) -> bytes:
    return random.Random(number).randbytes(size)


def block_files(cluster: Cluster) -> list[Path]:
    """Of blocks in files of their own."""
    actual = cluster.data.glob("dn*/datanode/containers/**/*")
    return [path for path in actual if path.is_file() and path.stat().st_size >= 8 * MIB]


def work(cluster: Cluster, s3: "S3Client", number: int) -> None:
    """Everything that clients do, soon; the DataNode obeys what the SCM says then."""
    begun = time.monotonic()
    for size in SIZES:
        body = body_of(size, number)
        s3.put_object(Bucket="steps", Key=f"k{size}", Body=body)
        assert read(s3, "steps", f"k{size}") == body
    listed = s3.list_objects_v2(Bucket="steps")["Contents"]
    assert len(listed) == len(SIZES)
    s3.delete_object(Bucket="steps", Key=f"k{SIZES[-1]}")
    assert time.monotonic() - begun < SECONDS
    wait_until(lambda: not block_files(cluster), output=cluster.logs)


def step(cluster: Cluster, clocks: Clocks, node: str, offset_ms: int) -> None:
    """Returns when the process has noticed."""
    before = cluster.log_text(node).count("wall_clock_stepped")
    clocks.set_offset(cluster.pid(node), offset_ms)
    wait_until(
        lambda: cluster.log_text(node).count("wall_clock_stepped") > before,
        output=lambda: cluster.log_text(node)[-2_000:],
    )


def test_work_goes_on_whatever_one_wall_clock_does(new_cluster: NewCluster, tmp_path: Path) -> None:
    clocks = Clocks(tmp_path / "clocks")
    cluster = new_cluster(CONFIG, clocks.variables, oms=3, scms=1, datanodes=1, gateways=1).start()
    with cluster.endpoints()[0].client(read_timeout=60) as s3:
        s3.create_bucket(Bucket="steps")
        work(cluster, s3, 0)
        leader = cluster.leader("om")
        follower = min(set(cluster.ids("om")) - {leader})
        for node in ("gw1", leader, follower, "scm1", "dn1"):
            step(cluster, clocks, node, HOUR_MS)
            s3.put_object(Bucket="steps", Key="k100", Body=b"ahead")
            for number, offset_ms in enumerate(STEPS_MS):
                step(cluster, clocks, node, offset_ms)
                work(cluster, s3, number)
            # One that takes part under another time than all others.
            if node == follower:
                cluster.make_leader("om", follower)
                work(cluster, s3, len(STEPS_MS))
        assert all(node["health"] == "HEALTHY" for node in cluster.status()["nodes"])
        output = cluster.log_text("gw1") + cluster.log_text("dn1")
        for failure in ("lease_lost", "blocks_rewritten", "command_expired", "former_leader"):
            assert failure not in output, output[-4_000:]
    # What was begun in another time is found in this one.
    clocks.begin_with(0)
    for node in (leader, "scm1", "dn1", "gw1"):
        cluster.restart(node)
    with cluster.endpoints()[0].client(read_timeout=60) as s3:
        work(cluster, s3, 9)
    cluster.stop()
    cluster.check_logs()
