"""The store's port as others than S3 use it: a shell, say, or a file system. Over a real OM, SCM
and DataNode, whose messages are encoded; no HTTP, no XML, no signature, no protobuf message here.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from trioxygen.cli.config.schema import Config
from trioxygen.cli.config.services import StorageConfig
from trioxygen.cli.folder.data_folder import open_data_folder
from trioxygen.cli.running.parts import Parts
from trioxygen.cli.running.serve import config_of_store
from trioxygen.cli.wiring.all_in_one import assemble_store
from trioxygen.cli.wiring.clients import build_om_client, build_scm_client
from trioxygen.cli.wiring.first_volume import make_volume
from trioxygen.cli.wiring.names import OM_ADDRESS, SCM_ADDRESS
from trioxygen.cli.wiring.part import Node
from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.common.errors import BucketNotEmpty, ConditionFailed, NoSuchBucket
from trioxygen.common.replication import RATIS_ONE
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.common.units import MIB
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.shares import Buffers, ShareLimits, Shares
from trioxygen.gateway.store.contents_port import Written
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.gateway.store.port import ObjectStore
from trioxygen.gateway.store.values.buckets import Bucket, SettingKind
from trioxygen.gateway.store.values.keys import (
    Checksum,
    CopySource,
    Deleted,
    KeyToDelete,
    NewCopy,
    NewKey,
    ObjectHeaders,
    WriteCondition,
)
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter

OWNER: Final = "shell-user"
VOLUME: Final = "files"
PIECE: Final = bytes(range(256)) * 4096


@asynccontextmanager
async def opened_store(folder: Path) -> AsyncIterator[ObjectStore]:
    """Everything that a store in one process has, but for its gateway."""
    runtime = system_runtime(LocalNetwork(encode=True))
    data = open_data_folder(runtime, folder)
    node = Node(
        config=config_of_store(Config(storage=StorageConfig(reserved_bytes=64 * MIB))),
        folder=data,
        runtime=runtime,
        readiness=Readiness(),
        oms=[OM_ADDRESS],
        scms=[SCM_ADDRESS],
        node_id="",
        admin_token="which nobody asks for",
        credentials=None,
    )
    parts = Parts(list(assemble_store(node).parts[:-1]))
    try:
        await parts.open()
        await parts.start()
        mine = runtime.as_role(Role.GATEWAY, "shell")
        om = build_om_client(node.config, mine, [OM_ADDRESS])
        scm = build_scm_client(node.config, mine, [SCM_ADDRESS])
        await make_volume(om, VOLUME)
        pool = DataNodePool(mine.network, mine.clock, scm.locate)
        ozone = OzoneStore(mine, om, BlockWriter(pool), BlockReader(pool), LeasingConfig())
        ozone.start()
        try:
            yield ozone.store
        finally:
            await ozone.stop()
    finally:
        await parts.stop()
        data.lock.release()
        await runtime.stop()


def a_file(*pieces: bytes) -> NewKey:
    data = b"".join(pieces)
    return NewKey(
        size_bytes=len(data),
        etag=hashlib.md5(data).hexdigest(),
        account_id=OWNER,
        headers=ObjectHeaders(user_metadata=(("mode", "0644"),)),
        checksum=Checksum(
            Algorithm.SHA256, hashlib.sha256(data).digest(), ChecksumType.FULL_OBJECT
        ),
        replication=RATIS_ONE,
    )


async def small_file(store: ObjectStore, bucket: Bucket, key: str, data: bytes) -> None:
    written = await store.contents.write_small(data)
    await store.keys.commit(bucket, key, a_file(data), written, None)


async def large_file(store: ObjectStore, pieces: int) -> Written:
    writer = store.contents.open_writer(None)
    for _ in range(pieces):
        await writer.send([PIECE])
    return await writer.finish()


async def contents(store: ObjectStore, bucket: Bucket, key: str) -> bytes:
    _, record = await store.keys.lookup(bucket.volume, bucket.name, key)
    assert record is not None
    shares = Shares(ShareLimits())
    pieces = store.contents.read(
        record.content,
        offset_bytes=0,
        length_bytes=record.size_bytes,
        buffers=Buffers(shares.buffers, OWNER),
    )
    return b"".join([bytes(piece) async for piece in pieces])


async def names(store: ObjectStore, bucket: Bucket, prefix: str = "") -> list[str]:
    page = await store.keys.list(
        bucket.volume, bucket.name, prefix=prefix, delimiter="/", after="", count_max=100
    )
    return sorted([*(listed.key for listed in page.keys), *page.common_prefixes])


async def use(store: ObjectStore) -> None:
    bucket = await store.buckets.create(VOLUME, "home", account_id=OWNER, location="")
    await small_file(store, bucket, "notes/one", b"hello")
    written = await large_file(store, 3)
    await store.keys.commit(bucket, "film", a_file(PIECE * 3), written, None)
    assert await names(store, bucket) == ["film", "notes/"]
    assert await names(store, bucket, "notes/") == ["notes/one"]
    assert await contents(store, bucket, "film") == PIECE * 3
    # A rename: the bytes stay where they are.
    _, record = await store.keys.lookup(VOLUME, "home", "film")
    assert record is not None and record.headers.user_metadata == (("mode", "0644"),)
    source = CopySource(bucket, "film", record)
    new = NewCopy(account_id=OWNER, headers=record.headers, checksum=None, replication=RATIS_ONE)
    fresh = WriteCondition(if_none_match="*")
    await store.keys.copy(bucket, "films/first", new, source, fresh)
    with pytest.raises(ConditionFailed):
        await store.keys.copy(bucket, "films/first", new, source, fresh)
    assert await store.keys.delete(bucket, [KeyToDelete("film")]) == [Deleted()]
    assert await contents(store, bucket, "films/first") == PIECE * 3
    revision = await store.settings.put(bucket, SettingKind.TAGGING, b"any document")
    _, [setting] = await store.settings.lookup(VOLUME, "home", tuple(SettingKind))
    assert (setting.document, setting.revision) == (b"any document", revision)
    with pytest.raises(BucketNotEmpty):
        await store.buckets.delete(bucket)
    await store.keys.delete(bucket, [KeyToDelete("films/first"), KeyToDelete("notes/one")])
    await store.buckets.delete(bucket)
    with pytest.raises(NoSuchBucket):
        await store.buckets.lookup(VOLUME, "home")


def test_store_is_used_through_its_port_alone(tmp_path: Path) -> None:
    async def test() -> None:
        async with opened_store(tmp_path / "data") as store:
            await use(store)

    asyncio.run(test())
