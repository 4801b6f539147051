"""Blocks of an erasure code that DataNodes fail to take: what is acknowledged has one part more
than it takes to read it, and what cannot have that is refused."""

from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.hdds.ec.coded import CONTAINER, Coded, with_coded
from tests.unit.hdds.ec.test_coded_blocks import CELL, data_of
from trioxygen.common.errors import DeadlineExceeded, Unreachable
from trioxygen.common.replication import Replication
from trioxygen.proto.v1.types_pb2 import BlockId, BlockSlice


async def write_meanwhile(coded: Coded, faults: set[str], *failing: str) -> None:
    coded.config = replace(coded.config, member_slow_ms=500)
    coded.forget()
    failing_in_turn = dict(zip((5, 20), failing, strict=False))
    data = data_of(40 * CELL + 77)
    block = BlockId(container=CONTAINER, local=1)
    stream = await coded.writer.open(block, coded.pipeline, len(data))
    try:
        for number, start in enumerate(range(0, len(data), CELL)):
            if number in failing_in_turn:
                faults.add(failing_in_turn[number])
            await stream.send(data[start : start + CELL])
            await stream.flush()
        assert await stream.finish() == len(data)
    finally:
        await stream.cancel()
    assert {member.node_id for member in stream.left} == {*failing}
    piece = BlockSlice(
        container=CONTAINER,
        local=1,
        length_bytes=len(data),
        block_bytes=len(data),
        tag=stream.tag,
    )
    assert await coded.read(piece) == data
    # So is what follows, while they are away; that is known, and ends no block early.
    block = BlockId(container=CONTAINER, local=9)
    again = await coded.writer.open(block, coded.pipeline, CELL)
    assert list(again.left) == []
    await again.cancel()
    for local, size in enumerate((5, 300_000), start=2):
        assert await coded.read(await coded.write(local, data_of(size))) == data_of(size)


def test_node_may_die_in_the_middle_of_a_write(tmp_path: Path) -> None:
    with_coded(tmp_path, lambda coded: write_meanwhile(coded, coded.faults.dead, "dn3"))


def test_node_may_stand_still_in_the_middle_of_a_write(tmp_path: Path) -> None:
    with_coded(tmp_path, lambda coded: write_meanwhile(coded, coded.faults.frozen, "dn3"))


def test_two_nodes_may_die_in_the_middle_of_a_write_where_three_are_for_parity(
    tmp_path: Path,
) -> None:
    def write(coded: Coded) -> Awaitable[None]:
        return write_meanwhile(coded, coded.faults.dead, "dn3", "dn8")

    with_coded(tmp_path, write, Replication.parse("EC/6-3-64k"))


async def write_without_spare(coded: Coded) -> None:
    coded.pipeline.without_spare = True
    await write_meanwhile(coded, coded.faults.dead, "dn3", "dn4")


def test_two_nodes_may_die_in_the_middle_of_a_write_where_no_spare_part_is_wanted(
    tmp_path: Path,
) -> None:
    with_coded(tmp_path, write_without_spare)


async def write_to_too_few(coded: Coded) -> None:
    coded.config = replace(
        coded.config,
        member_slow_ms=200,
        open_ms=300,
        minority_ms=300,
        begin_patience_ms=300,
        straggler_ms=100,
    )
    for faults in (coded.faults.dead, coded.faults.frozen):
        # Of each size one of the first cell's holders is left, and three of those of all.
        faults |= {"dn1", "dn4"}
        for local, size in enumerate((5, 300_000, 7 * CELL), start=1):
            coded.forget()
            with pytest.raises((Unreachable, DeadlineExceeded)):
                await coded.write(local, data_of(size))
            await coded.pool.stop()
        faults.clear()


def test_block_is_not_acknowledged_with_parts_that_bear_no_loss(tmp_path: Path) -> None:
    with_coded(tmp_path, write_to_too_few)


async def write_and_lose_one(coded: Coded) -> None:
    """One that was away while it was written, and stays so, and any other."""
    names = [member.node_id for member in coded.pipeline.datanodes]
    sizes = (5, CELL + 9)
    for round_, away in enumerate(names):
        coded.faults.dead = {away}
        coded.forget()
        pieces = [
            await coded.write(10 * round_ + number, data_of(size))
            for number, size in enumerate(sizes)
        ]
        for lost in names:
            coded.faults.dead = {away, lost}
            for piece, size in zip(pieces, sizes, strict=True):
                assert await coded.read(piece) == data_of(size), (away, lost)


def test_acknowledged_block_bears_the_loss_of_any_one_part(tmp_path: Path) -> None:
    with_coded(tmp_path, write_and_lose_one)
