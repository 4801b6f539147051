"""Which rings a volume takes part in, told and at start."""

import asyncio
import math
from pathlib import Path

import pytest

from tests.unit.hdds.support import PIPELINE, ListRing, node, received
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import LogCorrupt
from trioxygen.common.units import MIB
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.metadata.raft.ports import Entry, Replica, ReplicatedStateMachine
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest, RingEntry, RingRow
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    DataNodeCommand,
    HeartbeatReply,
    PipelineCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockId, Pipeline

OTHER = Pipeline(pipeline_id=9, datanodes=PIPELINE.datanodes)


class NoStart(ListRing):
    """A member that finds a log which is not its own."""

    async def start(self, machine: ReplicatedStateMachine) -> None:
        raise LogCorrupt("of another state")


class FailingRings(ListRing):
    """Members of other rings do not start at the first `failures` tries."""

    def __init__(self, failures: float) -> None:
        super().__init__()
        self.failures, self.tries = failures, 0

    def member(self, row: RingRow) -> Replica:
        if row.pipeline_id != OTHER.pipeline_id:
            return super().member(row)
        self.tries += 1
        return NoStart() if self.tries <= self.failures else super().member(row)


def test_ring_that_could_not_be_joined_is_joined_when_it_is_told_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path, ring=FailingRings(1)) as n:

            def reported() -> list[int]:
                return [ring.report().pipeline_id for ring in n.work.rings]

            await n.write(1, b"own")
            clock = ManualClock()
            commands = Commands(clock, n.datanode.homes, n.datanode.copies, n.datanode.rebuilds)
            told = [
                DataNodeCommand(create_pipeline=PipelineCommand(pipeline=OTHER)),
                DataNodeCommand(close_container=CloseContainerCommand(container_id=1)),
            ]
            before = reported()
            await _carry_out(clock, commands, told)
            # What was told with it is done all the same.
            assert n.container().state is not ContainerState.OPEN
            assert reported() == before
            await n.flush()
            clock.advance(1_000)
            await _carry_out(clock, commands, told)
            assert reported() == [*before, OTHER.pipeline_id]
            await n.writer.write_small(BlockId(container=2, local=1), OTHER, b"other")
            assert await n.read(1, 0, 5, container=2) == b"other"

    asyncio.run(run())


def test_ring_that_cannot_be_joined_is_not_tried_with_each_heartbeat(tmp_path: Path) -> None:
    told = [DataNodeCommand(create_pipeline=PipelineCommand(pipeline=OTHER))]

    async def run() -> None:
        ring, clock = FailingRings(math.inf), ManualClock()
        async with node(tmp_path, ring=ring) as n:
            commands = Commands(clock, n.datanode.homes, n.datanode.copies, n.datanode.rebuilds)

            async def tries_within(seconds: int) -> int:
                before = ring.tries
                for _ in range(seconds):
                    await _carry_out(clock, commands, told)
                    clock.advance(1_000)
                return ring.tries - before

            # At 0, 1, 3, 7, 15, 31; then once a minute.
            assert await tries_within(63) == 6
            assert await tries_within(600) == 10
            # Not told meanwhile: it is another matter then.
            await _carry_out(clock, commands, [])
            assert await tries_within(1) == 1

    asyncio.run(run())


def test_node_starts_again_after_a_ring_could_not_be_joined(tmp_path: Path) -> None:
    async def run() -> None:
        ring = FailingRings(math.inf)
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, b"own")
            with pytest.raises(LogCorrupt):
                await n.datanode.homes.join(OTHER)
        async with node(tmp_path, ring=ring) as n:
            assert [ring.report().pipeline_id for ring in n.work.rings] == [PIPELINE.pipeline_id]
            assert await n.read(1, 0, 3) == b"own"

    asyncio.run(run())


class Uncommitted(ListRing):
    """After a start its member has a tail of which nobody has said yet that it is committed."""

    async def start(self, machine: ReplicatedStateMachine) -> None:
        self.machine = machine


@pytest.mark.parametrize("unreadable", [b"\xff\xff\xff", b"\xfa\x3f\x00", b""])
def test_start_keeps_what_a_tail_may_yet_put_and_passes_what_it_cannot_read(
    tmp_path: Path, unreadable: bytes
) -> None:
    data = bytes(2 * MIB)
    put = PutBlockRequest(
        block=BlockId(container=1, local=1), size_bytes=len(data), checksums=checksums_of(data)
    )

    async def run() -> None:
        async with node(tmp_path) as n:
            for local in (1, 2):
                stream = await n.writer.open(BlockId(container=1, local=local), PIPELINE, len(data))
                await stream.send(data)
                await received(stream, 5_000)
            durable = n.ring.entries
        tail = [unreadable, RingEntry(put_block=put).SerializeToString()]
        entries = [Entry(len(durable) + at, 1, payload) for at, payload in enumerate(tail, 1)]
        ring = Uncommitted([*durable, *entries])
        async with node(tmp_path, ring=ring) as n:
            assert n.files() == ["1.block"]
            assert ring.machine is not None
            await ring.machine.apply(entries)
            assert await n.read_stream(1, 0, len(data)) == data
            assert n.work.volume.corrupt_blocks() == []

    asyncio.run(run())


async def _carry_out(clock: Clock, commands: Commands, told: list[DataNodeCommand]) -> None:
    reply = HeartbeatReply(leader=True, commands=told)
    await commands.carry_out(reply, asked_ms=clock.monotonic_ms())
