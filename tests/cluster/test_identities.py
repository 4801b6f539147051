"""A cluster behind TLS: each node is who its certificate says, and the id of one request is in the
logs of all that served it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.contract.certificates import Authority
from tests.integration.endpoint import read
from tests.integration.store_process import environment, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

NODES = ("om/om1", "scm/scm1", "datanode/", "gateway/")
TRACE = "0af7651916cd43dd8448eb211c80319c"


def variables(path: Path, authority: Authority, name: str, *identities: str) -> dict[str, str]:
    """Of the environment of who is to have such a certificate."""
    authority.write(path, name, *identities)
    return {
        "O3_TLS__CERTIFICATE_FILE": str(path / f"{name}.crt"),
        "O3_TLS__KEY_FILE": str(path / f"{name}.key"),
        "O3_TLS__CA_FILE": str(path / f"{name}.ca"),
    }


def test_workers_of_a_gateway_are_the_gateway_that_its_certificate_names(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    own = variables(tmp_path, Authority("ours"), "nodes", *NODES[:3], "gateway/gw1")
    config = {"log.level": "DEBUG", "gateway.workers": 2}
    cluster = new_cluster(config, own, oms=1, scms=1, datanodes=1, gateways=1).start()
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket="books")
        put = s3.put_object(Bucket="books", Key="a", Body=b"by a worker")
    request_id = put["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]
    served = lines(cluster, "om1", request_id)
    assert any("method=OzoneManager/CommitKey peer=gateway/gw1 " in line for line in served), served
    cluster.stop()
    cluster.check_logs()


def o3(
    cluster: Cluster, own: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "trioxygen.cli.main", *arguments),
            *("--config", str(cluster.config_file)),
        ],
        env=environment(own),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def lines(cluster: Cluster, node: str, request_id: str) -> list[str]:
    return [line for line in cluster.log_text(node).splitlines() if request_id in line]


def test_nodes_of_a_cluster_are_who_their_certificates_say(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    authority = Authority("ours")
    own = variables(tmp_path, authority, "nodes", *NODES)
    cluster = new_cluster(
        {"log.level": "DEBUG"}, own, oms=1, scms=1, datanodes=1, gateways=1
    ).start()
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket="books")

        def trace(request: object, **_: object) -> None:
            request.headers["traceparent"] = f"00-{TRACE}-b7ad6b7169203331-01"  # type: ignore[attr-defined]

        s3.meta.events.register("before-send.s3.PutObject", trace)
        put = s3.put_object(Bucket="books", Key="a", Body=bytes(1 << 20))
        assert read(s3, "books", "a") == bytes(1 << 20)
    request_id = put["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]
    access_log = next(cluster.data.glob("gw1/logs/access.log"))
    wait_until(lambda: request_id in access_log.read_text())
    [answered] = [line for line in access_log.read_text().splitlines() if request_id in line]
    assert f'"trace":"{TRACE}"' in answered and '"operation":"PutObject"' in answered
    for node, method, caller in (
        ("om1", "OzoneManager/LeaseBlocks", "gateway/gw1"),
        ("om1", "OzoneManager/CommitKey", "gateway/gw1"),
        ("scm1", "StorageContainerManager/AllocateBlocks", "om/om1"),
        ("dn1", "DataNode/WriteStream", "gateway/gw1"),
        ("dn1", "DataNode/PutBlock", "gateway/gw1"),
    ):
        # One that was slow is repeated.
        calls = [line for line in lines(cluster, node, request_id) if f"method={method} " in line]
        assert calls, (node, method)
        for line in calls:
            assert f"request_id={request_id} trace={TRACE} " in line, line
            assert f"peer={caller} " in line, line
    operator = variables(tmp_path, authority, "operator", "operator/ann")
    assert o3(cluster, operator, "admin", "om", "status").returncode == 0
    assert o3(cluster, operator, "admin", "om", "snapshot").returncode == 0
    # Not of this role, of no role, of another node.
    gateway = variables(tmp_path, authority, "gateway", "gateway/gw1")
    refused = o3(cluster, gateway, "admin", "om", "snapshot")
    assert refused.returncode != 0 and "certificate is another's" in refused.stderr, refused
    cluster.stop()
    cluster.check_logs()
