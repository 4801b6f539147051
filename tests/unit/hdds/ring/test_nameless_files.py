"""Files that nobody knows, on a volume in service: said first, removed when they have stayed so."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.unit.hdds.support import PIPELINE, Node, node, received
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.units import MIB
from trioxygen.hdds.ring.nameless_files import NamelessFiles
from trioxygen.proto.v1.types_pb2 import BlockId

KEEP_MS = 60_000


async def look_at_all(worker: NamelessFiles, n: Node) -> None:
    """A pass."""
    for container_id in n.work.volume.containers:
        await worker.look(container_id)
    worker.end_pass()


def test_file_that_nobody_names_is_said_kept_and_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(1, bytes(2 * MIB))
            clock = ManualClock()
            worker = NamelessFiles(n.work.rings, clock, keep_ms=KEEP_MS, interval_ms=1_000)
            [folder] = (tmp_path / "containers").iterdir()
            (folder / "77.block").write_bytes(b"back from somewhere")
            await look_at_all(worker, n)
            assert len(worker.since_ms) == 1 and "77.block" in n.files()
            clock.advance(KEEP_MS - 1)
            await look_at_all(worker, n)
            assert "77.block" in n.files()
            clock.advance(1)
            await look_at_all(worker, n)
            assert "77.block" not in n.files() and worker.removed == 1 and not worker.since_ms
            # What has a name stays, whenever it is looked at.
            clock.advance(10 * KEEP_MS)
            await look_at_all(worker, n)
            assert "1.block" in n.files()
            assert await n.read_stream(1, 0, 2 * MIB) == bytes(2 * MIB)

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    said = [record.getMessage() for record in caplog.records]
    assert sum("nameless_file" in line for line in said) == 2


def test_file_that_gets_a_name_or_goes_is_forgotten(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(1, bytes(2 * MIB))
            clock = ManualClock()
            worker = NamelessFiles(n.work.rings, clock, keep_ms=KEEP_MS, interval_ms=1_000)
            [folder] = (tmp_path / "containers").iterdir()
            (folder / "77.block").write_bytes(b"back from somewhere")
            await look_at_all(worker, n)
            (folder / "77.block").unlink()
            clock.advance(KEEP_MS)
            await look_at_all(worker, n)
            assert not worker.since_ms
            (folder / "77.block").write_bytes(b"again")
            await look_at_all(worker, n)
            assert "77.block" in n.files()

    asyncio.run(run())


def test_bytes_that_wait_to_be_put_are_left(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(1, bytes(2 * MIB))
            clock = ManualClock()
            worker = NamelessFiles(n.work.rings, clock, keep_ms=1, interval_ms=1_000)
            stream = await n.writer.open(BlockId(container=1, local=5), PIPELINE, 2 * MIB)
            await stream.send(bytes(2 * MIB))
            await received(stream, 10_000)
            for _ in range(2):
                clock.advance(10)
                await look_at_all(worker, n)
            assert "5.block" in n.files() and not worker.since_ms

    asyncio.run(run())
