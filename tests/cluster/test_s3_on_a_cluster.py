"""The tests of S3 that hold an endpoint to AWS's answers, on a cluster of processes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import Endpoint
from tests.integration.store_process import OTHER, environment

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

REPO: Final = Path(__file__).parents[2]
# By gateway: each has a half of them, at the same time.
SUITES: Final = (
    ("answers", "test_lifecycle_rules.py", "test_rename.py", "test_append.py"),
    (
        "test_versions.py",
        "test_listing_versions.py",
        "test_object_lock.py",
        "test_object_lock_configuration.py",
        "test_object_tags.py",
        "test_encryption.py",
        "test_write_conditions.py",
        "test_multipart_copy.py",
        "test_multipart_checksums.py",
    ),
)


def add_other_account(cluster: Cluster) -> None:
    asks_gateway = [sys.executable, "-m", "trioxygen.cli.main"]
    data = ["--data", str(cluster.data / "gw1")]
    cluster.o3("account", "create", "Other", "--id", "other", data=cluster.data / "gw1")
    key = ["key", "create", "--account", "other", "--access-key", OTHER.access, "--secret-stdin"]
    subprocess.run(
        [*asks_gateway, *key, *data],
        env=environment({}),
        input=f"{OTHER.secret}\n",
        text=True,
        timeout=60,
        check=True,
    )


def started(endpoint: Endpoint, suites: tuple[str, ...]) -> "subprocess.Popen[str]":
    keys = {
        "BENCH_ACCESS_KEY": endpoint.main.access,
        "BENCH_SECRET_KEY": endpoint.main.secret,
        "OTHER_ACCESS_KEY": OTHER.access,
        "OTHER_SECRET_KEY": OTHER.secret,
    }
    files = [f"tests/integration/s3/{name}" for name in suites]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
        + ["--endpoint", endpoint.url],
        cwd=REPO,
        env={**os.environ, **environment({}), **keys},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_answers_are_the_same_through_every_gateway(new_cluster: NewCluster) -> None:
    # No elections, however busy the machine is: the tests try nothing twice.
    patient = {"metadata.raft_election_ticks": 40, "storage.ring_election_ticks": 40}
    cluster = new_cluster(patient, oms=3, scms=3, datanodes=3, gateways=2).start()
    add_other_account(cluster)
    runs = [
        started(endpoint, suites)
        for endpoint, suites in zip(cluster.endpoints(), SUITES, strict=True)
    ]
    try:
        told = [run.communicate(timeout=800)[0] for run in runs]
    finally:
        for run in runs:
            run.kill()
            run.communicate()
    assert [run.returncode for run in runs] == [0, 0], "\n".join(text[-8_000:] for text in told)
    cluster.stop()
    cluster.check_logs()
