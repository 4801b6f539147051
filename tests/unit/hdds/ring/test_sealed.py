"""A received block is put while its file is on its way in or out: no promise of bytes that go."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.hdds.ring.held_disk import HeldDisk, gone_on
from tests.unit.hdds.support import PIPELINE, ListRing, Node, config, node, received, until
from trioxygen.common.errors import TrioxygenError, Unreachable
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.client.block_stream import BlockStream
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest, RingEntry
from trioxygen.proto.v1.types_pb2 import BlockId

BLOCK = BlockId(container=1, local=1)
DATA = bytes(range(256)) * (2 * MIB // 256)


def put(data: bytes) -> bytes:
    request = PutBlockRequest(block=BLOCK, size_bytes=len(data), checksums=checksums_of(data))
    return RingEntry(put_block=request).SerializeToString()


class HeldRing(ListRing):
    """What is proposed is in the log at once, and applied once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.proposed, self.goes_on = asyncio.Event(), asyncio.Event()

    async def propose(self, payload: bytes, *, committed: Callable[[], None] | None = None) -> int:
        if RingEntry.FromString(payload).HasField("put_block"):
            self.proposed.set()
            await self.goes_on.wait()
        return await super().propose(payload, committed=committed)


async def sent(n: Node, data: bytes = DATA) -> BlockStream:
    """A stream whose bytes have been sent, and not its end."""
    stream = await n.writer.open(BLOCK, PIPELINE, len(data))
    await stream.send(data)
    return stream


def test_a_block_that_expires_while_it_is_put_is_not_acknowledged(tmp_path: Path) -> None:
    async def run() -> None:
        disk, ring = HeldDisk(), HeldRing()
        async with node(tmp_path, ring=ring, disk=disk, settings=config(sealed_expiry_ms=0)) as n:
            stream = await sent(n)
            finishing = asyncio.ensure_future(stream.finish())
            await ring.proposed.wait()
            disk.holds_removal = True
            dropping = asyncio.ensure_future(n.work.streams.sealed.drop_expired())
            await disk.until_held()
            ring.goes_on.set()
            await gone_on(n)
            disk.goes_on.set()
            await dropping
            with pytest.raises(Unreachable, match="dropped what it had received"):
                await finishing
            with pytest.raises(TrioxygenError, match="no such block"):
                await n.read_stream(1, 0, len(DATA))

    asyncio.run(run())


@pytest.mark.parametrize("data", [DATA, DATA[: 100 * KIB]], ids=["file", "packed"])
def test_a_block_that_is_put_while_it_is_sealed_does_not_expire(
    tmp_path: Path, data: bytes
) -> None:
    """At a member that is slower than those which committed it."""

    async def run() -> None:
        disk, ring = HeldDisk(), ListRing()
        async with node(tmp_path, ring=ring, disk=disk, settings=config(sealed_expiry_ms=0)) as n:
            stream = await sent(n, data)
            disk.holds_sync = True
            receiving = asyncio.ensure_future(received(stream, 20_000))
            await disk.until_held()
            putting = asyncio.ensure_future(ring.propose(put(data)))
            await gone_on(n)
            disk.goes_on.set()
            await receiving
            await putting
            await n.work.streams.sealed.drop_expired()
            assert await n.read_stream(1, 0, len(data)) == data
            assert n.work.volume.corrupt_blocks() == []

    asyncio.run(run())


def test_a_packed_block_that_two_streams_bring_at_once_is_written_once(tmp_path: Path) -> None:
    data = DATA[: 100 * KIB]

    async def run() -> None:
        disk, ring = HeldDisk(), ListRing()
        async with node(tmp_path, ring=ring, disk=disk) as n:
            first, second = await sent(n, data), await sent(n, data)
            disk.holds_sync = True
            receiving = asyncio.ensure_future(received(first, 20_000))
            await disk.until_held()
            repeated = asyncio.ensure_future(received(second, 20_000))
            await gone_on(n)
            disk.goes_on.set()
            await asyncio.gather(receiving, repeated)
            assert n.work.streams.written_bytes == len(data)
            await ring.propose(put(data))
            assert await n.read(1, 0, len(data)) == data

    asyncio.run(run())


@pytest.mark.parametrize("how", ["sealed", "failed"])
def test_a_block_that_is_sealed_while_it_is_looked_for_is_here_as_the_seal_ends(
    tmp_path: Path, how: str
) -> None:
    async def run() -> None:
        disk, ring = HeldDisk(), ListRing()
        async with node(tmp_path, ring=ring, disk=disk, settings=config(sealed_expiry_ms=0)) as n:
            stream = await sent(n)
            disk.holds_look = True
            putting = asyncio.ensure_future(ring.propose(put(DATA)))
            await until(disk.look_held.is_set)
            if how == "failed":
                disk.holds_sync, disk.error = True, OSError(5, "Input/output error")
            receiving = asyncio.ensure_future(received(stream, 20_000))
            if how == "failed":
                # It is under its name by now.
                await disk.until_held()
                disk.looks.set()
                await gone_on(n)
                disk.goes_on.set()
            await asyncio.wait([receiving])
            disk.looks.set()
            await putting
            await n.work.streams.sealed.drop_expired()
            if how == "failed":
                assert receiving.exception() is not None
                [missing] = n.work.volume.corrupt_blocks()
                assert missing.block == BLOCK and n.files() == []
            else:
                assert await n.read_stream(1, 0, len(DATA)) == DATA
                assert n.work.volume.corrupt_blocks() == []

    asyncio.run(run())


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_a_block_whose_sealing_ends_badly_is_here_or_said_to_be_missing(
    tmp_path: Path, how: str
) -> None:
    async def run() -> None:
        disk, ring = HeldDisk(), ListRing()
        async with node(tmp_path, ring=ring, disk=disk, settings=config(sealed_expiry_ms=0)) as n:
            stream = await sent(n)
            disk.holds_sync = True
            receiving = asyncio.ensure_future(received(stream, 20_000))
            await disk.until_held()
            ending: asyncio.Future[None] | None = None
            if how == "failed":
                disk.error = OSError(5, "Input/output error")
            else:
                ending = asyncio.ensure_future(stream.cancel())
            await gone_on(n)
            putting = asyncio.ensure_future(ring.propose(put(DATA)))
            await gone_on(n)
            disk.goes_on.set()
            await asyncio.wait([receiving, putting])
            assert receiving.cancelled() or receiving.exception() is not None
            assert putting.exception() is None
            if ending is not None:
                await ending
            await n.work.streams.finished()
            await n.work.streams.sealed.drop_expired()
            if how == "failed":
                [missing] = n.work.volume.corrupt_blocks()
                assert missing.block == BLOCK and n.files() == []
            else:
                assert await n.read_stream(1, 0, len(DATA)) == DATA
                assert n.work.volume.corrupt_blocks() == []

    asyncio.run(run())
