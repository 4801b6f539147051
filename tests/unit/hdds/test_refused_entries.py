"""What cannot be applied costs itself: the node goes on, starts again, and says so."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.hdds.support import RING, ListRing, Node, node
from trioxygen.common.clock import SystemClock
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import ContainerNotOpen, Internal, InvalidRequest, TrioxygenError
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.metadata.raft.ports import Entry
from trioxygen.proto.v1.datanode_pb2 import (
    PutBlockRequest,
    RefusedEntries,
    RingEntry,
    WriteSmallBlockRequest,
)
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    DataNodeCommand,
    DeleteBlocksCommand,
    PipelineCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange, DataNodeAddress, Pipeline

WRAPPING = BlockRange(container=1, first_local=2**64 - 1, count=2)
GOOD = BlockRange(container=1, first_local=1, count=1)


def deletion(*ranges: BlockRange) -> bytes:
    return RingEntry(delete_blocks=DeleteBlocksCommand(blocks=ranges)).SerializeToString()


def small(container: int, local: int) -> bytes:
    block = BlockId(container=container, local=local)
    return RingEntry(
        write_small_block=WriteSmallBlockRequest(block=block, data=b"data")
    ).SerializeToString()


def put(container: int, local: int) -> bytes:
    block = BlockId(container=container, local=local)
    request = PutBlockRequest(block=block, size_bytes=4, checksums=checksums_of(b"data"))
    return RingEntry(put_block=request).SerializeToString()


BAD = {
    "a range that wraps": deletion(WRAPPING),
    "a range of no container": deletion(BlockRange(first_local=1, count=5)),
    "a block beyond all ids": small(1, 2**64 - 1),
    "a container beyond all ids": small(2**64 - 1, 1),
    "no entry": b"\xff\xff\xff",
    "an entry of no known kind": b"\xfa\x3f\x00",
}


def refused(started: Node) -> float | None:
    volume_id = started.work.volume.volume_id
    return started.runtime.registry.get_sample_value(
        "trioxygen_datanode_refused_entries_total", {"volume": volume_id}
    )


async def serves(started: Node, local: int) -> None:
    await started.write(local, b"served")
    assert await started.read(local, 0, 6) == b"served"


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_node_starts_again_with_an_entry_that_can_never_be_applied(
    tmp_path: Path, bad: bytes
) -> None:
    async def test() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring, crash=True) as started:
            await serves(started, 1)
            # Of an earlier version, which let it through.
            index = await ring.propose(bad)
            await serves(started, 2)
            assert refused(started) == 1
            report = started.datanode.describe()
            assert report.volumes[0].refused_entries == 1
        for _ in range(2):
            async with node(tmp_path, ring=ring) as again:
                assert await again.read(1, 0, 6) == b"served"
                await serves(again, 3)
                await again.flush()
        file = tmp_path / "refused" / f"{RING}-{index}.entry"
        kept = RefusedEntries.FromString(file.read_bytes())
        assert list(kept.payloads) == [bad]
        assert kept.reason

    asyncio.run(test())


def test_bad_range_keeps_no_other_range_from_being_deleted(tmp_path: Path) -> None:
    async def test() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as started:
            await started.write(1, b"gone")
            await started.write(2, b"kept")
            await ring.propose(deletion(WRAPPING, GOOD))
            for _ in range(2):
                with pytest.raises(TrioxygenError, match="no such block"):
                    await started.read(1, 0, 4)
                assert await started.read(2, 0, 4) == b"kept"
                await started.flush()

    asyncio.run(test())


class BrokenFolder(SystemDisk):
    """One container's folder cannot be written."""

    def __init__(self, container: int) -> None:
        self.container = container
        self.is_broken = False

    def open(self, path: Path, *, create: bool = False):  # type: ignore[no-untyped-def]
        if self.is_broken and path.parent.name == str(self.container):
            raise OSError(5, "Input/output error")
        return super().open(path, create=create)


def test_container_that_cannot_be_written_takes_no_other_with_it(tmp_path: Path) -> None:
    async def test() -> None:
        ring, disk = ListRing(), BrokenFolder(2)
        async with node(tmp_path, ring=ring, disk=disk) as started:
            disk.is_broken = True
            await started.write(1, b"one", container=1)
            await started.write(1, b"two", container=2)
            for _ in range(3):
                with suppress(OSError):
                    await started.flush()
            assert started.container(2).state is ContainerState.UNHEALTHY
            with pytest.raises(ContainerNotOpen):
                await started.write(2, b"two", container=2)
            await started.write(2, b"one", container=1)
            await started.flush()
            assert started.container(1).state is ContainerState.OPEN
            assert started.work.blocks.pending_bytes == 0
        async with node(tmp_path, ring=ring, disk=disk) as again:
            assert await again.read(1, 0, 3) == b"one"
            await again.write(3, b"three")
            assert again.container(2).state is ContainerState.UNHEALTHY
        kept = [
            RefusedEntries.FromString(path.read_bytes())
            for path in (tmp_path / "refused").glob("container-2-*.entries")
        ]
        [payload] = [payload for each in kept for payload in each.payloads]
        assert RingEntry.FromString(payload).write_small_block.data == b"two"

    asyncio.run(test())


def test_bad_command_of_a_heartbeats_answer_keeps_no_other_from_being_done(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path) as started:
            await started.write(1, b"gone")
            await started.write(2, b"kept")
            commands = Commands(
                SystemClock(),
                started.datanode.homes,
                started.datanode.copies,
                started.datanode.rebuilds,
            )
            deletes = DeleteBlocksCommand(transaction_id=7, blocks=[WRAPPING, GOOD])
            long = Pipeline(datanodes=[DataNodeAddress(node_id="n" * 300)])
            for command in (
                DataNodeCommand(delete_blocks=deletes),
                DataNodeCommand(create_pipeline=PipelineCommand(pipeline=long)),
                DataNodeCommand(close_container=CloseContainerCommand(container_id=2**64 - 1)),
                DataNodeCommand(),
            ):
                await commands.execute(command, asked_ms=SystemClock().monotonic_ms())
            # Confirmed: it would come again for ever.
            assert commands.deleted_transaction_ids == {7}
            with pytest.raises(TrioxygenError, match="no such block"):
                await started.read(1, 0, 4)
            assert await started.read(2, 0, 4) == b"kept"

    asyncio.run(test())


def test_proposer_of_an_entry_that_is_refused_is_told(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path) as started:
            entry = RingEntry(close_container=CloseContainerCommand(container_id=2**64 - 1))
            with pytest.raises(InvalidRequest, match="container_id is to be"):
                await started.pipeline._propose(entry)

    asyncio.run(test())


class BrokenContainer(Container):
    """In which no block can be noted."""

    def has_had(self, key: bytes, commit_sequence: int = 0) -> None:
        raise OSError(5, "Input/output error")


def test_small_write_whose_entry_cannot_be_applied_is_not_acknowledged(tmp_path: Path) -> None:
    async def test() -> None:
        async with node(tmp_path) as started:
            started.work.volume.load_container(BrokenContainer(2, pipeline_id=RING))
            with pytest.raises(Internal, match="Input/output error"):
                await started.write(1, b"broken", container=2)
            assert started.container(2).state is ContainerState.UNHEALTHY
            await serves(started, 1)

    asyncio.run(test())


class BusyRing(ListRing):
    """While it is `busy` a proposal is applied together with many that come from elsewhere."""

    is_busy = False

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        if not self.is_busy:
            return await super().propose(payload, committed=committed)
        assert self.machine is not None
        first = len(self.entries) + 1
        others = [put(2, local) for local in range(1, 1_101)]
        entries = [Entry(first + at, 1, each) for at, each in enumerate([payload, *others])]
        self.entries += entries
        await self.machine.apply(entries)
        return first


def test_proposer_is_told_however_many_others_are_refused_with_it(tmp_path: Path) -> None:
    async def test() -> None:
        ring = BusyRing()
        async with node(tmp_path, ring=ring) as started:
            await started.write(1, b"data", container=2)
            await started.pipeline.close_container(2)
            ring.is_busy = True
            entry = RingEntry(close_container=CloseContainerCommand(container_id=2**64 - 1))
            with pytest.raises(InvalidRequest, match="container_id is to be"):
                await started.pipeline._propose(entry)

    asyncio.run(test())


def test_log_of_refused_entries_only_is_replayed(tmp_path: Path) -> None:
    async def test() -> None:
        entries = [Entry(at, 1, bad) for at, bad in enumerate(BAD.values(), start=1)]
        async with node(tmp_path, ring=ListRing(entries)) as started:
            assert started.work.blocks.refusals.entries == len(BAD)
            await serves(started, 1)

    asyncio.run(test())
