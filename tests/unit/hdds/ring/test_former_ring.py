"""A volume of before pipelines had numbers: one ring, with the whole log and other keys."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.hdds.ring.three import until
from tests.unit.hdds.support import ADDRESS, config, new_runtime
from trioxygen.cli.wiring.rings import ring_members
from trioxygen.common.errors import ContainerNotOpen, NoSuchBlock
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.container.blocks import CONTAINERS, META, TABLES, container_key
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.hdds.ring.rows import FORMER_RING, put_ring, ring_rows
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Entry, GroupId
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.datanode_pb2 import (
    DataNodeContainerRow,
    RingEntry,
    RingRow,
    WriteSmallBlockRequest,
)
from trioxygen.proto.v1.raft_pb2 import HardState
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, DataNodeAddress, Pipeline

NEW = Pipeline(pipeline_id=12, datanodes=[DataNodeAddress(node_id="node-1", address=ADDRESS)])


def small(local: int) -> bytes:
    request = WriteSmallBlockRequest(block=BlockId(container=1, local=local), data=b"former")
    return RingEntry(write_small_block=request).SerializeToString()


async def make_former(root: Path) -> None:
    """Three blocks in the log, none of which the index has; container 1 is in it."""
    runtime = new_runtime(SystemDisk())
    wal = await WriteAheadLog.open(root / "log", runtime, WalConfig())
    group = GroupId(FORMER_RING)
    await wal.append(group, hard_state=HardState(term=1).SerializeToString())
    entries = [Entry(index, 1, small(index)) for index in (1, 2, 3)]
    await wal.append(group, entries)
    await wal.close()
    await runtime.stop()
    store = LmdbStore(root / "index", TABLES)
    txn = store.begin()
    row = DataNodeContainerRow(container_id=1, state=scm_pb2.OPEN)
    CONTAINERS.put(txn, container_key(1), row)
    for key in (b"applied", b"applied.copy"):
        txn.put(META, key, (0).to_bytes(8, "big"))
    txn.commit()
    store.sync()
    store.close()


async def with_node(root: Path, *, is_first: bool) -> None:
    runtime = new_runtime(SystemDisk())
    wal = await WriteAheadLog.open(root / "log", runtime, WalConfig())
    transport = RaftTransport(runtime, address=ADDRESS)

    def stores(name: str, tables: "tuple[Table, ...]") -> Store:
        return LmdbStore(root / name, tables)

    parts = VolumeParts(root, stores, wal, ring_members(runtime, wal, transport))  # type: ignore[arg-type]
    datanode = DataNode(runtime, config(), [parts], [])
    await datanode.start()
    [work] = datanode.works
    reads = work.reads
    for local in (2, 3):
        assert bytes(await reads.read(1, local, 0, 6)) == b"former"
    former = work.rings.get(FORMER_RING)
    assert former is not None and datanode.takes_writes()
    if is_first:
        assert bytes(await reads.read(1, 1, 0, 6)) == b"former"
        gone = BlockRange(container=1, first_local=1, count=1)
        await former.delete_blocks(DeleteBlocksCommand(blocks=[gone]))
        await datanode.homes.join(NEW)
        await former.close_container(1)
        await until(lambda: datanode.describe().containers[0].state == scm_pb2.CLOSED)
    with pytest.raises(NoSuchBlock):
        await reads.read(1, 1, 0, 6)
    ring = work.rings.get(12)
    assert ring is not None
    request = WriteSmallBlockRequest(block=BlockId(container=1, local=9), data=b"x", pipeline_id=12)
    with pytest.raises(ContainerNotOpen):
        await ring.write_small(request)
    request.block.container = 2
    await ring.write_small(request)
    output = {container.container_id: container for container in datanode.describe().containers}
    assert (output[1].pipeline_id, output[2].pipeline_id) == (0, 12)
    await datanode.stop()
    await wal.close()
    await runtime.stop()


def test_volume_of_before_pipelines_had_numbers_goes_on(tmp_path: Path) -> None:
    asyncio.run(make_former(tmp_path))
    asyncio.run(with_node(tmp_path, is_first=True))
    asyncio.run(with_node(tmp_path, is_first=False))


def test_each_ring_says_by_itself_how_far_the_index_is() -> None:
    store = MemoryStore(TABLES)
    txn = store.begin()
    for key in (b"applied", b"applied.copy"):
        txn.put(META, key, (70).to_bytes(8, "big"))
    txn.commit()
    with store.read() as reading:
        assert ring_rows(reading) == {
            FORMER_RING: RingRow(pipeline_id=FORMER_RING, applied_index=70)
        }
    txn = store.begin()
    rows = {
        ring: RingRow(pipeline_id=ring, applied_index=10 * ring, applied_term=ring)
        for ring in (FORMER_RING, 5, 2**40)
    }
    for row in rows.values():
        put_ring(txn, row)
    txn.commit()
    with store.read() as reading:
        assert ring_rows(reading) == rows
