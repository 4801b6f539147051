"""A cluster behind TLS: DataNodes refuse who comes without a block token, and S3 clients notice
nothing of it, while keys come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.contract.certificates import Authority
from tests.integration.endpoint import read
from tests.integration.store_process import wait_until
from trioxygen.common.errors import CallerNotAllowed, TokenRefused
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network import Channel
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.rpc.tls import Tls
from trioxygen.proto.v1 import datanode_pb2 as dn
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, CopySourceTypeDef

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

NODES: Final = ("om/om1", "scm/scm1", "datanode/", "gateway/gw1")
KEY_SECONDS: Final = 2
# A token is good for five times as long: a machine that stands still for some seconds matters not.
KEYS_KEPT: Final = 6
MIB: Final = 1 << 20


def test_s3_clients_notice_nothing_while_keys_come_and_go(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    cluster, authority = started(new_cluster, tmp_path)
    body = bytes(range(256)) * (12 << 12)
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket="books")
        s3.put_object(Bucket="books", Key="small", Body=b"small")
        s3.put_object(Bucket="books", Key="large", Body=body)
        made = keys_made(cluster)
        slow = s3.get_object(Bucket="books", Key="large")["Body"]
        assert slow.read(1000) == body[:1000]
        upload = s3.create_multipart_upload(Bucket="books", Key="parts")["UploadId"]
        first = part(s3, upload, 1, body[: 5 * MIB])
        # All keys of the tokens that the gateway has are gone by then.
        wait_until(lambda: keys_made(cluster) > made + KEYS_KEPT)
        assert slow.read() == body[1000:]
        second = part(s3, upload, 2, b"end")
        s3.complete_multipart_upload(
            Bucket="books",
            Key="parts",
            UploadId=upload,
            MultipartUpload={"Parts": [first, second]},
        )
        source: CopySourceTypeDef = {"Bucket": "books", "Key": "large"}
        s3.copy_object(Bucket="books", Key="copy", CopySource=source, StorageClass="STANDARD")
        for name, expected in (
            ("small", b"small"),
            ("large", body),
            ("parts", body[: 5 * MIB] + b"end"),
            ("copy", body),
        ):
            assert read(s3, "books", name) == expected
        for node in ("scm1", "om1", "dn1"):
            cluster.restart(node)
        assert read(s3, "books", "large") == body
        s3.put_object(Bucket="books", Key="again", Body=body)
        assert read(s3, "books", "again") == body
    asyncio.run(refusals(cluster, authority.write(tmp_path, "stranger", "gateway/gw9")))
    cluster.stop()
    cluster.check_logs()


def started(new_cluster: NewCluster, tmp_path: Path) -> tuple[Cluster, Authority]:
    authority = Authority("ours")
    authority.write(tmp_path, "nodes", *NODES)
    own = {
        "O3_TLS__CERTIFICATE_FILE": str(tmp_path / "nodes.crt"),
        "O3_TLS__KEY_FILE": str(tmp_path / "nodes.key"),
        "O3_TLS__CA_FILE": str(tmp_path / "nodes.ca"),
    }
    config = {
        "security.token_key_seconds": KEY_SECONDS,
        "security.token_keys_kept": KEYS_KEPT,
        "storage.block_bytes": MIB,
    }
    counts = {"oms": 1, "scms": 1, "datanodes": 3, "gateways": 1}
    return new_cluster(config, own, **counts).start(), authority


def keys_made(cluster: Cluster) -> int:
    return cluster.log_text("scm1").count("token_key_made")


def part(s3: "S3Client", upload: str, number: int, body: bytes) -> "CompletedPartTypeDef":
    made = s3.upload_part(
        Bucket="books", Key="parts", UploadId=upload, PartNumber=number, Body=body
    )
    return {"ETag": made["ETag"], "PartNumber": number}


async def refusals(cluster: Cluster, tls: Tls) -> None:
    """A gateway that has a certificate, and no tokens."""
    nodes = {node_id: node["address"] for node_id, node in cluster.nodes().items()}
    network = GrpcNetwork(peer="gw9", role=Role.GATEWAY, tls=tls)
    try:
        channel = network.channel(nodes["dn1"])
        block = BlockId(container=1, local=1)
        for method, request in (
            ("WriteSmallBlock", dn.WriteSmallBlockRequest(block=block, data=b"x")),
            ("PutBlock", dn.PutBlockRequest(block=block)),
            ("ReadSmallBlock", dn.ReadSmallBlockRequest(block=block, length_bytes=1)),
        ):
            for token in (b"", bytes(100)):
                request.token = token
                with pytest.raises(TokenRefused):
                    await channel.call(
                        f"DataNode/{method}", request, dn.PutBlockReply, timeout_ms=30_000
                    )
        await refused(channel.upload("DataNode/WriteStream", dn.WriteStreamHeader(block=block)))
        header = dn.ReadStreamHeader(block=block, length_bytes=1)
        pieces: AsyncIterator[Any] = channel.download(
            "DataNode/ReadStream", header, timeout_ms=30_000
        )
        await refused(anext(pieces))
        await no_keys(network.channel(nodes["scm1"]))
    finally:
        await network.close()


async def refused(asking: Awaitable[object]) -> None:
    with pytest.raises(TokenRefused):
        await asking


async def no_keys(scm1: Channel) -> None:
    with pytest.raises(CallerNotAllowed):
        await scm1.call(
            "StorageContainerManager/GetTokenKeys",
            scm.GetTokenKeysRequest(),
            scm.GetTokenKeysReply,
            timeout_ms=30_000,
        )
