"""Copies that break: the next try goes on behind what is there, and a crash leaves nothing half."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hdds.copying.two import BLOCKS, CONTAINER, S, Two, contents, tell, with_two
from tests.unit.hdds.ring.three import until
from tests.unit.hdds.support import CrashedDisk, FragileDisk
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import ContainerNotOpen, NoSpace, Overloaded, Unreachable
from trioxygen.common.rpc.network import Channel, Upload
from trioxygen.hdds.copying.copy import Copy, Progress
from trioxygen.hdds.copying.pace import Pace
from trioxygen.proto.v1.datanode_pb2 import ImportContainerHeader
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, DeleteBlocksCommand, DeleteContainerCommand
from trioxygen.proto.v1.types_pb2 import BlockRange


class Interrupted:
    """A channel to the target. Before its n-th piece something happens; see `Interruption`."""

    def __init__(self, channel: Channel, before: "dict[int, Any]") -> None:
        self._channel, self.before = channel, before
        self.call, self.download = channel.call, channel.download
        self.headers: list[ImportContainerHeader] = []
        self.sent = 0

    async def upload(self, method: str, header: Any) -> "InterruptedUpload":
        self.headers.append(header)
        return InterruptedUpload(await self._channel.upload(method, header), self)


class InterruptedUpload:
    def __init__(self, upload: Upload, channel: Interrupted) -> None:
        self._upload, self._channel = upload, channel
        self.flush, self.finish, self.cancel = upload.flush, upload.finish, upload.cancel

    async def send(self, piece: Buffer) -> None:
        self._channel.sent += 1
        happens = self._channel.before.pop(self._channel.sent, None)
        if happens is not None:
            await happens()
        await self._upload.send(piece)


def copy_by(two: Two, channel: Any, *, stall_ms: float = 30_000) -> Copy:
    source = two.source
    return Copy(
        source.runtime,
        source.work,
        source.work.volume.containers[CONTAINER],
        channel,
        node_id="source",
        stall_ms=stall_ms,
        pace=Pace(source.runtime.clock, 0),
        progress=Progress(),
    )


def interrupted(two: Two, before: "dict[int, Any]") -> Interrupted:
    return Interrupted(two.network.channel("target"), before)


async def go_on(two: Two) -> None:
    async def break_off() -> None:
        # What came before is on stable storage: the large block had it written.
        await until(lambda: two.copied is not None and two.copied.block_count >= 59)
        raise Unreachable("the stream broke")

    await two.close()
    channel = interrupted(two, {5: break_off})
    await copy_by(two, channel).run()
    assert two.is_copied()
    assert await contents(two.target) == BLOCKS
    first, second = channel.headers
    assert first.transfer_id == second.transfer_id
    assert first.next_local == 0
    assert second.next_local >= 60
    assert two.target.work.volume.room.under_way_bytes == 0


def test_copy_that_broke_goes_on_behind_what_the_target_has(tmp_path: Path) -> None:
    with_two(tmp_path, go_on)


async def stand_still(two: Two) -> None:
    async def stall() -> None:
        await until(lambda: two.copied is not None and two.copied.block_count >= 59)
        await asyncio.Event().wait()

    await two.close()
    channel = interrupted(two, {5: stall})
    await copy_by(two, channel, stall_ms=500).run()
    assert two.is_copied()
    assert len(channel.headers) > 1
    assert await contents(two.target) == BLOCKS


def test_copy_to_a_target_that_stands_still_is_tried_again(tmp_path: Path) -> None:
    with_two(tmp_path, stand_still)


async def begin_anew(two: Two) -> None:
    async def break_off() -> None:
        await until(lambda: two.copied is not None and two.copied.block_count >= 59)
        raise ContainerNotOpen("the source gives up")

    await two.close()
    with pytest.raises(ContainerNotOpen):
        await copy_by(two, interrupted(two, {5: break_off})).run()
    assert two.copied is not None
    assert two.copied.state is S.RECOVERING
    # Another transfer: the source may have been another one.
    await two.copy()
    await until(two.is_copied)
    assert await contents(two.target) == BLOCKS


def test_copy_of_another_transfer_begins_anew(tmp_path: Path) -> None:
    with_two(tmp_path, begin_anew)


async def delete_meanwhile(two: Two) -> None:
    def gone(local: int) -> DataNodeCommand:
        blocks = [BlockRange(container=CONTAINER, first_local=local, count=1)]
        deletion = DeleteBlocksCommand(transaction_id=local, blocks=blocks)
        return DataNodeCommand(delete_blocks=deletion)

    async def delete() -> None:
        await until(lambda: two.copied is not None and two.copied.block_count >= 59)
        # One that has come and one that has not, at each of them.
        for local in (7, 70):
            await tell(two.source, gone(local))
        for local in (8, 71):
            await tell(two.target, gone(local))

    await two.close()
    await copy_by(two, interrupted(two, {5: delete})).run()
    assert two.is_copied()
    left = {local: data for local, data in BLOCKS.items() if local not in (7, 8, 70, 71)}
    assert await contents(two.target) == left
    copied = two.copied
    assert copied is not None
    assert copied.block_count == len(left)
    assert copied.used_bytes == sum(map(len, left.values()))


def test_what_is_deleted_while_it_is_copied_does_not_come_back(tmp_path: Path) -> None:
    with_two(tmp_path, delete_meanwhile)


async def delete_target(two: Two) -> None:
    async def delete() -> None:
        await until(lambda: two.copied is not None and two.copied.block_count >= 59)
        command = DeleteContainerCommand(container_id=CONTAINER, force=True)
        await tell(two.target, DataNodeCommand(delete_container=command))

    await two.close()
    with pytest.raises(Exception, match="given up"):
        await copy_by(two, interrupted(two, {5: delete})).run()
    await until(lambda: two.copied is None)
    assert not (two.target.root / "containers" / str(CONTAINER)).exists()
    imports = two.target.datanode.imports
    await until(lambda: not len(imports))
    assert two.target.work.volume.room.under_way_bytes == 0


def test_replica_that_is_deleted_while_it_comes_goes(tmp_path: Path) -> None:
    with_two(tmp_path, delete_target)


async def refuse_more(two: Two) -> None:
    await two.close()
    second: list[Exception] = []

    async def another() -> None:
        await until(lambda: two.copied is not None)
        header = channel.headers[0]
        try:
            upload = await two.network.channel("target").upload("DataNode/ImportContainer", header)
            await upload.finish(5_000)
        except Overloaded as error:
            second.append(error)

    channel = interrupted(two, {2: another})
    await copy_by(two, channel).run()
    assert len(second) == 1
    assert two.is_copied()


def test_second_stream_of_a_replica_is_refused(tmp_path: Path) -> None:
    with_two(tmp_path, refuse_more)


async def crash(two: Two, changes: int) -> None:
    disk = two.target.disk
    assert isinstance(disk, FragileDisk)
    await two.close()
    await two.source.work.flusher.flush_all()
    disk.failure, disk.changes_left = CrashedDisk, changes
    await two.copy()
    copies = two.source.datanode.copies
    await until(lambda: not disk.changes_left or two.is_copied() or copies.failed > 0)
    await two.target.end(crash=True)
    disk.changes_left = None
    await two.target.start()
    state = None if two.copied is None else two.copied.state
    assert state in (None, S.RECOVERING, S.DELETING, S.CLOSED)
    if state is S.CLOSED:
        assert await contents(two.target) == BLOCKS
    async with asyncio.timeout(60):
        while not two.is_copied():
            await two.copy()
            await asyncio.sleep(0.05)
    assert await contents(two.target) == BLOCKS


@pytest.mark.parametrize("changes", [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24, 30])
def test_crash_leaves_no_replica_one_that_goes_or_a_whole_one(tmp_path: Path, changes: int) -> None:
    with_two(tmp_path, lambda two: crash(two, changes), target_disk=FragileDisk())


NO_ROOM = 1 << 60


async def find_no_room(two: Two) -> None:
    await two.close()
    room, copies = two.target.work.volume.room, two.source.datanode.copies
    room.reserve_bytes = NO_ROOM
    await two.copy()
    # At once: the SCM may know of another target.
    await until(lambda: copies.failed == 1)
    [failure] = copies.failures.untold()
    assert (failure.container_id, failure.target_node_id) == (CONTAINER, "target")
    assert failure.reason.startswith("no room for the replica")
    # Less may find room: the disk is not said to be full for that.
    room.reserve_bytes = 0
    assert not room.is_full()
    await two.copy()
    await until(two.is_copied)
    assert copies.failures.untold() == []


def test_copy_without_room_is_told_of_and_not_tried_again_there(tmp_path: Path) -> None:
    with_two(tmp_path, find_no_room)


async def run_out_of_room(two: Two) -> None:
    async def fill() -> None:
        await until(lambda: two.copied is not None and two.copied.block_count >= 59)
        room = two.target.work.volume.room
        room.reserve_bytes = NO_ROOM
        assert room.look() == 0

    await two.close()
    with pytest.raises(NoSpace):
        await copy_by(two, interrupted(two, {5: fill})).run()
    imports = two.target.datanode.imports
    await until(lambda: not any(each.is_running for each in imports._incoming.values()))
    # What came of it takes room that there is not.
    await imports.work()
    assert len(imports) == 0
    await until(lambda: two.copied is None)
    assert two.target.work.volume.room.under_way_bytes == 0


def test_copy_that_runs_out_of_room_leaves_nothing_there(tmp_path: Path) -> None:
    with_two(tmp_path, run_out_of_room)


async def lose_source(two: Two) -> None:
    await two.copy()
    copies = two.source.datanode.copies
    await until(lambda: copies.failed == 1)
    [failure] = copies.failures.untold()
    assert failure.reason.startswith("only closed replicas are copied")


@pytest.mark.slow
def test_copy_of_what_may_still_change_is_told_of(tmp_path: Path) -> None:
    with_two(tmp_path, lose_source)
