"""An OM whose disk is nearly full: it creates nothing, and takes all that frees space."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.small_disk import SmallDisk, small_disk
from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.memory_replica import MemoryReplica
from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, ScmDouble
from trioxygen.common.errors import NoSpace
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.om.service import OmConfig, OzoneManager
from trioxygen.metadata.om.state.schema import ALL_TABLES
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
        volume=VOLUME,
        bucket="bucket",
        bucket_id=bucket.bucket_id,
        key=f"key-{number:06}".encode(),
        row=row,
    )


async def fill_and_empty(disk: SmallDisk, client: OmClient, manager: OzoneManager) -> None:
    await client.create_volume(om.CreateVolumeRequest(volume=VOLUME))
    made = await client.create_bucket(
        om.CreateBucketRequest(volume=VOLUME, bucket="bucket", account_id=ACCOUNT)
    )
    count = 0
    disk.fill()
    with pytest.raises(NoSpace):
        while True:
            await client.commit_key(commit(made.bucket, count))
            count += 1
    assert count > 100
    assert (await client.describe_om(om.DescribeOmRequest())).full
    bucket: dict[str, Any] = {
        "volume": VOLUME,
        "bucket": "bucket",
        "bucket_id": made.bucket.bucket_id,
    }
    for refused in (
        client.create_bucket(
            om.CreateBucketRequest(volume=VOLUME, bucket="other", account_id=ACCOUNT)
        ),
        client.create_upload(om.CreateUploadRequest(**bucket, key=b"k")),
        client.put_bucket_setting(
            om.PutBucketSettingRequest(
                **bucket, setting=om.BucketSetting(kind=om.BucketSetting.POLICY)
            )
        ),
        client.lease_blocks(om.LeaseBlocksRequest(count=1, block_bytes_max=1)),
    ):
        with pytest.raises(NoSpace):
            await refused
    for number in range(count):
        keys = [om.KeyToDelete(key=f"key-{number:06}".encode())]
        await client.delete_keys(om.DeleteKeysRequest(**bucket, keys=keys))
    disk.free()
    manager.executor.store.keep_room()
    await client.commit_key(commit(made.bucket, 1))
    assert not (await client.describe_om(om.DescribeOmRequest())).full


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
