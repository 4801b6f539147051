"""A closed replica that lacks blocks gets them where it is. It stays what it is, whatever comes of
that."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.hdds.copying.two import BLOCKS, CONTAINER, S, Two, contents, tell, with_two
from tests.unit.hdds.ring.three import until
from tests.unit.hdds.support import CrashedDisk, FragileDisk
from trioxygen.common.errors import ChecksumMismatch, InvalidRequest, NoSpace, TrioxygenError
from trioxygen.common.rpc.network import Upload
from trioxygen.hdds.container.blocks import block_key
from trioxygen.hdds.copying.frames import block_frame, end_frame
from trioxygen.hdds.ring.pending import DeletedRange
from trioxygen.proto.v1.datanode_pb2 import ImportContainerHeader
from trioxygen.proto.v1.scm_pb2 import (
    CLOSED,
    DataNodeCommand,
    DeleteBlocksCommand,
    DeleteContainerCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockRange

# Small ones, and in files of their own.
LACKING = (7, 8, 61, 63, 70)
# In its middle there is nothing that the first batch has written yet.
LARGE = 63


def header(**changed: Any) -> ImportContainerHeader:
    values: dict[str, Any] = {"transfer_id": "first", "state": CLOSED} | changed
    return ImportContainerHeader(container_id=CONTAINER, completes=True, **values)


async def begun(two: Two, **changed: Any) -> Upload:
    channel = two.network.channel("target")
    return await channel.upload("DataNode/ImportContainer", header(**changed))


async def send(two: Two, upload: Upload, local: int, data: bytes | None = None) -> None:
    block = two.source.work.volume.index.get(block_key(CONTAINER, local))
    assert block is not None
    await upload.send(block_frame(local, block))
    await upload.send(BLOCKS[local] if data is None else data)


async def prepare(two: Two) -> None:
    """The target has a closed replica, and lacks some blocks."""
    await two.close()
    await two.copy()
    await until(two.is_copied)
    ranges = [BlockRange(container=CONTAINER, first_local=local, count=1) for local in LACKING]
    command = DeleteBlocksCommand(transaction_id=1, blocks=ranges)
    await tell(two.target, DataNodeCommand(delete_blocks=command))
    assert (await contents(two.target)).keys() == BLOCKS.keys() - {*LACKING}
    await two.source.work.flusher.flush_all()


async def settled(two: Two) -> None:
    imports = two.target.datanode.imports
    await until(lambda: not any(each.is_running for each in imports._incoming.values()))
    for incoming in imports._incoming.values():
        incoming.expires_ms = 0
    await imports.work()
    assert len(imports) == 0
    assert two.target.work.volume.room.under_way_bytes == 0
    assert two.is_copied()


async def complete(two: Two) -> None:
    await prepare(two)
    volume = two.target.work.volume
    news = volume.unreported()
    upload = await begun(two, used_bytes=1 << 30)
    for local in LACKING:
        await send(two, upload, local)
    await upload.send(end_frame([DeletedRange(CONTAINER, 70, 1)]))
    reply = await upload.finish(30_000)
    left = {local: data for local, data in BLOCKS.items() if local != 70}
    assert reply.block_count == len(left)
    assert await contents(two.target) == left
    # The SCM is told at once.
    assert news.news.is_set() and CONTAINER in news.containers
    await settled(two)
    # So it is after a start.
    await two.target.end(crash=True)
    await two.target.start()
    assert await contents(two.target) == left and two.is_copied()


def test_replica_gets_what_it_lacks(tmp_path: Path) -> None:
    with_two(tmp_path, complete)


async def break_off(two: Two) -> None:
    await prepare(two)
    upload = await begun(two)
    for local in (7, 8, LARGE):
        await send(two, upload, local)
    await until(lambda: two.copied is not None and two.copied.block_count == len(BLOCKS) - 2)
    await upload.cancel()
    await settled(two)
    # Another one goes on with what is still lacking.
    upload = await begun(two, transfer_id="second")
    for local in (61, 70):
        await send(two, upload, local)
    await upload.send(end_frame([]))
    await upload.finish(30_000)
    assert await contents(two.target) == BLOCKS


def test_what_came_before_it_broke_stays(tmp_path: Path) -> None:
    with_two(tmp_path, break_off)


async def refuse(two: Two) -> None:
    with pytest.raises(InvalidRequest):
        await begun(two)
    await prepare(two)
    with pytest.raises(InvalidRequest):
        await begun(two, replica_index=2)
    with pytest.raises(NoSpace):
        await begun(two, used_bytes=1 << 60)
    before = await contents(two.target)
    for local, data, error in ((9, None, InvalidRequest), (61, bytes(70_001), ChecksumMismatch)):
        upload = await begun(two)
        await send(two, upload, local, data)
        await upload.send(end_frame([]))
        with pytest.raises(error):
            await upload.finish(30_000)
        await settled(two)
    assert await contents(two.target) == before


@pytest.mark.slow
def test_what_is_there_is_not_replaced_and_what_is_wrong_not_taken(tmp_path: Path) -> None:
    with_two(tmp_path, refuse)


async def remove(two: Two) -> None:
    await prepare(two)
    upload = await begun(two)
    await send(two, upload, 7)
    command = DeleteContainerCommand(container_id=CONTAINER, force=True)
    await tell(two.target, DataNodeCommand(delete_container=command))
    assert two.copied is not None and two.copied.state is S.DELETING
    await upload.send(end_frame([]))
    with pytest.raises(InvalidRequest):
        await upload.finish(30_000)
    await until(lambda: two.copied is None)
    assert two.target.work.volume.room.under_way_bytes == 0


@pytest.mark.slow
def test_replica_that_is_to_go_takes_no_more(tmp_path: Path) -> None:
    with_two(tmp_path, remove)


async def crash(two: Two, changes: int) -> None:
    await prepare(two)
    await two.target.work.flusher.flush_all()
    disk = two.target.disk
    assert isinstance(disk, FragileDisk)
    disk.failure, disk.changes_left = CrashedDisk, changes
    try:
        upload = await begun(two)
        for local in LACKING:
            await send(two, upload, local)
        await upload.send(end_frame([]))
        await upload.finish(30_000)
    except (TrioxygenError, CrashedDisk):
        assert not disk.changes_left
    await two.target.end(crash=True)
    disk.changes_left = None
    await two.target.start()
    assert two.is_copied()
    here = await contents(two.target)
    assert here == {local: BLOCKS[local] for local in here}
    assert here.keys() >= BLOCKS.keys() - {*LACKING}
    left = [local for local in LACKING if local not in here]
    upload = await begun(two)
    for local in left:
        await send(two, upload, local)
    await upload.send(end_frame([]))
    await upload.finish(30_000)
    assert await contents(two.target) == BLOCKS
    await settled(two)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [0, 1, 2, 3, 4, 6, 8, 10, 12, 16])
def test_crash_takes_nothing_that_was_there(tmp_path: Path, changes: int) -> None:
    with_two(tmp_path, lambda two: crash(two, changes), target_disk=FragileDisk())
