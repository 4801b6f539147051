"""Parts that were lost are rebuilt at other nodes, and are read there."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.hdds.ec.coded import CONTAINER, RING, Coded, with_coded
from tests.unit.hdds.ec.faulty_network import Faults, FaultyNetwork
from tests.unit.hdds.ring.three import Member, until
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import (
    ChecksumMismatch,
    ContainerNotOpen,
    InvalidRequest,
    TrioxygenError,
)
from trioxygen.common.rpc.network import Network
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.container.blocks import block_key, put_block
from trioxygen.hdds.copying.pace import Pace
from trioxygen.hdds.reconstruction.rebuild import Rebuild
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand, ReconstructContainerCommand
from trioxygen.proto.v1.types_pb2 import BlockRange, BlockSlice, DataNodeAddress

CELL = 64 * KIB
# In order: packed ones, some with parts in files of their own, and small ones behind them.
SIZES = (1, 100, CELL, 200_000, 3 * MIB, 7 * MIB + 5, 3 * CELL + 1, 50)


def data_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


async def fill(coded: Coded) -> dict[int, BlockSlice]:
    pieces = {
        size: await coded.write(local, data_of(size)) for local, size in enumerate(SIZES, start=1)
    }
    for member in coded.members:
        await member.ring(RING).close_container(CONTAINER)
    states = {ContainerState.CLOSED}
    await until(lambda: {each.container_state(CONTAINER) for each in coded.members} == states)
    return pieces


async def add_node(coded: Coded, name: str) -> Member:
    member = Member(name, coded.members[0].root.parent / name, coded.network)
    await member.start()
    coded.members.append(member)
    return member


def command(coded: Coded, lost: list[int], targets: list[Member]) -> ReconstructContainerCommand:
    return ReconstructContainerCommand(
        container_id=CONTAINER,
        replication=coded.coding.proto,
        pipeline_id=RING,
        sources=[each for each in coded.pipeline.datanodes if each.replica_index not in lost],
        targets=[
            DataNodeAddress(node_id=member.name, address=member.name, replica_index=index)
            for index, member in zip(lost, targets, strict=True)
        ],
    )


def rebuild_at(
    member: Member,
    wanted: ReconstructContainerCommand,
    *,
    network: Network | None = None,
    stall_ms: float = 30_000,
) -> Rebuild:
    pace = Pace(member.runtime.clock, 0)
    runtime = replace(member.runtime, network=network or member.runtime.network)
    return Rebuild(runtime, wanted, node_id=member.name, pace=pace, stall_ms=stall_ms)


def move(coded: Coded, lost: list[int], targets: list[Member]) -> None:
    """Clients hear of the new holders."""
    for index, member in zip(lost, targets, strict=True):
        holder = coded.pipeline.datanodes[index - 1]
        holder.node_id = holder.address = member.name
    coded.forget()


async def rebuild_two(coded: Coded, lost: list[int]) -> None:
    pieces = await fill(coded)
    targets = [await add_node(coded, f"new{index}") for index in lost]
    before = {
        index: [coded.members[index - 1].block(CONTAINER, local) for local in range(1, 9)]
        for index in lost
    }
    for index in lost:
        await coded.members[index - 1].end(crash=True)
    wanted = command(coded, lost, targets)
    targets[0].datanode.rebuilds.ask(wanted, expires_ms=None)
    await until(lambda: targets[0].datanode.rebuilds.rebuilt == 1)
    for index, member in zip(lost, targets, strict=True):
        assert member.container_state(CONTAINER) is ContainerState.CLOSED
        for local, block in enumerate(before[index], start=1):
            rebuilt = member.block(CONTAINER, local)
            if block is None:
                assert rebuilt is None
                continue
            assert rebuilt is not None
            assert (rebuilt.checksums, rebuilt.group) == (block.checksums, block.group)
    move(coded, lost, targets)
    # Nobody but the new holders can stand for two others now.
    others = [index for index in (1, 2, 3, 4, 5) if index not in lost][:2]
    coded.missing = set(others)
    for size, piece in pieces.items():
        assert await coded.read(piece) == data_of(size)


@pytest.mark.parametrize("lost", [[1, 2], [2, 5], [4, 5]])
def test_two_parts_are_rebuilt_as_they_were(tmp_path: Path, lost: list[int]) -> None:
    with_coded(tmp_path, lambda coded: rebuild_two(coded, lost))


async def rebuild_from_corrupt(coded: Coded) -> None:
    pieces = await fill(coded)
    target = await add_node(coded, "new")
    await coded.members[0].end(crash=True)
    path = coded.members[1].root / "containers" / str(CONTAINER) / "6.block"
    stored = bytearray(path.read_bytes())
    stored[-100] ^= 1
    path.write_bytes(stored)
    rebuild = rebuild_at(target, command(coded, [1], [target]))
    await rebuild.run()
    move(coded, [1], [target])
    for size, piece in pieces.items():
        assert await coded.read(piece) == data_of(size)


def test_part_that_is_corrupt_is_no_source(tmp_path: Path) -> None:
    with_coded(tmp_path, rebuild_from_corrupt)


class StandsStill(Faults):
    """A node does so once, as soon as it has some blocks; something happens meanwhile."""

    def __init__(self, member: Member, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._member, self._happens = member, happens
        self.has_happened = False

    async def meet(self, address: str, timeout_ms: float = 600_000) -> None:
        container = self._member.work.volume.containers.get(CONTAINER)
        is_begun = container is not None and container.block_count > 0
        if address == self._member.name and is_begun and not self.has_happened:
            self.has_happened = True
            await self._happens()
            await asyncio.Event().wait()


async def rebuild_at_one_that_stands_still(coded: Coded) -> None:
    pieces = await fill(coded)
    target = await add_node(coded, "new")
    others = coded.members[1:5]

    async def delete() -> None:
        gone = BlockRange(container=CONTAINER, first_local=2, count=1)
        for member in others:
            await member.ring(RING).delete_blocks(DeleteBlocksCommand(blocks=[gone]))

    faults = StandsStill(target, delete)
    await coded.members[0].end(crash=True)
    wanted = command(coded, [1], [target])
    network = FaultyNetwork(coded.network, faults)
    await rebuild_at(others[0], wanted, network=network, stall_ms=300).run()
    assert faults.has_happened
    assert target.container_state(CONTAINER) is ContainerState.CLOSED
    assert target.block(CONTAINER, 2) is None
    move(coded, [1], [target])
    del pieces[100]
    for size, piece in pieces.items():
        assert await coded.read(piece) == data_of(size)


def test_target_that_stands_still_gets_the_rest_later_and_nothing_that_was_deleted_since(
    tmp_path: Path,
) -> None:
    with_coded(tmp_path, rebuild_at_one_that_stands_still)


async def rebuild_open(coded: Coded) -> None:
    await coded.write(1, data_of(300_000))
    target = await add_node(coded, "new")
    with pytest.raises(ContainerNotOpen):
        await rebuild_at(target, command(coded, [1], [target])).run()
    assert CONTAINER not in target.work.volume.containers


def test_container_that_may_still_change_is_not_rebuilt(tmp_path: Path) -> None:
    with_coded(tmp_path, rebuild_open)


async def rebuild_wrong(coded: Coded) -> None:
    await fill(coded)
    target = await add_node(coded, "new")
    source = coded.members[4].work
    key = block_key(CONTAINER, 4)
    block = source.blocks.find_block(key)
    assert block is not None
    # An index that says other checksums than were written: the block's tag is not theirs.
    await source.flusher.flush_all()
    txn = source.volume.store.begin()
    put_block(txn, key, block._replace(checksums=bytes(len(block.checksums))))
    txn.commit()
    with pytest.raises(TrioxygenError) as raised:
        await rebuild_at(target, command(coded, [1], [target])).run()
    assert isinstance(raised.value, ChecksumMismatch)
    assert target.container_state(CONTAINER) is ContainerState.RECOVERING


def test_block_that_is_not_the_one_that_was_written_is_not_passed_on(tmp_path: Path) -> None:
    with_coded(tmp_path, rebuild_wrong)


def test_wanted_twice_is_rebuilt_once(tmp_path: Path) -> None:
    async def scenario(coded: Coded) -> None:
        await fill(coded)
        target = await add_node(coded, "new")
        await coded.members[0].end(crash=True)
        rebuilds = target.datanode.rebuilds
        for _ in range(3):
            rebuilds.ask(command(coded, [1], [target]), expires_ms=None)
        await until(lambda: rebuilds.rebuilt == 1)
        await asyncio.sleep(0)
        assert (len(rebuilds), rebuilds.failed) == (0, 0)
        assert rebuilds.rebuilt_bytes > 3 * MIB

    with_coded(tmp_path, scenario)


async def complete_what_lacks_nothing(coded: Coded) -> None:
    await fill(coded)
    first = coded.members[0]
    wanted = command(coded, [], [])
    wanted.completes = True
    wanted.targets.add(node_id=first.name, address=first.name, replica_index=1)
    before = first.work.volume.containers[CONTAINER]
    rebuilds = first.datanode.rebuilds
    rebuilds.ask(wanted, expires_ms=None)
    await until(lambda: rebuilds.failed == 1)
    # The SCM hears of it: no report would show an end.
    [failure] = first.datanode.copies.failures.untold()
    assert (failure.container_id, failure.target_node_id) == (CONTAINER, "")
    assert first.work.volume.containers[CONTAINER] is before and not len(first.datanode.imports)
    with pytest.raises(InvalidRequest):
        await rebuild_at(first, wanted).run()


def test_replica_that_is_completed_and_gets_nothing_is_told_of(tmp_path: Path) -> None:
    with_coded(tmp_path, complete_what_lacks_nothing)
