"""The DataNode behind the real log of a ring of one: the port it defines is the one there is."""

import asyncio
import random
from collections.abc import Iterable
from pathlib import Path

from tests.unit.hdds.support import ADDRESS, LOCATED, PIPELINE, config, new_runtime
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.metadata.raft.driver.one_voter import OnlyVoter
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId, Replica
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1.datanode_pb2 import RingRow
from trioxygen.proto.v1.scm_pb2 import ContainerLocation
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice

SIZES = {1: 4096, 2: 64 * KIB, 3: 300 * KIB, 4: 2 * MIB}


def content(local: int) -> bytes:
    return random.Random(local).randbytes(SIZES[local])


async def run_node(root: Path, *, write: bool) -> None:
    runtime = new_runtime(SystemDisk())
    wal = await WriteAheadLog.open(root / "log", runtime, WalConfig())

    def member(row: RingRow) -> Replica:
        return OnlyVoter(runtime, wal, GroupId(row.pipeline_id))

    def stores(name: str, tables: Iterable[Table]) -> Store:
        return LmdbStore(root / name, tables)

    async def locate(container_ids: list[int]) -> list[ContainerLocation]:
        return [
            ContainerLocation(container_id=container_id, replicas=LOCATED)
            for container_id in container_ids
        ]

    datanode = DataNode(runtime, config(), [VolumeParts(root, stores, wal, member)], [])
    await datanode.start()
    if write:
        await datanode.homes.join(PIPELINE)
    pool = DataNodePool(runtime.network, runtime.clock, locate)
    writer, reader = BlockWriter(pool), BlockReader(pool)
    for local, size in SIZES.items():
        block = BlockId(container=1, local=local)
        if write and size <= 64 * KIB:
            await writer.write_small(block, PIPELINE, content(local))
        elif write:
            stream = await writer.open(block, PIPELINE, size)
            await stream.send(content(local))
            await stream.finish()
        wanted = BlockSlice(container=1, local=local, offset_bytes=0, length_bytes=size)
        if size <= MIB:
            assert await reader.read_small(wanted) == content(local)
        pieces = [bytes(piece) async for piece in reader.stream(wanted)]
        assert b"".join(pieces) == content(local)
    assert datanode.address == ADDRESS
    await datanode.stop()
    await wal.close()
    await runtime.stop()


def test_blocks_survive_restarts_behind_the_write_ahead_log(tmp_path: Path) -> None:
    asyncio.run(run_node(tmp_path, write=True))
    asyncio.run(run_node(tmp_path, write=False))
    asyncio.run(run_node(tmp_path, write=True))
