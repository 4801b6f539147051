"""Rings of three members: many over one log at each, each a state machine of its own."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.hdds.ring.three import RINGS, Three, pipeline, until, with_three
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import ContainerNotOpen, NotLeader
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.container.blocks import Block
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.datanode_pb2 import WriteSmallBlockRequest
from trioxygen.proto.v1.scm_pb2 import CloseContainerCommand, DataNodeCommand
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice, DataNodeAddress


def block(ring: int, local: int) -> BlockId:
    return BlockId(container=ring, local=local)


def whole(ring: int, local: int, size_bytes: int) -> BlockSlice:
    return BlockSlice(container=ring, local=local, offset_bytes=0, length_bytes=size_bytes)


def content(ring: int, local: int, size_bytes: int = 1_000) -> bytes:
    return bytes([(ring + local) % 251]) * size_bytes


async def write(three: Three, ring: int, local: int) -> None:
    await three.writer.write_small(block(ring, local), pipeline(ring), content(ring, local))


async def stream(three: Three, ring: int, local: int, size_bytes: int) -> None:
    upload = await three.writer.open(block(ring, local), pipeline(ring), size_bytes)
    try:
        await upload.send(content(ring, local, size_bytes))
        await upload.finish()
    finally:
        await upload.cancel()


def test_rings_share_a_log_and_each_is_applied_as_far_as_its_own_entries_go(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        # Together, so that their entries stand among each other's; not as many of each.
        writes = [(ring, local) for n, ring in enumerate(RINGS) for local in range(1, 5 + 10 * n)]
        writes.sort(key=lambda write: write[1])
        await asyncio.gather(*(write(three, ring, local) for ring, local in writes))
        ends = {ring: await three.agreed(ring) for ring in RINGS}
        assert ends[3] + 5 < ends[40] and ends[40] + 5 < ends[500]
        for member in three.members:
            assert {*member.wal.groups()} >= {GroupId(ring) for ring in RINGS}
            for ring, local in writes:
                actual = member.block(ring, local)
                assert actual is not None and actual.size_bytes == 1_000
            await member.work.flusher.flush_all()
            assert {
                ring: actual.index for ring, actual in member.work.blocks.persisted.items()
            } == ends
        # The same at all: the state does not depend on who leads, or what came when.
        first, *others = (
            [member.block(ring, local) for ring, local in writes] for member in three.members
        )
        for other in others:
            assert [_logged(actual) for actual in other] == [_logged(actual) for actual in first]

    with_three(tmp_path, scenario)


def _logged(actual: Block | None) -> tuple[int, int, bytes]:
    """What the log says of a block; where it lies is each member's own."""
    assert actual is not None
    return actual.size_bytes, actual.commit_sequence, actual.checksums


@pytest.mark.parametrize("crash", [True, False], ids=["crashed", "stopped"])
def test_each_ring_comes_back_as_far_as_it_was_and_goes_on(tmp_path: Path, crash: bool) -> None:
    async def scenario(three: Three) -> None:
        for ring in RINGS:
            await write(three, ring, 1)
            await stream(three, ring, 2, 300 * KIB)
            await stream(three, ring, 3, 2 * MIB)
        for ring in RINGS:
            await three.agreed(ring)
        for member in three.members:
            await member.end(crash=crash)
        for member in three.members:
            await member.start()
        for ring in RINGS:
            await three.leader(ring)
            await write(three, ring, 4)
            await three.agreed(ring)
        for member in three.members:
            for ring in RINGS:
                for local, size in ((1, 1_000), (2, 300 * KIB), (3, 2 * MIB), (4, 1_000)):
                    pieces = member.work.reads.stream(ring, local, 0, size)
                    data = b"".join([bytes(piece) async for piece in pieces])
                    assert data == content(ring, local, size)

    with_three(tmp_path, scenario)


def test_leader_that_falls_is_followed_by_another_which_writers_find(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        await write(three, 500, 1)
        fallen = await three.leader(500)
        await fallen.end(crash=True)
        heir = await three.leader(500, not_=fallen)
        await write(three, 500, 2)
        assert heir.block(500, 2) is not None
        await fallen.start()
        await until(lambda: fallen.block(500, 2) is not None)
        assert _logged(fallen.block(500, 2)) == _logged(heir.block(500, 2))

    with_three(tmp_path, scenario)


def test_member_that_does_not_lead_names_the_one_that_does(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        leader = await three.leader(3)
        await write(three, 3, 1)
        await three.agreed(3)
        follower = next(member for member in three.members if member is not leader)
        await until(lambda: bool(follower.ring(3).replica.leader_address()))
        request = WriteSmallBlockRequest(block=block(3, 2), data=b"x", pipeline_id=3)
        with pytest.raises(NotLeader) as refused:
            await follower.ring(3).write_small(request)
        assert refused.value.facts["leader"] == leader.name

    with_three(tmp_path, scenario)


def test_closing_is_an_entry_that_all_members_follow(tmp_path: Path) -> None:
    async def scenario(three: Three) -> None:
        await write(three, 40, 1)
        await three.agreed(40)
        leader = await three.leader(40)
        for member in three.members:
            # As the SCM does: it does not say who leads.
            await member.ring(40).close_container(40)
        await until(
            lambda: all(
                member.container_state(40) is ContainerState.CLOSED for member in three.members
            )
        )
        request = WriteSmallBlockRequest(block=block(40, 2), data=b"x", pipeline_id=40)
        with pytest.raises(ContainerNotOpen):
            await leader.ring(40).write_small(request)
        # The other rings of the volume go on.
        await write(three, 500, 1)

    with_three(tmp_path, scenario)


def states(three: Three, ring: int) -> set[ContainerState]:
    return {member.container_state(ring) for member in three.members if member.is_up}


def test_container_takes_nothing_new_at_any_member_while_its_last_streams_end(
    tmp_path: Path,
) -> None:
    async def scenario(three: Three) -> None:
        await write(three, 40, 1)
        data = content(40, 2, 2 * MIB)
        upload = await three.writer.open(block(40, 2), pipeline(40), len(data))
        await upload.send(data[:MIB])
        leader = await three.leader(40)
        await leader.ring(40).close_container(40)
        await until(lambda: states(three, 40) == {ContainerState.CLOSING})
        # So it is after a start, too: it is in the log.
        [follower, _] = [member for member in three.members if member is not leader]
        await follower.work.flusher.flush_all()
        row = follower.work.volume.containers[40]
        assert row.committed_state is ContainerState.CLOSING
        request = WriteSmallBlockRequest(block=block(40, 3), data=b"x", pipeline_id=40)
        with pytest.raises(ContainerNotOpen):
            await leader.ring(40).write_small(request)
        await upload.send(data[MIB:])
        assert await upload.finish() == len(data)
        await until(lambda: states(three, 40) == {ContainerState.CLOSED})
        pieces = three.reader.stream(whole(40, 2, len(data)))
        assert b"".join([bytes(piece) async for piece in pieces]) == data

    with_three(tmp_path, scenario)


def test_state_of_a_container_changes_by_the_log_alone(tmp_path: Path) -> None:
    """Who is told to close it, and cannot have that committed, goes on as it was."""

    async def scenario(three: Three) -> None:
        for ring in (3, 40):
            await write(three, ring, 1)
            await three.agreed(ring)
        leader = await three.leader(40)
        others = [member for member in three.members if member is not leader]
        close = CloseContainerCommand(container_id=40)
        command = DataNodeCommand(term=1, close_container=close)
        for member in others:
            commands = Commands(
                member.runtime.clock,
                member.datanode.homes,
                member.datanode.copies,
                member.datanode.rebuilds,
            )
            await commands.execute(command, asked_ms=member.runtime.clock.monotonic_ms())
        assert states(three, 40) == {ContainerState.OPEN}
        for member in others:
            await member.end(crash=True)
        commands = Commands(
            leader.runtime.clock,
            leader.datanode.homes,
            leader.datanode.copies,
            leader.datanode.rebuilds,
        )
        # It does not hold up the heartbeat that brought it either.
        async with asyncio.timeout(15):
            await commands.execute(command, asked_ms=leader.runtime.clock.monotonic_ms())
        assert states(three, 40) == {ContainerState.OPEN}
        for member in others:
            await member.start()
        # What was proposed may be committed now, or be lost: then it is told again.
        heir = await three.leader(40)
        await heir.ring(40).close_container(40)
        await until(lambda: states(three, 40) == {ContainerState.CLOSED})
        assert states(three, 3) == {ContainerState.OPEN}

    with_three(tmp_path, scenario)


@pytest.mark.parametrize("place", range(3))
def test_writer_finds_the_leader_wherever_among_the_members_it_stands(
    tmp_path: Path, place: int
) -> None:
    async def scenario(three: Three) -> None:
        leader = await three.leader(500)
        output = pipeline(500)
        members = [datanode for datanode in output.datanodes if datanode.node_id != leader.name]
        members.insert(place, DataNodeAddress(node_id=leader.name, address=leader.name))
        del output.datanodes[:]
        output.datanodes.extend(members)
        await three.writer.write_small(block(500, 1), output, content(500, 1))
        upload = await three.writer.open(block(500, 2), output, 2 * MIB)
        await upload.send(content(500, 2, 2 * MIB))
        assert await upload.finish() == 2 * MIB
        await three.agreed(500)
        for member in three.members:
            for local in (1, 2):
                assert _logged(member.block(500, local)) == _logged(leader.block(500, local))
            assert member.work.volume.corrupt_blocks() == []

    with_three(tmp_path, scenario)
