"""Blocks on five DataNodes of which any two may be lost."""

import asyncio
import random
from contextlib import aclosing
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from tests.unit.hdds.ec.coded import CONTAINER, Coded, with_coded
from tests.unit.hdds.ring.three import until
from trioxygen.common.errors import Unreachable
from trioxygen.common.replication import Replication
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.client.ec_reader import STREAM_BYTES_MAX, piece_bytes
from trioxygen.hdds.container.blocks import block_key
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.proto.v1.scm_pb2 import ContainerLocation

CELL = 64 * KIB
# Less than a cell, parts of stripes, whole stripes, and more.
SIZES = (1, 100, CELL, CELL + 1, 3 * CELL, 3 * CELL + 1, 7 * CELL + 5, 1_000_000)


def data_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


async def write_and_read(coded: Coded) -> None:
    pieces = {size: await coded.write(size, data_of(size)) for size in SIZES}
    for size, piece in pieces.items():
        assert await coded.read(piece) == data_of(size)
        for offset, length in ((0, size), (size // 2, size - size // 2), (size - 1, 1)):
            if length <= 1_000_000:
                expected = data_of(size)[offset : offset + length]
                assert await coded.read_small(piece, offset, length) == expected
                assert await coded.read(piece, offset, length) == expected


def test_blocks_of_all_sizes_are_read_as_they_were_written(tmp_path: Path) -> None:
    with_coded(tmp_path, write_and_read)


async def lose_any_two(coded: Coded) -> None:
    pieces = {size: await coded.write(size, data_of(size)) for size in SIZES}
    for lost in combinations(range(1, 6), 2):
        coded.missing = set(lost)
        coded.forget()
        for size, piece in pieces.items():
            assert await coded.read(piece) == data_of(size)
            assert (
                await coded.read_small(piece, size // 3, size - size // 3)
                == (data_of(size)[size // 3 :])
            )


def test_any_two_of_five_may_be_lost(tmp_path: Path) -> None:
    with_coded(tmp_path, lose_any_two)


async def lose_three(coded: Coded) -> None:
    piece = await coded.write(1, data_of(CELL * 4))
    coded.missing = {1, 2, 5}
    coded.forget()
    with pytest.raises(Unreachable, match="too few parts"):
        await coded.read(piece)


def test_three_of_five_are_too_many(tmp_path: Path) -> None:
    with_coded(tmp_path, lose_three)


async def read_meanwhile(coded: Coded, faults: set[str]) -> None:
    """Args: faults: the nodes in them fail as a read goes on."""
    data = data_of(40 * CELL + 77)
    piece = await coded.write(1, data)
    output = bytearray()
    async with aclosing(coded.reader.stream(piece)) as parts:
        async for part in parts:
            output += part
            if len(output) > 5 * CELL:
                faults.add("dn2")
            if len(output) > 20 * CELL:
                faults.add("dn1")
    assert output == data


def test_two_nodes_may_die_in_the_middle_of_a_read(tmp_path: Path) -> None:
    with_coded(tmp_path, lambda coded: read_meanwhile(coded, coded.faults.dead))


def test_two_nodes_may_stand_still_in_the_middle_of_a_read(tmp_path: Path) -> None:
    with_coded(tmp_path, lambda coded: read_meanwhile(coded, coded.faults.frozen))


async def read_hedged(coded: Coded) -> None:
    """Nobody would be left for another one before a minute is over."""
    coded.config = replace(
        coded.config, fail_over_ms=60_000, hedge_ms_min=1_500, hedge_ms_max=1_500
    )
    data = data_of(40 * CELL + 77)
    piece = await coded.write(1, data)
    coded.forget()
    output = bytearray()
    async with asyncio.timeout(30), aclosing(coded.reader.stream(piece)) as parts:
        async for part in parts:
            output += part
            if len(output) > 5 * CELL:
                coded.faults.frozen |= {"dn1", "dn4"}
    assert output == data
    async with asyncio.timeout(30):
        assert await coded.read_small(piece, 10, 2 * CELL) == data[10 : 2 * CELL + 10]


def test_frozen_parts_are_waited_for_no_longer_than_reads_take(tmp_path: Path) -> None:
    with_coded(tmp_path, read_hedged)


async def read_slow(coded: Coded) -> None:
    """No part is left but those that are read, and one of them is slow; late in the read."""
    data = data_of(40 * CELL + 77)
    piece = await coded.write(1, data)
    coded.missing = {1, 2}
    coded.forget()
    output = bytearray()
    loop = asyncio.get_running_loop()
    async with aclosing(coded.reader.stream(piece)) as parts:
        async for part in parts:
            output += part
            if len(output) >= 5 * CELL and not coded.faults.frozen and len(output) < 9 * CELL:
                # Longer than patience with nodes that are away.
                await asyncio.sleep(coded.config.read_patience_ms / 1_000)
                coded.faults.frozen.add("dn3")
                loop.call_later(1.5, coded.faults.frozen.clear)
    assert output == data


def test_part_that_nothing_stands_for_is_waited_for_while_it_is_slow(tmp_path: Path) -> None:
    with_coded(tmp_path, read_slow)


LARGE_CELLS = Replication.parse("EC/3-2-1024k")


async def read_in_steps(coded: Coded) -> None:
    """Cells that are sent and computed in several steps."""
    size = 7 * MIB + 5
    data = data_of(size)
    piece = await coded.write(1, data)
    for lost in ((), (1, 2), (1, 3), (2, 4), (3,)):
        coded.missing = set(lost)
        coded.forget()
        for offset, length in ((0, size), (MIB + 7, 3 * MIB), (2_500_000, 100_000), (6 * MIB, 9)):
            assert await coded.read(piece, offset, length) == data[offset : offset + length]


def test_large_cells_are_read_in_steps(tmp_path: Path) -> None:
    with_coded(tmp_path, read_in_steps, LARGE_CELLS)


@pytest.mark.parametrize("scheme", ["EC/3-2", "EC/6-3", "EC/10-4"])
def test_stream_holds_no_more_than_is_said(scheme: str) -> None:
    coding = Replication.parse(scheme)
    layout = GroupLayout.of(coding, 256 * MIB)
    ahead = 2 * coding.data * piece_bytes(layout, is_decoding=False)
    assert ahead <= STREAM_BYTES_MAX // 2
    size_bytes = piece_bytes(layout, is_decoding=True)
    # What is being decoded, and the next pieces; all cells of a stripe but the first wait.
    decoding = (2 * coding.data + coding.parity) * size_bytes
    assert decoding + (coding.data - 1) * coding.cell_bytes <= STREAM_BYTES_MAX


async def look_up_meanwhile(coded: Coded) -> None:
    """One cell waits for the SCM, while a part that another cell has asked for is lost."""
    data = data_of(3 * CELL)
    piece = await coded.write(1, data)
    coded.forget()
    answers, is_lost = coded.locate, asyncio.Event()
    asked = 0

    async def locate(container_ids: list[int]) -> list[ContainerLocation]:
        nonlocal asked
        asked += 1
        if asked == 2:
            # What the first cell asks for now is lost later.
            coded.faults.frozen |= coded.faults.dead
            coded.faults.dead.clear()
        if asked >= 3:
            await is_lost.wait()
        return await answers(container_ids)

    coded.locate = locate  # type: ignore[method-assign]
    coded.faults.dead |= {"dn1", "dn2", "dn3"}
    reading = asyncio.ensure_future(coded.read_small(piece, 0, len(data)))
    await until(lambda: asked >= 3)
    await until(lambda: coded.faults.given_up > 0 or reading.done())
    coded.faults.frozen.clear()
    is_lost.set()
    assert await reading == data


def test_cells_look_up_holders_while_others_of_the_read_lose_theirs(tmp_path: Path) -> None:
    with_coded(tmp_path, look_up_meanwhile)


async def read_where_it_was(coded: Coded) -> None:
    """The client knows all parts to be where they are no more. Each node has another one."""
    data = data_of(300_000)
    piece = await coded.write(1, data)
    coded.forget()
    locate, lookups = coded.locate, 0

    async def locate_late(container_ids: list[int]) -> list[ContainerLocation]:
        nonlocal lookups
        lookups += 1
        [location] = await locate(container_ids)
        if lookups == 1:
            members = len(location.replicas)
            for replica in location.replicas:
                replica.replica_index = replica.replica_index % members + 1
        return [location]

    coded.locate = locate_late  # type: ignore[method-assign]
    assert await coded.read(piece) == data
    coded.forget()
    lookups = 0
    assert await coded.read_small(piece, 50_000, 100_000) == data[50_000:150_000]
    assert lookups > 1


def test_parts_that_have_moved_are_looked_up_anew(tmp_path: Path) -> None:
    with_coded(tmp_path, read_where_it_was)


async def read_after_they_are_back(coded: Coded) -> None:
    data = data_of(300_000)
    piece = await coded.write(1, data)
    coded.config = replace(coded.config, read_patience_ms=0)
    coded.missing = {4, 5}
    coded.forget()
    assert await coded.read_small(piece, 0, 1) == data[:1]
    coded.missing = set()
    coded.faults.dead.add("dn1")
    assert await coded.read(piece) == data


def test_nodes_that_are_back_are_read_though_they_were_unknown_before(tmp_path: Path) -> None:
    with_coded(tmp_path, read_after_they_are_back)


async def corrupt(coded: Coded) -> None:
    data = data_of(10 * CELL)
    piece = await coded.write(1, data)
    for member in coded.members[:2]:
        path = member.root / "containers" / str(CONTAINER)
        [file] = list(path.iterdir())
        stored = bytearray(file.read_bytes())
        stored[-100] ^= 1
        file.write_bytes(stored)
    assert await coded.read(piece) == data
    assert await coded.read_small(piece, 9 * CELL, CELL) == data[9 * CELL :]


def test_bytes_that_are_corrupt_are_decoded_from_others(tmp_path: Path) -> None:
    with_coded(tmp_path, corrupt)


async def hold(coded: Coded) -> None:
    size = 7 * CELL + 5
    await coded.write(1, data_of(size))
    held = {}
    for index, member in enumerate(coded.members, start=1):
        block = member.work.blocks.find_block(block_key(CONTAINER, 1))
        assert block is not None
        assert block.group is not None
        assert block.group.size_bytes == size
        held[index] = block.size_bytes
    assert held == {1: 3 * CELL, 2: 2 * CELL + 5, 3: 2 * CELL, 4: 3 * CELL, 5: 3 * CELL}


def test_each_node_holds_its_part_and_knows_of_the_whole(tmp_path: Path) -> None:
    with_coded(tmp_path, hold)


async def be_everywhere(coded: Coded) -> None:
    """What has no bytes at some members is not lost there."""
    await coded.write(1, data_of(100))

    def is_there() -> bool:
        containers = [each.work.volume.containers.get(CONTAINER) for each in coded.members]
        return all(each is not None and not each.streams_open for each in containers)

    await until(is_there)
    assert [each.block(CONTAINER, 1) for each in coded.members[1:3]] == [None, None]


def test_container_of_small_blocks_is_there_at_all_members(tmp_path: Path) -> None:
    with_coded(tmp_path, be_everywhere)
