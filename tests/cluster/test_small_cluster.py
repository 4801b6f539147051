"""A cluster of one node of each role: what a stranger writes to a DataNode, and a dump put back."""

import shutil
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.cluster.test_local_cluster import o3
from tests.integration.endpoint import Endpoint, read
from tests.integration.store_process import wait_until
from trioxygen.common.rpc.rules.table import PACKAGE
from trioxygen.proto.v1.datanode_pb2 import WriteSmallBlockRequest
from trioxygen.proto.v1.types_pb2 import BlockId

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

SIZES = (10, 100_000, 5 << 20)


@pytest.fixture
def cluster(new_cluster: NewCluster) -> Cluster:
    return new_cluster(oms=1, scms=1, datanodes=1, gateways=1).start()


def put_all(endpoint: Endpoint, name: str) -> None:
    with endpoint.client() as s3:
        for size in SIZES:
            s3.put_object(Bucket="books", Key=f"{name}-{size}", Body=bytes([size % 256]) * size)


def check_all(endpoint: Endpoint, name: str) -> None:
    with endpoint.client() as s3:
        for size in SIZES:
            assert read(s3, "books", f"{name}-{size}") == bytes([size % 256]) * size


def write_block(address: str, container: int, local: int) -> None:
    """As anybody may who can connect."""
    with grpc.insecure_channel(address) as channel:
        call: Any = channel.unary_unary(f"/{PACKAGE}.DataNode/WriteSmallBlock")
        # Which pipelines the node takes part in is not known to anybody.
        for pipeline_id in range(1, 20):
            request = WriteSmallBlockRequest(
                block=BlockId(container=container, local=local),
                data=b"x",
                pipeline_id=pipeline_id,
            )
            try:
                call(request.SerializeToString(), timeout=10)
                return
            except grpc.RpcError as error:
                if "no such ring" not in str(error):
                    raise
    raise AssertionError("the node takes part in no pipeline")


def test_blocks_that_nobody_was_given_stop_nothing(cluster: Cluster) -> None:
    endpoint = cluster.endpoints()[0]
    with endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
    put_all(endpoint, "before")
    address = cluster.nodes()["dn1"]["address"]
    with pytest.raises(grpc.RpcError, match="container is missing"):
        write_block(address, 0, 1)
    for container, local in ((1, 2**62), (2**62, 1), (2**62 - 1, 2**62 - 1)):
        write_block(address, container, local)
    scm_log = cluster.data / "logs" / "scm1.log"
    wait_until(lambda: "container_not_followed" in scm_log.read_text())
    for node in ("dn1", "scm1", "om1"):
        cluster.restart(node)
        put_all(endpoint, f"after-{node}")
        check_all(endpoint, "before")
    cluster.stop()
    cluster.check_logs()


def test_dump_is_put_back_as_the_docs_say(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket="books")
    put_all(cluster.endpoints()[0], "early")
    cluster.stop()
    services = (("om", cluster.data / "om1"), ("scm", cluster.data / "scm1"))
    for service, folder in services:
        o3("admin", "dump", service, str(tmp_path / service), data=folder)
    cluster.start()
    put_all(cluster.endpoints()[0], "lost")
    cluster.stop()
    for service, folder in services:
        for part in (service, "log"):
            shutil.move(folder / part, tmp_path / f"old-{service}-{part}")
        o3("admin", "load", service, str(tmp_path / service), data=folder)
    cluster.start()
    endpoint = cluster.endpoints()[0]
    check_all(endpoint, "early")
    put_all(endpoint, "late")
    check_all(endpoint, "late")
    # What stands for the dump is gone: a log that is lost after this is missed.
    assert [*cluster.data.glob("*/*.loaded")] == []
    cluster.stop()
    cluster.check_logs()
