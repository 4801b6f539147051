"""A node leaves a ring: what its log held stays readable, and the ring is never joined again."""

from pathlib import Path

import pytest

from tests.unit.hdds.ring.three import RINGS, Member, Three, pipeline, until, with_three
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import NotLeader, Stopping
from trioxygen.hdds.container.sequence import sequence_of
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.metadata.raft.ports import Entry, EntryKind, GroupId
from trioxygen.proto.v1.datanode_pb2 import RingEntry, WriteSmallBlockRequest
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    ClosePipelineCommand,
    DataNodeCommand,
    DeleteBlocksCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

S = ContainerState
RING = RINGS[0]


async def tell(member: Member, command: DataNodeCommand) -> Commands:
    commands = Commands(
        member.runtime.clock,
        member.datanode.homes,
        member.datanode.copies,
        member.datanode.rebuilds,
    )
    await commands.execute(command, asked_ms=member.runtime.clock.monotonic_ms())
    return commands


def close_pipeline(*, force: bool = False) -> DataNodeCommand:
    return DataNodeCommand(close_pipeline=ClosePipelineCommand(pipeline_id=RING, force=force))


async def write(three: Three, local: int, data: bytes) -> None:
    await three.writer.write_small(BlockId(container=RING, local=local), pipeline(RING), data)


async def read(member: Member, local: int, size: int) -> bytes:
    return bytes(await member.work.reads.read(RING, local, 0, size))


async def left(member: Member) -> None:
    await until(lambda: RING in member.work.rings.left())
    await member.work.leaving.finished()


async def leave_a_closed_one(three: Three) -> None:
    for local in range(1, 20):
        await write(three, local, b"data")
    for member in three.members:
        await tell(member, close_pipeline())
        await member.work.leaving.finished()
        # It is still written to.
        assert member.work.rings.get(RING) is not None
    for member in three.members:
        command = CloseContainerCommand(container_id=RING)
        await tell(member, DataNodeCommand(close_container=command))
    await until(
        lambda: all(
            RING in member.work.volume.containers and member.container_state(RING) is S.CLOSED
            for member in three.members
        )
    )
    for member in three.members:
        await tell(member, close_pipeline())
        await left(member)
        assert member.work.rings.get(RING) is None
        assert GroupId(RING) not in member.wal.groups()
        assert await read(member, 7, 4) == b"data"
        # What the SCM said before, and comes late.
        await member.datanode.homes.join(pipeline(RING))
        assert member.work.rings.get(RING) is None
    with pytest.raises(NotLeader):
        three.members[0].datanode.homes.writing(RING)
    # The others go on.
    await three.writer.write_small(BlockId(container=40, local=1), pipeline(40), b"on")
    gone = BlockRange(container=RING, first_local=7, count=1)
    for member in three.members:
        deletion = DeleteBlocksCommand(transaction_id=3, blocks=[gone])
        commands = await tell(member, DataNodeCommand(delete_blocks=deletion))
        assert commands.deleted_transaction_ids == {3}
        assert member.block(RING, 7) is None
    lost = three.members[1]
    await lost.end(crash=True)
    await lost.start()
    assert lost.block(RING, 7) is None
    assert await read(lost, 8, 4) == b"data"
    await lost.datanode.homes.join(pipeline(RING))
    assert lost.work.rings.get(RING) is None
    assert GroupId(RING) not in lost.wal.groups()


def test_ring_whose_containers_are_closed_is_left_and_forgotten(tmp_path: Path) -> None:
    with_three(tmp_path, leave_a_closed_one)


def small(local: int, data: bytes) -> bytes:
    block = BlockId(container=RING, local=local)
    request = WriteSmallBlockRequest(block=block, data=data, pipeline_id=RING)
    return RingEntry(write_small_block=request).SerializeToString()


async def alone_with_a_tail(three: Three) -> tuple[Member, int, int]:
    """A member whose log ends with block 2, which nobody says is committed: it, its term and its
    index."""
    await write(three, 1, b"known")
    await three.agreed(RING)
    last = await three.leader(RING)
    for member in three.members:
        if member is not last:
            await member.end(crash=True)
    group = GroupId(RING)
    index, term = last.wal.last_index(group) + 1, last.ring(RING).replica.term
    close = RingEntry(close_container=CloseContainerCommand(container_id=RING))
    entries = [
        Entry(index, term, small(2, b"acknowledged"), EntryKind.NORMAL),
        Entry(index + 1, term, close.SerializeToString(), EntryKind.NORMAL),
    ]
    # As a leader that is gone would have sent them.
    await last.ring(RING).replica.stop()
    await last.wal.append(group, entries)
    return last, term, index


async def check_rescued(member: Member, term: int, index: int) -> None:
    assert member.container_state(RING) is S.QUASI_CLOSED
    assert await read(member, 1, 5) == b"known"
    assert await read(member, 2, 12) == b"acknowledged"
    container = member.work.volume.containers[RING]
    assert container.commit_sequence == sequence_of(term, index)
    assert member.work.rings.get(RING) is None
    assert GroupId(RING) not in member.wal.groups()


async def leave_by_force(three: Three) -> None:
    member, term, index = await alone_with_a_tail(three)
    await tell(member, close_pipeline())
    await member.work.leaving.finished()
    assert member.work.rings.get(RING) is not None
    await tell(member, close_pipeline(force=True))
    await left(member)
    await check_rescued(member, term, index)
    force = CloseContainerCommand(container_id=RING, force=True)
    await tell(member, DataNodeCommand(close_container=force))
    assert member.container_state(RING) is S.CLOSED


def test_ring_that_is_left_by_force_leaves_all_that_its_log_held(tmp_path: Path) -> None:
    with_three(tmp_path, leave_by_force)


async def crash_after_steps(three: Three, steps: int) -> None:
    member, term, index = await alone_with_a_tail(three)
    rings, flusher = member.work.rings, member.work.flusher
    ring = member.ring(RING)
    if steps >= 1:
        await rings.local()
    if steps >= 2:
        await rings.begin_leaving(ring)
    if steps >= 3:
        await ring.read_out()
        await (await rings.local()).move_replica(RING, S.QUASI_CLOSED)
    if steps >= 4:
        await flusher.flush_all()
    if steps >= 5:
        await rings.end_leaving(ring)
    await member.end(crash=True)
    await member.start()
    if steps < 2:
        # It is a member as it was; the SCM tells it again.
        assert member.work.rings.get(RING) is not None
        await tell(member, close_pipeline(force=True))
    await left(member)
    await check_rescued(member, term, index)
    assert [ring.pipeline_id for ring in member.work.rings] == [40, 500]


@pytest.mark.parametrize("steps", range(6))
def test_leaving_goes_on_after_a_crash_at_each_step(tmp_path: Path, steps: int) -> None:
    with_three(tmp_path, lambda three: crash_after_steps(three, steps))


async def stop_in_the_middle(three: Three) -> None:
    member = three.members[0]
    ring = member.ring(RING)
    await member.work.rings.begin_leaving(ring)
    await member.end()
    with pytest.raises(Stopping):
        await ring.replica.propose(b"")


def test_stop_ends_the_member_of_a_ring_that_is_being_left(tmp_path: Path) -> None:
    with_three(tmp_path, stop_in_the_middle)
