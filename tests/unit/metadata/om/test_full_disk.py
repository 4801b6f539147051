"""An OM whose disk is nearly full: it creates nothing, and takes all that frees space."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.small_disk import SmallDisk, small_disk
from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.om.om_harness import ACCOUNT, ScmDouble
from trioxygen.common.errors import NoSpace
from trioxygen.common.network_local import LocalNetwork
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.om.schema import ALL_TABLES
from trioxygen.metadata.om.service import OmConfig, OzoneManager
from trioxygen.metadata.raft.memory_log import MemoryReplica
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.proto.v1 import om_pb2 as om

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 64 * MIB) as made:
        yield made


def commit(bucket: om.BucketRow, number: int) -> om.CommitKeyRequest:
    row = om.KeyRow(etag="e" * 32, account_id=ACCOUNT)
    return om.CommitKeyRequest(
        bucket="bucket", bucket_id=bucket.bucket_id, key=f"key-{number:06}".encode(), row=row
    )


async def fill_and_empty(disk: SmallDisk, client: OmClient, manager: OzoneManager) -> None:
    made = await client.call(
        om.CreateBucketRequest(bucket="bucket", account_id=ACCOUNT), om.CreateBucketReply
    )
    count = 0
    disk.fill()
    with pytest.raises(NoSpace):
        while True:
            await client.call(commit(made.bucket, count), om.CommitKeyReply)
            count += 1
    assert count > 100
    assert (await client.call(om.DescribeOmRequest(), om.DescribeOmReply)).full
    for refused, reply in (
        (om.CreateBucketRequest(bucket="other", account_id=ACCOUNT), om.CreateBucketReply),
        (
            om.CreateUploadRequest(bucket="bucket", bucket_id=made.bucket.bucket_id, key=b"k"),
            om.CreateUploadReply,
        ),
        (om.LeaseBlocksRequest(count=1, block_bytes_max=1), om.LeaseBlocksReply),
    ):
        with pytest.raises(NoSpace):
            await client.call(refused, reply)
    for number in range(count):
        keys = [om.KeyToDelete(key=f"key-{number:06}".encode())]
        request = om.DeleteKeysRequest(bucket="bucket", bucket_id=made.bucket.bucket_id, keys=keys)
        await client.call(request, om.DeleteKeysReply)
    disk.free()
    manager.executor.store.keep_room()
    await client.call(commit(made.bucket, 1), om.CommitKeyReply)
    assert not (await client.call(om.DescribeOmRequest(), om.DescribeOmReply)).full


def test_full_om_refuses_what_creates_and_deletes_to_the_last_key(disk: SmallDisk) -> None:
    async def run() -> None:
        network = LocalNetwork(encode=True)
        runtime = inline_runtime(ManualClock(), network=network)
        with closing(LmdbStore(disk.path / "om", ALL_TABLES, reserve_bytes=8 * MIB)) as store:
            manager = OzoneManager(
                runtime=runtime,
                store=store,
                replica=MemoryReplica(),
                scm=ScmDouble(),
                config=OmConfig(),
            )
            await manager.start()
            server = await network.serve("om1", [manager.service])
            await fill_and_empty(disk, OmClient(runtime, ["om1"]), manager)
            await server.stop()
            await manager.stop()
            await runtime.stop()

    asyncio.run(run())
